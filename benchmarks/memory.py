"""Memory of the ingest worker over many submissions: `python -m benchmarks.memory`.

Prints the resident memory at every tenth of the way. It must not grow with what was taken in: the last
figure may exceed that at a fifth of the way, when caches are filled, by a tenth and no more.
"""

import argparse
import asyncio
import sys

import psutil
import psycopg
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from benchmarks.platform import AGENCY, SUBMISSIONS, fresh_database, measuring_platform
from benchmarks.rates import ingesting, published
from benchmarks.submissions import NARRATIVE, narrative, preload

_MOST = 1.1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="submissions in the topic")
    asked = parser.parse_args()
    with measuring_platform("bench") as access:
        values = map(narrative, range(asked.count))
        asyncio.run(preload(access.agency(AGENCY), SUBMISSIONS, values, NARRATIVE))
        dsn = fresh_database(access)
        with ingesting(access) as (worker, _):
            process = psutil.Process(worker.child.pid)
            with psycopg.connect(dsn, autocommit=True) as connection:

                def applied() -> int:
                    row = connection.execute("SELECT sum(next_offset) FROM consumed").fetchone()
                    return int(row[0] or 0) if row else 0

                def reached(target: int) -> bool:
                    return applied() >= target

                waiting = Retrying(
                    retry=retry_if_result(lambda done: not done),
                    wait=wait_fixed(0.02),
                    stop=stop_after_delay(600),
                )
                figures = []
                for step in range(1, 11):
                    waiting(reached, asked.count * step // 10)
                    figures.append(process.memory_info().rss / 2**20)
                    print(f"{applied():>8,} submissions: {figures[-1]:6.1f} MiB", flush=True)
                waiting(published, connection)
                print(f"all published: {process.memory_info().rss / 2**20:6.1f} MiB")
    growth = figures[-1] / figures[1]
    print(f"at the end {growth:.2f} of what it was at a fifth of the way; at most {_MOST} is wanted")
    return 0 if growth <= _MOST else 1


if __name__ == "__main__":
    sys.exit(main())
