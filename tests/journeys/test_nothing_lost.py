"""Nothing lost, nothing doubled, whenever a worker dies, whatever the formats."""

import pytest

from benchmarks.chaos import CRASH_POINTS, run
from benchmarks.chaos_plan import MIX
from benchmarks.platform import measuring_platform, state_folder

SEED, KILLS, SECONDS, RATE = 20_261_123, 8, 60, 200


@pytest.mark.timeout(300)
async def test_killed_workers_lose_nothing_and_double_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    log = state_folder("chaos-test") / "logs"
    with measuring_platform("chaos-test") as access:
        tally = await run(access, seed=SEED, kills=KILLS, seconds=SECONDS, rate=RATE, log=log)
    with capsys.disabled():
        print(f"\n{tally.report()}")
    assert tally.problems == []
    assert len(tally.kills) == KILLS
    assert dict(tally.crash_points) == dict.fromkeys(CRASH_POINTS, 1)
    assert len(tally.sent) >= SECONDS * RATE
    assert {sent.content_type for sent in tally.sent} == set(MIX)
    assert sum(sent.refused for sent in tally.sent) > len(tally.sent) / 25
    assert len(tally.sent) - len({sent.value for sent in tally.sent}) > len(tally.sent) / 10
