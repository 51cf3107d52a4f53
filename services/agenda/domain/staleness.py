"""What is told to somebody who changes a version that is no longer the newest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from services.agenda.domain.refusals import StaleVersion


@dataclass(frozen=True, slots=True)
class Step:
    """One change: what was done, for which party, by whom and when, and which fields are known to differ."""

    done: str
    party: str | None
    official: str
    at: datetime
    fields: tuple[str, ...] = ()


def stale(
    what: str,
    version: int,
    steps: Sequence[Step],
    *,
    party: str,
    current: Mapping[str, object],
    **metadata: str,
) -> StaleVersion:
    """The refusal of a change by an official of a party. Officials are named to their own party only; the
    others learn which party it was.
    """
    return StaleVersion(
        f"the {what} has changed since it was read",
        version=str(version),
        changes=[_told(step, party) for step in steps],
        current={name: plain(value) for name, value in current.items()},
        **metadata,
    )


def _told(step: Step, party: str) -> Mapping[str, object]:
    told: dict[str, object] = {"change": step.done, "party": step.party or "", "at": step.at.isoformat()}
    if step.party == party:
        told["official"] = step.official
    if step.fields:
        told["fields"] = list(step.fields)
    return told


def changed_fields(before: Any, after: Any) -> list[str]:
    """The fields in which two values of one dataclass differ."""
    return [one.name for one in fields(before) if getattr(before, one.name) != getattr(after, one.name)]


def plain(value: object) -> object:
    """As JSON has it."""
    match value:
        case Enum():
            return value.value
        case UUID():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {str(name): plain(member) for name, member in value.items()}
        case tuple() | list():
            return [plain(member) for member in value]
    return value
