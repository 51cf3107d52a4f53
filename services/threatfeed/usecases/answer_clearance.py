"""The originator's release officer answers a request: nobody else can."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.chassis.database import Transaction
from services.chassis.once import Once
from services.chassis.outbox import enqueue
from services.kernel.markings.banner import parse
from services.kernel.markings.marking import Marking
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue, NoAccess
from services.kernel.releasability import check_holding, decide, outside_meetings
from services.kernel.release_terms import Mode, Rendition, RevisionState, TextUnderDecision
from services.threatfeed.domain.clearances import (
    Clearance,
    ClearanceCommand,
    ClearanceState,
    Closing,
    RevisionNotCurrent,
    TearLineNotForAsker,
    TearLineOffer,
)
from services.threatfeed.domain.consents import ConsentStands, RecordedConsent
from services.threatfeed.events import NoticeKind, clearance_notices
from services.threatfeed.statements import Statement, consent_answer
from services.threatfeed.store.clearances import close_clearance, lock_clearance
from services.threatfeed.store.consents import find_consent
from services.threatfeed.store.readings import find_revision
from services.threatfeed.usecases.clearance_statements import ClearanceDesk, Signature, ToSign, signed_by
from services.threatfeed.usecases.holding import Holding
from services.threatfeed.usecases.read_clearances import answering, audit_of
from services.threatfeed.usecases.record_consent import (
    ConsentedUse,
    GivenConsent,
    keep_consent,
    new_consent,
)
from services.threatfeed.usecases.record_consent import audit_of as consent_audit_of


@dataclass(frozen=True, slots=True)
class Answering:
    """Which request an officer answers, and the version that the officer read."""

    clearance_id: UUID
    expected: int


@dataclass(frozen=True, slots=True)
class Answer:
    """How an officer answers: the statement of a consent until its end, or why there is none, and what may be
    said instead.
    """

    command: ClearanceCommand
    words: str
    expires_at: datetime | None = None
    tear_line: TearLineOffer | None = None

    @staticmethod
    def grant(statement: str, expires_at: datetime) -> "Answer":
        return Answer(ClearanceCommand.GRANT, statement, expires_at=expires_at)

    @staticmethod
    def refuse(reason: str) -> "Answer":
        return Answer(ClearanceCommand.REFUSE, reason)

    @staticmethod
    def of(kind: str, words: str, expires_at: datetime | None, tear_line: TearLineOffer | None) -> "Answer":
        """By the kind of answer. Raises `InvalidValue` where it lacks a part, or has one of another kind."""
        if (kind == ClearanceState.GRANTED) != (expires_at is not None):
            raise InvalidValue("a consent has an end, and nothing else has", pointer="/expires_time")
        if (kind == ClearanceState.TEAR_LINE_OFFERED) != (tear_line is not None):
            raise InvalidValue("an offer has a tear line, and nothing else has", pointer="/tear_line")
        if expires_at is not None:
            return Answer.grant(words, expires_at)
        return Answer.refuse(words) if tear_line is None else Answer.offer(tear_line, words)

    @staticmethod
    def offer(tear_line: TearLineOffer, reason: str) -> "Answer":
        return Answer(ClearanceCommand.OFFER_TEAR_LINE, reason, tear_line=tear_line)


async def state_answer(
    once: Once[ToSign],
    reader: Reader,
    clearance_id: UUID,
    answer: Answer,
    *,
    desk: ClearanceDesk,
    at: datetime,
) -> ToSign:
    """What the officer would sign in order to answer. Raises as `answer_clearance` does."""
    async with once.transaction() as tx:
        found = await _lock(tx, reader, clearance_id, desk.policy)
        closed = await _close(tx, found, reader, answer, desk, at)
        return await once.answer(tx, ToSign(closed.statement(at), at))


async def answer_clearance(
    once: Once[Clearance],
    reader: Reader,
    answered: Answering,
    answer: Answer,
    signature: Signature,
    *,
    desk: ClearanceDesk,
    at: datetime,
) -> Clearance:
    """Records the consent that is given in one transaction with the answer. Where the same consent stands
    already, that is the answer, until its own end.

    Raises `NoAccess`, `ClearanceStale`, `ClearanceClosed`, `MeetingOver`, and what is wrong with the
    signature. A grant is refused as `new_consent` does, and with `RevisionNotCurrent` where there is nothing
    left to consent to; a tear line with what is wrong with its banner, `HoldingRefused` for words that this
    deployment may not hold, and `TearLineNotForAsker`.
    """
    policy = desk.policy
    async with once.transaction() as tx:
        found = await _lock(tx, reader, answered.clearance_id, policy)
        found.require_version(answered.expected)
        closed = await _close(tx, found, reader, answer, desk, at)
        statement = closed.statement(signature.time(at))
        signed = signed_by(reader, statement, signature, desk.keys, at)
        if closed.consent is not None and not closed.stood:
            audit = consent_audit_of(closed.consent, "consent.recorded", reader, at, once.key)
            await keep_consent(tx, closed.consent, audit, at)
        clearance = closed.clearance
        action = f"clearance.{clearance.state.value.lower().replace('_', '-')}"
        audit = audit_of(clearance, action, reader, at, once.key)
        await close_clearance(tx, clearance, signed, audit)
        await enqueue(tx, clearance_notices(clearance, NoticeKind.ANSWERED, policy, at), at)
        return await once.answer(tx, clearance)


@dataclass(frozen=True, slots=True)
class _Closed:
    """A request as it is answered, with the consent that is given; `stood` where it was given before."""

    clearance: Clearance
    consent: RecordedConsent | None = None
    stood: bool = False

    def statement(self, answered_at: datetime) -> Statement:
        expires_at = None if self.consent is None else self.consent.terms.expires_at
        return consent_answer(self.clearance, expires_at, answered_at)


async def _lock(tx: Transaction, reader: Reader, clearance_id: UUID, policy: Policy) -> Clearance:
    found = await lock_clearance(tx, clearance_id, answering(policy, reader))
    if found is None:
        raise NoAccess(f"clearance {clearance_id}")
    return found


async def _close(
    tx: Transaction, found: Clearance, reader: Reader, answer: Answer, desk: ClearanceDesk, at: datetime
) -> _Closed:
    closing = Closing(reader.subject, at, answer.words, tear_line=answer.tear_line)
    # What cannot be answered any more is refused before anything else is looked at.
    closed = found.close(answer.command, closing)
    if answer.tear_line is not None:
        marking = parse(answer.tear_line.marking)
        await _check_offer(tx, found, marking, reader, desk.policy, desk.holding, at)
    if answer.expires_at is None:
        return _Closed(closed)
    await _check_current(tx, found)
    given = GivenConsent(_use(found), answer.expires_at, answer.words)
    consent, stood = await _consent(tx, reader, given, desk.policy, at)
    granted = found.close(answer.command, replace(closing, consent_id=consent.id))
    return _Closed(granted, consent, stood)


async def _check_current(tx: Transaction, found: Clearance) -> None:
    held = await find_revision(tx, found.request.assessment_id, found.request.revision)
    if held is None or held.state is not RevisionState.CURRENT:
        raise RevisionNotCurrent("the revision was replaced or withdrawn since it was asked for")


async def _consent(
    tx: Transaction, reader: Reader, given: GivenConsent, policy: Policy, at: datetime
) -> tuple[RecordedConsent, bool]:
    """The consent, and whether it stood already."""
    try:
        return await new_consent(tx, reader, given, policy=policy, at=at), False
    except ConsentStands as stands:
        standing = await find_consent(tx, UUID(stands.metadata["consent_id"]))
        if standing is None:
            raise LookupError("a consent is never forgotten") from stands
        return standing, True


def _use(clearance: Clearance) -> ConsentedUse:
    request = clearance.request
    return ConsentedUse(
        assessment_id=request.assessment_id,
        revision=request.revision,
        rendition=request.rendition,
        party=request.party,
        mode=request.mode,
        series="" if request.meeting is None else request.series,
        meeting_id=None if request.meeting is None else request.meeting.id,
    )


async def _check_offer(
    tx: Transaction,
    found: Clearance,
    marking: Marking,
    reader: Reader,
    policy: Policy,
    holding: Holding,
    at: datetime,
) -> None:
    """Whether the words may lie here, and the party that asked may read them."""
    check_holding(
        marking,
        originator_party=reader.party,
        home_party=holding.home_party,
        ceiling=holding.ceiling,
        policy=policy,
        now=at,
    )
    request = found.request
    held = await find_revision(tx, request.assessment_id, request.revision)
    if held is None:
        raise LookupError("a text that was asked for is held for ever")
    text = TextUnderDecision(
        assessment_id=request.assessment_id,
        revision=request.revision,
        rendition=Rendition.TEAR_LINE,
        marking=marking,
        originator_party=reader.party,
        originator_organisation=reader.organisation,
        state=RevisionState.CURRENT,
        parent_has_national=bool(held.content.whole_marking().national),
    )
    asker = request.asked_by_party
    occasion = outside_meetings(asker, policy, at)
    decision = decide(text, asker, occasion, Mode.RELEASE, policy=policy, consents=(), now=at)
    if not decision.allowed:
        raise TearLineNotForAsker(
            "the party that asked may not have such a text",
            pointer="/tear_line/marking",
            rule_id=decision.rule_id.value,
        )
