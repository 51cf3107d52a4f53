"""Whatever the order in which chains of publications reach the running system, it ends in the same state."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import chain

import pytest

from deploy.local.platform import PlatformAccess
from services.chassis.migrations import migrate
from services.chassis.process import Process
from services.kernel.markings.levels import Level
from services.threatfeed.app import MIGRATIONS
from services.threatfeed.consumers import submissions
from services.threatfeed.domain.end_state import state_hash
from services.threatfeed.store.end_states import read_end_states
from services.threatfeed.usecases.expire_assessments import expire_assessments
from services.threatfeed.usecases.holding import Holding
from tests.support.chains import ENDS, GENERATED, VALID_UNTIL, Published, real_chains
from tests.support.kafka import Broker
from tests.support.postgres import Databases
from tests.support.processes import process_parts, running
from tests.support.submissions import real_policy, real_taxonomies
from tests.support.waiting import eventually

IN_ORDER = tuple(chain(chain.from_iterable(GENERATED.values()), *real_chains().values()))
AFTERWARDS = VALID_UNTIL + timedelta(seconds=1)


def shuffled(seed: int) -> list[Published]:
    """In any order, and a third of them once more."""
    rng = random.Random(seed)
    published = [*IN_ORDER, *rng.sample(IN_ORDER, len(IN_ORDER) // 3)]
    rng.shuffle(published)
    return published


@dataclass(slots=True)
class Ingest:
    """A worker and its relay at work on topics of this test's own, one an agency, of two partitions each."""

    kafka: Broker
    process: Process
    topics: dict[str, str]
    published: int = 0
    outcomes: dict[tuple[str, str], tuple[str, str | None]] = field(default_factory=dict)

    async def publish(self, submissions: Sequence[Published]) -> None:
        for one in submissions:
            await self.kafka.publish(self.topics[one.agency], one.value, key=one.key.encode())
        self.published += len(submissions)
        await eventually(self._settled, within=60, describe="everything is taken in and told")

    async def _settled(self) -> bool:
        async with self.process.database.transaction() as tx:
            row = await (
                await tx.execute(
                    "SELECT coalesce(sum(next_offset), 0), (SELECT count(*) FROM outbox) FROM consumed"
                )
            ).fetchone()
        return row is not None and tuple(map(int, row)) == (self.published, 0)

    async def end(self) -> str:
        """The hash of the state, once what has an end of validity has passed it."""
        await expire_assessments(self.process.database, AFTERWARDS)
        async with self.process.database.transaction() as tx:
            rows = await tx.execute("SELECT agency, object_id, state, cause FROM assessment")
            self.outcomes = {
                (agency, name): (state, why) for agency, name, state, why in await rows.fetchall()
            }
            return state_hash(await read_end_states(tx))


@asynccontextmanager
async def ingesting(platform: PlatformAccess, kafka: Broker, postgres: Databases) -> AsyncIterator[Ingest]:
    dsn = postgres.database("threatfeed", lambda dsn: migrate(dsn, MIGRATIONS))
    policy = real_policy()
    holding = Holding("UK", Level.parse("UK OFFICIAL-SENSITIVE"), policy)
    topics = {
        agency: await kafka.topic(
            f"threatfeed.submission.{agency}.v1", partitions=2, consumers=["threatfeed"]
        )
        for agency in sorted({one.agency for one in IN_ORDER})
    }
    async with process_parts(platform, "threatfeed", dsn) as process:
        subscription = replace(
            submissions(policy, real_taxonomies(), holding, process.clock),
            topics=tuple(topics.values()),
            pattern=None,
            group=kafka.group("threatfeed"),
        )
        async with running(process.relay(), process.consumer(subscription)):
            yield Ingest(kafka, process, topics)


@pytest.mark.timeout(120)
async def test_chains_in_order_in_reverse_and_shuffled_end_in_the_same_state(
    platform: PlatformAccess, kafka: Broker, postgres: Databases
) -> None:
    hashes = []
    for order in (list(IN_ORDER), list(reversed(IN_ORDER)), shuffled(1), shuffled(2)):
        async with ingesting(platform, kafka, postgres) as ingest:
            half = len(order) // 2
            await ingest.publish(order[:half])
            # What expires in between may be revised afterwards.
            await expire_assessments(ingest.process.database, AFTERWARDS)
            await ingest.publish(order[half:])
            hashes.append(await ingest.end())
            assert {key: ingest.outcomes[key] for key in ENDS} == ENDS
            assert len(ingest.outcomes) > len(ENDS) + 2
    assert len(set(hashes)) == 1
