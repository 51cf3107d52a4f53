"""What is under way: records, events, changes and pictures that somebody has yet to do something with."""

from types import TracebackType
from typing import Self

import psutil
import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from benchmarks.platform import CHANGES
from deploy.local.platform import PlatformAccess
from services.threatfeed.consumers import GROUP, VIEWS_GROUP
from services.threatfeed.events import POLICY_TOPIC
from services.threatfeed.picture.topics import Names

_PICTURE_GROUP = Names().group
_RELAYING = """
    SELECT client_port FROM pg_stat_activity JOIN pg_locks USING (pid)
    WHERE locktype = 'advisory' AND granted AND application_name = 'threatfeed-relay'
"""


class Backlog:
    """Counts it, in the database and at the broker."""

    def __init__(self, access: PlatformAccess, dsn: str) -> None:
        login = access.kafka_admin.aiokafka()
        self._connection = psycopg.connect(dsn, autocommit=True)
        self._consumer = AIOKafkaConsumer(**login)
        self._groups = AIOKafkaAdminClient(**login)

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        await self._groups.start()
        # Nothing is fetched: the assignment only makes the client ask for these topics.
        places = [TopicPartition(topic, 0) for topic in (CHANGES, POLICY_TOPIC)]
        self._consumer.assign(places)
        self._consumer.pause(*places)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._groups.close()
        await self._consumer.stop()
        self._connection.close()

    def unpublished(self) -> int:
        """Events in the outbox."""
        return self._count("SELECT coalesce(sum(cardinality(ids)), 0) FROM outbox")

    def taken_in(self) -> int:
        """Submissions behind ingest's positions."""
        return self._consumed(GROUP)

    def shown(self, party: str) -> int:
        """The last sequence of a party's order."""
        return self._count("SELECT last_sequence FROM party_feed WHERE party = %s", party)

    async def unviewed(self) -> int:
        """Records that the views process has yet to apply."""
        return await self._end(CHANGES, POLICY_TOPIC) - self._consumed(VIEWS_GROUP)

    async def unpictured(self) -> int:
        """Records that the picture worker has yet to commit."""
        committed = await self._groups.list_consumer_group_offsets(_PICTURE_GROUP)
        reached: int = sum(held.offset for place, held in committed.items() if place.topic == CHANGES)
        return await self._end(CHANGES) - reached

    def relays(self, pid: int) -> bool:
        """Whether a process holds the relay's lock."""
        row = self._connection.execute(_RELAYING).fetchone()
        ports = {held.laddr.port for held in psutil.Process(pid).net_connections() if held.laddr}
        return row is not None and row[0] in ports

    async def _end(self, *topics: str) -> int:
        places = [
            TopicPartition(topic, number)
            for topic in topics
            for number in self._consumer.partitions_for_topic(topic) or ()
        ]
        ends = await self._consumer.end_offsets(places)
        total: int = sum(ends.values())
        return total

    def _consumed(self, group: str) -> int:
        return self._count("SELECT sum(next_offset) FROM consumed WHERE grp = %s", group)

    def _count(self, query: str, *arguments: str) -> int:
        row = self._connection.execute(query.encode(), arguments).fetchone()
        return int(row[0] or 0) if row else 0
