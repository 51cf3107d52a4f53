"""What waits for one reader: the next step of each agenda, by what the reader may do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from services.agenda.domain.agenda import Agenda, AgendaState
from services.agenda.domain.conclusions import Conclusions, ConclusionsState
from services.agenda.domain.deadlines import Deadline
from services.agenda.domain.internal_clearances import ClearanceState, InternalClearance
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.quorum import Signatory
from services.agenda.domain.references import ReferenceState
from services.agenda.domain.withdrawal_tasks import TaskState, WithdrawalTask
from services.kernel.series import DeadlineStep, Series


class Matter(StrEnum):
    AGENDA_TO_TABLE = "AGENDA_TO_TABLE"
    """Nothing lies on the table, and drafts are due to be exchanged."""
    ITEMS_TO_ANSWER = "ITEMS_TO_ANSWER"
    ITEMS_TO_RECONSIDER = "ITEMS_TO_RECONSIDER"
    """The other side amended or declined what this side tabled."""
    REFERENCES_TO_REPLACE = "REFERENCES_TO_REPLACE"
    AGREEMENT_TO_SIGN = "AGREEMENT_TO_SIGN"
    CONCLUSIONS_TO_SIGN = "CONCLUSIONS_TO_SIGN"
    CLEARANCE_TO_GIVE = "CLEARANCE_TO_GIVE"
    CLEARANCE_TO_MEND = "CLEARANCE_TO_MEND"
    """A body refused, or cleared words that have changed since."""
    WITHDRAWAL_TO_TREAT = "WITHDRAWAL_TO_TREAT"
    """Something rests on a text that no longer stands, and the side has not said what it did."""


@dataclass(frozen=True, slots=True)
class Awaiting:
    """One thing to do. `subject_id` is the meeting, draft, agenda, clearance or withdrawal task it is done
    at; tasks of proposals and actions have no meeting.
    """

    matter: Matter
    series: str
    meeting_id: UUID | None
    subject_id: UUID
    item_ids: tuple[UUID, ...]
    due_at: datetime | None


def due(plan: Sequence[Deadline], step: DeadlineStep) -> datetime | None:
    """The end of the day, in UTC, by which a step is due; None where the plan has no such step."""
    day = next((deadline.due for deadline in plan if deadline.step is step), None)
    return None if day is None else datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)


def awaiting_table(meeting: Meeting, series: Series, plan: Sequence[Deadline]) -> Awaiting:
    """What waits for every secretariat while nothing lies on the table."""
    at = due(plan, DeadlineStep.EXCHANGE_DRAFTS)
    return Awaiting(Matter.AGENDA_TO_TABLE, series.id, meeting.id, meeting.id, (), at)


def awaiting_secretariat(
    agenda: Agenda, meeting: Meeting, series: Series, party: str, plan: Sequence[Deadline]
) -> tuple[Awaiting, ...]:
    """What waits for a side's secretariat at the version on the table."""
    at = due(plan, DeadlineStep.AGREE_AGENDA)
    found = []

    def add(matter: Matter, items: Iterable[UUID]) -> None:
        waiting = tuple(items)
        if waiting:
            found.append(Awaiting(matter, series.id, meeting.id, agenda.id, waiting, at))

    stale = {held.item_id for held in agenda.references if held.state is not ReferenceState.CURRENT}
    add(Matter.REFERENCES_TO_REPLACE, (one for one in agenda.item_ids if one in stale))
    if agenda.state is not AgendaState.TABLED:
        return tuple(found)
    if party != agenda.tabled_by:
        said = {one.item_id for one in agenda.answers if one.party == party}
        still_open = agenda.open_items([party])[party]
        add(Matter.ITEMS_TO_ANSWER, (one for one in still_open if one not in said))
    else:
        against = {one.item_id for one in agenda.answers if one.party != party and not one.accepted}
        add(Matter.ITEMS_TO_RECONSIDER, (one for one in agenda.item_ids if one in against))
    return tuple(found)


def awaiting_chair(
    agenda: Agenda, meeting: Meeting, series: Series, signatory: Signatory, plan: Sequence[Deadline]
) -> tuple[Awaiting, ...]:
    """The agenda to sign, once every item is accepted and every text stands."""
    seated = signatory.organisation in series.quorum.get(signatory.party, ())
    ready = not any(agenda.open_items(series.parties).values()) and all(
        held.state is ReferenceState.CURRENT for held in agenda.references
    )
    if not seated or not ready or agenda.state is not AgendaState.TABLED or signatory in agenda.agreed:
        return ()
    at = due(plan, DeadlineStep.AGREE_AGENDA)
    return (Awaiting(Matter.AGREEMENT_TO_SIGN, series.id, meeting.id, agenda.id, (), at),)


def awaiting_conclusions(
    conclusions: Conclusions, series: Series, signatory: Signatory
) -> tuple[Awaiting, ...]:
    """The conclusions of a meeting to sign; they have no date."""
    seated = signatory.organisation in series.quorum.get(signatory.party, ())
    if not seated or conclusions.state is not ConclusionsState.PUT or signatory in conclusions.agreed:
        return ()
    return (
        Awaiting(Matter.CONCLUSIONS_TO_SIGN, series.id, conclusions.meeting_id, conclusions.id, (), None),
    )


def awaiting_clearing_body(clearances: Sequence[InternalClearance]) -> tuple[Awaiting, ...]:
    """The questions that an organisation has not answered."""
    return tuple(_at(Matter.CLEARANCE_TO_GIVE, one) for one in clearances if one.state is ClearanceState.OPEN)


def awaiting_mending(missing: Sequence[InternalClearance]) -> tuple[Awaiting, ...]:
    """What a side's secretariat has to mend before it can table; what is still open is for others to do."""
    return tuple(
        _at(Matter.CLEARANCE_TO_MEND, one) for one in missing if one.state is not ClearanceState.OPEN
    )


def awaiting_treatment(tasks: Iterable[WithdrawalTask]) -> tuple[Awaiting, ...]:
    """The open withdrawal tasks of a side; they have no date."""
    return tuple(
        Awaiting(
            Matter.WITHDRAWAL_TO_TREAT,
            one.subject.series,
            one.subject.meeting_id,
            one.id,
            () if one.fallen.item_id is None else (one.fallen.item_id,),
            None,
        )
        for one in tasks
        if one.state is TaskState.OPEN
    )


def _at(matter: Matter, clearance: InternalClearance) -> Awaiting:
    return Awaiting(
        matter,
        clearance.series,
        clearance.meeting_id,
        clearance.id,
        (clearance.item_id,),
        clearance.due_at,
    )
