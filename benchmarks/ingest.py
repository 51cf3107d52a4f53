"""Ingest throughput end to end against a bare consumer, in one run: `python -m benchmarks.ingest`.

Kafka in, PostgreSQL, events and receipts out, for narrative submissions of 1.5 KB. Both sides read the
same preloaded topic with one consumer, in turn; ours has the relay beside it. Ours ends when the last
event is acknowledged, the bare one when the last row is committed. The processor time of each process a
submission says what the rate hardly can while other work shares the machine.
"""

import argparse
import asyncio
import statistics

from benchmarks.platform import AGENCY, SUBMISSIONS, measuring_platform
from benchmarks.rates import measure_bare, measure_ours
from benchmarks.submissions import NARRATIVE, narrative, preload

_PLATFORM = "bench"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=30_000, help="submissions in the topic")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved runs of each side")
    asked = parser.parse_args()
    with measuring_platform(_PLATFORM) as access:
        values = map(narrative, range(asked.count))
        size = asyncio.run(preload(access.agency(AGENCY), SUBMISSIONS, values, NARRATIVE))
        print(f"{asked.count} submissions of {size} bytes, {asked.rounds} interleaved rounds")
        ours, bare = [], []
        for number in range(1, asked.rounds + 1):
            bare.append(measure_bare(access, SUBMISSIONS, asked.count, platform=_PLATFORM))
            ours.append(measure_ours(access, asked.count, platform=_PLATFORM))
            print(f"round {number}: entente {ours[-1].told()}, bare {bare[-1].told()}", flush=True)
        our_rate = statistics.median(one.rate for one in ours)
        bare_rate = statistics.median(one.rate for one in bare)
        ratio = statistics.median(one.rate / other.rate for one, other in zip(ours, bare, strict=True))
        print(
            f"median: entente {our_rate:,.0f}/s, bare {bare_rate:,.0f}/s, ratio {our_rate / bare_rate:.2f} "
            f"(median of the rounds' ratios {ratio:.2f})"
        )


if __name__ == "__main__":
    main()
