"""Partitions that stopped for an operator: kept where operators and the member both see them.

The member writes down why a partition stopped. An operator takes the line away, with or without a new
position; the member then goes on from the stored position.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.chassis.audit import AuditEntry, append
from services.chassis.clock import Clock
from services.chassis.consumer.positions import Partition, lock_position, store_position
from services.chassis.database import Database, Transaction
from services.chassis.once import Once
from services.chassis.quarantine.entries import Operator, Sight
from services.kernel.refusals import NoAccess, Refusal, RefusalKind


class PartitionNotHalted(Refusal):
    """The partition is not stopped: a position is moved only where nobody works."""

    kind = RefusalKind.CONFLICT
    reason = "PARTITION_NOT_HALTED"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a group has come on a partition; `why` it stopped, and since when, or None."""

    group: str
    partition: Partition
    next_offset: int
    why: str | None
    halted_at: datetime | None


async def record_halts(tx: Transaction, group: str, halted: dict[Partition, str], at: datetime) -> None:
    for partition, why in halted.items():
        await tx.execute(
            """
            INSERT INTO consumer_halt (grp, topic, part, why, halted_at) VALUES (%s, %s, %s, %s, %s)
            ON CONFLICT (grp, topic, part) DO UPDATE SET why = excluded.why, halted_at = excluded.halted_at
            """,
            [group, partition.topic, partition.number, why, at],
        )


async def forget_halts(tx: Transaction, group: str, partitions: Iterable[Partition]) -> None:
    for partition in partitions:
        await tx.execute(
            "DELETE FROM consumer_halt WHERE grp = %s AND topic = %s AND part = %s",
            [group, partition.topic, partition.number],
        )


async def standing_halts(tx: Transaction, group: str) -> set[Partition]:
    cursor = await tx.execute("SELECT topic, part FROM consumer_halt WHERE grp = %s", [group])
    return {Partition(topic, part) for topic, part in await cursor.fetchall()}


class ConsumerDesk:
    """Where the host's operators see how far consumers are, and let stopped partitions go on."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def standings(self, sight: Sight) -> list[Standing]:
        """Every partition that was ever read. Raises `NoAccess`."""
        if not sight.may_run():
            raise NoAccess("the consumers of this deployment")
        async with self._database.transaction() as tx:
            cursor = await tx.execute(
                """
                SELECT grp, topic, part, coalesce(next_offset, 0), why, halted_at
                FROM consumed FULL JOIN consumer_halt USING (grp, topic, part) ORDER BY grp, topic, part
                """
            )
            return [
                Standing(group, Partition(topic, part), offset, why, at)
                for group, topic, part, offset, why, at in await cursor.fetchall()
            ]

    async def resume(
        self,
        once: Once[Standing],
        sight: Sight,
        group: str,
        partition: Partition,
        next_offset: int | None,
        note: str,
        who: Operator,
    ) -> Standing:
        """Lets a stopped partition go on, from another position if one is given; audited.

        Raises `NoAccess` or `PartitionNotHalted`.
        """
        if not sight.may_run():
            raise NoAccess("the consumers of this deployment")
        at = self._clock()
        async with once.transaction() as tx:
            freed = await tx.execute(
                "DELETE FROM consumer_halt WHERE grp = %s AND topic = %s AND part = %s",
                [group, partition.topic, partition.number],
            )
            if freed.rowcount == 0:
                raise PartitionNotHalted(f"{partition.topic}/{partition.number} is not stopped for {group}")
            position = await lock_position(tx, group, partition)
            goes_on = position if next_offset is None else next_offset
            await store_position(tx, group, partition, goes_on)
            entry = AuditEntry(
                action="consumer.resumed",
                actor=who.subject,
                party=who.party,
                subject_kind="partition",
                subject_id=f"{group} {partition.topic}/{partition.number}",
                at=at,
                request_id=who.request,
                detail={"from": position, "to": goes_on, "note": note},
            )
            await append(tx, entry)
            return await once.answer(tx, Standing(group, partition, goes_on, None, None))
