"""An action: agreed text that somebody owns, and how far it has come.

The text, its content hash and the original due date never change.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.actions.domain.basis import AssessmentStanding, BasisReference
from services.actions.domain.closure import Closure
from services.actions.domain.refusals import (
    ClaimantCannotConfirm,
    ConfirmationNotAwaited,
    EvidenceMissing,
    IllegalMove,
    NarrativeMissing,
    NotAccountable,
)
from services.actions.domain.states import FINAL, Move, State, after
from services.actions.domain.texts import LONGEST_NARRATIVE, MOST_EVIDENCE, plain
from services.kernel.parties import Reader
from services.kernel.refusals import InvalidValue


class Rag(StrEnum):
    """The owner's own rating (IPA Annual Report 2023-24, Annex A); dates never overwrite it."""

    GREEN = "GREEN"
    AMBER = "AMBER"
    RED = "RED"


@dataclass(frozen=True, slots=True)
class Owner:
    """An organisation that carries the action out; one accountable a party."""

    party: str
    organisation: str
    accountable: bool


@dataclass(frozen=True, slots=True)
class DueDateChange:
    """One accepted move of a due date."""

    from_date: date
    to_date: date
    reason: str
    requested_by: str
    accepted_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that shows that the action was carried out. `digest` is empty where there is no file."""

    id: UUID
    title: str
    description: str
    uri: str
    digest: str
    marking: str
    submitted_by: str
    party: str
    organisation: str
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class Signature:
    """Who said something for which party, and when."""

    party: str
    organisation: str
    official: str
    at: datetime

    @classmethod
    def of(cls, reader: Reader, at: datetime) -> "Signature":
        return cls(reader.party, reader.organisation, reader.subject, at)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why the last claim of completion was not accepted."""

    by: Signature
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One version of an action. `opened_trace` and `latest_trace` are W3C trace contexts."""

    id: UUID
    reference: str
    series: str
    meeting_id: str
    item_id: str
    outcome_id: str
    content_hash: str
    text: str
    guidance: str
    owners: tuple[Owner, ...]
    commitment: str
    marking: str
    original_due_date: date
    due_date: date
    opened_at: datetime
    changed_at: datetime
    basis: tuple[BasisReference, ...] = ()
    due_date_changes: tuple[DueDateChange, ...] = ()
    state: State = State.AGREED
    rag: Rag | None = None
    narrative: str = ""
    evidence: tuple[Evidence, ...] = ()
    claim: Signature | None = None
    confirmations: tuple[Signature, ...] = ()
    rejection: Rejection | None = None
    closure_id: UUID | None = None
    closed_at: datetime | None = None
    version: int = 1
    opened_trace: str | None = None
    latest_trace: str | None = None

    @property
    def is_open(self) -> bool:
        return self.state not in FINAL

    @property
    def owning_parties(self) -> frozenset[str]:
        return frozenset(owner.party for owner in self.owners)

    def accepted(self, by: Reader, at: datetime) -> "Action":
        """An accountable organisation takes the action on."""
        self._require_accountable(by)
        return self._changed(at, state=after(self.state, Move.ACCEPT))

    def reported(self, rag: Rag, narrative: str, by: Reader, at: datetime) -> "Action":
        """An accountable organisation rates how it goes. AMBER and RED need a narrative."""
        self._require_accountable(by)
        words = plain(narrative, "/narrative", LONGEST_NARRATIVE)
        if rag is not Rag.GREEN and not words:
            raise NarrativeMissing(f"{rag.value} needs a narrative", pointer="/narrative")
        return self._changed(at, state=after(self.state, Move.REPORT), rag=rag, narrative=words)

    def claimed(self, evidence: Sequence[Evidence], narrative: str, by: Reader, at: datetime) -> "Action":
        """An accountable organisation says that it is done, and shows it."""
        self._require_accountable(by)
        state = after(self.state, Move.CLAIM)
        words = plain(narrative, "/narrative", LONGEST_NARRATIVE)
        if not evidence:
            raise EvidenceMissing("a claim needs at least one item of evidence", pointer="/evidence")
        if len(evidence) > MOST_EVIDENCE:
            raise InvalidValue(f"a claim shows at most {MOST_EVIDENCE} items", pointer="/evidence")
        return self._changed(
            at,
            state=state,
            narrative=words or self.narrative,
            evidence=(*self.evidence, *evidence),
            claim=Signature.of(by, at),
            confirmations=(),
            rejection=None,
        )

    def confirmed(self, by: Reader, parties: Collection[str], closure_id: UUID, at: datetime) -> "Action":
        """A party other than the claimant's finds it done; the last one awaited closes the action.

        `parties` are those of the series.
        """
        state = after(self.state, Move.CONFIRM)
        self._require_awaited(by, parties)
        confirmations = (*self.confirmations, Signature.of(by, at))
        if self._closure(parties, confirmations).complete:
            return self._changed(
                at,
                state=after(state, Move.CLOSE),
                confirmations=confirmations,
                closure_id=closure_id,
                closed_at=at,
            )
        return self._changed(at, state=state, confirmations=confirmations)

    def rejected(self, reason: str, by: Reader, parties: Collection[str], at: datetime) -> "Action":
        """A party whose confirmation is awaited does not find it done: the work goes on."""
        state = after(self.state, Move.REJECT)
        self._require_awaited(by, parties)
        words = plain(reason, "/reason", LONGEST_NARRATIVE, required=True)
        return self._changed(
            at,
            state=state,
            claim=None,
            confirmations=(),
            rejection=Rejection(Signature.of(by, at), words),
        )

    def rebased(self, known: Mapping[UUID, AssessmentStanding], at: datetime) -> "Action":
        """The action in the light of what is known of its assessments; itself where nothing changes."""
        basis = judge(self.basis, known)
        return self if basis == self.basis else self._changed(at, basis=basis)

    def _closure(self, parties: Collection[str], confirmations: Iterable[Signature]) -> Closure:
        if self.claim is None:
            raise IllegalMove("nobody has claimed completion", state=self.state.value)
        return Closure.of(
            self.claim.party,
            owning=self.owning_parties,
            series=parties,
            confirmed={confirmation.party for confirmation in confirmations},
        )

    def _require_accountable(self, by: Reader) -> None:
        if Owner(by.party, by.organisation, accountable=True) not in self.owners:
            raise NotAccountable("only an accountable organisation of the action may do this")

    def _require_awaited(self, by: Reader, parties: Collection[str]) -> None:
        closure = self._closure(parties, self.confirmations)
        if self.claim is not None and by.subject == self.claim.official:
            raise ClaimantCannotConfirm("whoever claimed completion cannot judge the claim")
        if by.party not in closure.awaited:
            raise ConfirmationNotAwaited("the claim does not wait for this party")

    def _changed(self, at: datetime, **members: object) -> "Action":
        return replace(self, changed_at=at, version=self.version + 1, **members)  # type: ignore[arg-type]


def judge(
    basis: Iterable[BasisReference], known: Mapping[UUID, AssessmentStanding]
) -> tuple[BasisReference, ...]:
    """References in the light of what is known of their assessments."""
    return tuple(
        reference.judged(known[reference.assessment_id]) if reference.assessment_id in known else reference
        for reference in basis
    )
