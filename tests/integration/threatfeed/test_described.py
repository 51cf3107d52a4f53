"""Whatever is asked of the REST interface, as whoever: no crash, and no answer that is not described."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest
import schemathesis

from deploy.local.platform import PlatformAccess
from services.chassis.http.description import new_application
from services.threatfeed.app import TITLE
from services.threatfeed.http.routes import routes
from tests.support.dialogue import Account
from tests.support.postgres import Databases
from tests.support.reading import JOINT, TEAR_LINE, UK_ONLY, document, hold, open_reading
from tests.support.sides.describing import IN_EVERY_ROLE, check_operation
from tests.support.tokens import KeptTokens

DESCRIPTION: Final = new_application(TITLE, "v1", routes()).openapi()
SCHEMA: Final = schemathesis.openapi.from_dict(DESCRIPTION)
OPERATIONS: Final = [result.ok() for result in SCHEMA.get_all_operations()]
STREAMS: Final = {"/v1/assessment-changes"}
FUZZED: Final = [pytest.param(one, id=one.label) for one in OPERATIONS if one.path not in STREAMS]


@dataclass(frozen=True, slots=True)
class Held:
    """The api, with some assessments in it."""

    client: httpx.AsyncClient
    met: Mapping[str, Mapping[str, None]]
    tokens: KeptTokens

    def token(self, who: Account) -> str:
        return self.tokens.of(who.subject, who.party, who.organisation, who.roles)


@pytest.fixture(scope="module")
async def held(platform: PlatformAccess, database_server: Any) -> AsyncIterator[Held]:
    databases = Databases(database_server)
    async with open_reading(platform, databases) as reading:
        identities = await hold(
            reading,
            document("A", JOINT),
            document("B", UK_ONLY, tear_line=TEAR_LINE),
            document("C", UK_ONLY),
        )
        met = {"assessment_id": dict.fromkeys(map(str, identities))}
        yield Held(reading.client, met, KeptTokens(platform.keys))
    databases.drop_all()


@pytest.mark.parametrize("operation", FUZZED)
async def test_every_answer_is_described(held: Held, operation: Any) -> None:
    await check_operation(held, operation, len(IN_EVERY_ROLE))


@pytest.mark.long
@pytest.mark.parametrize("operation", FUZZED)
async def test_of_many_calls_every_answer_is_described(held: Held, operation: Any) -> None:
    await check_operation(held, operation, 100)


async def test_a_stream_that_is_refused_is_refused_as_described(held: Held) -> None:
    answer = await held.client.get("/v1/assessment-changes")
    responses = DESCRIPTION["paths"]["/v1/assessment-changes"]["get"]["responses"]
    assert answer.status_code == 401
    assert answer.headers["content-type"] in responses["401"]["content"]
