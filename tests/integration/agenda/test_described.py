"""Whatever is asked of the agenda over REST, as whoever: no crash, and no answer that is not described."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import schemathesis

from deploy.local.platform import PlatformAccess
from services.agenda.app import TITLE
from services.agenda.http.routes import routes
from services.chassis.http.description import new_application
from tests.support.postgres import Databases
from tests.support.sides.describing import IN_EVERY_ROLE, check_operation
from tests.support.sides.stage import Stage, told
from tests.support.sides.story.cast import OVER
from tests.support.sides.story.whole import STORY

SCHEMA: Final = schemathesis.openapi.from_dict(new_application(TITLE, "v1", routes()).openapi())
OPERATIONS: Final = [result.ok() for result in SCHEMA.get_all_operations()]
FUZZED: Final = [pytest.param(one, id=one.label) for one in OPERATIONS]


@pytest.fixture(scope="module")
async def stage(platform: PlatformAccess, database_server: Any) -> AsyncIterator[Stage]:
    """The agenda after a whole year of both sides."""
    databases = Databases(database_server)
    async with told(platform, databases, STORY.steps, OVER) as opened:
        yield opened
    databases.drop_all()


@pytest.mark.parametrize("operation", FUZZED)
async def test_every_answer_is_described(stage: Stage, operation: Any) -> None:
    await check_operation(stage, operation, len(IN_EVERY_ROLE))


@pytest.mark.long
@pytest.mark.parametrize("operation", FUZZED)
async def test_of_many_calls_every_answer_is_described(stage: Stage, operation: Any) -> None:
    await check_operation(stage, operation, 100)
