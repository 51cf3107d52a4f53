"""Whatever is asked of actions over REST, as whoever: no crash, and no answer that is not described."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import schemathesis

from deploy.local.platform import PlatformAccess
from services.actions.app import TITLE, routers
from services.chassis.http.description import new_application
from tests.support.courses.stage import STREAM, Stage, told
from tests.support.courses.story import OVER, STORY
from tests.support.postgres import Databases
from tests.support.sides.describing import check_operation

SCHEMA: Final = schemathesis.openapi.from_dict(new_application(TITLE, "v1", routers()).openapi())
OPERATIONS: Final = [result.ok() for result in SCHEMA.get_all_operations()]
FUZZED: Final = [pytest.param(one, id=one.label) for one in OPERATIONS]


pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
async def stage(platform: PlatformAccess, database_server: Any) -> AsyncIterator[Stage]:
    """The service after a year of all sides; its streams end at once."""
    databases = Databases(database_server)
    async with told(platform, databases, STORY.steps, OVER) as opened:
        for view in opened.views.values():
            view.close()
        yield opened
    databases.drop_all()


def asked(stage: Stage, operation: Any) -> Any:
    """A stream needs a connection."""
    return stage.over_a_connection() if operation.label == STREAM else stage


@pytest.mark.parametrize("operation", FUZZED)
async def test_every_answer_is_described(stage: Stage, operation: Any) -> None:
    await check_operation(asked(stage, operation), operation, 2)


@pytest.mark.parametrize("operation", FUZZED)
async def test_of_many_calls_every_answer_is_described(stage: Stage, operation: Any) -> None:
    await check_operation(asked(stage, operation), operation, 100)
