"""Who was shown a text that is withdrawn is told so, without its words, and answers once."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import grpc
import httpx
import psycopg
import pytest
from entente.exchange.v1 import withdrawal_pb2
from entente.threatfeed.v1 import withdrawal_service_pb2 as messages
from entente.threatfeed.v1 import withdrawal_service_pb2_grpc

from deploy.local.platform import PlatformAccess
from tests.support.postgres import Databases
from tests.support.reading import JOINT, TEAR_LINE, UK_ONLY, Reading, document, hold, make_views, open_reading
from tests.support.signing import signed_as

ANSWER = {"handling": "DESTROYED", "words": "Shredded, and the copies of the embassy too."}
Headers = Mapping[str, str]


@pytest.fixture
async def reading(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Reading]:
    async with open_reading(platform, postgres) as opened:
        yield opened


def withdrawal(identity: str, version: int = 9) -> dict[str, object]:
    return {"id": identity, "version": version, "withdrawn": True, "reason": "A source lied: REASON."}


def officer(reading: Reading, organisation: str = "NCSC", party: str = "UK") -> Headers:
    token = reading.token(f"{organisation.lower()}-release-officer", party, organisation, "release-officer")
    return {"authorization": f"Bearer {token}"}


async def listed(reading: Reading, who: Headers, path: str = "notices", **query: str) -> list[Any]:
    answer = await reading.client.get(f"/v1/withdrawal-{path}", headers=dict(who), params=query)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["notices"]
    return found


async def post(
    reading: Reading, who: Headers, path: str, body: object, version: int | None = None, key: str = ""
) -> httpx.Response:
    headers = {**who, "idempotency-key": key or str(uuid4())}
    if version is not None:
        headers["if-match"] = f'"{version}"'
    return await reading.client.post(f"/v1/withdrawal-notices/{path}", headers=headers, json=body)


async def acknowledged(
    reading: Reading, who: Headers, subject: str, notice: str, version: int = 1, key: str = ""
) -> httpx.Response:
    stated = await post(reading, who, f"{notice}/statement", ANSWER)
    if stated.status_code != 200:
        return stated
    statement = stated.json()
    jws = signed_as(reading.platform.keys, subject, statement["payload"].encode())
    body = {**ANSWER, "stated_time": statement["stated_time"], "jws": jws}
    return await post(reading, who, f"{notice}/acknowledge", body, version, key)


async def withdrawn(reading: Reading, **more: object) -> UUID:
    (identity,) = await hold(reading, document("A", JOINT, **more))
    await hold(reading, withdrawal("A"))
    return identity


async def test_every_delegation_that_could_read_a_withdrawn_text_is_told_without_its_words(
    reading: Reading,
) -> None:
    identity = await withdrawn(reading, title="TITLE-CANARY", text="TEXT-CANARY")
    for who, party in ((reading.uk(), "UK"), (reading.eu(), "EU")):
        (notice,) = await listed(reading, who)
        assert (notice["series"], notice["party"]) == ("uk-eu", party)
        assert (notice["assessment_id"], notice["revision"]) == (str(identity), 1)
        assert (notice["rendition"], notice["cause"], notice["state"]) == ("FULL", "WITHDRAWN", "OUTSTANDING")
    with psycopg.connect(reading.dsn) as connection:
        kept = str(connection.execute("SELECT w.* FROM withdrawal_notice AS w").fetchall())
    assert str(identity) in kept
    assert not {word for word in ("TITLE-CANARY", "TEXT-CANARY", "REASON") if word in kept}


async def test_what_was_withdrawn_is_read_by_auditors_alone(reading: Reading) -> None:
    identity = await withdrawn(reading)
    for path in (f"/v1/assessments/{identity}", f"/v1/assessments/{identity}/history"):
        for who, status in ((reading.uk(), 403), (reading.eu(), 403), (reading.auditor(), 200)):
            for query in ({}, {"revision": "1"}):
                answer = await reading.client.get(path, headers=who, params=query)
                assert answer.status_code == status, path


async def test_who_was_never_shown_a_text_is_told_nothing_of_its_withdrawal(reading: Reading) -> None:
    await hold(reading, document("A", UK_ONLY))
    await hold(reading, withdrawal("A"))
    assert len(await listed(reading, reading.uk())) == 1
    assert await listed(reading, reading.eu(), selection="ALL") == []


async def test_a_withdrawal_that_is_told_twice_or_of_something_unknown_issues_nothing_more(
    reading: Reading,
) -> None:
    identity = await withdrawn(reading)
    await hold(reading, withdrawal("A"))
    await hold(reading, withdrawal("A", 10))
    await make_views(reading, identity)
    await hold(reading, withdrawal("NEVER-SEEN"))
    assert len(await listed(reading, reading.eu(), selection="ALL")) == 1


async def test_a_withdrawal_that_comes_before_its_text_leaves_nobody_to_tell(reading: Reading) -> None:
    await hold(reading, withdrawal("A"))
    (identity,) = await hold(reading, document("A", JOINT))
    assert await listed(reading, reading.eu(), selection="ALL") == []
    answer = await reading.client.get(f"/v1/assessments/{identity}", headers=reading.eu())
    assert answer.status_code == 403


async def test_who_loses_a_text_that_was_marked_anew_is_told_and_who_keeps_it_is_not(
    reading: Reading,
) -> None:
    await hold(reading, document("A", JOINT), document("B", JOINT))
    await hold(reading, document("A", UK_ONLY, version=2))
    await hold(reading, document("B", UK_ONLY, version=2, tear_line=TEAR_LINE))
    causes = {one["cause"]: one["rendition"] for one in await listed(reading, reading.eu())}
    assert causes == {"NOT_RELEASED": "FULL", "NARROWED": "FULL"}
    assert await listed(reading, reading.uk()) == []


async def test_nothing_is_asked_any_more_once_the_text_may_be_used_again(reading: Reading) -> None:
    await hold(reading, document("A", JOINT))
    await hold(reading, document("A", UK_ONLY, version=2))
    (notice,) = await listed(reading, reading.eu())
    await hold(reading, document("A", JOINT, version=3))
    assert await listed(reading, reading.eu()) == []
    refused = await acknowledged(reading, reading.eu(), "eeas-secretariat", notice["id"])
    assert (refused.status_code, refused.json()["reason"]) == (409, "NOTICE_LIFTED")
    await hold(reading, document("A", UK_ONLY, version=4))
    assert [one["revision"] for one in await listed(reading, reading.eu())] == [3]


async def test_a_delegation_acknowledges_once_with_its_officials_signature(reading: Reading) -> None:
    await withdrawn(reading)
    (notice,) = await listed(reading, reading.eu())
    unsigned = await post(reading, reading.eu(), f"{notice['id']}/acknowledge", ANSWER, 1)
    assert unsigned.json()["reason"] == "SIGNATURE_MISSING"
    foreign = await acknowledged(reading, reading.eu(), "cnect-secretariat", notice["id"])
    assert foreign.json()["reason"] == "SIGNATURE_KEY_FOREIGN"
    stale = await acknowledged(reading, reading.eu(), "eeas-secretariat", notice["id"], version=7)
    assert stale.status_code == 412
    key = str(uuid4())
    done = await acknowledged(reading, reading.eu(), "eeas-secretariat", notice["id"], key=key)
    assert done.status_code == 200, done.text
    found = done.json()
    assert (found["state"], found["handling"]) == ("ACKNOWLEDGED", "DESTROYED")
    assert found["acknowledged_by"] == "eeas-secretariat"
    again = await acknowledged(reading, reading.eu(), "eeas-secretariat", notice["id"], version=2)
    assert (again.status_code, again.json()["reason"]) == (409, "NOTICE_ACKNOWLEDGED")
    assert await listed(reading, reading.eu()) == []


@pytest.mark.parametrize("subject", ["other party", "other series", "guessed"])
async def test_nobody_acknowledges_for_others(reading: Reading, subject: str) -> None:
    await withdrawn(reading)
    (notice,) = await listed(reading, reading.eu())
    which = str(uuid4()) if subject == "guessed" else notice["id"]
    who = {"other party": reading.uk(), "other series": reading.gchq(), "guessed": reading.eu()}[subject]
    for path in ("statement", "acknowledge"):
        refused = await post(reading, who, f"{which}/{path}", ANSWER, 1)
        assert (refused.status_code, refused.json()["reason"]) == (403, "NO_ACCESS")
    answer = await reading.client.get(f"/v1/withdrawal-notices/{which}", headers=who)
    assert answer.status_code == 403
    assert [one["state"] for one in await listed(reading, reading.eu())] == ["OUTSTANDING"]


async def test_the_originator_sees_who_has_acknowledged_and_who_is_late(reading: Reading) -> None:
    await withdrawn(reading)
    (notice,) = await listed(reading, reading.eu())
    await acknowledged(reading, reading.eu(), "eeas-secretariat", notice["id"])
    every = await listed(reading, officer(reading), "recipients", selection="ALL")
    states = {(one["series"], one["party"]): one["state"] for one in every}
    assert states[("uk-eu", "EU")] == "ACKNOWLEDGED"
    assert states[("uk-eu", "UK")] == "OUTSTANDING"
    (late,) = {one["acknowledged_by"] for one in every} - {None}
    assert late == "eeas-secretariat"
    assert await listed(reading, officer(reading), "recipients", selection="OVERDUE") == []
    reading.clock.at = reading.clock() + timedelta(days=6)
    overdue = await listed(reading, officer(reading), "recipients", selection="OVERDUE")
    assert ("uk-eu", "EU") not in {(one["series"], one["party"]) for one in overdue}
    assert ("uk-eu", "UK") in {(one["series"], one["party"]) for one in overdue}
    assert await listed(reading, officer(reading, "ENISA", "EU"), "recipients", selection="ALL") == []


async def test_notices_are_read_and_acknowledged_over_grpc_alike(reading: Reading) -> None:
    await withdrawn(reading)
    stub: Any = withdrawal_service_pb2_grpc.WithdrawalServiceStub(reading.channel)
    caller = list(reading.eu().items())
    page = await stub.ListWithdrawalNotices(messages.ListWithdrawalNoticesRequest(), metadata=caller)
    (notice,) = page.notices
    handling = withdrawal_pb2.COPY_HANDLING_ANNOTATED
    about = {"notice_id": notice.notice_id, "handling": handling, "words": "Marked in the registry."}
    stating = messages.StateAcknowledgementRequest(request_id=str(uuid4()), **about)
    statement = (await stub.StateAcknowledgement(stating, metadata=caller)).statement
    request = messages.AcknowledgeWithdrawalRequest(
        request_id=str(uuid4()), etag=notice.etag, stated_time=statement.stated_time, **about
    )
    request.jws = signed_as(reading.platform.keys, "eeas-secretariat", statement.payload.encode())
    done = (await stub.AcknowledgeWithdrawal(request, metadata=caller)).notice
    assert done.state == messages.NOTICE_STATE_ACKNOWLEDGED
    repeat = (await stub.AcknowledgeWithdrawal(request, metadata=caller)).notice
    assert repeat == done
    read = await stub.GetWithdrawalNotice(
        messages.GetWithdrawalNoticeRequest(notice_id=notice.notice_id), metadata=caller
    )
    assert read.notice == done
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.GetWithdrawalNotice(
            messages.GetWithdrawalNoticeRequest(notice_id=notice.notice_id),
            metadata=list(reading.uk().items()),
        )
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
