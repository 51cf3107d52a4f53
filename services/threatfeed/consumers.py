"""What threatfeed listens to: agencies' records as they lie in their topics, its own changes, and
the pictures that its worker draws.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from entente.threatfeed.v1 import assessment_event_pb2, picture_pb2, policy_event_pb2
from google.protobuf.json_format import Parse, ParseError
from google.protobuf.message import DecodeError

from services.chassis.clock import Clock
from services.chassis.consumer.records import Delivery, Quarantined, Record, Subscription
from services.chassis.database import Transaction
from services.chassis.envelope import header, read_event
from services.kernel.policy import Policy
from services.kernel.refusals import Refusal, RefusalKind
from services.threatfeed.domain.picture import AgencyRhythm, Picture, SubjectTempo, WindowTempo
from services.threatfeed.domain.submission import Reading, signed_by
from services.threatfeed.domain.taxonomies import Taxonomies
from services.threatfeed.domain.themes import ThemeMatcher
from services.threatfeed.events import ASSESSMENT_TOPIC, CHANGED, POLICY, POLICY_TOPIC
from services.threatfeed.formats.submission import read_submission
from services.threatfeed.signatures import SubmissionSignatures
from services.threatfeed.usecases.holding import Holding
from services.threatfeed.usecases.ingest_submissions import ingest_submissions
from services.threatfeed.usecases.make_views import ViewMaker
from services.threatfeed.usecases.submission import Submission

GROUP = "threatfeed.ingest"
VIEWS_GROUP = "threatfeed.views"


class EventMalformed(Refusal):
    """The event is not what its topic carries."""

    kind = RefusalKind.INVALID
    reason = "EVENT_MALFORMED"


def agency_of(topic: str) -> str:
    """The agency of a submission is that of the topic it came in on, never what the payload claims."""
    return topic.split(".")[2]


def submission_topic(agency: str) -> str:
    return f"threatfeed.submission.{agency}.v1"


def party_of(topic: str, policy: Policy) -> str | None:
    """The party of a topic's agency; None where the policy knows no such agency."""
    agency = policy.agencies.get(agency_of(topic))
    return None if agency is None else agency.party


def submissions(
    policy: Policy, taxonomies: Taxonomies, holding: Holding, clock: Clock
) -> Subscription[tuple[Reading, ...]]:
    matcher = ThemeMatcher.compile(policy.themes)
    signatures = SubmissionSignatures(policy)

    def decode(record: Record) -> tuple[Reading, ...]:
        agency = agency_of(record.topic)
        received_at = clock() if record.replay is None else record.replay.received_at
        signer = signatures.signer(record, agency, received_at)
        readings = read_submission(
            record.value,
            header(record.headers, "content-type"),
            agency=agency,
            policy=policy,
            themes=matcher,
            taxonomies=taxonomies,
        )
        return readings if signer is None else signed_by(signer, readings)

    async def apply(
        tx: Transaction, deliveries: Sequence[Delivery[tuple[Reading, ...]]]
    ) -> Sequence[Quarantined]:
        batch = [_submission(delivery) for delivery in deliveries]
        return await ingest_submissions(tx, batch, holding, clock())

    return Subscription(
        group=GROUP,
        topics=(),
        pattern=r"^threatfeed\.submission\.[a-z0-9-]+\.v1$",
        decode=decode,
        apply=apply,
        marking_ceiling=str(holding.ceiling),
        withholds=lambda record: holding.suspects(record.value),
    )


def _submission(delivery: Delivery[tuple[Reading, ...]]) -> Submission:
    content: tuple[Reading, ...] | Refusal = delivery.content
    return Submission(delivery.record, agency_of(delivery.record.topic), content)


def views(maker: ViewMaker, clock: Clock, group: str = VIEWS_GROUP) -> Subscription[UUID | None]:
    """Makes views after every change of an assessment or of a consent. What a record says is only that
    there was one.
    """

    async def apply(tx: Transaction, deliveries: Sequence[Delivery[UUID | None]]) -> Sequence[Quarantined]:
        changed = {entry.content for entry in deliveries if isinstance(entry.content, UUID)}
        await maker.make(tx, sorted(changed), clock())
        return ()

    def decode(record: Record) -> UUID | None:
        return read_change(record) if record.topic == ASSESSMENT_TOPIC else read_consent(record)

    return Subscription(group, (ASSESSMENT_TOPIC, POLICY_TOPIC), decode, apply)


def read_consent(record: Record) -> UUID | None:
    """The assessment of which a consent has changed; None for another fact, and for one that is over.

    Raises `NotACloudEvent` or `EventMalformed`.
    """
    if record.value is None and header(record.headers, "ce_type") == POLICY:
        return None
    event = read_event(record.headers, record.value)
    if event.type != POLICY:
        raise EventMalformed(f"the topic carries {POLICY}", pointer="/ce_type")
    message = policy_event_pb2.PolicyEvent()
    try:
        message.ParseFromString(event.data)
        changed = message.WhichOneof("fact") == "consent_changed"
        return UUID(message.consent_changed.assessment_id) if changed else None
    except (DecodeError, ValueError) as error:
        raise EventMalformed("the value is not the message of its type") from error


def read_change(record: Record) -> UUID:
    """Raises `NotACloudEvent` or `EventMalformed`."""
    event = read_event(record.headers, record.value)
    if event.type != CHANGED:
        raise EventMalformed(f"the topic carries {CHANGED}", pointer="/ce_type")
    message = assessment_event_pb2.AssessmentChanged()
    try:
        message.ParseFromString(event.data)
        return UUID(message.assessment_id)
    except (DecodeError, ValueError) as error:
        raise EventMalformed("the value is not the message of its type") from error


def picture_topic(audience: str) -> str:
    return f"threatfeed.picture.{audience}.v1"


def read_picture_record(audience: str, value: bytes) -> Picture:
    """The picture in a record of an audience's topic; members of a later edition are left out.

    Raises ValueError for what is none, or another audience's.
    """
    try:
        message = Parse(value, picture_pb2.Picture(), ignore_unknown_fields=True)
    except ParseError as error:
        raise ValueError("the record is no picture") from error
    if message.audience != audience:
        raise ValueError("the picture is another audience's")
    return Picture(
        audience=message.audience,
        as_of=date.fromisoformat(message.as_of),
        themes=tuple(_tempo(one) for one in message.themes),
        sectors=tuple(_tempo(one) for one in message.sectors),
        parties=tuple(_tempo(one) for one in message.parties),
        agencies=tuple(_rhythm(one, date.fromisoformat(message.as_of)) for one in message.agencies),
    )


def _tempo(message: picture_pb2.SubjectTempo) -> SubjectTempo:
    windows = (WindowTempo(one.days, one.count, one.before) for one in message.windows)
    return SubjectTempo(message.subject, tuple(windows))


def _rhythm(message: picture_pb2.AgencyRhythm, as_of: date) -> AgencyRhythm:
    last = date.fromisoformat(message.last_published)
    gap = timedelta(hours=message.usual_gap_hours) if message.usual_gap_hours else None
    return AgencyRhythm(message.agency, message.party, last, as_of - last, gap)
