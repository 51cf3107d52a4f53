"""What a side keeps to itself moves no byte of what another reader is answered or streamed."""

from contextlib import AsyncExitStack
from typing import Final

import pytest

from deploy.local.platform import PlatformAccess
from services.actions.events import status_topic
from services.cli.accounts import ACCOUNTS
from tests.support.courses.stage import Stage, told
from tests.support.courses.story import OVER, STORY
from tests.support.dialogue import Account
from tests.support.postgres import Databases
from tests.support.sides.comparing import first_difference, leak, reader_named
from tests.support.sides.telling import audiences_of
from tests.support.sides.values import Arguments

QUICK: Final = ("eeas-secretariat",)


async def compare(
    platform: PlatformAccess, postgres: Databases, name: str, most: int, *, every: int = 1
) -> str:
    """Asks in the whole world and in that of which the reader was told: what is different, or nothing."""
    reader = reader_named(name)
    async with AsyncExitStack() as stack:
        whole = await stack.enter_async_context(told(platform, postgres, STORY.steps, OVER))
        known = STORY.known_to(audiences_of(reader, whole.policy))
        part = await stack.enter_async_context(told(platform, postgres, known, OVER))
        arguments = Arguments.of(whole, part, most)
        return (
            unlike_feed(whole, part, reader)
            or await leak(whole, part, reader, arguments, every=every)
            or unlike_feed(whole, part, reader)
        )


def unlike_feed(whole: Stage, part: Stage, reader: Account) -> str:
    """What is different of what the reader's party is streamed over Kafka, in its places and their number."""
    for series in sorted({one.partition(".")[0] for one in audiences_of(reader, whole.policy)}):
        audience = f"{series}.{reader.party.lower()}"
        here, there = (one.feed(status_topic(audience)) for one in (whole, part))
        if here != there:
            return f"{audience} is told {first_difference(here, there)}"
    return ""


@pytest.mark.parametrize("name", QUICK)
async def test_a_reader_is_told_nothing_of_what_another_side_keeps_to_itself(
    platform: PlatformAccess, postgres: Databases, name: str
) -> None:
    assert not await compare(platform, postgres, name, 1, every=5)


async def test_something_that_shows_is_found_in_the_answers_and_in_the_feed(
    platform: PlatformAccess, postgres: Databases
) -> None:
    """The proof can fail."""
    agreed, taken_on = (
        next(step for step in STORY.steps if step.name == name)
        for name in ("actions_of_the_dialogue_are_agreed", "owners_take_on_what_is_theirs")
    )
    reader = reader_named("eeas-secretariat")
    async with (
        told(platform, postgres, [agreed, taken_on], OVER) as whole,
        told(platform, postgres, [agreed], OVER) as part,
    ):
        assert await leak(whole, part, reader, Arguments.of(whole, part, 1))
        assert "uk-eu.eu" in unlike_feed(whole, part, reader)


@pytest.mark.long
@pytest.mark.parametrize("name", ACCOUNTS)
async def test_no_reader_is_told_what_it_may_not_know(
    platform: PlatformAccess, postgres: Databases, name: str
) -> None:
    assert not await compare(platform, postgres, name, 20)
