"""Changes that no party makes alone: another date, other expected evidence, an end without completion, a
fresh start.

One party proposes, every other party that is asked accepts, and the change is made; one refusal ends it.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.actions.domain.expected_evidence import ExpectedEvidence, agreed_anew
from services.actions.domain.owners import Signature
from services.actions.domain.refusals import AnswerNotAwaited, DueDateWrong, ExpectedEvidenceWrong
from services.actions.domain.states import Move
from services.kernel.parties import Reader


class ProposalKind(StrEnum):
    """The move that is made once every party asked has accepted."""

    MOVE_DUE_DATE = Move.MOVE_DUE_DATE.value
    EXPECT_EVIDENCE = Move.EXPECT_EVIDENCE.value
    SUPERSEDE = Move.SUPERSEDE.value
    WITHDRAW = Move.WITHDRAW.value
    CLOSE_NOT_IMPLEMENTED = Move.CLOSE_NOT_IMPLEMENTED.value
    REOPEN = Move.REOPEN.value

    @property
    def move(self) -> Move:
        return Move(self.value)

    @property
    def while_working(self) -> bool:
        """Whether a claim of completion takes it from the table."""
        return self in (ProposalKind.MOVE_DUE_DATE, ProposalKind.EXPECT_EVIDENCE)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is proposed, and why.

    `due_date` is set for MOVE_DUE_DATE, `successor` (the reference of another action) for SUPERSEDE,
    `meeting_id` (where it is decided) for REOPEN; `expected` is all that is expected after EXPECT_EVIDENCE.
    """

    kind: ProposalKind
    reason: str
    due_date: date | None = None
    successor: str = ""
    meeting_id: str = ""
    expected: tuple[ExpectedEvidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """Terms that wait for the parties asked. Whoever proposes accepts by it."""

    id: UUID
    terms: Terms
    by: Signature
    accepted: tuple[Signature, ...] = ()

    def awaited(self, asked: Collection[str]) -> frozenset[str]:
        """The parties of those asked that have not accepted yet."""
        return frozenset(asked) - {self.by.party} - {signature.party for signature in self.accepted}

    def accepted_by(self, by: Reader, asked: Collection[str], at: datetime) -> "Proposal":
        """Raises `AnswerNotAwaited`."""
        if by.party not in self.awaited(asked):
            raise AnswerNotAwaited("the proposal does not wait for this party")
        return replace(self, accepted=(*self.accepted, Signature.of(by, at)))

    def require_answerer(self, by: Reader, asked: Collection[str]) -> None:
        """Whoever may refuse: a party awaited, or the proposing party, which takes it back.

        Raises `AnswerNotAwaited`.
        """
        if by.party != self.by.party and by.party not in self.awaited(asked):
            raise AnswerNotAwaited("the proposal does not wait for this party")


@dataclass(frozen=True, slots=True)
class DueDateChange:
    """One accepted move of a due date. Who requested and who accepted it are organisations."""

    from_date: date
    to_date: date
    reason: str
    requested_by: str
    accepted_by: tuple[str, ...]
    accepted_on: date

    @classmethod
    def settled(cls, proposal: Proposal, from_date: date, to_date: date, on: date) -> "DueDateChange":
        return cls(
            from_date=from_date,
            to_date=to_date,
            reason=proposal.terms.reason,
            requested_by=proposal.by.organisation,
            accepted_by=tuple(signature.organisation for signature in proposal.accepted),
            accepted_on=on,
        )


def checked_expectations(
    terms: Terms, held: tuple[ExpectedEvidence, ...], *, owning: Collection[str], opened_on: date
) -> tuple[ExpectedEvidence, ...]:
    """What terms of that kind would have expected, none of others. Raises `ExpectedEvidenceWrong`."""
    if terms.kind is not ProposalKind.EXPECT_EVIDENCE:
        return ()
    expected = agreed_anew(held, terms.expected, owning=owning, agreed_on=opened_on)
    if expected == held:
        raise ExpectedEvidenceWrong("this is what is expected already", pointer="/expected_evidence")
    return expected


def check_due_date(to_date: date | None, *, opened_on: date, held: date) -> None:
    """Raises `DueDateWrong`."""
    if to_date is None:
        raise DueDateWrong("the new date is missing", pointer="/due_date")
    if to_date <= opened_on:
        raise DueDateWrong("a due date lies after agreement", pointer="/due_date")
    if to_date == held:
        raise DueDateWrong("this is the due date already", pointer="/due_date")
