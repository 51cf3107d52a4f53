"""`python -m benchmarks.thread_chaos --seed 1 --kills 20`"""

import argparse
import asyncio
import sys

from benchmarks.thread_chaos.run import run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rate", type=int, default=40, help="submissions a second")
    asked = parser.parse_args()
    tally = asyncio.run(run(seed=asked.seed, kills=asked.kills, rate=asked.rate))
    print(tally.report())
    return 1 if tally.problems else 0


if __name__ == "__main__":
    sys.exit(main())
