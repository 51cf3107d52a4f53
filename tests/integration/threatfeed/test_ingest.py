"""What agencies publish becomes assessments, events and receipts; what is wrong harms nobody else."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from entente.threatfeed.v1 import assessment_event_pb2, submission_receipt_pb2
from google.protobuf import json_format

from deploy.local.platform import PlatformAccess
from services.chassis.migrations import migrate
from services.chassis.process import Process
from services.kernel.identifiers import assessment_id, revision_id
from services.kernel.markings.levels import Level
from services.threatfeed.app import MIGRATIONS
from services.threatfeed.consumers import agency_of, submissions
from services.threatfeed.usecases.holding import Holding
from tests.support.kafka import Broker
from tests.support.postgres import Databases
from tests.support.processes import process_parts, running
from tests.support.submissions import SAMPLES, real_policy, real_taxonomies
from tests.support.waiting import eventually

NARRATIVE_TYPE = "application/vnd.entente.assessment+json;version=1"
PARTITION = 0
ASSESSMENTS = "threatfeed.assessment.v1"


@dataclass(slots=True)
class Feed:
    """An ingest worker at work on a topic of this test's own."""

    kafka: Broker
    topic: str
    dsn: str
    process: Process
    before: Mapping[int, int]

    async def publish(
        self, value: bytes | None, key: str = "k", content_type: str | None = NARRATIVE_TYPE
    ) -> int:
        headers = [] if content_type is None else [("content-type", content_type.encode())]
        metadata = await self.kafka.publish(
            self.topic, value, key=key.encode(), headers=headers, partition=PARTITION
        )
        return int(metadata.offset)

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query, parameters).fetchall()

    async def settled(self, offset: int) -> None:
        await eventually(
            lambda: self.rows(
                "SELECT 1 FROM consumed WHERE topic = %s AND next_offset > %s", self.topic, offset
            ),
            within=60,
            describe=f"offset {offset} applied",
        )
        await eventually(lambda: not self.rows("SELECT 1 FROM outbox"), within=30, describe="outbox empty")

    async def receipt(self, offset: int) -> submission_receipt_pb2.SubmissionReceipt:
        await self.settled(offset)
        for record in await self.kafka.records(f"threatfeed.receipt.{agency_of(self.topic)}.v1"):
            receipt = json_format.Parse(record.value, submission_receipt_pb2.SubmissionReceipt())
            if receipt.topic == self.topic and receipt.offset == offset:
                return receipt
        raise AssertionError(f"no receipt for offset {offset}")

    async def events(self, identity: str) -> list[assessment_event_pb2.AssessmentChanged]:
        """What this test's worker told of it: the topic is one for all tests, and ids may come again."""
        return [
            assessment_event_pb2.AssessmentChanged.FromString(record.value)
            for record in await self.kafka.records(ASSESSMENTS)
            if record.key == identity.encode() and record.offset >= self.before.get(record.partition, 0)
        ]


@pytest.fixture
async def feed(platform: PlatformAccess, kafka: Broker, postgres: Databases) -> AsyncIterator[Feed]:
    async with ingesting(platform, kafka, postgres) as feed:
        yield feed


@asynccontextmanager
async def ingesting(
    platform: PlatformAccess, kafka: Broker, postgres: Databases, agency: str = "ncsc"
) -> AsyncIterator[Feed]:
    dsn = postgres.database("threatfeed", lambda dsn: migrate(dsn, MIGRATIONS))
    topic = await kafka.topic(f"threatfeed.submission.{agency}.v1", consumers=["threatfeed"])
    policy = real_policy()
    holding = Holding("UK", Level.parse("UK OFFICIAL-SENSITIVE"), policy)
    before = await asyncio.to_thread(kafka.ends, ASSESSMENTS)
    async with process_parts(platform, "threatfeed", dsn) as process:
        subscription = replace(
            submissions(policy, real_taxonomies(), holding, process.clock),
            topics=(topic,),
            pattern=None,
            group=kafka.group("threatfeed"),
        )
        async with running(process.relay(), process.consumer(subscription)):
            yield Feed(kafka, topic, dsn, process, before)


def narrative(**changes: object) -> dict[str, Any]:
    sample = min((SAMPLES / "ncsc").glob("*.json"))
    document: dict[str, Any] = {**json.loads(sample.read_text()), **changes}
    return {name: value for name, value in document.items() if value is not None}


def as_bytes(document: object) -> bytes:
    return json.dumps(document).encode()


async def test_a_narrative_assessment_is_stored_told_to_services_and_receipted(feed: Feed) -> None:
    document = narrative(id="NCSC-INT-1", version=1)
    receipt = await feed.receipt(await feed.publish(as_bytes(document)))
    identity = str(assessment_id("ncsc", "NCSC-INT-1"))
    (result,) = receipt.results
    assert result.result == submission_receipt_pb2.SUBMISSION_RESULT_ACCEPTED
    assert (result.source_object_id, result.source_version) == ("NCSC-INT-1", "1")
    assert (result.assessment_id, result.revision) == (identity, 1)
    (event,) = await feed.events(identity)
    assert event.state == assessment_event_pb2.ASSESSMENT_STATE_ACTIVE
    assert (event.agency, event.party, event.revision, event.aggregate_version) == ("ncsc", "UK", 1, 1)
    assert event.themes
    ((sha256,),) = feed.rows("SELECT content_sha256 FROM assessment_revision")
    assert event.revision_id == str(revision_id(UUID(identity), sha256))
    raw = event.SerializeToString()
    assert document["title"].encode() not in raw
    (entry,) = feed.rows("SELECT action, actor, subject_id FROM audit WHERE subject_kind = 'assessment'")
    assert entry == ("assessment.accepted", "agency-ncsc", identity)


async def test_revisions_duplicates_older_ones_and_withdrawal_are_told_apart(feed: Feed) -> None:
    results = []
    for version in (2, 3, 3, 1):
        offset = await feed.publish(as_bytes(narrative(id="NCSC-INT-2", version=version)))
        results.append((await feed.receipt(offset)).results[0])
    kinds = submission_receipt_pb2
    assert [result.result for result in results] == [
        kinds.SUBMISSION_RESULT_ACCEPTED,
        kinds.SUBMISSION_RESULT_ACCEPTED,
        kinds.SUBMISSION_RESULT_DUPLICATE,
        kinds.SUBMISSION_RESULT_OLDER,
    ]
    withdrawal = {"id": "NCSC-INT-2", "version": 4, "withdrawn": True, "reason": "superseded by events"}
    receipt = await feed.receipt(await feed.publish(as_bytes(withdrawal)))
    assert receipt.results[0].result == kinds.SUBMISSION_RESULT_WITHDRAWN
    events = await feed.events(str(assessment_id("ncsc", "NCSC-INT-2")))
    assert [event.aggregate_version for event in events] == [1, 2, 3]
    assert events[-1].state == assessment_event_pb2.ASSESSMENT_STATE_WITHDRAWN
    assert events[-1].cause == assessment_event_pb2.ASSESSMENT_CAUSE_WITHDRAWN
    assert not events[-1].HasField("marking")


async def test_a_topic_of_an_unknown_agency_is_quarantined_and_tells_nobody(
    platform: PlatformAccess, kafka: Broker, postgres: Databases
) -> None:
    async with ingesting(platform, kafka, postgres, agency="nobody") as feed:
        raw = as_bytes(narrative())
        offset = await feed.publish(raw)
        await feed.settled(offset)
        assert feed.rows("SELECT reason, value FROM quarantine") == [("AGENCY_UNKNOWN", raw)]
        assert feed.rows("SELECT count(*) FROM assessment") == [(0,)]


def _truncated() -> bytes:
    return as_bytes(narrative())[:-20]


def _deep() -> bytes:
    return b'{"id":"x","version":1,"title":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


BAD_SUBMISSIONS = {
    "a payload that claims another agency": (
        lambda: as_bytes(narrative(id="BAD-1", agency="enisa")),
        NARRATIVE_TYPE, "PAYLOAD_CLAIMS_OTHER_AGENCY",
    ),
    "no marking": (lambda: as_bytes(narrative(id="BAD-2", marking=None)), NARRATIVE_TYPE, "MARKING_MISSING"),
    "an unknown marking": (
        lambda: as_bytes(narrative(id="BAD-3", marking={"national": "UK VERY SENSITIVE"})),
        NARRATIVE_TYPE, "MARKING_UNKNOWN",
    ),
    "invalid UTF-8": (lambda: b'{"id": "\xff"}', NARRATIVE_TYPE, "NOT_UTF8"),
    "truncated JSON": (_truncated, NARRATIVE_TYPE, "JSON_TRUNCATED"),
    "NaN": (lambda: b'{"id": "x", "version": NaN}', NARRATIVE_TYPE, "JSON_NUMBER_INVALID"),
    "deep nesting": (_deep, NARRATIVE_TYPE, "JSON_TOO_DEEP"),
    "a record over the application's limit": (
        lambda: as_bytes(narrative(text="x" * (4 * 1024 * 1024))), NARRATIVE_TYPE, "SUBMISSION_TOO_LARGE",
    ),
    "a null record": (lambda: None, NARRATIVE_TYPE, "NULL_RECORD"),
    "a wrong content type": (
        lambda: as_bytes(narrative(id="BAD-4")), "application/stix+json;version=2.1", "CONTENT_TYPE_MISMATCH",
    ),
    "an unknown content type": (lambda: as_bytes(narrative()), "text/csv", "CONTENT_TYPE_UNKNOWN"),
    "a wrong TLP id": (
        lambda: as_bytes(stix_report("marking-definition--00000000-0000-4000-8000-000000000000")),
        "application/stix+json;version=2.1", "MARKING_UNKNOWN",
    ),
}  # fmt: skip


def stix_report(marking: str) -> dict[str, Any]:
    report = {
        "type": "report",
        "spec_version": "2.1",
        "id": "report--84e4d88f-44ea-4bcd-bbf3-b2c1c320bcb3",
        "created": "2026-01-20T17:00:00.000Z",
        "modified": "2026-01-20T17:00:00.000Z",
        "name": "Wiper against a port operator",
        "published": "2026-01-20T17:00:00.000Z",
        "object_refs": ["campaign--83422c77-904c-4dc1-aff5-5c38f3a2c55c"],
        "object_marking_refs": [marking],
    }
    return {"type": "bundle", "id": "bundle--44af6c39-c09b-49c5-9de2-394224b04982", "objects": [report]}


@pytest.mark.parametrize("case", BAD_SUBMISSIONS)
async def test_a_bad_submission_is_refused_precisely_quarantined_and_harms_nobody(
    feed: Feed, case: str
) -> None:
    make, content_type, reason = BAD_SUBMISSIONS[case]
    raw = make()
    bad = await feed.publish(raw, content_type=content_type)
    good = await feed.publish(as_bytes(narrative(id=f"GOOD-{reason}")))
    receipt = await feed.receipt(bad)
    (result,) = receipt.results
    assert result.result == submission_receipt_pb2.SUBMISSION_RESULT_REJECTED
    assert reason in [refusal.reason for refusal in result.refusals], result.refusals
    assert feed.rows("SELECT position, reason, value FROM quarantine") == [(bad, reason, raw)]
    neighbour = (await feed.receipt(good)).results[0]
    assert neighbour.result == submission_receipt_pb2.SUBMISSION_RESULT_ACCEPTED
    assert feed.rows("SELECT count(*) FROM assessment") == [(1,)]


async def test_the_same_version_with_other_content_is_a_conflict_that_keeps_both(feed: Feed) -> None:
    await feed.publish(as_bytes(narrative(id="NCSC-INT-3", version=1)))
    offset = await feed.publish(as_bytes(narrative(id="NCSC-INT-3", version=1, title="Other words")))
    (result,) = (await feed.receipt(offset)).results
    assert result.result == submission_receipt_pb2.SUBMISSION_RESULT_REJECTED
    assert [refusal.reason for refusal in result.refusals] == ["REVISION_CONFLICT"]
    assert feed.rows("SELECT count(*) FROM quarantine") == [(0,)]
    contents = feed.rows("SELECT document ->> 'title' FROM assessment_revision ORDER BY alternative")
    assert contents == [(narrative()["title"],), ("Other words",)]
    assert feed.rows("SELECT cause, state, version_text FROM revision_conflict") == [("CONTENT", "OPEN", "1")]
    event = (await feed.events(str(assessment_id("ncsc", "NCSC-INT-3"))))[-1]
    assert event.state == assessment_event_pb2.ASSESSMENT_STATE_CONFLICTED
    assert event.cause == assessment_event_pb2.ASSESSMENT_CAUSE_CONTENT
    assert not event.HasField("marking")


async def test_a_text_above_what_may_be_held_leaves_only_its_position_and_digest(feed: Feed) -> None:
    document = narrative(
        id="SPILL", marking={"national": "UK SECRET"}, text="the canary text", tear_line=None
    )
    offset = await feed.publish(as_bytes(document))
    (result,) = (await feed.receipt(offset)).results
    assert [refusal.reason for refusal in result.refusals] == ["HOLDING_REFUSED"]
    ((value, key, headers),) = feed.rows("SELECT value, key, headers FROM quarantine")
    assert (value, key) == (None, None)
    assert headers[0][0] == "sha256"
    assert feed.rows("SELECT count(*) FROM assessment") == [(0,)]


async def test_a_newer_text_of_what_was_withdrawn_is_told_and_brings_nothing_back(feed: Feed) -> None:
    notice = {"id": "NCSC-INT-END", "version": 2, "withdrawn": True, "reason": "Wrong."}
    for document in (
        notice,
        narrative(id="NCSC-INT-END", version=1),
        narrative(id="NCSC-INT-END", version=3),
    ):
        offset = await feed.publish(as_bytes(document))
    await feed.settled(offset)
    told = [
        (event.state, event.revision, event.aggregate_version, event.revision_id)
        for event in await feed.events(str(assessment_id("ncsc", "NCSC-INT-END")))
    ]
    withdrawn = assessment_event_pb2.ASSESSMENT_STATE_WITHDRAWN
    assert told == [(withdrawn, number, number + 1, "") for number in range(3)]
    assert feed.rows("SELECT revision, aggregate_version FROM assessment") == [(2, 3)]
