"""What a side keeps to itself moves no byte of what another reader is answered, whatever is asked."""

from contextlib import AsyncExitStack
from typing import Final

import pytest

from deploy.local.platform import PlatformAccess
from services.cli.accounts import ACCOUNTS
from tests.support.dialogue import Account
from tests.support.postgres import Databases
from tests.support.sides.asking import Asker, questions
from tests.support.sides.stage import audiences_of, told
from tests.support.sides.story import OVER, STORY
from tests.support.sides.values import Arguments

QUICK: Final = ("eeas-secretariat", "nsa-secretariat")


def reader_named(name: str) -> Account:
    one = ACCOUNTS[name]
    return Account(one.name, one.party, one.organisation, tuple(role.value for role in one.roles))


def first_difference(here: list[bytes], there: list[bytes]) -> str:
    """The bytes about the first that differs. Comparing answers line by line would take minutes."""
    one, other = b"\n".join(here), b"\n".join(there)
    place = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    return f"{one[max(0, place - 200) : place + 200]!r} is not {other[max(0, place - 200) : place + 200]!r}"


async def compare(platform: PlatformAccess, postgres: Databases, name: str, most: int) -> None:
    """Asks everything in the whole world and in that of which the reader was told."""
    reader = reader_named(name)
    async with AsyncExitStack() as stack:
        whole = await stack.enter_async_context(told(platform, postgres, STORY.steps, OVER))
        steps = STORY.known_to(audiences_of(reader, whole.policy))
        part = await stack.enter_async_context(told(platform, postgres, steps, OVER))
        arguments = Arguments.of(whole, part, most)
        for question in questions(whole, arguments):
            here = await Asker(whole, reader).ask(question)
            there = await Asker(part, reader).ask(question)
            if here != there:
                pytest.fail(f"{name} asks {question}: {first_difference(here, there)}")


@pytest.mark.parametrize("name", QUICK)
async def test_a_reader_is_told_nothing_of_what_another_side_keeps_to_itself(
    platform: PlatformAccess, postgres: Databases, name: str
) -> None:
    await compare(platform, postgres, name, 2)


@pytest.mark.long
@pytest.mark.parametrize("name", ACCOUNTS)
async def test_no_reader_is_told_what_it_may_not_know(
    platform: PlatformAccess, postgres: Databases, name: str
) -> None:
    await compare(platform, postgres, name, 20)
