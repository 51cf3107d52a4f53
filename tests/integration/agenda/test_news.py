"""What assessments and actions do to agendas: over real Kafka, whatever comes first."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from entente.actions.v1 import action_event_pb2
from entente.exchange.v1 import action_status_pb2, release_pb2
from entente.threatfeed.v1 import assessment_event_pb2, policy_event_pb2
from google.protobuf.message import Message

from services.agenda.consumers import (
    ACTION_TOPIC,
    ASSESSMENT_TOPIC,
    POLICY_TOPIC,
    actions,
    assessments,
    releases,
)
from services.agenda.domain.references import ReferenceState
from services.agenda.domain.remedies import what_to_do
from services.chassis.envelope import Event
from tests.support.dialogue import FCDO, TODAY, UK_SECRETARIAT, Dialogue
from tests.support.kafka import Broker
from tests.support.peers import AT as DECIDED_AT
from tests.support.peers import HeldAssessment
from tests.support.processes import running
from tests.support.waiting import eventually

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
async def news(dialogue: Dialogue, kafka: Broker) -> AsyncIterator["News"]:
    """The agenda's consumers at work, in groups of this test's own."""
    groups = tuple(kafka.group("agenda") for _ in range(3))
    process = dialogue.process
    async with running(
        process.consumer(assessments(process.clock, groups[0])),
        process.consumer(actions(process.clock, groups[1])),
        process.consumer(releases(process.clock, groups[2])),
    ):
        yield News(dialogue, kafka)


class News:
    """Publishes as the owners of the topics do."""

    def __init__(self, dialogue: Dialogue, kafka: Broker) -> None:
        self._dialogue = dialogue
        self._kafka = kafka

    async def publish(self, topic: str, key: str, message: Message) -> None:
        event = Event(
            id=uuid4(),
            source="/entente/test",
            type=message.DESCRIPTOR.full_name,
            subject=key,
            time=TODAY,
            data=message.SerializeToString(),
            content_type="application/protobuf",
            traceparent=TRACEPARENT,
        )
        headers = [(name, text.encode()) for name, text in event.headers().items()]
        await self._kafka.publish(topic, event.data, key=key.encode(), headers=headers)

    async def assessment(
        self, held: HeldAssessment, version: int, *, revision: int = 1, state: str = "ACTIVE"
    ) -> None:
        number = assessment_event_pb2.AssessmentState.Value(f"ASSESSMENT_STATE_{state}")
        message = assessment_event_pb2.AssessmentChanged(
            assessment_id=str(held.id), state=number, revision=revision, aggregate_version=version
        )
        await self.publish(ASSESSMENT_TOPIC, str(held.id), message)
        await eventually(
            lambda: self._dialogue.rows(
                "SELECT 1 FROM assessment_state WHERE assessment_id = %s AND aggregate_version >= %s",
                held.id,
                version,
            ),
            within=60,
            describe="the news arrived",
        )

    async def release(
        self,
        held: HeldAssessment,
        meeting_id: str,
        *,
        allowed: bool,
        minutes: int = 1,
        mode: str = "RELEASE",
    ) -> None:
        """News of a decision made so long after the one that the agenda was tabled by."""
        evaluated_at = DECIDED_AT + timedelta(minutes=minutes)
        fact = policy_event_pb2.ReleaseChanged(
            assessment_id=str(held.id),
            revision=1,
            rendition=release_pb2.RENDITION_TEAR_LINE,
            mode=release_pb2.ReleaseMode.Value(f"RELEASE_MODE_{mode}"),
            meeting_id=meeting_id,
            allowed=allowed,
        )
        fact.evaluated_time.FromDatetime(evaluated_at)
        message = policy_event_pb2.PolicyEvent(release_changed=fact)
        await self.publish(POLICY_TOPIC, f"{held.id}-{meeting_id}", message)
        await eventually(
            lambda: self._dialogue.rows(
                "SELECT 1 FROM release_state WHERE assessment_id = %s AND meeting_id = %s"
                " AND mode = %s AND evaluated_at >= %s",
                held.id,
                meeting_id,
                mode,
                evaluated_at,
            ),
            within=60,
            describe="the news arrived",
        )

    async def action(self, action_id: UUID, number: int, version: int, state: str) -> None:
        message = action_event_pb2.ActionSnapshot(
            action_id=str(action_id),
            reference=f"UKEU-2025-A{number:02d}",
            series="uk-eu",
            state=action_status_pb2.ActionState.Value(f"ACTION_STATE_{state}"),
            due_date="2026-06-30",
            aggregate_version=version,
        )
        await self.publish(ACTION_TOPIC, str(action_id), message)
        await eventually(
            lambda: self._dialogue.rows(
                "SELECT 1 FROM action_state WHERE action_id = %s AND aggregate_version >= %s",
                action_id,
                version,
            ),
            within=60,
            describe="the news arrived",
        )


async def test_a_newer_revision_blocks_agreement_until_a_new_version_is_tabled(
    dialogue: Dialogue, news: News
) -> None:
    held = dialogue.assessment()
    _, draft, agenda = await dialogue.tabled(held)
    await news.assessment(held, 2, revision=2)
    seen = await dialogue.done(FCDO, "GET", f"/v1/agendas/{agenda['id']}")
    assert seen["stale_references"] == [
        {
            "item_id": draft["items"][-1]["id"],
            "assessment_id": str(held.id),
            "state": "STALE",
            "what_to_do": what_to_do(ReferenceState.STALE),
        }
    ]
    refused = await dialogue.try_to_agree(FCDO, "agendas", agenda["id"])
    assert (refused.status_code, refused.json()["reason"]) == (409, "REFERENCE_STALE")
    own = await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/drafts/{draft['id']}")
    assert own["items"][-1]["references"][0]["state"] == "STALE"
    assert len(dialogue.published("agenda.agenda.v1")) == 2
    audited = dialogue.rows("SELECT subject_id FROM audit WHERE action = 'agenda.references-marked'")
    assert audited == [(agenda["id"],)]


async def test_a_withdrawal_flags_an_agreed_agenda_and_leaves_it_agreed(
    dialogue: Dialogue, news: News
) -> None:
    held = dialogue.assessment()
    _, _, agenda = await dialogue.tabled(held)
    await dialogue.agree("agendas", agenda["id"])
    await news.assessment(held, 2, state="WITHDRAWN")
    seen = await dialogue.done(FCDO, "GET", f"/v1/agendas/{agenda['id']}")
    assert seen["state"] == "AGREED"
    assert seen["content_hash"] == agenda["content_hash"]
    assert [one["state"] for one in seen["stale_references"]] == ["WITHDRAWN"]


async def test_news_that_came_before_the_reference_counts(dialogue: Dialogue, news: News) -> None:
    held = dialogue.assessment()
    await news.assessment(held, 3, revision=2)
    draft = await dialogue.item(await dialogue.draft(await dialogue.meeting()), held)
    assert draft["items"][-1]["references"][0]["state"] == "STALE"
    path = f"/v1/drafts/{draft['id']}/table"
    body = {"marking": "TLP:GREEN"}
    refused = await dialogue.ask(UK_SECRETARIAT, "POST", path, body, version=draft["version"])
    assert refused.json()["reason"] == "REFERENCE_STALE"


async def test_what_is_older_than_what_is_known_changes_nothing(dialogue: Dialogue, news: News) -> None:
    held = dialogue.assessment(revision=2)
    await news.assessment(held, 5, revision=2)
    _, _, agenda = await dialogue.tabled(held)
    await news.assessment(held, 4, state="WITHDRAWN")
    other = dialogue.assessment()
    await news.assessment(other, 1)
    seen = await dialogue.done(FCDO, "GET", f"/v1/agendas/{agenda['id']}")
    assert seen["stale_references"] == []


async def test_every_outstanding_action_is_taken_up_exactly_once(dialogue: Dialogue, news: News) -> None:
    late, early, closed = uuid4(), uuid4(), uuid4()
    await news.action(late, 2, 1, "ASSIGNED")
    await news.action(early, 1, 1, "IN_PROGRESS")
    await news.action(closed, 3, 1, "IN_PROGRESS")
    await news.action(closed, 3, 2, "CLOSED")
    await news.action(late, 2, 3, "IN_PROGRESS")
    draft = await dialogue.draft(await dialogue.meeting())
    taken = {item["position"]: item["action_ids"] for item in draft["items"] if item["action_ids"]}
    assert list(taken) == [2]
    # Other tests' actions are outstanding in the same series.
    own = [one for one in taken[2] if one in {str(early), str(late), str(closed)}]
    assert own == [str(early), str(late)]


async def test_what_is_no_event_goes_to_quarantine_and_the_worker_goes_on(
    dialogue: Dialogue, news: News, kafka: Broker
) -> None:
    key = str(uuid4())
    headers = [("ce_id", str(uuid4()).encode())]
    await kafka.publish(ASSESSMENT_TOPIC, b"\xff", key=key.encode(), headers=headers)
    await news.publish(ASSESSMENT_TOPIC, key, assessment_event_pb2.AssessmentChanged())
    await news.publish(ASSESSMENT_TOPIC, key, action_event_pb2.ActionSnapshot())
    await eventually(
        lambda: len(dialogue.rows("SELECT 1 FROM quarantine WHERE key = %s", key.encode())) == 3,
        within=60,
        describe="three records in quarantine",
    )
    reasons = dialogue.rows("SELECT reason FROM quarantine WHERE key = %s ORDER BY position", key.encode())
    assert reasons == [("NOT_A_CLOUD_EVENT",), ("EVENT_MALFORMED",), ("EVENT_MALFORMED",)]
    await news.assessment(dialogue.assessment(), 1)


async def test_the_spans_of_the_thread_hang_together_by_links(dialogue: Dialogue, news: News) -> None:
    held = dialogue.assessment()
    await news.assessment(held, 1)
    _, _, agenda = await dialogue.tabled(held)
    await dialogue.agree("agendas", agenda["id"])
    spans = dialogue.traces.exporter.get_finished_spans()

    def linked_from(path: str) -> set[int]:
        found = [span for span in spans if span.name == path]
        assert found, sorted({span.name for span in spans})
        return {link.context.trace_id for span in found for link in span.links}

    def trace_of(path: str) -> set[int]:
        return {span.context.trace_id for span in spans if span.name == path and span.context}

    item, table = "POST /v1/drafts/{draft_id}/items", "POST /v1/drafts/{draft_id}/table"
    agreement = "POST /v1/agendas/{agenda_id}/agreements"
    assert int(TRACEPARENT.split("-")[1], 16) in linked_from(item)
    assert trace_of(item) <= linked_from(table)
    assert trace_of(table) <= linked_from(agreement)
    event = json.loads(json.dumps(dialogue.published("agenda.agenda.v1")[-1][1]))
    assert int(event["traceparent"].split("-")[1], 16) in trace_of(agreement)


async def test_a_text_that_may_no_longer_be_shown_blocks_agreement_until_it_may_again(
    dialogue: Dialogue, news: News
) -> None:
    held = dialogue.assessment()
    meeting, draft, agenda = await dialogue.tabled(held)
    await news.release(held, meeting["id"], allowed=False)
    seen = await dialogue.done(FCDO, "GET", f"/v1/agendas/{agenda['id']}")
    stale = {
        "item_id": draft["items"][-1]["id"],
        "assessment_id": str(held.id),
        "state": "STALE",
        "what_to_do": what_to_do(ReferenceState.STALE),
    }
    assert seen["stale_references"] == [stale]
    refused = await dialogue.try_to_agree(FCDO, "agendas", agenda["id"])
    assert (refused.status_code, refused.json()["reason"]) == (409, "REFERENCE_STALE")
    await news.assessment(held, 2)
    seen = await dialogue.done(FCDO, "GET", f"/v1/agendas/{agenda['id']}")
    assert seen["stale_references"] == [stale]
    await news.release(held, meeting["id"], allowed=True, minutes=2)
    seen = await dialogue.done(FCDO, "GET", f"/v1/agendas/{agenda['id']}")
    assert seen["stale_references"] == []


async def test_news_of_another_meeting_mode_or_time_blocks_nothing(dialogue: Dialogue, news: News) -> None:
    held = dialogue.assessment()
    meeting, _, agenda = await dialogue.tabled(held)
    await news.release(held, str(uuid4()), allowed=False)
    await news.release(held, meeting["id"], allowed=False, mode="DISCLOSE")
    await news.release(held, meeting["id"], allowed=True, minutes=3)
    await news.publish(POLICY_TOPIC, "x", older_denial(held, meeting["id"]))
    await news.release(held, meeting["id"], allowed=True, minutes=4)
    seen = await dialogue.done(FCDO, "GET", f"/v1/agendas/{agenda['id']}")
    assert seen["stale_references"] == []


def older_denial(held: HeldAssessment, meeting_id: str) -> policy_event_pb2.PolicyEvent:
    fact = policy_event_pb2.ReleaseChanged(
        assessment_id=str(held.id),
        revision=1,
        rendition=release_pb2.RENDITION_TEAR_LINE,
        mode=release_pb2.RELEASE_MODE_RELEASE,
        meeting_id=meeting_id,
    )
    fact.evaluated_time.FromDatetime(DECIDED_AT + timedelta(minutes=2))
    return policy_event_pb2.PolicyEvent(release_changed=fact)


async def test_what_was_denied_while_it_was_being_tabled_is_not_put_on_the_table(
    dialogue: Dialogue, news: News
) -> None:
    held = dialogue.assessment()
    meeting, draft, _ = await dialogue.tabled(held)
    await news.release(held, meeting["id"], allowed=False)
    refused = await dialogue.ask(
        UK_SECRETARIAT,
        "POST",
        f"/v1/drafts/{draft['id']}/table",
        {"marking": "TLP:GREEN"},
        version=draft["version"],
    )
    assert (refused.status_code, refused.json()["reason"]) == (409, "REFERENCE_STALE")
