"""Decides for every party of a meeting whether it may have exact texts, and keeps the decisions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.audit import AuditEntry
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.chassis.once import Once
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue, NoAccess
from services.kernel.releasability import decide_all, jointly_allowed
from services.kernel.release_terms import Consent, Decision, Mode, Occasion, Rendition, RevisionState
from services.threatfeed.domain.decided_texts import DecidedText
from services.threatfeed.store.consents import consents_for
from services.threatfeed.store.decided_texts import put_decided_texts
from services.threatfeed.store.readings import Held, find_revision, record_decisions
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
class Asking:
    """A reader's question about a use, with the consents for it."""

    reader: Reader
    occasion: Occasion
    policy: Policy
    at: datetime
    consents: tuple[Consent, ...]

    async def decide(
        self, tx: Transaction, held: Held, rendition: Rendition, mode: Mode
    ) -> tuple[Decision, ...]:
        """For every party of the occasion, in its order."""
        text = await text_under_decision(tx, held, rendition, self.policy)
        return decide_all(text, self.occasion, mode, policy=self.policy, consents=self.consents, now=self.at)

    async def own_rendition(self, tx: Transaction, held: Held) -> Rendition | None:
        """What the reader's party may have whatever the meeting, None for nothing."""
        return await rendition_for(tx, held, self.reader.party, self.policy, self.at, withdrawn=True)

    def given(self, decisions: Iterable[Decision]) -> bool:
        """Whether the reader's party may have the text at the occasion."""
        return any(entry.allowed and entry.party == self.reader.party for entry in decisions)


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
    _check(reader, texts, use, policy)
    async with database.transaction() as tx:
        return await _decide_all(tx, reader, texts, use, policy, at)


async def decide_releasability_once(
    once: Once[list[TextDecision]],
    reader: Reader,
    texts: Sequence[TextReference],
    use: Use,
    *,
    policy: Policy,
    clock: Clock,
) -> list[TextDecision]:
    """The same for a request that may be repeated: its repeat gets the first decisions."""
    _check(reader, texts, use, policy)
    async with once.transaction() as tx:
        return await once.answer(tx, await _decide_all(tx, reader, texts, use, policy, clock()))


def _check(reader: Reader, texts: Sequence[TextReference], use: Use, policy: Policy) -> None:
    policy.require(reader, Role.SECRETARIAT, use.series)
    if len(texts) > MOST_TEXTS:
        raise InvalidValue(f"at most {MOST_TEXTS} texts are decided at once", pointer="/texts")


async def _decide_all(
    tx: Transaction,
    reader: Reader,
    texts: Sequence[TextReference],
    use: Use,
    policy: Policy,
    at: datetime,
) -> list[TextDecision]:
    asking = Asking(
        reader=reader,
        occasion=use.occasion(policy),
        policy=policy,
        at=at,
        consents=await consents_for(tx, use.series, use.meeting_id),
    )
    answers = [await _decide(tx, text, asking) for text in texts]
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
    if use.meeting_id is not None:
        await put_decided_texts(
            tx,
            [DecidedText.of(use.series, use.meeting_id, answer.decisions) for answer in answers],
        )
    return answers


async def _decide(tx: Transaction, text: TextReference, asking: Asking) -> TextDecision:
    held = await find_revision(tx, text.assessment_id, text.revision)
    if held is None or text.rendition not in renditions(held.content):
        raise NoAccess(f"assessment {text.assessment_id} revision {text.revision}")
    decisions = await asking.decide(tx, held, text.rendition, text.mode)
    if not asking.given(decisions):
        own = await asking.own_rendition(tx, held)
        wide = renditions(held.content)
        # Decisions on a text wider than the reader's own would tell how that is marked.
        if own is None or wide.index(text.rendition) < wide.index(own):
            raise NoAccess(f"assessment {text.assessment_id} revision {text.revision}")
    allowed = jointly_allowed(decisions)
    return TextDecision(
        text=text,
        state=held.state,
        decisions=decisions,
        allowed=allowed,
        title=title_of(held.content, text.rendition) if allowed else None,
    )
