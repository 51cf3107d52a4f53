"""What a side keeps to itself moves no byte of what another reader is answered, whatever is asked."""

from contextlib import AsyncExitStack
from typing import Final

import pytest

from deploy.local.platform import PlatformAccess
from services.cli.accounts import ACCOUNTS
from tests.support.postgres import Databases
from tests.support.sides.comparing import leak, reader_named
from tests.support.sides.stage import told
from tests.support.sides.story.cast import OVER
from tests.support.sides.story.whole import STORY
from tests.support.sides.telling import audiences_of
from tests.support.sides.values import Arguments

QUICK: Final = ("eeas-secretariat",)


async def compare(platform: PlatformAccess, postgres: Databases, name: str, most: int) -> None:
    """Asks everything in the whole world and in that of which the reader was told."""
    reader = reader_named(name)
    async with AsyncExitStack() as stack:
        whole = await stack.enter_async_context(told(platform, postgres, STORY.steps, OVER))
        steps = STORY.known_to(audiences_of(reader, whole.policy))
        part = await stack.enter_async_context(told(platform, postgres, steps, OVER))
        if found := await leak(whole, part, reader, Arguments.of(whole, part, most)):
            pytest.fail(found)


@pytest.mark.parametrize("name", QUICK)
async def test_a_reader_is_told_nothing_of_what_another_side_keeps_to_itself(
    platform: PlatformAccess, postgres: Databases, name: str
) -> None:
    await compare(platform, postgres, name, 1)


@pytest.mark.long
@pytest.mark.parametrize("name", ACCOUNTS)
async def test_no_reader_is_told_what_it_may_not_know(
    platform: PlatformAccess, postgres: Databases, name: str
) -> None:
    await compare(platform, postgres, name, 20)
