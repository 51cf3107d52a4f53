"""Agreed outcomes become actions, once; assessments change what rests on them, in either order."""

import pytest
from entente.exchange.v1 import action_status_pb2

from tests.support.outcomes import TRACEPARENT, assessment_changed, event_of, outcome_agreed
from tests.support.tracking import Tracker

STALE = action_status_pb2.BASIS_STATE_STALE
WITHDRAWN = action_status_pb2.BASIS_STATE_WITHDRAWN


async def test_an_agreed_outcome_opens_its_action_and_everybody_entitled_is_told(
    tracker: Tracker,
) -> None:
    identity = await tracker.open()
    (snapshot,) = await tracker.snapshots(identity)
    assert snapshot.state == action_status_pb2.ACTION_STATE_AGREED
    assert (snapshot.due_date, snapshot.original_due_date) == ("2027-06-30", "2027-06-30")
    assert list(snapshot.due_date_changes) == []
    assert snapshot.content_hash.startswith("sha256:")
    assert snapshot.aggregate_version == 1
    for audience in ("uk-eu.uk", "uk-eu.eu"):
        ((token, _, _),) = await tracker.told(audience)
        assert token == f"{tracker.epoch(audience)}:1"
    assert tracker.epoch("uk-eu.uk") != tracker.epoch("uk-eu.eu")
    assert tracker.rows("SELECT action, subject_id FROM audit") == [("action.opened", identity)]


async def test_the_record_of_an_audience_starts_a_trace_of_its_own(tracker: Tracker) -> None:
    await tracker.open()
    ((_, _, headers),) = await tracker.told("uk-eu.uk")
    trace_id, span_id = headers["traceparent"].split("-")[1:3]
    spans = tracker.traces.exporter.get_finished_spans()
    (root,) = [span for span in spans if f"{span.context.span_id:016x}" == span_id]
    assert f"{root.context.trace_id:032x}" == trace_id
    assert root.parent is None
    assert trace_id != TRACEPARENT.split("-")[1]
    others = {span.context.trace_id for span in spans} - {root.context.trace_id}
    assert {link.context.trace_id for link in root.links} <= others
    assert root.links


async def test_an_action_not_releasable_to_an_audience_is_not_in_its_feed(tracker: Tracker) -> None:
    hidden = await tracker.open(marking="UK OFFICIAL")
    shown = await tracker.open()
    assert [hidden, shown] == [headers["ce_subject"] for _, _, headers in await tracker.told("uk-eu.uk")]
    ((token, value, headers),) = await tracker.told("uk-eu.eu")
    assert (token, headers["ce_subject"]) == (f"{tracker.epoch('uk-eu.eu')}:1", shown)
    assert hidden.encode() not in value


async def test_the_same_event_twice_and_the_same_outcome_in_another_event_change_nothing(
    tracker: Tracker,
) -> None:
    identity = await tracker.open()
    message = outcome_agreed(
        action_id=identity,
        outcome_id=f"outcome-{identity}",
        reference=tracker.rows("SELECT reference FROM action")[0][0],
    )
    await tracker.tell(tracker.outcome_topic, message)
    await tracker.tell(tracker.outcome_topic, message, name="told again")
    await tracker.applied(tracker.outcome_topic, 3)
    assert len(await tracker.snapshots(identity)) == 1
    assert tracker.rows("SELECT count(*) FROM quarantine") == [(0,)]


async def test_what_cannot_be_tracked_goes_to_quarantine_and_the_worker_goes_on(tracker: Tracker) -> None:
    first = await tracker.open()
    reference = tracker.rows("SELECT reference FROM action")[0][0]
    bad = [
        outcome_agreed(series="uk-fr", reference="X1"),
        outcome_agreed(due_date="soon", reference="X2"),
        outcome_agreed(action_id=first, reference=reference, text="Something else."),
        outcome_agreed(reference=reference),
        outcome_agreed(reference="X3", text="a\x00b"),
    ]
    for message in bad:
        await tracker.tell(tracker.outcome_topic, message)
    await tracker.kafka.publish(tracker.outcome_topic, b"\xff\xff", key=b"k")
    await tracker.kafka.publish(tracker.outcome_topic, None, key=b"k")
    second = await tracker.open()
    reasons = tracker.rows("SELECT reason, value FROM quarantine ORDER BY position")
    assert [reason for reason, _ in reasons] == [
        "ACTION_INCOMPLETE",
        "EVENT_MALFORMED",
        "ACTION_CONTRADICTED",
        "ACTION_CONTRADICTED",
        "UNSTORABLE",
        "NOT_A_CLOUD_EVENT",
        "NOT_A_CLOUD_EVENT",
    ]
    assert reasons[0][1] == event_of(bad[0]).data
    assert {str(row[0]) for row in tracker.rows("SELECT id FROM action")} == {first, second}


@pytest.mark.parametrize(
    ("state", "revision", "expected"),
    [("ASSESSMENT_STATE_ACTIVE", 2, STALE), ("ASSESSMENT_STATE_WITHDRAWN", 1, WITHDRAWN)],
)
async def test_a_change_of_an_assessment_marks_what_rests_on_it_and_reaches_the_feeds(
    tracker: Tracker, state: str, revision: int, expected: int
) -> None:
    identity = await tracker.open()
    changed = assessment_changed(state=state, revision=revision, version=2)
    for name in ("first", "told again"):
        await tracker.tell(tracker.assessment_topic, changed, name=name)
    await tracker.applied(tracker.assessment_topic, 2)
    snapshots = await tracker.snapshots(identity)
    assert [entry.state for entry in snapshots[-1].basis] == [expected]
    assert len(snapshots) == 2
    statuses = [value for _, value, _ in await tracker.told("uk-eu.eu")]
    assert len(statuses) == 2
    name = action_status_pb2.BasisState.Name(action_status_pb2.BasisState.ValueType(expected))
    assert name.encode() in statuses[-1]


async def test_an_assessment_that_changed_before_the_outcome_came_counts_too(tracker: Tracker) -> None:
    await tracker.tell(
        tracker.assessment_topic, assessment_changed(state="ASSESSMENT_STATE_WITHDRAWN", version=3)
    )
    await tracker.tell(tracker.assessment_topic, assessment_changed(version=2))
    await tracker.applied(tracker.assessment_topic, 2)
    identity = await tracker.open()
    (snapshot,) = await tracker.snapshots(identity)
    assert [entry.state for entry in snapshot.basis] == [WITHDRAWN]
