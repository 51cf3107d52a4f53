"""A mutation may be repeated: it happens once and every repeat gets the first answer."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import httpx
import pytest
from entente.agenda.v1 import agenda_service_pb2
from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel

from services.chassis.database import Database
from services.chassis.http.application import HttpParts, create_api
from services.chassis.http.requests import Encoded, MutationDependency, permit
from services.chassis.identity import Principal, current_principal
from services.chassis.once import Answer, Once, Repeated, RequestKeyReused, fingerprint
from services.chassis.process import Process
from services.chassis.rpc.requests import RequestIdMissing, run_once
from services.kernel.refusals import InvalidValue
from tests.support.plumbing import AT, Plumbing
from tests.support.tokens import Issuer

COUNT = "SELECT count(*) FROM applied"


def once(
    database: Database,
    key: str = "key",
    *,
    principal: str = "official",
    body: bytes = b"body",
    rehearsed: bool = False,
) -> Once[str]:
    return Once(
        database,
        principal=principal,
        key=key,
        request=fingerprint(b"POST", b"/v1/agendas", body),
        at=AT,
        encode=lambda text: Answer(201, text.encode(), "text/plain", {"ETag": '"1"'}),
        rehearsed=rehearsed,
    )


async def change(mutation: Once[str], text: str) -> str:
    async with mutation.transaction() as tx:
        await tx.execute(
            "INSERT INTO applied (topic, part, position, content) VALUES ('t', 0, 0, %s)", [text]
        )
        return await mutation.answer(tx, text)


async def repeated(mutation: Once[str], text: str) -> Answer:
    with pytest.raises(Repeated) as repeat:
        await change(mutation, text)
    return repeat.value.answer


async def test_a_repeat_gets_the_first_answer_and_changes_nothing(plumbing: Plumbing) -> None:
    database = (await plumbing.process()).database
    first = once(database)
    assert await change(first, "first") == "first"
    assert await repeated(once(database), "second") == first.encoded
    with pytest.raises(Repeated):
        await once(database).answered_before()
    assert plumbing.applied("t") == ["first"]


async def test_a_rehearsal_answers_as_the_real_one_and_keeps_nothing(plumbing: Plumbing) -> None:
    database = (await plumbing.process()).database
    trial = once(database, rehearsed=True)
    assert await change(trial, "first") == "first"
    assert plumbing.applied("t") == []
    real = once(database, body=b"other")
    assert await change(real, "first") == "first"
    assert trial.encoded == real.encoded
    await once(database, rehearsed=True).answered_before()


async def test_a_rehearsal_fails_as_the_real_one(plumbing: Plumbing) -> None:
    database = (await plumbing.process()).database
    with pytest.raises(RuntimeError, match="did not answer"):
        async with once(database, rehearsed=True).transaction():
            pass
    assert plumbing.applied("t") == []


async def test_another_request_under_the_same_key_is_refused(plumbing: Plumbing) -> None:
    database = (await plumbing.process()).database
    await change(once(database), "first")
    with pytest.raises(RequestKeyReused):
        await change(once(database, body=b"other"), "second")
    with pytest.raises(RequestKeyReused):
        await once(database, body=b"other").answered_before()
    assert plumbing.applied("t") == ["first"]


async def test_a_key_belongs_to_its_caller(plumbing: Plumbing) -> None:
    database = (await plumbing.process()).database
    await change(once(database), "first")
    await change(once(database, principal="another official", body=b"other"), "second")
    assert plumbing.applied("t") == ["first", "second"]


async def test_repeats_at_the_same_time_change_once(plumbing: Plumbing) -> None:
    database = (await plumbing.process()).database
    answers = await asyncio.gather(
        *(change(once(database), f"attempt {number}") for number in range(8)), return_exceptions=True
    )
    (winner,) = [answer for answer in answers if isinstance(answer, str)]
    others = [answer for answer in answers if isinstance(answer, Repeated)]
    assert len(others) == 7
    assert {other.answer.body for other in others} == {winner.encode()}
    assert plumbing.applied("t") == [winner]


async def test_a_request_that_was_refused_may_be_made_again_under_its_key(plumbing: Plumbing) -> None:
    database = (await plumbing.process()).database
    refused = once(database)
    with pytest.raises(InvalidValue):
        async with refused.transaction():
            raise InvalidValue("not so")
    await change(once(database), "mended")
    assert plumbing.applied("t") == ["mended"]


async def test_a_use_case_that_forgets_its_answer_changes_nothing(plumbing: Plumbing) -> None:
    forgetful = once((await plumbing.process()).database)
    with pytest.raises(RuntimeError, match="did not answer"):
        async with forgetful.transaction() as tx:
            await tx.execute("INSERT INTO applied (topic, part, position, content) VALUES ('t', 0, 0, '')")
    assert plumbing.rows(COUNT) == [(0,)]
    assert plumbing.rows("SELECT count(*) FROM idempotency") == [(0,)]


async def over_rpc(
    process: Process,
    use_case: Callable[[Once[str]], Awaitable[str]],
    meeting: str,
    request_id: str,
) -> str:
    response = await run_once(
        use_case,
        lambda text: agenda_service_pb2.GetMeetingResponse(
            meeting=agenda_service_pb2.Meeting(meeting_id=text)
        ),
        agenda_service_pb2.GetMeetingResponse,
        request=agenda_service_pb2.GetMeetingRequest(meeting_id=meeting),
        request_id=request_id,
        database=process.database,
        clock=process.clock,
    )
    return response.meeting.meeting_id


async def test_over_grpc_the_request_id_names_the_mutation(plumbing: Plumbing) -> None:
    process = await plumbing.process()
    token = current_principal.set(Principal("official", frozenset(), {}, "token"))
    key = str(uuid4())
    try:
        assert await over_rpc(process, lambda o: change(o, "first"), "m", key) == "first"
        assert await over_rpc(process, lambda o: change(o, "second"), "m", key.upper()) == "first"
        with pytest.raises(RequestKeyReused):
            await over_rpc(process, lambda o: change(o, "third"), "other", key)
        for malformed in ("", "not a uuid"):
            with pytest.raises(RequestIdMissing) as refusal:
                await over_rpc(process, lambda o: change(o, "fourth"), "m", malformed)
            assert refusal.value.pointer == "/request_id"
    finally:
        current_principal.reset(token)
    assert plumbing.applied("t") == ["first"]
    assert UUID(key)


class Renamed(BaseModel):
    name: str


def renaming() -> APIRouter:
    """A route whose arguments are in its query."""
    router = APIRouter(prefix="/v1")

    @router.post("/renames")
    async def rename(
        name: str,
        mutation: MutationDependency,
        _: Annotated[Principal, Depends(permit("secretariat"))],
    ) -> Response:
        return await mutation.run(
            lambda once: change(once, name), lambda done: Encoded(Renamed(name=done), status=201)
        )

    return router


async def test_over_rest_another_query_under_the_same_key_is_another_request(
    plumbing: Plumbing, tmp_path: Path
) -> None:
    process, issuer = await plumbing.process(), Issuer.at(tmp_path / "issuer")
    parts = HttpParts(process.database, issuer.verifier(), process.clock, process.ids)
    app = create_api("Test", "v1", parts, [renaming()], health=process.health, telemetry=process.telemetry)
    headers = {"authorization": f"Bearer {issuer.token()}", "idempotency-key": str(uuid4())}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="https://entente.test", headers=headers
    ) as client:
        first = await client.post("/v1/renames", params={"name": "first"})
        repeat = await client.post("/v1/renames", params={"name": "first"})
        other = await client.post("/v1/renames", params={"name": "second"})
    assert (first.status_code, first.content) == (201, b'{"name":"first"}')
    assert (repeat.status_code, repeat.content) == (201, first.content)
    assert (other.status_code, other.json()["reason"]) == (400, "REQUEST_KEY_REUSED")
    assert plumbing.applied("t") == ["first"]
