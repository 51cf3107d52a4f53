"""What is withdrawn is soon on no surface of anybody's but the auditors'."""

import time

import pytest

from services.cli.accounts import ACCOUNTS
from services.cli.system import Options, System, running_system
from services.cli.thread.stage import Stage, open_stage
from services.cli.thread.walking import walk
from tests.support.canaries import AUDITORS, BEFORE, CANARIES, KEPT, known
from tests.support.crawling import Crawler, Found, words_in_figures, words_in_files
from tests.support.platform import temporary_folders
from tests.support.resting import words_in_database, words_in_topics

WITHIN = 30.0
WITHDRAWAL = "a withdrawal reaches everyone"


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_a_withdrawn_text_is_on_no_surface_of_any_account() -> None:
    with temporary_folders() as folders:
        async with (
            running_system(Options(folders)) as system,
            open_stage(system.access, lambda _: None) as stage,
        ):
            await walk(stage, until=WITHDRAWAL)
            before = await _crawler(stage).crawl(list(ACCOUNTS))
            assert before.surfaces() >= BEFORE
            await walk(stage)
            await _soon_nothing_is_left(stage, list(ACCOUNTS))
            await _nothing_rests(system)


def _crawler(stage: Stage) -> Crawler:
    return Crawler(stage.access, CANARIES, known(stage.record))


async def _soon_nothing_is_left(stage: Stage, accounts: list[str]) -> None:
    """A crawl may begin late in the time and end after it: what counts is when it began."""
    deadline = time.monotonic() + WITHIN
    while True:
        began = time.monotonic()
        found = await _crawler(stage).crawl(accounts)
        left = {surface: words for surface, words in found.words.items() if surface[0] not in AUDITORS}
        if not left:
            _was_thorough(found)
            return
        assert began < deadline, left


def _was_thorough(found: Found) -> None:
    """Nearly every route and method was answered to somebody: silence is no proof."""
    surfaces = {surface for _, surface in found.asked}
    assert len({surface for _, surface in found.answered}) > len(surfaces) / 2


async def _nothing_rests(system: System) -> None:
    for name, service in system.platform.services.items():
        if name in KEPT:
            assert words_in_database(service.dsn, CANARIES) <= KEPT[name], name
    topics = words_in_topics(system.platform.kafka_admin, CANARIES)
    assert topics == {"threatfeed.submission.ncsc.v1"}
    assert await words_in_figures(system.access, CANARIES) == set()
    assert words_in_files(system.access.folders.logs, CANARIES) == set()
