"""Decides for every party of a meeting whether it may have exact texts, and keeps the decisions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.audit import AuditEntry
from services.chassis.database import Database, Transaction
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue, NoAccess
from services.kernel.releasability import decide_all, jointly_allowed
from services.kernel.release_terms import Decision, Mode, Occasion, Rendition, RevisionState
from services.threatfeed.store.readings import find_revision, record_decisions
from services.threatfeed.usecases.read_assessment import rendition_for
from services.threatfeed.usecases.renditions import renditions, text_under_decision, title_of

MOST_TEXTS = 200


@dataclass(frozen=True, slots=True)
class TextReference:
    """One text: an assessment in one revision and rendition, for one mode."""

    assessment_id: UUID
    revision: int
    rendition: Rendition
    mode: Mode


@dataclass(frozen=True, slots=True)
class Use:
    """The meeting at which, and the time when, texts would be used."""

    series: str
    meeting_id: UUID | None
    used_at: datetime

    def occasion(self, policy: Policy) -> Occasion:
        series = policy.get_series(self.series)
        return Occasion(
            parties=series.parties,
            ceiling=series.ceiling,
            used_at=self.used_at,
            meeting=self.meeting_id,
        )


@dataclass(frozen=True, slots=True)
class TextDecision:
    """The decisions on one text. The title is given only where every party may have it."""

    text: TextReference
    state: RevisionState
    decisions: tuple[Decision, ...]
    allowed: bool
    title: str | None


async def decide_releasability(
    database: Database,
    reader: Reader,
    texts: Sequence[TextReference],
    use: Use,
    *,
    policy: Policy,
    at: datetime,
) -> list[TextDecision]:
    """One answer a text, in the order asked. Raises `NotEntitled`, `NoAccess`, `InvalidValue`."""
    policy.require(reader, Role.SECRETARIAT, use.series)
    if len(texts) > MOST_TEXTS:
        raise InvalidValue(f"at most {MOST_TEXTS} texts are decided at once", pointer="/texts")
    occasion = use.occasion(policy)
    async with database.transaction() as tx:
        answers = [await _decide(tx, reader, text, occasion, policy, at) for text in texts]
        decisions = [decision for answer in answers for decision in answer.decisions]
        audit = [
            AuditEntry(
                action="releasability.decided",
                actor=reader.subject,
                party=reader.party,
                subject_kind="assessment",
                subject_id=str(answer.text.assessment_id),
                at=at,
                detail={
                    "revision": answer.text.revision,
                    "rendition": answer.text.rendition.value,
                    "mode": answer.text.mode.value,
                    "allowed": answer.allowed,
                },
            )
            for answer in answers
        ]
        await record_decisions(tx, decisions, str(use.meeting_id or ""), audit)
    return answers


async def _decide(
    tx: Transaction,
    reader: Reader,
    text: TextReference,
    occasion: Occasion,
    policy: Policy,
    at: datetime,
) -> TextDecision:
    held = await find_revision(tx, text.assessment_id, text.revision)
    if (
        held is None
        or text.rendition not in renditions(held.content)
        or await rendition_for(tx, held, reader.party, policy, at) is None
    ):
        raise NoAccess(f"assessment {text.assessment_id} revision {text.revision}")
    words = await text_under_decision(tx, held, text.rendition, policy)
    decisions = decide_all(words, occasion, text.mode, policy=policy, consents=(), now=at)
    allowed = jointly_allowed(decisions)
    return TextDecision(
        text=text,
        state=held.state,
        decisions=decisions,
        allowed=allowed,
        title=title_of(held.content, text.rendition) if allowed else None,
    )
