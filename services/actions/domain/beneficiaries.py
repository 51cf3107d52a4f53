"""Whom an action is for: operators, a sector, a partner, in words of its owner that all parties read."""

from collections.abc import Sequence

from services.actions.domain.texts import LONGEST_TITLE, plain
from services.kernel.refusals import InvalidValue

MOST_BENEFICIARIES = 20


def beneficiaries(names: Sequence[str]) -> tuple[str, ...]:
    """The names, each once in whichever case. Raises `InvalidValue`."""
    if len(names) > MOST_BENEFICIARIES:
        raise InvalidValue(f"an action names at most {MOST_BENEFICIARIES}", pointer="/beneficiaries")
    words = [
        " ".join(plain(name, f"/beneficiaries/{place}", LONGEST_TITLE, required=True).split())
        for place, name in enumerate(names)
    ]
    if len({word.casefold() for word in words}) != len(words):
        raise InvalidValue("a beneficiary is named once", pointer="/beneficiaries")
    return tuple(words)
