"""How an assessment has changed is told as far as the reader's party may have its revisions."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import jsonpatch
import psycopg
import pytest
from entente.threatfeed.v1 import assessment_service_pb2

from deploy.local.platform import PlatformAccess
from tests.support.postgres import Databases
from tests.support.reading import JOINT, TEAR_LINE, UK_ONLY, Reading, document, hold, open_reading


@pytest.fixture
async def reading(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Reading]:
    async with open_reading(platform, postgres) as opened:
        yield opened


async def ask(reading: Reading, path: str, headers: dict[str, str], **query: int) -> Any:
    return await reading.client.get(f"/v1/assessments/{path}", headers=headers, params=query)


async def test_patches_lead_from_nothing_to_every_revision_and_back(reading: Reading) -> None:
    (identity,) = await hold(reading, document("A", JOINT))
    await hold(reading, document("A", JOINT, version=2, title="Another title", sectors=["energy"]))
    await hold(reading, document("A", UK_ONLY, version=3, title="A third title"))
    steps = (await ask(reading, f"{identity}/history", reading.uk())).json()["revisions"]
    assert [step["assessment"]["revision"] for step in steps] == [1, 2, 3]
    content: dict[str, Any] = {}
    for step in steps:
        before, content = content, jsonpatch.apply_patch(content, step["patch"])
        assert content["title"] == step["assessment"]["title"]
        assert jsonpatch.apply_patch(content, step["reverse_patch"]) == before
    changed = {change["path"] for change in steps[1]["patch"]}
    assert "/title" in changed
    assert "/text" not in changed


async def test_what_a_party_may_not_have_is_no_part_of_its_history(reading: Reading) -> None:
    (identity,) = await hold(reading, document("A", JOINT))
    await hold(reading, document("A", UK_ONLY, version=2, title="Kept back", text="Also kept back."))
    await hold(reading, document("A", UK_ONLY, version=3, tear_line=TEAR_LINE))
    answer = await ask(reading, f"{identity}/history", reading.eu())
    assert [step["assessment"]["title"] for step in answer.json()["revisions"]] == [
        "Title of A",
        "What may be said",
    ]
    assert "ept back" not in answer.text
    assert "HMG" not in answer.text
    hidden = await ask(reading, f"{identity}/difference", reading.eu(), from_revision=1, to_revision=2)
    absent = await ask(reading, f"{identity}/difference", reading.eu(), from_revision=1, to_revision=9)
    nothing = await ask(reading, f"{uuid4()}/history", reading.eu())
    assert (hidden.status_code, absent.status_code, nothing.status_code) == (403, 403, 403)
    assert {**hidden.json(), "instance": ""} == {**absent.json(), "instance": ""}


async def test_any_two_revisions_are_compared_on_both_channels(reading: Reading) -> None:
    (identity,) = await hold(reading, document("A", JOINT))
    await hold(reading, document("A", JOINT, version=2, title="Second"))
    await hold(reading, document("A", JOINT, version=3))
    rest = (await ask(reading, f"{identity}/difference", reading.uk(), from_revision=3, to_revision=2)).json()
    assert rest["patch"] == [{"op": "replace", "path": "/title", "value": "Second"}]
    assert rest["reverse_patch"] == [{"op": "replace", "path": "/title", "value": "Title of A"}]
    request = assessment_service_pb2.CompareRevisionsRequest(
        assessment_id=str(identity), from_revision=1, to_revision=3
    )
    answer = await reading.stub.CompareRevisions(request, metadata=list(reading.uk().items()))
    assert (answer.step.patch, answer.step.assessment.revision) == ("[]", 3)
    whole = await reading.stub.GetAssessmentHistory(
        assessment_service_pb2.GetAssessmentHistoryRequest(assessment_id=str(identity)),
        metadata=list(reading.uk().items()),
    )
    assert [step.assessment.title for step in whole.steps] == ["Title of A", "Second", "Title of A"]


async def test_who_read_a_history_is_on_record(reading: Reading) -> None:
    (identity,) = await hold(reading, document("A", JOINT))
    await ask(reading, f"{identity}/history", reading.eu())
    assert audited(reading, identity) == [("eeas-secretariat", [1])]


def audited(reading: Reading, identity: UUID) -> list[tuple[str, list[int]]]:
    with psycopg.connect(reading.dsn) as connection:
        return connection.execute(
            """
            SELECT actor, detail->'revisions' FROM audit
            WHERE action = 'assessment.history-read' AND subject_id = %s
            """,
            [str(identity)],
        ).fetchall()
