"""Where records go that cannot be applied: raw bytes, reason and position, under the topic's ceiling."""

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson

from services.chassis.consumer.records import Quarantined, Record
from services.chassis.database import Transaction
from services.chassis.envelope import Headers

_LONGEST_DETAIL = 1_024
_LATEST = 253_402_300_799_000
"""The end of the year 9999, in milliseconds."""


async def put_in_quarantine(
    tx: Transaction, group: str, ceiling: str, records: Sequence[Quarantined], at: datetime
) -> None:
    """Stores records with why they are here; a record is stored once however often it is delivered."""
    for record, refusal in records:
        await tx.execute(
            """
            INSERT INTO quarantine
                (grp, topic, part, position, key, value, headers, recorded_at,
                 reason, detail, pointer, marking_ceiling, received_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s::json, %s, %s, %s, %s, %s, %s)
            ON CONFLICT DO NOTHING
            """,
            [
                group,
                record.topic,
                record.partition,
                record.offset,
                record.key,
                record.value,
                encode_headers(record.headers),
                _claimed_time(record),
                refusal.reason,
                storable(refusal.detail),
                None if refusal.pointer is None else storable(refusal.pointer),
                ceiling,
                at,
            ],
        )


def encode_headers(headers: Headers) -> str:
    """Headers as JSON pairs of a name and of bytes that stand as the characters of the same numbers."""
    pairs = [[name, value.decode("latin-1")] for name, value in headers]
    return orjson.dumps(pairs).decode().replace("\\u0000", "\\\\u0000")


def _claimed_time(record: Record) -> datetime:
    """The time that the producer claims. It may be any number: what lies before 1970 is 1970."""
    return datetime.fromtimestamp(min(max(record.timestamp, 0), _LATEST) / 1000, UTC)


def storable(text: str) -> str:
    """The text without NUL and lone surrogates, which PostgreSQL does not hold, and not too long."""
    held = text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
    return held[:_LONGEST_DETAIL]
