"""CloudEvents 1.0, binary mode on Kafka (Kafka protocol binding, section 3.2)."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.chassis.envelope import Event, NotACloudEvent, header, read_event

EVENT = Event(
    id=UUID("5a2f7b0e-6c1d-4a53-9c1e-3f6f1d0c9a11"),
    source="/entente/agenda",
    type="entente.agenda.v1.AgendaChanged",
    subject="an agenda",
    time=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    data=b"\x00\xff",
    content_type="application/protobuf",
    traceparent=f"00-{'a' * 32}-{'b' * 16}-01",
)


def headers_of(event: Event) -> list[tuple[str, bytes]]:
    return [(name, value.encode()) for name, value in event.headers().items()]


def test_an_event_survives_its_headers() -> None:
    assert read_event(headers_of(EVENT), EVENT.data) == EVENT


@given(
    identity=some.uuids(),
    subject=some.text(some.characters(exclude_categories=["Cs"])),
    time=some.datetimes(timezones=some.just(UTC)),
    data=some.binary(),
)
def test_any_event_survives_its_headers(identity: UUID, subject: str, time: datetime, data: bytes) -> None:
    event = replace(EVENT, id=identity, subject=subject, time=time, data=data, traceparent=None)
    assert read_event(headers_of(event), data) == event


def test_extensions_travel_as_headers_of_their_own() -> None:
    event = replace(EVENT, extensions={"sequence": "7"})
    assert event.headers()["ce_sequence"] == "7"


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_specversion", "ce_type"])
def test_a_required_attribute_that_is_missing_is_named(name: str) -> None:
    headers = [pair for pair in headers_of(EVENT) if pair[0] != name]
    with pytest.raises(NotACloudEvent) as refusal:
        read_event(headers, EVENT.data)
    assert refusal.value.pointer == f"/{name}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_specversion", b"0.3"),
        ("ce_id", b"not a uuid"),
        ("ce_time", b"yesterday"),
        ("ce_type", b"\xff\xfe"),
        ("ce_subject", b"\x80"),
    ],
)
def test_a_malformed_attribute_is_refused(name: str, value: bytes) -> None:
    headers = [(key, value if key == name else text) for key, text in headers_of(EVENT)]
    with pytest.raises(NotACloudEvent):
        read_event(headers, EVENT.data)


def test_a_record_without_value_is_no_event() -> None:
    with pytest.raises(NotACloudEvent, match="no value"):
        read_event(headers_of(EVENT), None)


def test_a_time_without_zone_is_refused() -> None:
    headers = [(key, b"2026-11-23T09:30:00" if key == "ce_time" else text) for key, text in headers_of(EVENT)]
    with pytest.raises(NotACloudEvent):
        read_event(headers, EVENT.data)


@given(some.lists(some.tuples(some.text(max_size=12), some.binary(max_size=40)), max_size=8), some.binary())
def test_whatever_the_headers_are_there_is_an_event_or_a_refusal(
    headers: list[tuple[str, bytes]], value: bytes
) -> None:
    with suppress(NotACloudEvent):
        assert isinstance(read_event([*headers_of(EVENT), *headers], value), Event)


def test_of_a_header_given_twice_the_last_counts() -> None:
    headers = (("content-type", b"a"), ("Content-Type", b"b"), ("content-type", b"c"))
    assert header(headers, "content-type") == "c"
    assert header(headers, "missing") is None
    assert header((("x", b"\xff"),), "x") is None
