"""Has a world happen in a database of its own, through everything that the services do themselves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import psycopg

from deploy.local.platform import PlatformAccess
from services.chassis.migrations import migrate
from services.threatfeed.app import MIGRATIONS
from services.threatfeed.domain.picture import pictures
from services.threatfeed.picture.told import read_told
from tests.support.postgres import Databases
from tests.support.processes import SettableClock, process_parts
from tests.support.worlds.at_work import Loaded, NamedIds, serving
from tests.support.worlds.happening import Happening
from tests.support.worlds.readers import LISTED
from tests.support.worlds.world import (
    BEGAN,
    World,
    policies,
)

ASKED_AT = BEGAN + timedelta(days=4)


@asynccontextmanager
async def loaded(
    platform: PlatformAccess, postgres: Databases, world: World, reader: str
) -> AsyncIterator[Loaded]:
    """The world as it stands at the end, open for questions."""
    dsn = postgres.database("threatfeed", lambda dsn: migrate(dsn, MIGRATIONS))
    clock, ids = SettableClock(BEGAN), NamedIds()
    first, second = policies(world.hidden_series, LISTED)
    async with process_parts(platform, "threatfeed", dsn, clock=clock) as opened:
        process = replace(opened, ids=ids)
        async with serving(platform, process, clock, ids, first) as at_first:
            happening = Happening(at_first, dsn, reader)
            await happening.begin()
            await happening.run(world, second)
        async with serving(platform, process, clock, ids, second) as found:
            for name in ("consents", "links", "clearances", "conflicts", "denials", "records", "live"):
                setattr(found, name, getattr(at_first, name))
            clock.at = ASKED_AT
            with psycopg.connect(dsn) as connection:
                rows = connection.execute(
                    "SELECT notice_id FROM withdrawal_notice ORDER BY issued_at, notice_id"
                )
                found.notices.extend(str(identity) for (identity,) in rows)
            told = {one.assessment_id: one for one in map(read_told, at_first.told.values())}
            found.parts.pictures.by_audience.update(pictures(told, second, ASKED_AT))
            yield found
