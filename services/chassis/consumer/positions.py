"""The fence: how far a group has come on a partition, kept where the effects are kept."""

from dataclasses import dataclass

from services.chassis.database import Transaction


@dataclass(frozen=True, slots=True)
class Partition:
    topic: str
    number: int

    def labels(self, group: str) -> tuple[str, str, str]:
        return group, self.topic, str(self.number)


async def stored_positions(tx: Transaction, group: str) -> dict[Partition, int]:
    cursor = await tx.execute("SELECT topic, part, next_offset FROM consumed WHERE grp = %s", [group])
    return {Partition(topic, part): offset for topic, part, offset in await cursor.fetchall()}


async def lock_position(tx: Transaction, group: str, partition: Partition) -> int:
    """The next offset to apply, locked until the end of the transaction; 0 on the first visit.

    A member that lost the partition but does not know it yet waits here, and then finds that its records
    lie behind the position.
    """
    await tx.execute(
        """
        INSERT INTO consumed (grp, topic, part, next_offset) VALUES (%s, %s, %s, 0)
        ON CONFLICT DO NOTHING
        """,
        [group, partition.topic, partition.number],
    )
    cursor = await tx.execute(
        """
        SELECT next_offset FROM consumed WHERE grp = %s AND topic = %s AND part = %s FOR UPDATE
        """,
        [group, partition.topic, partition.number],
    )
    row = await cursor.fetchone()
    if row is None:
        raise RuntimeError(f"the position of {partition} vanished")
    return int(row[0])


async def store_position(tx: Transaction, group: str, partition: Partition, offset: int) -> None:
    await tx.execute(
        "UPDATE consumed SET next_offset = %s WHERE grp = %s AND topic = %s AND part = %s",
        [offset, group, partition.topic, partition.number],
    )
