"""A process that is put together and does not run: it has all its parts and reaches nothing."""

from pathlib import Path

from psycopg_pool import AsyncConnectionPool

from services.chassis.clock import system_clock
from services.chassis.crashpoints import crash_points
from services.chassis.database import Database, Transaction
from services.chassis.health import Health
from services.chassis.identity import TokenVerifier
from services.chassis.ids import random_ids
from services.chassis.officials import OfficialKeys
from services.chassis.process import Process
from services.chassis.settings import (
    ChaosSettings,
    IdentitySettings,
    KafkaSettings,
    ListenerSettings,
    PostgresSettings,
    ProcessSettings,
)
from services.kernel.markings.levels import Level
from services.threatfeed.app import ApiParts, make_parts
from services.threatfeed.usecases.holding import Holding
from tests.support.processes import Traces
from tests.support.submissions import real_policy, real_taxonomies

NOWHERE = "postgresql://nowhere"


def idle_process(service: str) -> Process:
    settings = ProcessSettings(
        home_party="UK",
        policy=Path("nowhere"),
        kafka=KafkaSettings(bootstrap_servers="nowhere:9092", username="nobody", password="none"),
        postgres=PostgresSettings(dsn=NOWHERE),
        identity=IdentitySettings(issuer="https://issuer.test", jwks="file:///nowhere"),
        http=ListenerSettings(port=0),
    )
    pool: AsyncConnectionPool[Transaction] = AsyncConnectionPool(NOWHERE, open=False)
    return Process(
        service=service,
        kind="idle",
        settings=settings,
        clock=system_clock,
        ids=random_ids,
        telemetry=Traces.kept_in_memory().telemetry,
        health=Health(),
        database=Database(pool),
        verifier=TokenVerifier(settings.identity),
        crash=crash_points(ChaosSettings()),
    )


def idle_threatfeed() -> ApiParts:
    """What an api of threatfeed answers from, under the policy that is deployed."""
    holding = Holding("UK", Level.parse("UK OFFICIAL-SENSITIVE"), real_policy())
    return make_parts(idle_process("threatfeed"), holding, real_taxonomies(), OfficialKeys({}))
