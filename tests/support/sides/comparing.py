"""What a reader is answered in two worlds, held against each other byte by byte."""

from services.cli.accounts import ACCOUNTS
from tests.support.dialogue import Account
from tests.support.sides.asking import Asker, World, questions
from tests.support.sides.values import Arguments


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


async def leak(whole: World, part: World, reader: Account, arguments: Arguments, *, every: int = 1) -> str:
    """Asks everything in the whole world and in that of which the reader was told: the first question that
    is answered differently, or nothing. With `every`, only so many-th questions.
    """
    for question in questions(whole.application, arguments)[::every]:
        here = await Asker(whole, reader).ask(question)
        there = await Asker(part, reader).ask(question)
        if here != there:
            return f"{reader.subject} asks {question}: {first_difference(here, there)}"
    return ""
