"""No list takes a page token that it did not give to this reader for this question."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.protobuf import message_factory

from deploy.local.keys import issue_token
from deploy.local.platform import PlatformAccess
from services.cli.accounts import ACCOUNTS
from services.threatfeed.domain.paging import number_token, page_token
from tests.support.idle import idle_threatfeed
from tests.support.postgres import Databases
from tests.support.reading import JOINT, Reading, document, hold, open_reading
from tests.support.worlds.asking import Question, questions
from tests.support.worlds.values import NOBODYS, Arguments

TOKENS = ("page_token", "token", "next")
ASKERS = ("fcdo-secretariat", "ncsc-release-officer", "operator", "auditor")
FORGED = (
    "x",
    "W10=",
    "e30=",
    page_token((datetime(2026, 11, 1, tzinfo=UTC), NOBODYS), "another question"),
    number_token(1, "another question"),
)


@pytest.fixture
async def reading(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Reading]:
    async with open_reading(platform, postgres) as opened:
        yield opened


def plain_lists(held: str) -> list[tuple[str, Question]]:
    """The plain call of every route and method that takes a token, and the token's name."""
    about = (held, held)
    arguments = Arguments(
        assessments=about,
        words=("words",),
        consents=about,
        links=about,
        clearances=about,
        conflicts=about,
        denials=about,
        notices=about,
        records=("threatfeed.submission.ncsc.v1:0:0",),
        series=("uk-eu",),
    )
    found: dict[str, tuple[str, Question]] = {}
    tokens = {}
    for one in questions(idle_threatfeed(), arguments):
        if one.rpc is not None:
            names = [name.name for name in one.rpc.input_type.fields if name.name in TOKENS]
        else:
            names = [name for name in TOKENS if name in one.query]
        if names:
            tokens[one.place] = names[0]
        found.setdefault(one.place, ("", one))
    return [(tokens[place], one) for place, (_, one) in found.items() if place in tokens]


async def outcome(reading: Reading, headers: dict[str, str], one: Question, name: str, token: str) -> Any:
    """The status over REST, the code over gRPC."""
    if one.rpc is None:
        query = {**one.query, name: token}
        answer = await reading.client.request(one.method, one.path, params=query, headers=headers)
        return answer.status_code
    message = message_factory.GetMessageClass(one.rpc.input_type)()
    assert one.message is not None
    message.CopyFrom(one.message)
    setattr(message, name, token)
    path = f"/{one.rpc.full_name.rpartition('.')[0]}/{one.rpc.name}"
    reads = message_factory.GetMessageClass(one.rpc.output_type).FromString
    try:
        if one.rpc.server_streaming:
            stream = reading.channel.unary_stream(path, type(message).SerializeToString, reads)
            return await stream(message, metadata=list(headers.items())).read()
        call = reading.channel.unary_unary(path, type(message).SerializeToString, reads)
        await call(message, metadata=list(headers.items()))
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


async def test_a_token_that_was_not_given_for_the_question_is_refused_by_every_list(reading: Reading) -> None:
    (held,) = await hold(reading, document("A", JOINT))
    lists = plain_lists(str(held))
    assert len(lists) > 20
    refused = {400, grpc.StatusCode.INVALID_ARGUMENT}
    others = {403, grpc.StatusCode.PERMISSION_DENIED}
    senders = [_bearer(reading, name) for name in ASKERS]
    for name, one in lists:
        outcomes = [
            await outcome(reading, headers, one, name, token) for headers in senders for token in FORGED
        ]
        assert set(outcomes) <= refused | others, (one.place, outcomes)
        assert set(outcomes) & refused, (one.place, outcomes)


def _bearer(reading: Reading, name: str) -> dict[str, str]:
    who = ACCOUNTS[name]
    token = issue_token(
        reading.platform.keys,
        subject=who.name,
        party=who.party,
        organisation=who.organisation,
        roles=who.roles,
        at=datetime.now(UTC),
    )
    return {"authorization": f"Bearer {token}"}
