"""Nothing lost, nothing doubled, whichever process dies and whenever it does, whatever the formats."""

import pytest

from benchmarks.chaos.plan import MIX
from benchmarks.chaos.processes import NAMES
from benchmarks.chaos.run import CRASH_POINTS, run
from benchmarks.platform import measuring_platform, state_folder
from services.cli.layout import deployment

SEED, KILLS, SECONDS, RATE = 20_261_123, 6, 12, 100


@pytest.mark.timeout(300)
async def test_killed_processes_lose_nothing_and_double_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    log = state_folder("chaos-test") / "logs"
    with measuring_platform("chaos-test", deployment()) as access:
        tally = await run(access, seed=SEED, kills=KILLS, seconds=SECONDS, rate=RATE, log=log)
    with capsys.disabled():
        print(f"\n{tally.report()}")
    assert tally.problems == []
    assert tally.killed.total() == len(tally.kills) == KILLS
    assert set(tally.killed) == set(NAMES)
    assert dict(tally.crash_points) == dict.fromkeys(CRASH_POINTS, 1)
    again = [tally.figures[f"{what} published again after a kill"] for what in ("events", "receipts")]
    assert sum(again) > 0
    assert all(tally.figures[f"times the reader of {party} resumed"] for party in ("UK", "EU"))
    assert len(tally.sent) >= SECONDS * RATE
    assert {sent.content_type for sent in tally.sent} == set(MIX)
    assert sum(sent.refused for sent in tally.sent) > len(tally.sent) / 25
    assert len(tally.sent) - len({sent.value for sent in tally.sent}) > len(tally.sent) / 10
