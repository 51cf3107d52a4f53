"""Encoders of what threatfeed tells others: receipts to agencies, changes of assessments to services."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

import orjson
from entente.exchange.v1 import marking_pb2, release_pb2
from entente.threatfeed.v1 import assessment_event_pb2, clearance_notice_pb2, picture_pb2, policy_event_pb2
from google.protobuf.json_format import MessageToDict

from services.chassis.consumer.records import Record
from services.chassis.envelope import Event
from services.chassis.outbox import OutboxMessage
from services.chassis.telemetry import current_traceparent
from services.kernel.identifiers import assessment_id, event_id, receipt_id, revision_id
from services.kernel.markings.marking import Marking, NationalMarking
from services.kernel.policy import Policy
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.clearances import Clearance
from services.threatfeed.domain.consents import ConsentState, RecordedConsent
from services.threatfeed.domain.decided_texts import DecidedText
from services.threatfeed.domain.picture import AgencyRhythm, Picture, SubjectTempo
from services.threatfeed.domain.rhythm import Rhythm
from services.threatfeed.domain.subjects import distinct_terms
from services.threatfeed.domain.submission import Result, ResultKind
from services.threatfeed.store.histories import Standing

ASSESSMENT_TOPIC = "threatfeed.assessment.v1"
POLICY_TOPIC = "threatfeed.policy.v1"
SOURCE = "/entente/threatfeed"
CHANGED = "entente.threatfeed.v1.AssessmentChanged"
RECEIPT = "entente.threatfeed.v1.SubmissionReceipt"
POLICY = "entente.threatfeed.v1.PolicyEvent"
NOTICE = "entente.threatfeed.v1.ClearanceNotice"

_RESULTS = {
    ResultKind.ACCEPTED: "SUBMISSION_RESULT_ACCEPTED",
    ResultKind.REVISED: "SUBMISSION_RESULT_ACCEPTED",
    ResultKind.DUPLICATE: "SUBMISSION_RESULT_DUPLICATE",
    ResultKind.OLDER: "SUBMISSION_RESULT_OLDER",
    ResultKind.WITHDRAWN: "SUBMISSION_RESULT_WITHDRAWN",
    ResultKind.REVISION_CONFLICT: "SUBMISSION_RESULT_REJECTED",
    ResultKind.REJECTED: "SUBMISSION_RESULT_REJECTED",
}


@dataclass(frozen=True, slots=True)
class Change:
    """An assessment that stands differently, with the content that is current (None where nothing is)."""

    standing: Standing
    content: Assessment | None


def assessment_changed(change: Change, traceparent: str | None, at: datetime) -> OutboxMessage:
    standing, content = change.standing, change.content
    identity = str(standing.assessment_id)
    message = assessment_event_pb2.AssessmentChanged(
        assessment_id=identity,
        state=encode_state(standing.state),
        cause=encode_cause(standing.cause),
        revision=standing.revision,
        agency=standing.agency,
        party=standing.party,
        aggregate_version=standing.aggregate_version,
    )
    if content is not None:
        message.revision_id = str(revision_id(standing.assessment_id, content.source.content_sha256))
        message.marking.CopyFrom(encode_marking(content.whole_marking()))
        message.tear_line_markings.extend(encode_marking(line.marking) for line in content.tear_lines)
        message.marking_rule_id = content.marking_rule_id or ""
        for source in content.derived_from:
            agency = source.originator or ""
            message.sources.add(
                agency=agency,
                assessment_id=str(assessment_id(agency, source.object_id)),
                version=source.version or "",
            )
        message.source_version = content.source.version.text
        for assignment in content.themes:
            message.themes.add(theme=assignment.theme, rule_id=assignment.rule_id, assigned_by="rule")
        message.sectors.extend(distinct_terms(content.sectors))
        for sector in content.sectors:
            message.sector_codes.add(
                scheme=sector.scheme.value, version=sector.version or "", code=sector.code or sector.term
            )
        message.published_time.FromDatetime(content.published)
        if content.valid_until is not None:
            message.valid_until.FromDatetime(content.valid_until)
    event = Event(
        id=event_id(SOURCE, CHANGED, identity, standing.aggregate_version),
        source=SOURCE,
        type=CHANGED,
        subject=identity,
        time=at,
        data=message.SerializeToString(),
        content_type="application/protobuf",
        traceparent=traceparent,
    )
    return OutboxMessage(ASSESSMENT_TOPIC, identity.encode(), event)


@lru_cache(maxsize=64)
def encode_state(state: str) -> assessment_event_pb2.AssessmentState.ValueType:
    return assessment_event_pb2.AssessmentState.Value(f"ASSESSMENT_STATE_{state}")


@lru_cache(maxsize=64)
def encode_cause(cause: str | None) -> assessment_event_pb2.AssessmentCause.ValueType:
    return assessment_event_pb2.AssessmentCause.Value(f"ASSESSMENT_CAUSE_{cause or 'UNSPECIFIED'}")


def encode_marking(marking: Marking) -> marking_pb2.Marking:
    return _encoded_marking(marking, marking.original_text)


@lru_cache(maxsize=1_024)
def _encoded_marking(marking: Marking, _: str | None) -> marking_pb2.Marking:
    # The banner as received takes no part in the equality of markings, but it is told too.
    message = marking_pb2.Marking(original_text=marking.original_text or "")
    if marking.tlp is not None:
        message.tlp.version = marking.tlp.version
        message.tlp.label = marking.tlp.label
    message.national.extend(_encode_national(national) for national in marking.national)
    message.originators.extend(sorted(marking.originators))
    return message


def _encode_national(national: NationalMarking) -> marking_pb2.NationalMarking:
    return marking_pb2.NationalMarking(
        system=marking_pb2.MarkingSystem.Value(f"MARKING_SYSTEM_{national.system.value}"),
        level=national.level,
        prefix=national.prefix or "",
        handling_instructions=sorted(national.handling_instructions),
        descriptors=sorted(national.descriptors),
        codewords=sorted(national.codewords),
        national_caveats=sorted(national.national_caveats),
        rel_to=sorted(national.rel_to),
        display_only=sorted(national.display_only),
        dissem_controls=sorted(national.dissem_controls),
        embargo_until="" if national.embargo_until is None else national.embargo_until.isoformat(),
    )


def receipt(agency: str, record: Record, results: Sequence[Result], at: datetime) -> OutboxMessage:
    """The proto JSON of a `SubmissionReceipt`, written directly: it is made for every submission.

    A replay from quarantine has a receipt of its own. Receipts start traces of their own: nothing of
    ours is told by their context.
    """
    position = f"{record.topic}:{record.partition}:{record.offset}"
    replay = record.replay
    number = 0 if replay is None else replay.number
    identity = receipt_id(record.topic, record.partition, record.offset, number)
    document: dict[str, object] = {
        "receiptId": identity,
        "agency": agency,
        "topic": record.topic,
        "partition": record.partition,
        "offset": str(record.offset),
        "receivedAt": at,
        "results": [_result(result) for result in results],
    }
    if replay is not None:
        document["replay"] = number
        document["edition"] = replay.edition
    event = Event(
        id=identity,
        source=SOURCE,
        type=RECEIPT,
        subject=position,
        time=at,
        data=orjson.dumps(document),
        content_type="application/json",
    )
    return OutboxMessage(f"threatfeed.receipt.{agency}.v1", record.key or b"", event)


def _result(result: Result) -> dict[str, object]:
    document: dict[str, object] = {"result": _RESULTS[result.kind]}
    if result.object_id is not None:
        document["sourceObjectId"] = result.object_id
    if result.version is not None:
        document["sourceVersion"] = result.version
    if result.assessment_id is not None:
        document["assessmentId"] = result.assessment_id
    if result.revision is not None:
        document["revision"] = result.revision
    if result.refusals:
        document["refusals"] = [
            {"reason": refusal.reason, "detail": refusal.detail, "pointer": refusal.pointer or ""}
            for refusal in result.refusals
        ]
    if result.marking_rule_id is not None:
        document["markingRuleId"] = result.marking_rule_id
    return document


def encode_picture(picture: Picture) -> picture_pb2.Picture:
    return picture_pb2.Picture(
        audience=picture.audience,
        as_of=picture.as_of.isoformat(),
        themes=[_tempo(one) for one in picture.themes],
        sectors=[_tempo(one) for one in picture.sectors],
        parties=[_tempo(one) for one in picture.parties],
        agencies=[_agency_rhythm(one) for one in picture.agencies],
    )


def _tempo(tempo: SubjectTempo) -> picture_pb2.SubjectTempo:
    return picture_pb2.SubjectTempo(
        subject=tempo.subject,
        windows=[
            picture_pb2.WindowTempo(
                days=window.days,
                count=window.count,
                before=window.before,
                trend=picture_pb2.Trend.Value(f"TREND_{window.trend.value}"),
            )
            for window in tempo.windows
        ],
    )


def _agency_rhythm(agency: AgencyRhythm) -> picture_pb2.AgencyRhythm:
    return picture_pb2.AgencyRhythm(
        agency=agency.agency,
        party=agency.party,
        last_published=agency.last_published.isoformat(),
        silent_days=agency.silence.days,
        usual_gap_hours=hours(agency.usual_gap),
        rhythm=encode_rhythm(agency.rhythm),
    )


def encode_rhythm(rhythm: Rhythm) -> picture_pb2.Rhythm.ValueType:
    return picture_pb2.Rhythm.Value(f"RHYTHM_{rhythm.value}")


def hours(gap: timedelta | None) -> int:
    """Whole hours; 0 for a gap that is not known."""
    return 0 if gap is None else int(gap.total_seconds() // 3600)


def consent_changed(consent: RecordedConsent, at: datetime) -> list[OutboxMessage]:
    """The consent as it now is; once it no longer stands, also the tombstone that removes it."""
    terms = consent.terms
    fact = policy_event_pb2.ConsentChanged(
        consent_id=str(consent.id),
        state=policy_event_pb2.ConsentState.Value(f"CONSENT_STATE_{consent.state.value}"),
        originator=terms.originator,
        party=terms.party,
        mode=release_pb2.ReleaseMode.Value(f"RELEASE_MODE_{terms.mode.value}"),
        assessment_id=str(terms.assessment_id),
        revision=terms.revision,
        rendition=release_pb2.Rendition.Value(f"RENDITION_{terms.rendition.value}"),
        meeting_id="" if terms.meeting is None else str(terms.meeting),
        aggregate_version=consent.aggregate_version,
    )
    fact.expires_time.FromDatetime(terms.expires_at)
    message = policy_event_pb2.PolicyEvent(consent_changed=fact)
    key, version = str(consent.id), consent.aggregate_version
    told = [_policy_event(message, key, event_id(SOURCE, POLICY, key, version), at)]
    if consent.state is not ConsentState.STANDING:
        gone = event_id(SOURCE, f"{POLICY}.tombstone", key, version)
        told.append(replace(_policy_event(message, key, gone, at), tombstone=True))
    return told


def policy_adopted(policy: Policy, number: int, since: datetime) -> OutboxMessage:
    fact = policy_event_pb2.PolicyAdopted(number=number, version=policy.version, digest=policy.digest)
    fact.since_time.FromDatetime(since)
    for party in sorted(policy.parties.values(), key=lambda party: party.id):
        fact.parties.add(party=party.id, nations=sorted(party.nations), ceiling=str(party.ceiling))
    for agreement in policy.agreements:
        fact.agreements.add(
            agreement_id=agreement.id,
            parties=sorted(agreement.parties),
            in_force_from=agreement.in_force_from.isoformat(),
            ends="" if agreement.ends is None else agreement.ends.isoformat(),
            ceiling=str(agreement.ceiling),
        )
    message = policy_event_pb2.PolicyEvent(policy_adopted=fact)
    return _policy_event(message, "policy", event_id(SOURCE, POLICY, "policy", number), since)


def release_changed(text: DecidedText, number: int) -> OutboxMessage:
    """`number` counts what was told of decided texts, so that every event has an id of its own."""
    fact = policy_event_pb2.ReleaseChanged(
        assessment_id=str(text.assessment_id),
        revision=text.revision,
        rendition=release_pb2.Rendition.Value(f"RENDITION_{text.rendition.value}"),
        mode=release_pb2.ReleaseMode.Value(f"RELEASE_MODE_{text.mode.value}"),
        meeting_id=str(text.meeting_id),
        allowed=text.allowed,
        policy_version=text.policy_version,
    )
    fact.evaluated_time.FromDatetime(text.evaluated_at)
    message = policy_event_pb2.PolicyEvent(release_changed=fact)
    key = str(text.id)
    return _policy_event(message, key, event_id(SOURCE, POLICY, key, number), text.evaluated_at)


def _policy_event(
    message: policy_event_pb2.PolicyEvent, key: str, identity: UUID, at: datetime
) -> OutboxMessage:
    event = Event(
        id=identity,
        source=SOURCE,
        type=POLICY,
        subject=key,
        time=at,
        data=message.SerializeToString(),
        content_type="application/protobuf",
        traceparent=current_traceparent(),
    )
    return OutboxMessage(POLICY_TOPIC, key.encode(), event)


class NoticeKind(StrEnum):
    """What has happened to a request for clearance."""

    ASKED = "ASKED"
    REMINDER = "REMINDER"
    ANSWERED = "ANSWERED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


def clearance_notices(
    clearance: Clearance, kind: NoticeKind, policy: Policy, at: datetime
) -> list[OutboxMessage]:
    """To each agency of the organisation that is asked: the one that published the text, where it is one.

    None where the series is kept to a list: an agency's machine is on none.
    """
    request = clearance.request
    series = policy.series.get(request.series)
    if series is None or series.need_to_know is not None:
        return []
    own = [key for key, agency in policy.agencies.items() if agency.organisation == request.originator]
    told = [request.agency] if request.agency in own else sorted(own)
    return [_clearance_notice(clearance, kind, agency, at) for agency in told]


def _clearance_notice(clearance: Clearance, kind: NoticeKind, agency: str, at: datetime) -> OutboxMessage:
    request, key = clearance.request, str(clearance.id)
    number = clearance.reminder_at(at) if kind is NoticeKind.REMINDER else clearance.aggregate_version
    identity = event_id(SOURCE, f"{NOTICE}.{kind.value}.{agency}", key, number)
    message = clearance_notice_pb2.ClearanceNotice(
        notice_id=str(identity),
        clearance_id=key,
        kind=clearance_notice_pb2.ClearanceNoticeKind.Value(f"CLEARANCE_NOTICE_KIND_{kind.value}"),
        agency=agency,
        assessment_id=str(request.assessment_id),
        revision=request.revision,
        rendition=release_pb2.Rendition.Value(f"RENDITION_{request.rendition.value}"),
        needed_by=_instant(request.needed_by),
        noticed_at=_instant(at),
    )
    event = Event(
        id=identity,
        source=SOURCE,
        type=NOTICE,
        subject=key,
        time=at,
        data=orjson.dumps(MessageToDict(message)),
        content_type="application/json",
    )
    return OutboxMessage(f"threatfeed.clearance.{agency}.v1", key.encode(), event)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
