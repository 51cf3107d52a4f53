"""Nothing lost, nothing doubled, whenever a worker dies."""

import pytest

from benchmarks.chaos import CRASH_POINTS, run
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
