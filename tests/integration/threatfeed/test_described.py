"""Whatever is asked of the REST interface, as whoever: no crash, and no answer that is not described."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import cycle
from typing import Any, Final

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from deploy.local.keys import issue_token
from deploy.local.platform import PlatformAccess
from services.chassis.http.description import new_application
from services.cli.accounts import ACCOUNTS
from services.threatfeed.app import TITLE
from services.threatfeed.http.routes import routes
from tests.support.postgres import Databases
from tests.support.reading import JOINT, TEAR_LINE, UK_ONLY, Reading, document, hold, open_reading

DESCRIPTION: Final = new_application(TITLE, "v1", routes()).openapi()
SCHEMA: Final = schemathesis.openapi.from_dict(DESCRIPTION)
OPERATIONS: Final = [result.ok() for result in SCHEMA.get_all_operations()]
STREAMS: Final = {"/v1/assessment-changes"}
IN_EVERY_ROLE: Final = list({role: name for name, one in ACCOUNTS.items() for role in one.roles}.values())
FUZZED: Final = [pytest.param(one, id=one.label) for one in OPERATIONS if one.path not in STREAMS]
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
DRAWN: Final = settings(
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
async def reading(platform: PlatformAccess, database_server: Any) -> AsyncIterator[Reading]:
    databases = Databases(database_server)
    async with open_reading(platform, databases) as opened:
        await hold(
            opened,
            document("A", JOINT),
            document("B", UK_ONLY, tear_line=TEAR_LINE),
            document("C", UK_ONLY),
        )
        yield opened
    databases.drop_all()


@pytest.fixture(scope="module")
def tokens(platform: PlatformAccess) -> dict[str, str]:
    return {
        name: issue_token(
            platform.keys,
            subject=name,
            party=one.party,
            organisation=one.organisation,
            roles=one.roles,
            at=datetime.now(UTC),
        )
        for name, one in ACCOUNTS.items()
    }


async def asked(reading: Reading, case: Case, token: str) -> httpx.Response:
    told = case.as_transport_kwargs(base_url="http://threatfeed")
    headers = {name: str(value) for name, value in dict(told["headers"]).items()}
    return await reading.client.request(
        told["method"],
        told["url"],
        params=told.get("params"),
        headers={**headers, "authorization": f"Bearer {token}"},
        json=told.get("json"),
        content=told.get("data"),
    )


async def check(reading: Reading, tokens: dict[str, str], case: Case, account: str) -> None:
    response = await asked(reading, case, tokens[account])
    case.validate_response(response, checks=CHECKS)


def cases(operation: Any, mode: GenerationMode, count: int) -> list[Case]:
    """Calls of one operation, always the same ones: such as fit its description, or such as do not."""
    drawn: list[Case] = []

    @given(operation.as_strategy(mode))
    @settings(DRAWN, max_examples=count, derandomize=True)
    def draw(case: Case) -> None:
        drawn.append(case)

    draw()
    return drawn


async def check_operation(reading: Reading, tokens: dict[str, str], operation: Any, count: int) -> None:
    """By turns as somebody in every role."""
    drawn = [*cases(operation, GenerationMode.POSITIVE, count), *cases(operation, GenerationMode.NEGATIVE, 2)]
    for case, account in zip(drawn, cycle(IN_EVERY_ROLE), strict=False):
        await check(reading, tokens, case, account)


@pytest.mark.parametrize("operation", FUZZED)
async def test_every_answer_is_described(reading: Reading, tokens: dict[str, str], operation: Any) -> None:
    await check_operation(reading, tokens, operation, len(IN_EVERY_ROLE))


@pytest.mark.long
@pytest.mark.parametrize("operation", FUZZED)
async def test_of_many_calls_every_answer_is_described(
    reading: Reading, tokens: dict[str, str], operation: Any
) -> None:
    await check_operation(reading, tokens, operation, 100)


async def test_a_stream_that_is_refused_is_refused_as_described(reading: Reading) -> None:
    answer = await reading.client.get("/v1/assessment-changes")
    responses = DESCRIPTION["paths"]["/v1/assessment-changes"]["get"]["responses"]
    assert answer.status_code == 401
    assert answer.headers["content-type"] in responses["401"]["content"]
