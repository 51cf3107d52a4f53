"""Events of the other services as they are read: complete, or refused with where they are wrong."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from entente.agenda.v1 import outcome_event_pb2
from entente.threatfeed.v1 import assessment_event_pb2
from google.protobuf.json_format import ParseDict

from services.actions.consumers import EventMalformed, read_assessment, read_outcome
from services.actions.domain.action import Action
from services.actions.domain.basis import BasisReference, Standing
from services.actions.domain.opening import open_action
from services.actions.domain.owners import Owner
from services.actions.domain.refusals import ActionIncomplete
from services.chassis.consumer.records import Record
from services.chassis.envelope import NotACloudEvent
from services.kernel.refusals import Refusal
from tests.support.actions import ASSESSMENT_ID, AT
from tests.support.outcomes import assessment_changed, outcome_agreed, record_of
from tests.support.release import shipped_policy


def read(**changes: Any) -> Any:
    return read_outcome(record_of(outcome_agreed(**changes)))


def test_an_agreed_outcome_is_read_with_its_action() -> None:
    told = read()
    outcome = told.content
    assert outcome.reference == "UKEU-2026-A01"
    assert outcome.due_date == date(2027, 6, 30)
    assert outcome.owners[0] == Owner("UK", "DSIT", accountable=True)
    assert outcome.basis == (BasisReference(ASSESSMENT_ID, 1),)
    assert open_action(outcome, shipped_policy(), AT, None).original_due_date == date(2027, 6, 30)


def test_what_the_outcome_requires_to_be_shown_is_expected_of_its_action() -> None:
    message = outcome_agreed()
    wanted = message.outcome.action.expected_evidence
    wanted.add(kind="DOCUMENTARY", wording="The page.", due="2020-01-01")
    wanted.add(kind="ANALYTICAL", wording="The count.", party="EU", due="2027-05-31")
    told = [read_outcome(record_of(message)).content for _ in range(2)]
    assert told[0] == told[1]
    assert told[0] is not None
    first, second = open_action(told[0], shipped_policy(), AT, None).expected
    assert (first.party, first.due, first.promised) == ("", date(2020, 1, 1), date(2020, 1, 1))
    assert (second.kind, second.wording, second.party) == ("ANALYTICAL", "The count.", "EU")
    assert first.id != second.id


@pytest.mark.parametrize(
    ("changes", "refusal", "member"),
    [
        ({"kind": "HEARSAY"}, EventMalformed, "kind"),
        ({"due": "soon"}, EventMalformed, "due"),
        ({"party": "US"}, ActionIncomplete, "party"),
        ({"wording": ""}, ActionIncomplete, "wording"),
        ({"wording": "a\x00b"}, ActionIncomplete, "wording"),
    ],
)
def test_what_cannot_be_expected_is_refused_where_it_is_wrong(
    changes: dict[str, str], refusal: type[Refusal], member: str
) -> None:
    message = outcome_agreed()
    said = {"kind": "PHYSICAL", "wording": "The device.", "due": "2027-05-31", **changes}
    message.outcome.action.expected_evidence.add(**said)
    with pytest.raises(refusal) as refused:
        opened(message)
    assert refused.value.pointer == f"/outcome/action/expectedEvidence/0/{member}"


def opened(message: outcome_event_pb2.OutcomeAgreed) -> Action:
    told = read_outcome(record_of(message)).content
    assert told is not None
    return open_action(told, shipped_policy(), AT, None)


def test_an_outcome_without_an_action_says_nothing_to_track() -> None:
    message = outcome_agreed()
    message.outcome.ClearField("action")
    assert read_outcome(record_of(message)).content is None


def test_a_field_that_a_newer_producer_added_is_no_hindrance() -> None:
    unknown = b"\xfa\x3f\x03new"
    record = record_of(outcome_agreed())
    assert record.value is not None
    longer = Record(*[*_members(record)[:4], record.value + unknown, *_members(record)[5:]])
    assert read_outcome(longer).content == read().content


def _members(record: Record) -> list[Any]:
    return [
        record.topic,
        record.partition,
        record.offset,
        record.key,
        record.value,
        record.headers,
        record.timestamp,
    ]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"action_id": "not-a-uuid"}, "/outcome/action/actionId"),
        ({"due_date": "30 June"}, "/outcome/action/dueDate"),
        ({"due_date": ""}, "/outcome/action/dueDate"),
        ({"assessment_id": "x"}, "/outcome/action/basis"),
    ],
)
def test_a_malformed_outcome_is_refused_with_where(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(EventMalformed) as refused:
        read(**changes)
    assert refused.value.pointer == pointer


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"series": "uk-fr"}, "/outcome/series"),
        ({"text": "  "}, "/outcome/text"),
        ({"reference": ""}, "/outcome/reference"),
        ({"marking": "SECRET-ISH"}, "/outcome/marking"),
        ({"owners": []}, "/outcome/action/owners"),
        ({"owners": [("US", "NSA", True)]}, "/outcome/action/owners"),
        ({"owners": [("EU", "DSIT", True)]}, "/outcome/action/owners"),
        ({"owners": [("UK", "DSIT", False)]}, "/outcome/action/owners"),
        ({"owners": [("UK", "DSIT", True), ("UK", "FCDO", True)]}, "/outcome/action/owners"),
    ],
)
def test_an_outcome_that_cannot_be_tracked_is_refused(changes: dict[str, Any], pointer: str) -> None:
    outcome = read(**changes).content
    with pytest.raises(ActionIncomplete) as refused:
        open_action(outcome, shipped_policy(), AT, None)
    assert refused.value.pointer == pointer


def test_a_value_that_is_no_message_is_refused() -> None:
    record = record_of(outcome_agreed())
    broken = Record(*[*_members(record)[:4], b"\xff\xff\xff", *_members(record)[5:]])
    with pytest.raises(EventMalformed):
        read_outcome(broken)


def test_an_event_of_another_type_is_refused() -> None:
    with pytest.raises(EventMalformed):
        read_assessment(record_of(outcome_agreed()))


def test_a_record_without_cloud_event_headers_is_refused() -> None:
    record = record_of(outcome_agreed())
    bare = Record(*[*_members(record)[:5], (), *_members(record)[6:]])
    with pytest.raises(NotACloudEvent):
        read_outcome(bare)


@pytest.mark.parametrize(
    ("state", "standing"),
    [
        ("ASSESSMENT_STATE_ACTIVE", Standing.IN_FORCE),
        ("ASSESSMENT_STATE_EXPIRED", Standing.LAPSED),
        ("ASSESSMENT_STATE_CONFLICTED", Standing.LAPSED),
        ("ASSESSMENT_STATE_SUPERSEDED", Standing.REPLACED),
        ("ASSESSMENT_STATE_WITHDRAWN", Standing.WITHDRAWN),
    ],
)
def test_every_state_of_an_assessment_means_something(state: str, standing: Standing) -> None:
    told = read_assessment(record_of(assessment_changed(state=state, revision=2, version=5)))
    assert (told.assessment_id, told.standing, told.revision, told.version) == (
        ASSESSMENT_ID,
        standing,
        2,
        5,
    )


@pytest.mark.parametrize(
    "message",
    [
        ParseDict({"assessmentId": str(UUID(int=1))}, assessment_event_pb2.AssessmentChanged()),
        assessment_changed(version=0),
        ParseDict(
            {"assessmentId": str(UUID(int=1)), "state": 99, "aggregateVersion": "1"},
            assessment_event_pb2.AssessmentChanged(),
        ),
    ],
)
def test_an_assessment_event_of_no_known_meaning_is_refused(
    message: assessment_event_pb2.AssessmentChanged | outcome_event_pb2.OutcomeAgreed,
) -> None:
    with pytest.raises(EventMalformed):
        read_assessment(record_of(message))
