"""What the host's operators deny is not taken in from then on, until they lift it; all of it is on record."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import grpc
import psycopg
import pytest
from entente.threatfeed.v1 import denial_service_pb2, denial_service_pb2_grpc

from deploy.local.platform import PlatformAccess
from services.chassis.consumer.records import Quarantined, Record
from services.threatfeed.domain.denials import DeniedKind, DeniedSource, DenyList
from services.threatfeed.domain.submission import Reading as Read
from services.threatfeed.domain.submission import Rejection
from services.threatfeed.domain.themes import ThemeMatcher
from services.threatfeed.formats.submission import read_submission
from services.threatfeed.usecases.holding import Holding
from services.threatfeed.usecases.ingest_submissions import ingest_submissions
from services.threatfeed.usecases.submission import Submission
from tests.support.postgres import Databases
from tests.support.reading import CEILING, JOINT, Reading, document, open_reading
from tests.support.submissions import real_taxonomies

PATH = "/v1/source-denials"


@pytest.fixture
async def reading(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Reading]:
    async with open_reading(platform, postgres) as opened:
        yield opened


def readings_of(reading: Reading, *documents: dict[str, object], agency: str = "ncsc") -> list[Submission]:
    matcher = ThemeMatcher.compile(reading.policy.themes)
    found = []
    for offset, one in enumerate(documents):
        raw = json.dumps(one).encode()
        record = Record(f"threatfeed.submission.{agency}.v1", 0, offset, b"k", raw, (), 0)
        content = read_submission(
            raw, None, agency=agency, policy=reading.policy, themes=matcher, taxonomies=real_taxonomies()
        )
        found.append(Submission(record, agency, content))
    return found


async def submit(reading: Reading, *documents: dict[str, object], agency: str = "ncsc") -> list[Quarantined]:
    batch = readings_of(reading, *documents, agency=agency)
    async with reading.process.database.transaction() as tx:
        return await ingest_submissions(tx, batch, Holding("UK", CEILING, reading.policy), reading.clock())


async def ask(reading: Reading, headers: dict[str, str], path: str, **body: object) -> Any:
    key = {"idempotency-key": str(uuid4())}
    return await reading.client.post(PATH + path, headers=headers | key, json=body)


async def deny(reading: Reading, **body: object) -> str:
    answer = await ask(reading, reading.operator(), "", **{"reason": "Mass errors; see ticket 7.", **body})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def held(reading: Reading) -> list[str]:
    with psycopg.connect(reading.dsn) as connection:
        rows = connection.execute("SELECT object_id FROM assessment ORDER BY object_id").fetchall()
    return [identity for (identity,) in rows]


async def test_one_object_is_refused_beside_its_neighbours(reading: Reading) -> None:
    denial = await deny(reading, kind="OBJECT", agency="ncsc", value="B")
    quarantined = await submit(reading, document("A", JOINT), document("B", JOINT))
    assert held(reading) == ["A"]
    ((record, refusal),) = quarantined
    assert (record.offset, refusal.reason, refusal.metadata) == (1, "SOURCE_DENIED", {"denial": denial})


async def test_the_agency_learns_that_it_is_denied_and_not_why(reading: Reading) -> None:
    await deny(reading, kind="AGENCY", agency="ncsc")
    await submit(reading, document("A", JOINT))
    with psycopg.connect(reading.dsn) as connection:
        rows = connection.execute("SELECT unnest(data) FROM outbox").fetchall()
    receipts = [bytes(value) for (value,) in rows]
    assert len(receipts) == 1
    assert b"SOURCE_DENIED" in receipts[0]
    assert b"ticket" not in receipts[0]


async def test_an_author_is_refused_whichever_agency_passes_it_on(reading: Reading) -> None:
    await deny(reading, kind="REPORTER", value="Acme THREAT Labs")
    await submit(
        reading, document("A", JOINT, agency="Acme threat labs"), document("B", JOINT, agency="ncsc")
    )
    assert held(reading) == ["B"]


async def test_what_is_held_can_be_withdrawn_but_not_revised(reading: Reading) -> None:
    await submit(reading, document("A", JOINT), document("B", JOINT))
    await deny(reading, kind="AGENCY", agency="ncsc")
    await submit(
        reading,
        document("A", JOINT, version=2, title="Other"),
        {"id": "B", "version": 2, "withdrawn": True, "reason": "Mistaken."},
    )
    with psycopg.connect(reading.dsn) as connection:
        rows = connection.execute("SELECT state, revision FROM assessment ORDER BY object_id").fetchall()
    assert [state for state, _ in rows] == ["ACTIVE", "WITHDRAWN"]
    assert rows[0][1] == 1


async def test_a_spill_of_a_denied_source_is_still_a_spill(reading: Reading) -> None:
    await deny(reading, kind="AGENCY", agency="ncsc")
    quarantined = await submit(reading, document("A", "UK TOP SECRET"))
    assert [(record.value, refusal.reason) for record, refusal in quarantined] == [(None, "HOLDING_REFUSED")]


async def test_a_denial_is_lifted_and_stays_on_record(reading: Reading) -> None:
    denial = await deny(reading, kind="AGENCY", agency="ncsc")
    lifted = await ask(reading, reading.operator(), f"/{denial}/lift", reason="Mended.")
    assert lifted.status_code == 200, lifted.text
    await submit(reading, document("A", JOINT))
    assert held(reading) == ["A"]
    again = await ask(reading, reading.operator(), f"/{denial}/lift", reason="Again.")
    assert (again.status_code, again.json()["reason"]) == (409, "DENIAL_LIFTED")
    second = await deny(reading, kind="AGENCY", agency="ncsc")
    listed = {}
    for standing in ("IN_FORCE", "LIFTED", "ALL"):
        answer = await reading.client.get(PATH, headers=reading.operator(), params={"standing": standing})
        listed[standing] = {one["id"] for one in answer.json()["denials"]}
    assert listed == {"IN_FORCE": {second}, "LIFTED": {denial}, "ALL": {second, denial}}
    with psycopg.connect(reading.dsn) as connection:
        rows = connection.execute(
            "SELECT action, actor, detail->>'reason' FROM audit WHERE subject_id = %s ORDER BY action DESC",
            [denial],
        ).fetchall()
    assert rows == [
        ("source.denied", "operator", "Mass errors; see ticket 7."),
        ("source.denial-lifted", "operator", "Mended."),
    ]


async def test_one_source_is_denied_once(reading: Reading) -> None:
    await deny(reading, kind="REPORTER", value="Acme")
    again = await ask(reading, reading.operator(), "", kind="REPORTER", value="ACME", reason="Twice.")
    assert (again.status_code, again.json()["reason"]) == (409, "SOURCE_ALREADY_DENIED")


async def test_a_denial_waits_for_the_batch_under_way_and_holds_for_the_next(reading: Reading) -> None:
    batch = readings_of(reading, document("A", JOINT))
    async with reading.process.database.transaction() as tx:
        await ingest_submissions(tx, batch, Holding("UK", CEILING, reading.policy), reading.clock())
        denying = asyncio.create_task(deny(reading, kind="AGENCY", agency="ncsc"))
        done, _ = await asyncio.wait([denying], timeout=0.3)
        assert not done
    await denying
    await submit(reading, document("B", JOINT))
    assert held(reading) == ["A"]


async def test_only_the_hosts_operators_deny_and_nobody_else_reads_the_list(reading: Reading) -> None:
    body = {"kind": "AGENCY", "agency": "ncsc", "reason": "x"}
    foreign = {"authorization": f"Bearer {reading.token('o', 'EU', 'EEAS', 'operator')}"}
    for headers in (reading.uk(), reading.eu(), foreign):
        assert (await ask(reading, headers, "", **body)).status_code == 403
        assert (await reading.client.get(PATH, headers=headers)).status_code == 403
        assert (await ask(reading, headers, f"/{uuid4()}/lift", reason="x")).status_code == 403
    assert (await ask(reading, reading.operator(), f"/{uuid4()}/lift", reason="x")).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "AGENCY"},
        {"kind": "AGENCY", "agency": "nobody"},
        {"kind": "AGENCY", "agency": "ncsc", "value": "x"},
        {"kind": "OBJECT", "agency": "ncsc"},
        {"kind": "OBJECT", "value": "x"},
        {"kind": "REPORTER", "value": " "},
        {"kind": "REPORTER", "value": "x\x1b[2J"},
        {"kind": "REPORTER", "value": "x" * 201},
        {"kind": "REPORTER", "agency": "ncsc", "value": "x"},
        {"kind": "EVERYTHING", "value": "x"},
        {"kind": "REPORTER", "value": "x", "reason": ""},
        {"kind": "REPORTER", "value": "x", "reason": "x" * 5_000},
    ],
    ids=str,
)
async def test_what_is_no_denial_is_refused(reading: Reading, body: dict[str, object]) -> None:
    answer = await ask(reading, reading.operator(), "", **{"reason": "Why.", **body})
    assert answer.status_code == 400, answer.text


async def test_the_same_over_rpc(reading: Reading) -> None:
    stub = denial_service_pb2_grpc.DenialServiceStub(reading.channel)  # type: ignore[no-untyped-call,unused-ignore]
    operator = list(reading.operator().items())
    request = denial_service_pb2.DenySourceRequest(
        request_id=str(uuid4()),
        kind=denial_service_pb2.DENIED_KIND_OBJECT,
        agency="ncsc",
        value="A",
        reason="Why.",
    )
    denial = (await stub.DenySource(request, metadata=operator)).denial
    assert (await stub.DenySource(request, metadata=operator)).denial == denial
    await submit(reading, document("A", JOINT))
    assert held(reading) == []
    lift = denial_service_pb2.LiftDenialRequest(
        request_id=str(uuid4()), denial_id=denial.denial_id, reason="Mended."
    )
    assert (await stub.LiftDenial(lift, metadata=operator)).denial.lift_reason == "Mended."
    listed = await stub.ListDenials(denial_service_pb2.ListDenialsRequest(), metadata=operator)
    assert list(listed.denials) == []
    everything = denial_service_pb2.ListDenialsRequest(with_lifted=True)
    assert [one.value for one in (await stub.ListDenials(everything, metadata=operator)).denials] == ["A"]
    for wrong in (denial_service_pb2.DenySourceRequest(request_id=str(uuid4()), agency="ncsc", reason="x"),):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.DenySource(wrong, metadata=operator)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_the_list_is_whole_where_two_operators_deny_at_once(reading: Reading) -> None:
    await asyncio.gather(*(deny(reading, kind="OBJECT", agency="ncsc", value=f"O{n}") for n in range(8)))
    await submit(reading, *(document(f"O{n}", JOINT) for n in range(9)))
    assert held(reading) == ["O8"]


def test_a_list_in_force_leaves_everything_else_as_it_was(real_reading: Read) -> None:
    listed = DenyList.of([(DeniedSource(DeniedKind.OBJECT, "ncsc", "other"), "1")])
    assert listed.check(real_reading) is real_reading
    denied = DenyList.of([(DeniedSource(DeniedKind.OBJECT, "ncsc", "A"), "1")]).check(real_reading)
    assert isinstance(denied, Rejection)
    assert denied.object_id == "A"


@pytest.fixture
def real_reading(reading: Reading) -> Read:
    (submission,) = readings_of(reading, document("A", JOINT))
    assert isinstance(submission.content, tuple)
    return submission.content[0]
