"""The originator's release officer answers a request: nobody else can."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.database import Transaction
from services.chassis.once import Once
from services.chassis.outbox import enqueue
from services.kernel.markings.banner import parse
from services.kernel.markings.marking import Marking
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess
from services.kernel.releasability import check_holding, decide, outside_meetings
from services.kernel.release_terms import Mode, Rendition, RevisionState, TextUnderDecision
from services.threatfeed.domain.clearances import (
    Clearance,
    ClearanceCommand,
    Closing,
    RevisionNotCurrent,
    TearLineNotForAsker,
    TearLineOffer,
)
from services.threatfeed.domain.consents import ConsentStands, RecordedConsent
from services.threatfeed.events import NoticeKind, clearance_notices
from services.threatfeed.statements import consent_answer
from services.threatfeed.store.clearances import close_clearance, lock_clearance
from services.threatfeed.store.consents import find_consent
from services.threatfeed.store.readings import find_revision
from services.threatfeed.usecases.holding import Holding
from services.threatfeed.usecases.read_clearances import answering, audit_of
from services.threatfeed.usecases.record_consent import ConsentedUse, GivenConsent, give_consent


@dataclass(frozen=True, slots=True)
class Answering:
    """Which request an officer answers, and the version that the officer read."""

    clearance_id: UUID
    expected: int


async def grant_clearance(
    once: Once[Clearance],
    reader: Reader,
    answered: Answering,
    expires_at: datetime,
    statement: str,
    *,
    policy: Policy,
    at: datetime,
) -> Clearance:
    """Records the consent that is asked for, in one transaction with the answer. Where the same consent
    stands already, that is the answer, until its own end.

    Raises `NoAccess`, `ClearanceStale`, `ClearanceClosed`, `MeetingOver`, `RevisionNotCurrent` where there
    is nothing left to consent to, and as `give_consent` does.
    """
    async with once.transaction() as tx:
        found = await _lock(tx, reader, answered, policy)
        # What cannot be granted any more is refused before a consent is recorded.
        found.close(ClearanceCommand.GRANT, Closing(reader.subject, at, statement))
        await _check_current(tx, found)
        given = GivenConsent(_use(found), expires_at, statement)
        consent = await _consent(tx, reader, given, policy, at, once.key)
        closed = found.close(
            ClearanceCommand.GRANT, Closing(reader.subject, at, statement, consent_id=consent.id)
        )
        await _keep(tx, closed, reader, policy, once.key, consent.terms.expires_at)
        return await once.answer(tx, closed)


async def refuse_clearance(
    once: Once[Clearance],
    reader: Reader,
    answered: Answering,
    reason: str,
    *,
    policy: Policy,
    at: datetime,
) -> Clearance:
    """Raises `NoAccess`, `ClearanceStale`, `ClearanceClosed` or `MeetingOver`."""
    async with once.transaction() as tx:
        found = await _lock(tx, reader, answered, policy)
        closed = found.close(ClearanceCommand.REFUSE, Closing(reader.subject, at, reason))
        await _keep(tx, closed, reader, policy, once.key)
        return await once.answer(tx, closed)


async def offer_tear_line(
    once: Once[Clearance],
    reader: Reader,
    answered: Answering,
    offer: TearLineOffer,
    reason: str,
    *,
    policy: Policy,
    holding: Holding,
    at: datetime,
) -> Clearance:
    """Raises `NoAccess`, `ClearanceStale`, `ClearanceClosed`, `MeetingOver`, what is wrong with the
    banner, `HoldingRefused` for words that this deployment may not hold, and `TearLineNotForAsker`.
    """
    async with once.transaction() as tx:
        found = await _lock(tx, reader, answered, policy)
        closed = found.close(
            ClearanceCommand.OFFER_TEAR_LINE, Closing(reader.subject, at, reason, tear_line=offer)
        )
        await _check_offer(tx, found, parse(offer.marking), reader, policy, holding, at)
        await _keep(tx, closed, reader, policy, once.key)
        return await once.answer(tx, closed)


async def _lock(tx: Transaction, reader: Reader, answered: Answering, policy: Policy) -> Clearance:
    found = await lock_clearance(tx, answered.clearance_id, answering(policy, reader))
    if found is None:
        raise NoAccess(f"clearance {answered.clearance_id}")
    found.require_version(answered.expected)
    return found


async def _check_current(tx: Transaction, found: Clearance) -> None:
    held = await find_revision(tx, found.request.assessment_id, found.request.revision)
    if held is None or held.state is not RevisionState.CURRENT:
        raise RevisionNotCurrent("the revision was replaced or withdrawn since it was asked for")


async def _keep(
    tx: Transaction,
    closed: Clearance,
    reader: Reader,
    policy: Policy,
    request_id: str,
    expires_at: datetime | None = None,
) -> None:
    if closed.closing is None:
        raise ValueError("the request is not answered")
    at, action = closed.closing.at, f"clearance.{closed.state.value.lower().replace('_', '-')}"
    audit = audit_of(closed, action, reader, at, request_id)
    await close_clearance(tx, closed, consent_answer(closed, expires_at), audit)
    await enqueue(tx, clearance_notices(closed, NoticeKind.ANSWERED, policy, at), at)


async def _consent(
    tx: Transaction, reader: Reader, given: GivenConsent, policy: Policy, at: datetime, request_id: str
) -> RecordedConsent:
    try:
        return await give_consent(tx, reader, given, policy=policy, at=at, request_id=request_id)
    except ConsentStands as stands:
        standing = await find_consent(tx, UUID(stands.metadata["consent_id"]))
        if standing is None:
            raise LookupError("a consent is never forgotten") from stands
        return standing


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
