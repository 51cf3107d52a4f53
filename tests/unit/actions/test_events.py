"""What audiences and services are told, and that an audience's record betrays nothing."""

from datetime import timedelta
from uuid import UUID

import orjson
import pytest

from services.actions.domain.action import Rag
from services.actions.domain.basis import BasisReference, BasisState
from services.actions.events import (
    action_changed,
    read_status_entry,
    status_changed,
    status_digest,
)
from services.chassis.feed import Token
from services.kernel.identifiers import EVENTS, derived_id
from tests.support.actions import ASSESSMENT_ID, AT, DSIT, agreed, claimed, status_of

TOKEN = Token("epoch", 7)


def test_a_status_is_one_canonical_document() -> None:
    message = status_changed(status_of(agreed()), TOKEN, AT, None)
    document = orjson.loads(message.event.data)
    assert document["audience"] == "uk-eu.uk"
    assert (document["epoch"], document["sequence"]) == ("epoch", "7")
    assert document["basis"] == "BASIS_STATE_CURRENT"
    assert document["changedAt"] == "2026-11-23T09:30:00Z"
    assert message.event.data == orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    assert message.topic == "actions.status.uk-eu.uk.v1"
    assert message.key == str(agreed().id).encode()


def test_an_entry_of_the_feed_is_read_back_from_its_record() -> None:
    message = status_changed(status_of(agreed()), TOKEN, AT, None)
    entry = read_status_entry(message.key, message.event.data)
    assert entry is not None
    assert (entry.token, entry.key, entry.value) == (TOKEN, str(agreed().id), message.event.data)


def test_the_id_of_an_audiences_record_follows_from_its_place_alone() -> None:
    first = status_changed(status_of(agreed()), TOKEN, AT, None)
    other = status_changed(status_of(claimed()), TOKEN, AT, None)
    assert first.event.id == other.event.id == derived_id(EVENTS, "uk-eu.uk", "epoch", 7)


def test_times_versions_and_evidence_are_nothing_that_an_audience_sees() -> None:
    action = agreed()
    later = action.rebased({}, AT)
    assert status_digest(status_of(action)) == status_digest(status_of(later))
    shown = status_changed(status_of(claimed()), TOKEN, AT, None).event.data
    assert b"evidence" not in shown.lower()
    assert b"version" not in shown.lower()


def test_what_an_audience_sees_differently_is_told() -> None:
    action = agreed()
    moved = action.accepted(DSIT, AT + timedelta(days=1)).reported(Rag.RED, "Stuck.", DSIT, AT)
    assert status_digest(status_of(action)) != status_digest(status_of(moved))


@pytest.mark.parametrize("state", list(BasisState))
def test_the_worst_of_several_bases_is_shown(state: BasisState) -> None:
    basis = (BasisReference(ASSESSMENT_ID, 1), BasisReference(UUID(int=1), 2, state))
    assert status_of(agreed(basis=basis)).basis == list(BasisState).index(state) + 1


def test_a_snapshot_holds_the_action_whole() -> None:
    message = action_changed(agreed(), "00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    assert message.topic == "actions.action.v1"
    assert message.event.traceparent is not None
    assert message.event.id != action_changed(claimed(), None).event.id
