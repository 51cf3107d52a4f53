"""`python -m benchmarks.chaos --seed 1 --kills 8`"""

import argparse
import asyncio
import sys

from benchmarks.chaos.run import run
from benchmarks.platform import measuring_platform, state_folder
from services.cli.layout import deployment


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rate", type=int, default=100)
    asked = parser.parse_args()
    log = state_folder("chaos") / "logs"
    with measuring_platform("chaos", deployment()) as access:
        tally = asyncio.run(
            run(access, seed=asked.seed, kills=asked.kills, seconds=asked.seconds, rate=asked.rate, log=log)
        )
    print(tally.report())
    return 1 if tally.problems else 0


if __name__ == "__main__":
    sys.exit(main())
