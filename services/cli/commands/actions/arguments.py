"""What commands under `actions` are told, and the questions that this amounts to."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import typer

from services.cli.commands.asking import Query

_LONGEST_TEXT: Final = 200
_REFERENCE: Final = re.compile(r"[A-Z0-9]{1,40}-[0-9]{4}-A[0-9]{2,12}")
_DATE: Final = "2026-11-25"


class ActionState(StrEnum):
    """Where an action may stand, as the status feed names it."""

    AGREED = "AGREED"
    ASSIGNED = "ASSIGNED"
    IN_PROGRESS = "IN_PROGRESS"
    BLOCKED = "BLOCKED"
    COMPLETION_CLAIMED = "COMPLETION_CLAIMED"
    CLOSED = "CLOSED"
    SUPERSEDED = "SUPERSEDED"
    WITHDRAWN = "WITHDRAWN"
    CLOSED_NOT_IMPLEMENTED = "CLOSED_NOT_IMPLEMENTED"


class Rag(StrEnum):
    """How an action is rated."""

    GREEN = "GREEN"
    AMBER = "AMBER"
    RED = "RED"


class Archived(StrEnum):
    """Whether what is archived is listed."""

    ONLY = "true"
    LEFT_OUT = "false"
    ALL = "all"


def _day(text: str) -> str:
    try:
        if len(text) != len(_DATE):
            raise ValueError("another form")
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date such as {_DATE}") from None


def _instant(text: str) -> str:
    if len(text) == len(_DATE):
        return _day(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date such as {_DATE}, and no date-time") from None
    if at.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no offset from UTC, such as Z or +01:00")
    return text


def _text(text: str) -> str:
    if len(text) > _LONGEST_TEXT or not text.isprintable():
        raise typer.BadParameter(f"at most {_LONGEST_TEXT} printable characters")
    return text


def _named(text: str) -> str:
    """An action by its id or the reference that people use."""
    if _REFERENCE.fullmatch(text.upper()):
        return text.upper()
    try:
        return str(UUID(text))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither an id nor a reference such as UKEU-2026-A07") from None


NamedAction = Annotated[
    str, typer.Argument(metavar="ACTION", parser=_named, help="A reference such as UKEU-2026-A07, or an id")
]
StatesOption = Annotated[
    list[ActionState] | None, typer.Option("--in-state", help="Any of these", case_sensitive=False)
]
ClaimedOption = Annotated[
    list[Rag] | None,
    typer.Option("--claimed", help="As the owner rates it; any of these", case_sensitive=False),
]
ComputedOption = Annotated[
    list[Rag] | None,
    typer.Option("--computed", help="As the rules rate it; any of these", case_sensitive=False),
]
OwnerOption = Annotated[str | None, typer.Option(parser=_text, help="Accountable organisation, such as DSIT")]
PartyOption = Annotated[str | None, typer.Option(parser=_text, help="Owning party, such as UK")]
LeadOption = Annotated[
    str | None, typer.Option("--lead", parser=_text, help="A post that leads, or an official of the own side")
]
MineOption = Annotated[bool, typer.Option("--mine", help="Only what the account leads")]
CommitmentOption = Annotated[str | None, typer.Option(parser=_text, help="Such as C3")]
TextOption = Annotated[str | None, typer.Option(parser=_text, help="Stands in the agreed text")]
ArchivedOption = Annotated[
    Archived | None,
    typer.Option("--archived", help="Only what is archived, or all; it is left out otherwise"),
]
DayOption = Annotated[str | None, typer.Option(parser=_day, metavar="DATE")]
SinceOption = Annotated[
    str, typer.Option(parser=_instant, metavar="DATE", help="A date, or a date-time with its offset")
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        parser=_instant, metavar="DATE", help="The end of a day (UTC), or a date-time with its offset"
    ),
]


def asked(**members: str | Sequence[str] | bool | None) -> Query:
    """The members of a question that say something."""
    query: Query = {}
    for name, value in members.items():
        if isinstance(value, bool):
            query[name] = "true" if value else "false"
        elif value:
            query[name] = str(value) if isinstance(value, str) else [str(one) for one in value]
    return query
