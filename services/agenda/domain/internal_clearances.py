"""Internal clearances: a body of the same party is asked about the exact words of an item."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.agenda.domain.items import DraftItem
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.refusals import (
    ClearanceDueWrong,
    ClearanceOfItself,
    ClearanceOpen,
    ClearanceOutdated,
    ClearanceRefused,
    OrganisationOfAnotherParty,
)
from services.agenda.domain.transitions import Table, step
from services.kernel.canonical import content_hash
from services.kernel.policy import Policy


class ClearanceState(StrEnum):
    OPEN = "OPEN"
    GRANTED = "GRANTED"
    GRANTED_WITH_REMARKS = "GRANTED_WITH_REMARKS"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"


class ClearanceCommand(StrEnum):
    GRANT = "GRANT"
    GRANT_WITH_REMARKS = "GRANT_WITH_REMARKS"
    REFUSE = "REFUSE"
    WITHDRAW = "WITHDRAW"
    """Who asked no longer asks."""


CLEARANCE_TRANSITIONS: Table[ClearanceState, ClearanceCommand] = {
    ClearanceState.OPEN: {
        ClearanceCommand.GRANT: ClearanceState.GRANTED,
        ClearanceCommand.GRANT_WITH_REMARKS: ClearanceState.GRANTED_WITH_REMARKS,
        ClearanceCommand.REFUSE: ClearanceState.REFUSED,
        ClearanceCommand.WITHDRAW: ClearanceState.WITHDRAWN,
    },
    **{
        state: dict.fromkeys(ClearanceCommand, None)
        for state in ClearanceState
        if state is not ClearanceState.OPEN
    },
}
_GIVEN = frozenset({ClearanceState.GRANTED, ClearanceState.GRANTED_WITH_REMARKS})


@dataclass(frozen=True, slots=True)
class InternalClearance:
    """One question to one organisation. `words` is the item as it was asked about, `item_hash` its hash.

    `number` counts the questions about a draft.
    """

    id: UUID
    draft_id: UUID
    item_id: UUID
    meeting_id: UUID
    series: str
    party: str
    organisation: str
    number: int
    question: str
    required: bool
    due_at: datetime
    item_hash: str
    words: Mapping[str, object]
    state: ClearanceState
    remarks: str
    asked_by: str
    asked_at: datetime
    answered_by: str
    answered_at: datetime | None
    version: int

    def after(
        self, command: ClearanceCommand, *, remarks: str, official: str, now: datetime
    ) -> "InternalClearance":
        """Raises `IllegalTransition`."""
        return replace(
            self,
            state=step(CLEARANCE_TRANSITIONS, self.state, command),
            remarks=remarks,
            answered_by=official,
            answered_at=now,
            version=self.version + 1,
        )


def words_of(item: DraftItem) -> dict[str, object]:
    """An item as a plain document: what a clearance is of."""
    document = _plain(item.content)
    if not isinstance(document, dict):
        raise TypeError("the content of an item is a document")
    return {**document, "action_ids": [str(one) for one in item.action_ids]}


def check_request(
    organisation: str,
    asker: str,
    due_at: datetime,
    meeting: Meeting,
    policy: Policy,
    *,
    party: str,
    now: datetime,
) -> None:
    """Raises `OrganisationOfAnotherParty`, `ClearanceOfItself`, `ClearanceDueWrong`, or the refusal of an
    organisation that does not exist.
    """
    if policy.organisation(organisation).party != party:
        raise OrganisationOfAnotherParty("only a body of the own party is asked", pointer="/organisation")
    if organisation == asker:
        raise ClearanceOfItself("an organisation does not clear its own words", pointer="/organisation")
    if not now < due_at < meeting.starts_at:
        raise ClearanceDueWrong("an answer is due before the meeting", pointer="/due_at")


def missing(
    items: Iterable[DraftItem], clearances: Iterable[InternalClearance]
) -> tuple[InternalClearance, ...]:
    """The clearances that are required of these items and not given for the words they have now.

    Of several questions to one organisation about one item the last one asked counts.
    """
    hashes = {item.id: content_hash(words_of(item)) for item in items}
    last: dict[tuple[UUID, str], InternalClearance] = {}
    for one in sorted(clearances, key=lambda found: found.number):
        if one.state is not ClearanceState.WITHDRAWN:
            last[one.item_id, one.organisation] = one
    return tuple(
        one
        for one in last.values()
        if one.required
        and one.item_id in hashes
        and (one.state not in _GIVEN or one.item_hash != hashes[one.item_id])
    )


def require_clearances(items: Iterable[DraftItem], clearances: Iterable[InternalClearance]) -> None:
    """Raises `ClearanceOpen`, `ClearanceRefused` or `ClearanceOutdated` for the first that is missing."""
    for one in missing(items, clearances):
        named = {
            "clearance_id": str(one.id),
            "item_id": str(one.item_id),
            "organisation": one.organisation,
            "due_at": one.due_at.isoformat(),
        }
        if one.state is ClearanceState.OPEN:
            raise ClearanceOpen("a body that was asked has not answered", **named)
        if one.state is ClearanceState.REFUSED:
            raise ClearanceRefused("a body that was asked refused", **named)
        raise ClearanceOutdated("the item was rewritten since it was cleared: ask again", **named)


def _plain(value: object) -> object:
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in value]
    if value is None or isinstance(value, bool | int):
        return value
    return str(value)
