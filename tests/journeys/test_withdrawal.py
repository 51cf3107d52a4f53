"""What is withdrawn is soon on no surface of anybody's but the auditors'."""

import time

import pytest

from services.cli.accounts import ACCOUNTS
from services.cli.system import Options, System, running_system
from services.cli.thread.stage import open_stage
from services.cli.thread.walking import walk
from tests.support.canaries import BEFORE, CANARIES, KEPT, WITHDRAWAL, crawler, soon_nothing_is_left
from tests.support.crawling import words_in_figures, words_in_files
from tests.support.platform import temporary_folders
from tests.support.resting import words_in_database, words_in_topics


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_a_withdrawn_text_is_on_no_surface_of_any_account() -> None:
    with temporary_folders() as folders:
        async with (
            running_system(Options(folders)) as system,
            open_stage(system.access, lambda _: None) as stage,
        ):
            await walk(stage, until=WITHDRAWAL)
            before = await crawler(stage).crawl(list(ACCOUNTS))
            assert before.surfaces() >= BEFORE
            sent = time.monotonic()
            await walk(stage)
            await soon_nothing_is_left(stage, list(ACCOUNTS), sent)
            await _nothing_rests(system)


async def _nothing_rests(system: System) -> None:
    for name, service in system.platform.services.items():
        if name in KEPT:
            assert words_in_database(service.dsn, CANARIES) <= KEPT[name], name
    topics = words_in_topics(system.platform.kafka_admin, CANARIES)
    assert topics == {"threatfeed.submission.ncsc.v1"}
    assert await words_in_figures(system.access, CANARIES) == set()
    assert words_in_files(system.access.folders.logs, CANARIES) == set()
