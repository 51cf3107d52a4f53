"""Whatever is asked of the agenda over REST, as whoever: no crash, and no answer that is not described."""

from collections.abc import AsyncIterator
from itertools import cycle
from typing import Any, Final

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

from deploy.local.platform import PlatformAccess
from services.agenda.app import TITLE
from services.agenda.http.routes import routes
from services.chassis.http.description import new_application
from services.cli.accounts import ACCOUNTS
from tests.support.dialogue import Account
from tests.support.postgres import Databases
from tests.support.sides.stage import Stage, told
from tests.support.sides.story import OVER, STORY

SCHEMA: Final = schemathesis.openapi.from_dict(new_application(TITLE, "v1", routes()).openapi())
OPERATIONS: Final = [result.ok() for result in SCHEMA.get_all_operations()]
FUZZED: Final = [pytest.param(one, id=one.label) for one in OPERATIONS]
IN_EVERY_ROLE: Final = [
    Account(one.name, one.party, one.organisation, tuple(role.value for role in one.roles))
    for one in {role: one for one in ACCOUNTS.values() for role in one.roles}.values()
]
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
async def stage(platform: PlatformAccess, database_server: Any) -> AsyncIterator[Stage]:
    """The agenda after a whole year of both sides."""
    databases = Databases(database_server)
    async with told(platform, databases, STORY.steps, OVER) as opened:
        yield opened
    databases.drop_all()


async def check(stage: Stage, case: Case, who: Account) -> None:
    sent = case.as_transport_kwargs(base_url="http://agenda.test")
    headers = {name: str(value) for name, value in dict(sent["headers"]).items()}
    response = await stage.dialogue.client.request(
        sent["method"],
        sent["url"],
        params=sent.get("params"),
        headers={**headers, "authorization": f"Bearer {stage.dialogue.token(who)}"},
        json=sent.get("json"),
        content=sent.get("data"),
    )
    case.validate_response(response, checks=CHECKS)


def cases(stage: Stage, operation: Any, mode: GenerationMode, count: int) -> list[Case]:
    """Calls of one operation, always the same ones: such as fit its description, or such as do not.

    Every other one that fits is about something that there is.
    """
    drawn: list[Case] = []

    @given(operation.as_strategy(mode))
    @settings(DRAWN, max_examples=count, derandomize=True)
    def draw(case: Case) -> None:
        drawn.append(case)

    draw()
    if mode is GenerationMode.POSITIVE:
        for number, case in enumerate(drawn[::2]):
            for name in case.path_parameters:
                if ids := list(stage.met.get(name, ())):
                    case.path_parameters[name] = ids[number % len(ids)]
    return drawn


async def check_operation(stage: Stage, operation: Any, count: int) -> None:
    """By turns as somebody in every role."""
    drawn = [
        *cases(stage, operation, GenerationMode.POSITIVE, count),
        *cases(stage, operation, GenerationMode.NEGATIVE, 2),
    ]
    for case, who in zip(drawn, cycle(IN_EVERY_ROLE), strict=False):
        await check(stage, case, who)


@pytest.mark.parametrize("operation", FUZZED)
async def test_every_answer_is_described(stage: Stage, operation: Any) -> None:
    await check_operation(stage, operation, len(IN_EVERY_ROLE))


@pytest.mark.long
@pytest.mark.parametrize("operation", FUZZED)
async def test_of_many_calls_every_answer_is_described(stage: Stage, operation: Any) -> None:
    await check_operation(stage, operation, 100)
