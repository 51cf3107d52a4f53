"""What waits for one reader: the next step of each agenda, by what the reader may do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from services.agenda.domain.agenda import Agenda, AgendaState
from services.agenda.domain.attendance import Register
from services.agenda.domain.conclusions import Conclusions, ConclusionsState
from services.agenda.domain.deadlines import Deadline
from services.agenda.domain.internal_clearances import ClearanceState, InternalClearance
from services.agenda.domain.legal_clearance import LegalClearance, is_cleared, is_refused
from services.agenda.domain.meeting import Meeting, MeetingLevel, MeetingState
from services.agenda.domain.minutes import Frame, Section
from services.agenda.domain.outcome import Outcome, OutcomeState
from services.agenda.domain.quorum import Signatory
from services.agenda.domain.references import ReferenceState
from services.agenda.domain.withdrawal_tasks import TaskState, WithdrawalTask
from services.kernel.series import DeadlineStep, Series

_SETTLED = frozenset(
    {MeetingState.CONCLUDED, MeetingState.PUBLISHED, MeetingState.CANCELLED, MeetingState.POSTPONED}
)
_FRAMES = frozenset(frame.value for frame in Frame)


class Matter(StrEnum):
    AGENDA_TO_TABLE = "AGENDA_TO_TABLE"
    """Nothing lies on the table, and drafts are due to be exchanged."""
    ITEMS_TO_ANSWER = "ITEMS_TO_ANSWER"
    ITEMS_TO_RECONSIDER = "ITEMS_TO_RECONSIDER"
    """The other side amended or declined what this side tabled."""
    REFERENCES_TO_REPLACE = "REFERENCES_TO_REPLACE"
    AGREEMENT_TO_SIGN = "AGREEMENT_TO_SIGN"
    REGISTER_TO_CLOSE = "REGISTER_TO_CLOSE"
    MINUTES_TO_ACCEPT = "MINUTES_TO_ACCEPT"
    OUTCOME_TO_CLEAR = "OUTCOME_TO_CLEAR"
    """The law of the side is asked before its officials sign."""
    OUTCOME_TO_REVISE = "OUTCOME_TO_REVISE"
    """The law of the side does not allow these words."""
    OUTCOME_TO_AGREE = "OUTCOME_TO_AGREE"
    CONCLUSIONS_TO_SIGN = "CONCLUSIONS_TO_SIGN"
    CLEARANCE_TO_GIVE = "CLEARANCE_TO_GIVE"
    CLEARANCE_TO_MEND = "CLEARANCE_TO_MEND"
    """A body refused, or cleared words that have changed since."""
    WITHDRAWAL_TO_TREAT = "WITHDRAWAL_TO_TREAT"
    """Something rests on a text that no longer stands, and the side has not said what it did."""


WHAT_TO_DO: Mapping[Matter, str] = {
    Matter.AGENDA_TO_TABLE: "table the side's draft, or answer what the other side tables first",
    Matter.ITEMS_TO_ANSWER: "accept, amend or decline each of the items",
    Matter.ITEMS_TO_RECONSIDER: "take over what the other side proposes, or table another version",
    Matter.REFERENCES_TO_REPLACE: "revise to the text that stands, or take the text off the items",
    Matter.AGREEMENT_TO_SIGN: "read the version on the table and sign its agreement",
    Matter.REGISTER_TO_CLOSE: "say of everybody of the side whether they were there, and close the register",
    Matter.MINUTES_TO_ACCEPT: "read the newest revision of the sections; accept it, or write another",
    Matter.OUTCOME_TO_CLEAR: "say whether the law of the side allows these words",
    Matter.OUTCOME_TO_REVISE: "read why the adviser refused; revise the outcome, or ask again",
    Matter.OUTCOME_TO_AGREE: "read the outcome and sign its agreement, or have it revised",
    Matter.CONCLUSIONS_TO_SIGN: "read the conclusions and sign their agreement",
    Matter.CLEARANCE_TO_GIVE: "answer the question about the words of the item",
    Matter.CLEARANCE_TO_MEND: "change the words of the item, or ask about them anew",
    Matter.WITHDRAWAL_TO_TREAT: "do what the task asks for, and close it with a note",
}


@dataclass(frozen=True, slots=True)
class Awaiting:
    """One thing to do. `subject_id` is the meeting, draft, agenda, outcome, conclusions, clearance or
    withdrawal task it is done at; tasks of proposals and actions have no meeting.
    """

    matter: Matter
    series: str
    meeting_id: UUID | None
    subject_id: UUID
    item_ids: tuple[UUID, ...]
    due_at: datetime | None

    @property
    def what_to_do(self) -> str:
        return WHAT_TO_DO[self.matter]


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


def awaiting_register(meeting: Meeting, register: Register, party: str) -> tuple[Awaiting, ...]:
    """The side's own register to close, from the end of the meeting until it is concluded; it has no date.

    Experts who kept none have none to close: nothing is concluded at their level.
    """
    kept = meeting.level is MeetingLevel.EDITION or any(one.side == party for one in register.participants)
    if not kept or party in register.closed or meeting.state in _SETTLED:
        return ()
    return (Awaiting(Matter.REGISTER_TO_CLOSE, meeting.series, meeting.id, meeting.id, (), None),)


def awaiting_minutes(meeting: Meeting, sections: Sequence[Section], party: str) -> tuple[Awaiting, ...]:
    """The sections that the side has not accepted as they were written last, `item_ids` those of items."""
    waiting = [one.key for one in sections if one.newest is not None and party not in one.accepted]
    if not waiting:
        return ()
    items = tuple(UUID(key) for key in waiting if key not in _FRAMES)
    return (Awaiting(Matter.MINUTES_TO_ACCEPT, meeting.series, meeting.id, meeting.id, items, None),)


def awaiting_legal_adviser(
    outcomes: Iterable[Outcome],
    series: Series,
    adviser: Signatory,
    clearances: Mapping[UUID, Sequence[LegalClearance]],
) -> tuple[Awaiting, ...]:
    """The outcomes that an organisation may clear for its party, and of which none has said whether the law
    allows them; they have no date.
    """
    if adviser.organisation not in series.legal_clearance.get(adviser.party, ()):
        return ()
    return tuple(
        _of_outcome(Matter.OUTCOME_TO_CLEAR, one)
        for one in outcomes
        if one.state is OutcomeState.PROPOSED
        and not is_cleared(series, adviser.party, one.content_hash, clearances.get(one.id, ()))
        and not is_refused(series, adviser.party, one.content_hash, clearances.get(one.id, ()))
    )


def awaiting_revision(
    outcomes: Iterable[Outcome],
    series: Series,
    party: str,
    clearances: Mapping[UUID, Sequence[LegalClearance]],
) -> tuple[Awaiting, ...]:
    """The outcomes whose words the law of a side refuses, for its secretariat; they have no date."""
    return tuple(
        _of_outcome(Matter.OUTCOME_TO_REVISE, one)
        for one in outcomes
        if one.state is OutcomeState.PROPOSED
        and is_refused(series, party, one.content_hash, clearances.get(one.id, ()))
    )


def awaiting_agreement(
    outcomes: Iterable[Outcome],
    conclusions: Conclusions | None,
    series: Series,
    signatory: Signatory,
    clearances: Mapping[UUID, Sequence[LegalClearance]],
) -> tuple[Awaiting, ...]:
    """What an official has to sign of what a meeting concluded: outcome by outcome until all are put to the
    parties as one text. What the law of the side has still to clear waits for that first. They have no date.
    """
    if signatory.organisation not in series.quorum.get(signatory.party, ()):
        return ()
    proposed = [one for one in outcomes if one.state is OutcomeState.PROPOSED]
    cleared = [
        one
        for one in proposed
        if is_cleared(series, signatory.party, one.content_hash, clearances.get(one.id, ()))
    ]
    if conclusions is None or conclusions.state is not ConclusionsState.PUT:
        return tuple(
            _of_outcome(Matter.OUTCOME_TO_AGREE, one) for one in cleared if signatory not in one.agreed
        )
    if signatory in conclusions.agreed or cleared != proposed:
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


def _of_outcome(matter: Matter, outcome: Outcome) -> Awaiting:
    return Awaiting(matter, outcome.series, outcome.meeting_id, outcome.id, (outcome.item_id,), None)


def _at(matter: Matter, clearance: InternalClearance) -> Awaiting:
    return Awaiting(
        matter,
        clearance.series,
        clearance.meeting_id,
        clearance.id,
        (clearance.item_id,),
        clearance.due_at,
    )
