"""Real chains of versions in every order of arrival: `python -m benchmarks.chains --data FOLDER`.

Published to the running system in order, in reverse and shuffled with repeats: Kafka, a worker, the relay,
PostgreSQL. Whatever the order, the state hash in the end is the same, and so is what was refused.
"""

import argparse
import asyncio
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import psycopg
from aiokafka import AIOKafkaProducer
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from benchmarks.platform import (
    CATALOGUE_AGENCY,
    PUBLIC_SOURCE,
    fresh_database,
    measuring_platform,
    submissions_of,
)
from benchmarks.rates import ingesting, published
from deploy.local.platform import PlatformAccess
from services.chassis.database import Database
from services.chassis.settings import PostgresSettings
from services.threatfeed.domain.end_state import state_hash
from services.threatfeed.store.end_states import read_end_states

_FOLDERS = {
    "stix/version-chains/*": PUBLIC_SOURCE,
    "csaf/version-chains/*": CATALOGUE_AGENCY,
    "csaf/chain": CATALOGUE_AGENCY,
    "stix/chain": PUBLIC_SOURCE,
    "kev": CATALOGUE_AGENCY,
}
"""Where chains lie below a folder of data, and who publishes them."""
_LARGEST = 8_388_608
_WITHIN = 300


@dataclass(frozen=True, slots=True)
class Version:
    """One file of a chain. The files of a chain are named so that they sort as they were published."""

    chain: str
    agency: str
    value: bytes


@dataclass(frozen=True, slots=True)
class End:
    """What one order of arrival ends in."""

    state: str
    refused: Counter[str]
    assessments: int
    contents: int
    states: Counter[str]


def chains_in(folder: Path) -> Iterator[Version]:
    for pattern, agency in _FOLDERS.items():
        for found in sorted(folder.glob(pattern)):
            for file in sorted(found.glob("[0-9k]*.json")):
                if "schema" not in file.name and "mapping" not in file.name:
                    yield Version(str(found.relative_to(folder)), agency, file.read_bytes())


def orders(versions: Sequence[Version], shuffles: int, seed: int) -> Iterator[tuple[str, list[Version]]]:
    """The orders to try; a shuffled one repeats a third of what it holds."""
    yield "in order", list(versions)
    yield "in reverse", list(reversed(versions))
    for number in range(seed, seed + shuffles):
        rng = random.Random(number)
        shuffled = [*versions, *rng.sample(list(versions), len(versions) // 3)]
        rng.shuffle(shuffled)
        yield f"shuffled {number}", shuffled


def _emptied(access: PlatformAccess) -> None:
    """Deletes every record of submissions: a new database would have them taken in again."""
    admin = AdminClient(access.kafka_admin.librdkafka())
    ends = []
    for agency in (CATALOGUE_AGENCY, PUBLIC_SOURCE):
        topic = submissions_of(agency)
        partitions = admin.list_topics(topic, timeout=10).topics[topic].partitions
        ends += [TopicPartition(topic, number, -1) for number in partitions]
    for future in admin.delete_records(ends).values():
        future.result(timeout=30)


async def _publish(access: PlatformAccess, versions: Sequence[Version]) -> None:
    producers = {}
    try:
        for agency in (CATALOGUE_AGENCY, PUBLIC_SOURCE):
            login = access.agency(agency)
            producers[agency] = AIOKafkaProducer(**login.aiokafka(), max_request_size=_LARGEST)
            await producers[agency].start()
        for one in versions:
            await producers[one.agency].send_and_wait(
                submissions_of(one.agency), one.value, key=one.chain.encode()
            )
    finally:
        for producer in producers.values():
            await producer.stop()


def _until_settled(dsn: str, offsets: int) -> None:
    """Until what was published so far is taken in and told: offsets go on where records were deleted."""
    with psycopg.connect(dsn, autocommit=True) as connection:

        def settled() -> bool:
            row = connection.execute("SELECT sum(next_offset) FROM consumed").fetchone()
            return row is not None and row[0] == offsets and published(connection)

        Retrying(
            retry=retry_if_result(lambda done: not done),
            wait=wait_fixed(0.05),
            stop=stop_after_delay(_WITHIN),
        )(settled)


async def _end(dsn: str) -> End:
    async with Database.opened(PostgresSettings(dsn=dsn), "chains") as database, database.transaction() as tx:
        found = await read_end_states(tx)
        rows = await (await tx.execute("SELECT reason, value FROM quarantine")).fetchall()
    return End(
        state=state_hash(found),
        refused=Counter({f"{reason} {sha256(bytes(value)).hexdigest()}" for reason, value in rows}),
        assessments=len(found),
        contents=sum(len(entries) for state in found for entries in state.versions.values()),
        states=Counter(state.state for state in found),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="Folder with stix, csaf and kev below it")
    parser.add_argument("--shuffles", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    versions = list(chains_in(asked.data))
    names = {version.chain for version in versions}
    print(f"{len(versions)} versions in {len(names)} chains")
    if not versions:
        return 2
    ends: list[End] = []
    offsets = 0
    with measuring_platform("chains") as access:
        for name, order in orders(versions, asked.shuffles, asked.seed):
            dsn = fresh_database(access)
            with ingesting(access):
                asyncio.run(_publish(access, order))
                offsets += len(order)
                _until_settled(dsn, offsets)
            end = asyncio.run(_end(dsn))
            _emptied(access)
            ends.append(end)
            states = ", ".join(f"{count} {state}" for state, count in sorted(end.states.items()))
            reasons = Counter(line.split()[0] for line in end.refused)
            refused = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
            print(f"{name}: {len(order)} submissions, {end.assessments} assessments ({states}),")
            print(f"  {end.contents} contents and notices; refused: {refused or 'none'}; state {end.state}")
    same = all(end.state == ends[0].state and end.refused == ends[0].refused for end in ends)
    print("the same state in every order" if same else "PROBLEM: the state depends on the order")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
