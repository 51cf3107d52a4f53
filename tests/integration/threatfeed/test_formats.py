"""What agencies publish in formats of their own is taken in as well as what is made for this system."""

import json
from typing import Any

import pytest
from entente.threatfeed.v1 import assessment_event_pb2, submission_receipt_pb2

from deploy.local.platform import PlatformAccess
from services.kernel.identifiers import assessment_id
from tests.integration.threatfeed.test_ingest import Feed, as_bytes, ingesting
from tests.support.formats import FORMATS, csaf, event, kev, kev_entry, samples
from tests.support.kafka import Broker
from tests.support.postgres import Databases

RESULT = submission_receipt_pb2.SubmissionResult
ACCEPTED, DUPLICATE = RESULT.SUBMISSION_RESULT_ACCEPTED, RESULT.SUBMISSION_RESULT_DUPLICATE
WITHDRAWN, OLDER = RESULT.SUBMISSION_RESULT_WITHDRAWN, RESULT.SUBMISSION_RESULT_OLDER


async def results(feed: Feed, document: Any) -> list[tuple[str, int]]:
    raw = document if isinstance(document, bytes) else as_bytes(document)
    receipt = await feed.receipt(await feed.publish(raw, content_type="application/json"))
    return [(one.source_object_id, one.result) for one in receipt.results]


@pytest.mark.parametrize(
    ("agency", "document"),
    [("ncsc", event()), ("ncsc", csaf()), ("cisa", samples("csaf/cisa/*.json")[0].read_bytes())],
    ids=["a MISP event", "a CSAF document", "a real CSAF advisory"],
)
async def test_a_document_in_a_format_of_its_own_is_stored_and_told(
    platform: PlatformAccess, kafka: Broker, postgres: Databases, agency: str, document: Any
) -> None:
    async with ingesting(platform, kafka, postgres, agency) as feed:
        ((object_id, result),) = await results(feed, document)
        assert result == ACCEPTED
        told = await feed.events(str(assessment_id(agency, object_id)))
        assert [one.state for one in told] == [assessment_event_pb2.ASSESSMENT_STATE_ACTIVE]


async def test_a_catalogue_adds_changes_and_withdraws_its_entries(
    platform: PlatformAccess, kafka: Broker, postgres: Databases
) -> None:
    one, two, three = "CVE-2026-0001", "CVE-2026-0002", "CVE-2026-0003"
    first = kev(kev_entry(one), kev_entry(two))
    second = kev(kev_entry(two), kev_entry(three), day=5)
    third = kev(kev_entry(two, knownRansomwareCampaignUse="Known"), kev_entry(three), day=6)
    async with ingesting(platform, kafka, postgres, "cisa") as feed:
        assert [result for _, result in await results(feed, first)] == [ACCEPTED, ACCEPTED]
        assert await results(feed, second) == [
            (f"cisa-kev--{one}", WITHDRAWN),
            (f"cisa-kev--{two}", DUPLICATE),
            (f"cisa-kev--{three}", ACCEPTED),
        ]
        assert [result for _, result in await results(feed, third)] == [ACCEPTED, DUPLICATE]
        assert [result for _, result in await results(feed, second)] == [DUPLICATE, DUPLICATE]
        told = await feed.events(str(assessment_id("cisa", f"cisa-kev--{two}")))
        assert [change.revision for change in told] == [1, 2]
        gone = await feed.events(str(assessment_id("cisa", f"cisa-kev--{one}")))
        assert gone[-1].state == assessment_event_pb2.ASSESSMENT_STATE_WITHDRAWN


async def test_a_real_catalogue_said_twice_changes_nothing(
    platform: PlatformAccess, kafka: Broker, postgres: Databases
) -> None:
    release = (FORMATS / "kev" / "2025-02-04.json").read_bytes()
    async with ingesting(platform, kafka, postgres, "cisa") as feed:
        assert {result for _, result in await results(feed, release)} == {ACCEPTED}
        assert {result for _, result in await results(feed, release)} == {DUPLICATE}
        count = len(json.loads(release)["vulnerabilities"])
        assert feed.rows("SELECT count(*) FROM assessment_revision") == [(count,)]
