"""Ingest of STIX report bundles of 20 to 60 KB, beside medallion's: `python -m benchmarks.stix`.

Ours is the whole way: Kafka, reading, one transaction with audit, events and receipts, acknowledged events.
medallion's is `MemoryBackend.add_objects`, the code behind its POST of objects, called in one process on the
parsed files: no HTTP, no validation beyond its own, nothing durable. It compares every new object with all
that it holds, so the rate is given for as many bundles as are asked for, into an empty collection each time.
A bare consumer that inserts the raw rows is measured too.
"""

import argparse
import asyncio
import statistics
import subprocess
import venv
from pathlib import Path

from benchmarks.platform import (
    PUBLIC_SOURCE,
    PUBLIC_SUBMISSIONS,
    ROOT,
    measuring_platform,
    state_folder,
)
from benchmarks.rates import measure_bare, measure_ours
from benchmarks.submissions import STIX, preload, report

_PLATFORM = "bench"
_BATCH = 50
"""Records of a batch: of these sizes some 2 MB."""
_MEDALLION = "medallion==3.0.0"


def medallion_python() -> Path:
    """The interpreter of an environment of medallion's own: its pins are not ours."""
    folder = ROOT / ".entente" / "bench-medallion"
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", _MEDALLION], check=True)
        (folder / "installed").touch()
    return python


def measure_medallion(python: Path, folder: Path) -> float:
    script = Path(__file__).with_name("medallion_ingest.py")
    ran = subprocess.run([python, "-I", script, folder], check=True, stdout=subprocess.PIPE, text=True)
    return float(ran.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=3_000, help="bundles in the topic")
    parser.add_argument("--medallion", type=int, default=200, help="bundles that medallion is given")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved runs of each side")
    asked = parser.parse_args()
    python = medallion_python()
    bundles = [report(number) for number in range(asked.count)]
    with measuring_platform(_PLATFORM) as access:
        files = state_folder(_PLATFORM) / "bundles"
        files.mkdir()
        for number, bundle in enumerate(bundles[: asked.medallion]):
            (files / f"{number:05}.json").write_bytes(bundle)
        size = asyncio.run(preload(access.agency(PUBLIC_SOURCE), PUBLIC_SUBMISSIONS, bundles, STIX))
        print(f"{asked.count} bundles of {size} bytes in the mean, {asked.rounds} interleaved rounds")
        ours, bare, theirs = [], [], []
        for number in range(1, asked.rounds + 1):
            bare.append(
                measure_bare(access, PUBLIC_SUBMISSIONS, asked.count, platform=_PLATFORM, batch=_BATCH)
            )
            theirs.append(measure_medallion(python, files))
            ours.append(measure_ours(access, asked.count, platform=_PLATFORM, batch=_BATCH))
            print(
                f"round {number}: entente {ours[-1].told()}, medallion {theirs[-1]:,.0f}/s, "
                f"bare {bare[-1].told()}",
                flush=True,
            )
    our_rate = statistics.median(one.rate for one in ours)
    bare_rate = statistics.median(one.rate for one in bare)
    their_rate = statistics.median(theirs)
    print(
        f"median: entente {our_rate:,.0f}/s, medallion {their_rate:,.0f}/s (first {asked.medallion}), "
        f"bare {bare_rate:,.0f}/s; ratio to medallion {our_rate / their_rate:.1f}, "
        f"to bare {our_rate / bare_rate:.2f}"
    )


if __name__ == "__main__":
    main()
