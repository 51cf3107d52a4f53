"""An agenda: one immutable tabled version, and how far its agreement has come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.agenda.domain.answers import ItemAnswer, check_answers, open_items
from services.agenda.domain.meeting import Sitting
from services.agenda.domain.quorum import Quorum, Signatory, is_complete, require_seat
from services.agenda.domain.references import (
    AssessmentStanding,
    Reference,
    ReferenceState,
    ReleaseStanding,
    reference_state,
)
from services.agenda.domain.refusals import (
    AnswersOwnVersion,
    ItemsOpen,
    NotAParty,
    ReferenceStale,
    StaleContentHash,
)
from services.agenda.domain.remedies import what_to_do
from services.agenda.domain.transitions import Table, step


class AgendaState(StrEnum):
    TABLED = "TABLED"
    AGREED = "AGREED"
    SUPERSEDED = "SUPERSEDED"


class AgendaCommand(StrEnum):
    ANSWER = "ANSWER"
    """A party answers items of the other's version."""
    AGREE = "AGREE"
    """One organisation agrees and others are still needed."""
    COMPLETE = "COMPLETE"
    """The last organisation needed agrees."""
    SUPERSEDE = "SUPERSEDE"


AGENDA_TRANSITIONS: Table[AgendaState, AgendaCommand] = {
    AgendaState.TABLED: {
        AgendaCommand.ANSWER: AgendaState.TABLED,
        AgendaCommand.AGREE: AgendaState.TABLED,
        AgendaCommand.COMPLETE: AgendaState.AGREED,
        AgendaCommand.SUPERSEDE: AgendaState.SUPERSEDED,
    },
    AgendaState.AGREED: {
        AgendaCommand.ANSWER: None,
        AgendaCommand.AGREE: None,
        AgendaCommand.COMPLETE: None,
        AgendaCommand.SUPERSEDE: AgendaState.SUPERSEDED,
    },
    AgendaState.SUPERSEDED: {
        AgendaCommand.ANSWER: None,
        AgendaCommand.AGREE: None,
        AgendaCommand.COMPLETE: None,
        AgendaCommand.SUPERSEDE: None,
    },
}


@dataclass(frozen=True, slots=True)
class HeldReference:
    """A reference of a tabled item and whether its text still stands.

    `denied` says that a later decision than the one it was tabled by keeps the text from a party: it is
    STALE then, until a decision allows it again or another version is tabled.
    """

    item_id: UUID
    reference: Reference
    state: ReferenceState
    denied: bool = False

    @property
    def assessment_id(self) -> UUID:
        return self.reference.assessment_id

    @property
    def revision(self) -> int:
        return self.reference.revision

    def standing(self, standing: AssessmentStanding | None, *, denied: bool) -> "HeldReference":
        state = reference_state(self.revision, standing)
        if denied and state is ReferenceState.CURRENT:
            state = ReferenceState.STALE
        return replace(self, state=state, denied=denied)


@dataclass(frozen=True, slots=True)
class Agenda:
    """`payload` is the canonical form that `content_hash` was made over; neither ever changes.

    `version` counts the tabled versions of the meeting, `aggregate_version` the changes of this one.
    `answers` holds the newest answer of each party to each item. `sitting` is the time of the meeting as it
    is planned now.
    """

    id: UUID
    meeting_id: UUID
    series: str
    version: int
    state: AgendaState
    tabled_by: str
    content_hash: str
    payload: bytes
    item_ids: tuple[UUID, ...]
    references: tuple[HeldReference, ...]
    agreed: tuple[Signatory, ...]
    tabled_at: datetime
    agreed_at: datetime | None
    aggregate_version: int
    traceparent: str | None
    sitting: Sitting
    answers: tuple[ItemAnswer, ...] = ()

    def answer(self, party: str, answers: Sequence[ItemAnswer], parties: Sequence[str]) -> "Agenda":
        """With one party's answers to some of the items in place of what it said of them before.

        Raises `NotAParty`, `AnswersOwnVersion`, `IllegalTransition`, or what is wrong with the answers.
        """
        if party not in parties:
            raise NotAParty("only the parties of the series answer")
        if party == self.tabled_by:
            raise AnswersOwnVersion("who tables a version accepts it; table another to change it")
        state = step(AGENDA_TRANSITIONS, self.state, AgendaCommand.ANSWER)
        check_answers(answers, self.item_ids)
        if any(answer.party != party for answer in answers):
            raise NotAParty("nobody answers for another party")
        answered = {answer.item_id for answer in answers}
        rest = tuple(held for held in self.answers if held.party != party or held.item_id not in answered)
        version = self.aggregate_version + 1
        fresh = tuple(replace(answer, aggregate_version=version) for answer in answers)
        return replace(self, state=state, answers=(*rest, *fresh), aggregate_version=version)

    def open_items(self, parties: Iterable[str]) -> dict[str, tuple[UUID, ...]]:
        """What a party has not accepted, by party."""
        return open_items(self.item_ids, self.answers, parties)

    def supersede(self) -> "Agenda":
        """A newer version was tabled: what was agreed of this one is void."""
        state = step(AGENDA_TRANSITIONS, self.state, AgendaCommand.SUPERSEDE)
        return replace(
            self,
            state=state,
            agreed=(),
            agreed_at=None,
            aggregate_version=self.aggregate_version + 1,
        )

    def agree(self, signatory: Signatory, content_hash: str, quorum: Quorum, now: datetime) -> "Agenda":
        """With one more agreement; unchanged when it was given before.

        Raises `NotInQuorum`, `StaleContentHash`, `ReferenceStale` or `ItemsOpen`.
        """
        require_seat(quorum, signatory)
        if self.state is AgendaState.SUPERSEDED or content_hash != self.content_hash:
            raise StaleContentHash("this is not the version on the table", pointer="/content_hash")
        if signatory in self.agreed:
            return self
        for held in self.references:
            if held.state is not ReferenceState.CURRENT:
                raise ReferenceStale(
                    "an item rests on a text that no longer stands",
                    item_id=str(held.item_id),
                    assessment_id=str(held.assessment_id),
                    state=held.state.value,
                    what_to_do=what_to_do(held.state),
                )
        for party, item_ids in self.open_items(quorum).items():
            if item_ids:
                raise ItemsOpen(
                    "the whole is agreed when every party has accepted every item",
                    party=party,
                    item_ids=",".join(str(item_id) for item_id in item_ids),
                )
        agreed = (*self.agreed, signatory)
        complete = is_complete(quorum, agreed)
        command = AgendaCommand.COMPLETE if complete else AgendaCommand.AGREE
        return replace(
            self,
            state=step(AGENDA_TRANSITIONS, self.state, command),
            agreed=agreed,
            agreed_at=now if complete else None,
            aggregate_version=self.aggregate_version + 1,
        )

    def note(self, standing: AssessmentStanding) -> "Agenda":
        """With the references to an assessment as they now stand; unchanged when nothing differs."""
        references = tuple(
            held.standing(standing, denied=held.denied)
            if held.assessment_id == standing.assessment_id
            else held
            for held in self.references
        )
        if references == self.references:
            return self
        return replace(self, references=references, aggregate_version=self.aggregate_version + 1)

    def note_release(self, news: ReleaseStanding, standing: AssessmentStanding | None) -> "Agenda":
        """With the references to a text as its release now stands; unchanged when nothing differs."""
        if news.meeting_id != self.meeting_id:
            return self
        references = tuple(
            held.standing(standing, denied=not news.allowed) if held.reference == news.reference else held
            for held in self.references
        )
        if references == self.references:
            return self
        return replace(self, references=references, aggregate_version=self.aggregate_version + 1)
