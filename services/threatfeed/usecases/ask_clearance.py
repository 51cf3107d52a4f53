"""A secretariat asks an originator for a consent, or takes the request back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.database import Transaction
from services.chassis.once import Once
from services.chassis.outbox import enqueue
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue, NoAccess
from services.kernel.release_terms import Mode, Rendition, RevisionState, TextUnderDecision
from services.kernel.series import PAPERS, Series
from services.threatfeed.domain.clearances import (
    AnswerNeededInvalid,
    Clearance,
    ClearanceCommand,
    ClearanceRequest,
    Closing,
    ForMeeting,
    MeetingOver,
    OriginatorNotAsked,
    RevisionNotCurrent,
    SeriesWithheld,
    answer_needed_by,
    checked_needed_by,
    open_request,
)
from services.threatfeed.domain.decided_texts import LONGEST_MEETING
from services.threatfeed.events import NoticeKind, clearance_notices
from services.threatfeed.statements import consent_request, request_id
from services.threatfeed.store.clearances import close_clearance, insert_clearance, lock_clearance
from services.threatfeed.store.readings import Held, find_revision
from services.threatfeed.store.text_uses import last_use_decided
from services.threatfeed.usecases.clearance_statements import ClearanceDesk, Signature, ToSign, signed_by
from services.threatfeed.usecases.read_assessment import rendition_for
from services.threatfeed.usecases.read_clearances import asking, audit_of
from services.threatfeed.usecases.renditions import renditions, text_under_decision


@dataclass(frozen=True, slots=True)
class AskedUse:
    """What is asked for. Without a meeting it is use outside meetings, by a party of the series."""

    assessment_id: UUID
    revision: int
    rendition: Rendition
    party: str
    mode: Mode
    series: str
    meeting: ForMeeting | None


@dataclass(frozen=True, slots=True)
class Asking:
    """A use, why it is asked for, and of whom: the text's agency where nobody is named. `needed_by` is
    given for use outside meetings, and only then.
    """

    use: AskedUse
    reason: str
    originator: str = ""
    needed_by: datetime | None = None


async def state_request(
    once: Once[ToSign], reader: Reader, asked: Asking, *, policy: Policy, at: datetime
) -> ToSign:
    """What the reader would sign in order to ask. Raises as `ask_clearance` does."""
    async with once.transaction() as tx:
        clearance = await _open(tx, reader, asked, policy, at, at)
        return await once.answer(tx, ToSign(consent_request(clearance), at))


async def ask_clearance(
    once: Once[Clearance],
    reader: Reader,
    asked: Asking,
    signature: Signature,
    *,
    desk: ClearanceDesk,
    at: datetime,
) -> Clearance:
    """Raises `NotEntitled`; `NoAccess` where there is no such text or the caller may not read it; the
    refusals of `domain.clearances`; and what is wrong with the signature.
    """
    async with once.transaction() as tx:
        clearance = await _open(tx, reader, asked, desk.policy, signature.time(at), at)
        signed = signed_by(reader, consent_request(clearance), signature, desk.keys, at)
        audit = audit_of(clearance, "clearance.asked", reader, at, once.key)
        await insert_clearance(tx, clearance, signed, audit)
        await enqueue(tx, clearance_notices(clearance, NoticeKind.ASKED, desk.policy, at), at)
        return await once.answer(tx, clearance)


async def withdraw_clearance(
    once: Once[Clearance],
    reader: Reader,
    clearance_id: UUID,
    reason: str,
    expected: int,
    *,
    policy: Policy,
    at: datetime,
) -> Clearance:
    """As a secretariat of the organisation that asked, in the series in which it asked.

    Raises `NoAccess`, `ClearanceStale`, `ClearanceClosed` or `MeetingOver`.
    """
    async with once.transaction() as tx:
        found = await lock_clearance(tx, clearance_id, asking(policy, reader, Role.SECRETARIAT))
        if found is None or found.request.asked_by_organisation != reader.organisation:
            raise NoAccess(f"clearance {clearance_id}")
        found.require_version(expected)
        closed = found.close(ClearanceCommand.WITHDRAW, Closing(reader.subject, at, reason))
        await close_clearance(tx, closed, None, audit_of(closed, "clearance.withdrawn", reader, at, once.key))
        await enqueue(tx, clearance_notices(closed, NoticeKind.WITHDRAWN, policy, at), at)
        return await once.answer(tx, closed)


async def _open(
    tx: Transaction, reader: Reader, asked: Asking, policy: Policy, stated_at: datetime, at: datetime
) -> Clearance:
    """The request as it would be made at the stated time."""
    use = asked.use
    series = policy.require(reader, Role.SECRETARIAT, use.series)
    if use.party not in series.parties:
        raise InvalidValue("the party is none of the series", pointer="/use/party")
    held, text = await _readable(tx, reader, use, policy, at)
    await _require_ahead(tx, use, series, at)
    request = ClearanceRequest(
        assessment_id=use.assessment_id,
        revision=use.revision,
        rendition=use.rendition,
        party=use.party,
        mode=use.mode,
        series=use.series,
        meeting=use.meeting,
        agency=held.content.originator,
        originator=_originator(asked.originator, text, series, policy),
        reason=asked.reason,
        asked_by=reader.subject,
        asked_by_party=reader.party,
        asked_by_organisation=reader.organisation,
        asked_at=stated_at,
        needed_by=_needed_by(asked, series, stated_at),
    )
    return open_request(request_id(request), request)


async def _readable(
    tx: Transaction, reader: Reader, use: AskedUse, policy: Policy, at: datetime
) -> tuple[Held, TextUnderDecision]:
    """The text, which the reader may read in at least that rendition, and which stands."""
    resource = f"assessment {use.assessment_id} revision {use.revision}"
    held = await find_revision(tx, use.assessment_id, use.revision) if use.revision > 0 else None
    if held is None:
        raise NoAccess(resource)
    wide = renditions(held.content)
    own = await rendition_for(tx, held, reader.party, policy, at, withdrawn=True)
    if own is None or use.rendition not in wide or wide.index(use.rendition) < wide.index(own):
        raise NoAccess(resource)
    if held.state is not RevisionState.CURRENT:
        raise RevisionNotCurrent("the revision was replaced or withdrawn", pointer="/use/revision")
    return held, await text_under_decision(tx, held, use.rendition, policy)


async def _require_ahead(tx: Transaction, use: AskedUse, series: Series, at: datetime) -> None:
    if use.meeting is None:
        return
    use.meeting.check(at)
    decided = await last_use_decided(tx, series.id, use.meeting.id)
    if decided is not None and decided + LONGEST_MEETING <= at:
        raise MeetingOver("the meeting is over", pointer="/meeting")


def _needed_by(asked: Asking, series: Series, at: datetime) -> datetime:
    meeting = asked.use.meeting
    if meeting is None:
        if asked.needed_by is None:
            raise AnswerNeededInvalid("outside meetings the asker says by when", pointer="/needed_by")
        return checked_needed_by(asked.needed_by, at)
    if asked.needed_by is not None:
        raise AnswerNeededInvalid("for a meeting it is the dispatch of its papers", pointer="/needed_by")
    return answer_needed_by(meeting, series.days_before(PAPERS), at)


def _originator(named: str, text: TextUnderDecision, series: Series, policy: Policy) -> str:
    originator = named or text.originator_organisation
    marked = frozenset[str]() if text.marking is None else text.marking.originators
    organisation = policy.organisations.get(originator)
    if organisation is None or originator not in marked | {text.originator_organisation}:
        raise OriginatorNotAsked("the organisation is not asked about the text", pointer="/originator")
    if series.need_to_know is not None and organisation.party not in series.parties:
        raise SeriesWithheld("the originator may not know of the series")
    return originator
