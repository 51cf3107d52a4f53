"""An originator consents to one use of one of its texts; nobody else can."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.audit import AuditEntry
from services.chassis.database import Transaction
from services.chassis.once import Once
from services.chassis.outbox import enqueue
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess
from services.kernel.release_terms import Consent, Mode, Rendition, TextUnderDecision
from services.threatfeed.domain.clearances import MeetingOver
from services.threatfeed.domain.consents import RecordedConsent
from services.threatfeed.domain.decided_texts import LONGEST_MEETING
from services.threatfeed.events import consent_changed
from services.threatfeed.store.consents import find_consent, put_consent
from services.threatfeed.store.decided_texts import mark_due
from services.threatfeed.store.readings import find_revision
from services.threatfeed.store.text_uses import last_use_decided
from services.threatfeed.store.views import make_due
from services.threatfeed.usecases.read_clearances import open_series
from services.threatfeed.usecases.renditions import renditions, text_under_decision


@dataclass(frozen=True, slots=True)
class ConsentedUse:
    """What is consented to. Without a meeting (and then without a series) it is use outside meetings."""

    assessment_id: UUID
    revision: int
    rendition: Rendition
    party: str
    mode: Mode
    series: str
    meeting_id: UUID | None


async def record_consent(
    once: Once[RecordedConsent],
    reader: Reader,
    use: ConsentedUse,
    expires_at: datetime,
    statement: str,
    *,
    policy: Policy,
    at: datetime,
) -> RecordedConsent:
    """The consent of the reader's own organisation, as its release officer.

    Raises `NoAccess` where the organisation is not asked about the text, `UnknownParty`, and the refusals of
    `RecordedConsent`. That a series exists is not told: a consent for none is for nothing. `MeetingOver`
    where the decisions on texts for the meeting say so, and the reader may know of its series.
    """
    async with once.transaction() as tx:
        given = GivenConsent(use, expires_at, statement)
        consent = await new_consent(tx, reader, given, policy=policy, at=at)
        await keep_consent(tx, consent, audit_of(consent, "consent.recorded", reader, at, once.key), at)
        return await once.answer(tx, consent)


@dataclass(frozen=True, slots=True)
class GivenConsent:
    """A consent as an officer gives it: to what, until when, in which words."""

    use: ConsentedUse
    expires_at: datetime
    statement: str


async def new_consent(
    tx: Transaction, reader: Reader, given: GivenConsent, *, policy: Policy, at: datetime
) -> RecordedConsent:
    """The consent as it would be recorded. Raises as `record_consent` does."""
    use = given.use
    resource = f"assessment {use.assessment_id} revision {use.revision}"
    require_release_officer(policy, reader, resource)
    text = await _text(tx, use, policy)
    if text is None or not is_asked(text, reader, policy):
        raise NoAccess(resource)
    await _require_ahead(tx, reader, use, policy, at)
    consent = RecordedConsent(
        terms=Consent(
            originator=reader.organisation,
            party=policy.party(use.party).id,
            mode=use.mode,
            assessment_id=use.assessment_id,
            revision=use.revision,
            rendition=use.rendition,
            meeting=use.meeting_id,
            expires_at=given.expires_at,
        ),
        series=use.series,
        originator_party=reader.party,
        statement=given.statement,
        recorded_by=reader.subject,
        recorded_at=at,
    )
    return consent.after(await find_consent(tx, consent.id, lock=True))


def require_release_officer(policy: Policy, reader: Reader, resource: str) -> None:
    """Raises `NoAccess` for whoever is release officer of their organisation in no series."""
    if not any(policy.entitled(reader, Role.RELEASE_OFFICER, series) for series in policy.series):
        raise NoAccess(resource)


def is_asked(text: TextUnderDecision, reader: Reader, policy: Policy) -> bool:
    """Whether a use of the text can need the consent of the reader's organisation: as its originator, or
    because the text carries a marking of the reader's party.
    """
    if text.marking is None:
        return False
    owners = {policy.owners.get(national.system) for national in text.marking.national}
    asked = text.marking.originators | {text.originator_organisation}
    return reader.organisation in asked or reader.party in owners


async def keep_consent(tx: Transaction, consent: RecordedConsent, audit: AuditEntry, at: datetime) -> None:
    """Writes a consent, tells of it, and has made anew what rests on it: the decisions for its meeting, or
    the views of those who read outside meetings.
    """
    await put_consent(tx, consent, audit)
    await enqueue(tx, consent_changed(consent, at), at)
    if consent.terms.meeting is not None:
        await mark_due(tx, consent.terms.meeting)
    else:
        await make_due(tx, consent.terms.assessment_id, at)


def audit_of(
    consent: RecordedConsent, action: str, reader: Reader | None, at: datetime, request_id: str | None = None
) -> AuditEntry:
    """Without a reader the service itself acted."""
    terms = consent.terms
    return AuditEntry(
        action=action,
        actor="threatfeed" if reader is None else reader.subject,
        party=None if reader is None else reader.party,
        subject_kind="consent",
        subject_id=str(consent.id),
        at=at,
        request_id=request_id,
        detail={
            "assessment_id": str(terms.assessment_id),
            "revision": terms.revision,
            "rendition": terms.rendition.value,
            "originator": terms.originator,
            "party": terms.party,
            "mode": terms.mode.value,
            "meeting_id": None if terms.meeting is None else str(terms.meeting),
            "expires_at": terms.expires_at.isoformat(),
            "statement": consent.statement,
            "reason": consent.withdrawn and consent.withdrawn.reason,
        },
    )


async def _text(tx: Transaction, use: ConsentedUse, policy: Policy) -> TextUnderDecision | None:
    held = await find_revision(tx, use.assessment_id, use.revision) if use.revision else None
    if held is None or use.rendition not in renditions(held.content):
        return None
    return await text_under_decision(tx, held, use.rendition, policy)


async def _require_ahead(
    tx: Transaction, reader: Reader, use: ConsentedUse, policy: Policy, at: datetime
) -> None:
    if use.meeting_id is None or use.series not in open_series(policy, reader):
        return
    decided = await last_use_decided(tx, use.series, use.meeting_id)
    if decided is not None and decided + LONGEST_MEETING <= at:
        raise MeetingOver("the meeting is over", pointer="/use/meeting_id")
