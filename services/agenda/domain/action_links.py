"""A party's private link between two actions of two series.

It says to that party alone that the two are one piece of work. Nothing follows from it for anybody else.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.kernel.refusals import Refusal, RefusalKind


class LinkWithinSeries(Refusal):
    """A link joins two different actions of two different series."""

    kind = RefusalKind.INVALID
    reason = "LINK_WITHIN_SERIES"


class LinkExists(Refusal):
    """The party has linked the two."""

    kind = RefusalKind.ALREADY_EXISTS
    reason = "LINK_EXISTS"


class LinkWarning(StrEnum):
    """What the party should know of two actions that it takes for one."""

    WORDINGS_DIFFER = "WORDINGS_DIFFER"
    DUE_DATES_DIFFER = "DUE_DATES_DIFFER"
    ONE_IS_ENDED = "ONE_IS_ENDED"


@dataclass(frozen=True, slots=True)
class LinkedAction:
    """One end of a link, as it now stands."""

    action_id: UUID
    reference: str
    series: str
    open: bool
    state: str
    due_date: date | None
    text: str
    marking: str


@dataclass(frozen=True, slots=True)
class ActionLink:
    """`one` and `other` are in the order of their ids."""

    id: UUID
    party: str
    one: UUID
    other: UUID
    note: str
    linked_at: datetime


def require_two_series(one: LinkedAction, other: LinkedAction) -> None:
    """Raises `LinkWithinSeries`."""
    if one.action_id == other.action_id or one.series == other.series:
        raise LinkWithinSeries("a link joins actions of two series", pointer="/other")


def warnings_of(one: LinkedAction, other: LinkedAction) -> tuple[LinkWarning, ...]:
    """What differs between the two ends. Case, spaces and punctuation make no other wording."""
    found = []
    if _words(one.text) != _words(other.text):
        found.append(LinkWarning.WORDINGS_DIFFER)
    if one.due_date != other.due_date:
        found.append(LinkWarning.DUE_DATES_DIFFER)
    if one.open is not other.open:
        found.append(LinkWarning.ONE_IS_ENDED)
    return tuple(found)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())
