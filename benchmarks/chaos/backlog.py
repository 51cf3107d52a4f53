"""What is under way: records, events, changes and pictures that somebody has yet to do something with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil
import psycopg
from aiokafka.admin import AIOKafkaAdminClient

from benchmarks.chaos.ends import Ends, topic_ends
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


@dataclass(frozen=True, slots=True)
class Backlog:
    """Counts it, in the database and at the broker."""

    connection: psycopg.Connection
    ends: Ends
    groups: AIOKafkaAdminClient

    @classmethod
    @asynccontextmanager
    async def opened(cls, access: PlatformAccess, dsn: str) -> "AsyncIterator[Backlog]":
        groups = AIOKafkaAdminClient(**access.kafka_admin.aiokafka())
        with psycopg.connect(dsn, autocommit=True) as connection:
            async with topic_ends(access, CHANGES, POLICY_TOPIC) as ends:
                await groups.start()
                try:
                    yield cls(connection, ends, groups)
                finally:
                    await groups.close()

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
        return await self.ends.of(CHANGES, POLICY_TOPIC) - self._consumed(VIEWS_GROUP)

    async def unpictured(self) -> int:
        """Records that the picture worker has yet to commit."""
        committed = await self.groups.list_consumer_group_offsets(_PICTURE_GROUP)
        reached: int = sum(held.offset for place, held in committed.items() if place.topic == CHANGES)
        return await self.ends.of(CHANGES) - reached

    def relays(self, pid: int) -> bool:
        """Whether a process holds the relay's lock."""
        row = self.connection.execute(_RELAYING).fetchone()
        ports = {held.laddr.port for held in psutil.Process(pid).net_connections() if held.laddr}
        return row is not None and row[0] in ports

    def _consumed(self, group: str) -> int:
        return self._count("SELECT sum(next_offset) FROM consumed WHERE grp = %s", group)

    def _count(self, query: str, *arguments: str) -> int:
        row = self.connection.execute(query.encode(), arguments).fetchone()
        return int(row[0] or 0) if row else 0
