"""Golden messages: what producers make is what is written down, and readers accept it, now and later.

Each message that lies on Kafka or crosses between parties has examples in `proto/examples/<full name>/`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from entente.actions.v1 import action_event_pb2, action_service_pb2
from entente.agenda.v1 import agenda_event_pb2, outcome_event_pb2
from entente.exchange.v1 import (
    action_status_pb2,
    agenda_pb2,
    agreement_pb2,
    clearance_pb2,
    conclusions_pb2,
    item_answer_pb2,
    outcome_pb2,
)
from entente.threatfeed.v1 import (
    assessment_event_pb2,
    clearance_notice_pb2,
    picture_pb2,
    policy_event_pb2,
    submission_receipt_pb2,
)
from google.protobuf import json_format
from google.protobuf.message import Message

from deploy.local.catalogue import Catalogue
from services.actions import consumers as actions
from services.actions.events import read_status_entry
from services.agenda import consumers as agenda
from services.agenda import statements
from services.chassis.consumer.records import Record
from services.chassis.envelope import Event
from services.chassis.feed import Token
from services.kernel.canonical import canonical_json
from services.kernel.refusals import Refusal, RefusalKind
from services.threatfeed import consumers as threatfeed_consumers
from services.threatfeed.picture.told import read_change, read_told
from tests.support.threatfeed_examples import (
    EXAMPLES,
    events,
    exchanged,
    notices,
    picture_records,
    policy_events,
    receipts,
)

ON_KAFKA: tuple[type[Message], ...] = (
    action_service_pb2.FeedNotice,
    action_event_pb2.ActionSnapshot,
    action_status_pb2.ActionStatus,
    agenda_event_pb2.AgendaChanged,
    agenda_event_pb2.MeetingMoved,
    assessment_event_pb2.AssessmentChanged,
    clearance_notice_pb2.ClearanceNotice,
    outcome_event_pb2.OutcomeAgreed,
    picture_pb2.Picture,
    policy_event_pb2.PolicyEvent,
    submission_receipt_pb2.SubmissionReceipt,
)
EXCHANGED: tuple[type[Message], ...] = (
    agenda_pb2.TabledAgenda,
    agreement_pb2.Agreement,
    clearance_pb2.ConsentAnswer,
    clearance_pb2.ConsentRequest,
    conclusions_pb2.Conclusions,
    item_answer_pb2.ItemAnswer,
    outcome_pb2.Outcome,
)
KINDS = {kind.DESCRIPTOR.full_name: kind for kind in (*ON_KAFKA, *EXCHANGED)}

READERS: Mapping[tuple[str, str], Callable[[Record], Any]] = {
    ("threatfeed", "entente.threatfeed.v1.AssessmentChanged"): threatfeed_consumers.read_change,
    ("threatfeed", "entente.threatfeed.v1.PolicyEvent"): threatfeed_consumers.read_consent,
    ("agenda", "entente.threatfeed.v1.AssessmentChanged"): agenda.read_assessment,
    ("actions", "entente.threatfeed.v1.AssessmentChanged"): actions.read_assessment,
    ("threatfeed-picture", "entente.threatfeed.v1.AssessmentChanged"): lambda record: read_told(
        read_change(record.headers, record.value)
    ),
    ("agenda", "entente.actions.v1.ActionSnapshot"): agenda.read_action,
    ("agenda", "entente.threatfeed.v1.PolicyEvent"): agenda.read_release,
    ("actions", "entente.agenda.v1.OutcomeAgreed"): actions.read_outcome,
}
"""What a service reads from Kafka in binary form, by (service, message)."""


def place_in_feed(value: bytes) -> Token:
    entry = read_status_entry(b"key", value)
    assert entry is not None
    return entry.token


JSON_READERS: Mapping[str, Callable[[bytes], Any]] = {
    "entente.threatfeed.v1.Picture": lambda value: threatfeed_consumers.read_picture_record(
        json.loads(value)["audience"], value
    ),
    "entente.exchange.v1.ActionStatus": place_in_feed,
    "entente.exchange.v1.TabledAgenda": statements.read_items,
    "entente.exchange.v1.Outcome": statements.read_outcome,
}
"""What a service reads as JSON."""

_UNKNOWN_FIELD = 15_000


def golden() -> list[str]:
    return sorted(path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.glob("*/*.json"))


def kind_of(place: str) -> type[Message]:
    return KINDS[place.partition("/")[0]]


def parsed(place: str) -> Message:
    """Strictly: a member that is not declared is refused."""
    return json_format.Parse((EXAMPLES / place).read_text("utf-8"), kind_of(place)())


def record(message: Message, data: bytes | None = None) -> Record:
    event = Event(
        id=UUID(int=1),
        source="/entente/golden",
        type=message.DESCRIPTOR.full_name,
        subject="subject",
        time=datetime(2026, 11, 23, tzinfo=UTC),
        data=message.SerializeToString() if data is None else data,
        content_type="application/protobuf",
    )
    headers = tuple((name, text.encode()) for name, text in event.headers().items())
    return Record("topic", 0, 0, b"subject", event.data, headers, 0)


def varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])


def unknown_fields() -> bytes:
    """A number and a text under field numbers that nobody has declared."""
    number = varint(_UNKNOWN_FIELD << 3) + varint(7)
    text = b"of a later version"
    return number + varint((_UNKNOWN_FIELD + 1) << 3 | 2) + varint(len(text)) + text


def with_later_fields(message: Message) -> bytes:
    """The message as a later version would write it: unknown fields in it and in each message within."""
    later = type(message).FromString(message.SerializeToString() + unknown_fields())
    for field, value in later.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        parts = value if field.is_repeated else [value]
        for part in parts:
            part.MergeFromString(with_later_fields(type(part)()))
    return later.SerializeToString()


def readings() -> list[Any]:
    return [
        pytest.param(place, reader, id=f"{service} {place}")
        for (service, message), reader in READERS.items()
        for place in golden()
        if place.startswith(f"{message}/")
    ]


@pytest.mark.parametrize("name", KINDS)
def test_every_message_on_kafka_or_between_parties_has_an_example(name: str) -> None:
    assert [place for place in golden() if place.startswith(f"{name}/")]


@pytest.mark.parametrize("place", golden())
def test_an_example_is_such_a_message_and_survives_every_form(place: str) -> None:
    message = parsed(place)
    assert type(message).FromString(message.SerializeToString()) == message
    assert json_format.Parse(json_format.MessageToJson(message), kind_of(place)()) == message
    assert canonical_json(json_format.MessageToDict(message))


def test_the_catalogue_and_these_tests_know_the_same_messages_and_readers() -> None:
    topics = Catalogue.read(EXAMPLES.parent / "topics.yaml").topics
    declared = {name for topic in topics for name in topic.messages if name.startswith("entente.")}
    assert declared == {kind.DESCRIPTOR.full_name for kind in ON_KAFKA}
    binary = {
        (service, name)
        for topic in topics
        if topic.content_type == "application/protobuf"
        for service in topic.consumers
        for name in topic.messages
    }
    assert binary == set(READERS)


@pytest.mark.parametrize(("place", "reader"), readings())
def test_a_reader_accepts_every_example_and_reads_the_same_from_a_later_version(
    place: str, reader: Callable[[Record], Any]
) -> None:
    message = parsed(place)
    read = reader(record(message))
    later = with_later_fields(message)
    assert len(later) > message.ByteSize()
    told = reader(record(message, later))
    assert getattr(told, "content", told) == getattr(read, "content", read)


@pytest.mark.parametrize("place", [place for place in golden() if place.partition("/")[0] in JSON_READERS])
def test_a_reader_of_json_reads_the_same_from_a_later_version(place: str) -> None:
    document = json.loads((EXAMPLES / place).read_text("utf-8"))
    reader = JSON_READERS[place.partition("/")[0]]
    later = {**document, "later": {"version": 2}}
    assert reader(json.dumps(later).encode()) == reader(json.dumps(document).encode())


@pytest.mark.parametrize(("place", "reader"), readings())
def test_a_reader_refuses_what_it_cannot_know_and_never_crashes(
    place: str, reader: Callable[[Record], Any]
) -> None:
    message = parsed(place)
    whole = message.SerializeToString()
    for data in (b"", b"\xff" * 20, whole[:-3], whole[: len(whole) // 2]):
        try:
            reader(record(message, data))
        except Refusal as refusal:
            assert refusal.kind is RefusalKind.INVALID  # noqa: PT017 not every cut is noticed
    wrong = record(kind_of("entente.agenda.v1.AgendaChanged/agreed.json")())
    with pytest.raises(Refusal) as refused:
        reader(wrong)
    assert refused.value.reason == "EVENT_MALFORMED"
    with pytest.raises(Refusal):
        reader(Record("topic", 0, 0, None, None, (), 0))


@pytest.mark.parametrize(
    ("place", "reader"),
    # threatfeed hears from itself only that there was a change, and reads how things stand.
    [
        one
        for one in readings()
        if not any(name in str(one.id) for name in ("OutcomeAgreed", "PolicyEvent", "threatfeed "))
    ],
)
def test_a_state_of_a_later_version_is_refused_and_not_guessed(
    place: str, reader: Callable[[Record], Any]
) -> None:
    message: Any = parsed(place)
    message.state = 99
    with pytest.raises(Refusal) as refused:
        reader(record(message))
    assert refused.value.reason == "EVENT_MALFORMED"


@pytest.mark.parametrize("place", sorted(events()))
def test_threatfeed_makes_its_golden_events(place: str) -> None:
    assert assessment_event_pb2.AssessmentChanged.FromString(events()[place]) == parsed(place)


@pytest.mark.parametrize("place", sorted(policy_events()))
def test_threatfeed_makes_its_golden_events_of_policy(place: str) -> None:
    assert policy_event_pb2.PolicyEvent.FromString(policy_events()[place]) == parsed(place)


@pytest.mark.parametrize("place", sorted(receipts()))
def test_threatfeed_writes_its_golden_receipts(place: str) -> None:
    written = receipts()[place]
    assert json.loads(written) == json.loads((EXAMPLES / place).read_text("utf-8"))
    receipt = json_format.Parse(written, submission_receipt_pb2.SubmissionReceipt())
    assert receipt.receipt_id
    assert datetime.fromisoformat(receipt.received_at).tzinfo is not None
    assert all(result.result for result in receipt.results)


@pytest.mark.parametrize("place", sorted(picture_records()))
def test_threatfeed_draws_its_golden_pictures(place: str) -> None:
    assert json.loads(picture_records()[place]) == json.loads((EXAMPLES / place).read_text("utf-8"))


@pytest.mark.parametrize("place", sorted(exchanged()))
def test_threatfeed_writes_its_golden_messages_between_parties_in_canonical_form(place: str) -> None:
    document = json.loads((EXAMPLES / place).read_text("utf-8"))
    assert exchanged()[place].encode("utf-8") == canonical_json(document)


@pytest.mark.parametrize("place", sorted(notices()))
def test_threatfeed_writes_its_golden_notices(place: str) -> None:
    assert json.loads(notices()[place]) == json.loads((EXAMPLES / place).read_text("utf-8"))


def test_a_notice_names_neither_who_asks_nor_where_nor_why() -> None:
    fields = set(clearance_notice_pb2.ClearanceNotice.DESCRIPTOR.fields_by_name)
    assert not {"series", "meeting_id", "party", "reason", "asked_by", "text", "title"} & fields


def test_no_golden_message_of_threatfeed_is_left_over() -> None:
    made = {*events(), *receipts(), *picture_records(), *policy_events(), *notices()}
    assert {place for place in golden() if place.startswith("entente.threatfeed.")} == made


def test_events_of_assessments_hold_no_text() -> None:
    """No title and no text leaves by events: they are read over gRPC, decided for the caller."""
    fields = assessment_event_pb2.AssessmentChanged.DESCRIPTOR.fields_by_name
    kinds = policy_event_pb2.DESCRIPTOR.message_types_by_name.values()
    told = {field for kind in kinds for field in kind.fields_by_name}
    assert not {"title", "text", "summary", "judgements", "actors", "statement"} & {*fields, *told}


def test_examples_lie_where_their_message_is_named() -> None:
    assert {Path(place).parts[0] for place in golden()} == set(KINDS)


def test_a_reader_of_releases_passes_over_other_facts_and_tombstones() -> None:
    for place in (one for one in golden() if one.startswith("entente.threatfeed.v1.PolicyEvent/")):
        read = agenda.read_release(record(parsed(place)))
        assert (read is not None) is ("release-" in place)
        tombstone = replace(record(parsed(place)), value=None)
        assert agenda.read_release(tombstone) is None


@pytest.mark.parametrize("field", ["rendition", "mode"])
def test_a_release_in_terms_of_a_later_version_is_refused_and_not_guessed(field: str) -> None:
    message: Any = parsed("entente.threatfeed.v1.PolicyEvent/release-denied.json")
    setattr(message.release_changed, field, 99)
    with pytest.raises(Refusal) as refused:
        agenda.read_release(record(message))
    assert refused.value.reason == "EVENT_MALFORMED"
