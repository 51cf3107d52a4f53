"""How far each webhook endpoint has been told, and whether it is told more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from psycopg.types.json import Jsonb

from services.actions.domain.webhooks import WebhookState
from services.chassis.database import Transaction


@dataclass(frozen=True, slots=True)
class Position:
    """`token` resumes after the last message that the receiver has taken; empty before the first.

    `notices` counts those given to it about the feed itself, `noticed` is the last state told of each name.
    """

    endpoint: str
    token: str
    state: WebhookState
    since: datetime
    why: str = ""
    delivered: int = 0
    delivered_at: datetime | None = None
    notices: int = 0
    noticed: Mapping[str, str] = field(default_factory=dict)


_COLUMNS = "endpoint, token, state, since, why, delivered, delivered_at, notices, noticed"


async def begin_webhook(tx: Transaction, endpoint: str, at: datetime) -> None:
    """An endpoint that is new has been told nothing."""
    await tx.execute(
        "INSERT INTO webhook (endpoint, since) VALUES (%s, %s) ON CONFLICT DO NOTHING", [endpoint, at]
    )


async def find_webhooks(tx: Transaction, endpoints: Iterable[str]) -> dict[str, Position]:
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM webhook WHERE endpoint = ANY(%s)",  # noqa: S608 constant
        [list(endpoints)],
    )
    return {row[0]: _position(row) for row in await cursor.fetchall()}


async def lock_webhook(tx: Transaction, endpoint: str) -> Position | None:
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM webhook WHERE endpoint = %s FOR UPDATE",  # noqa: S608 constant
        [endpoint],
    )
    row = await cursor.fetchone()
    return None if row is None else _position(row)


async def store_webhook(tx: Transaction, position: Position) -> None:
    """Of an endpoint whose row is locked."""
    await tx.execute(
        """
        UPDATE webhook SET token = %s, state = %s, since = %s, why = %s, delivered = %s, delivered_at = %s,
            notices = %s, noticed = %s
        WHERE endpoint = %s
        """,
        [
            position.token,
            position.state,
            position.since,
            position.why,
            position.delivered,
            position.delivered_at,
            position.notices,
            Jsonb(dict(position.noticed)),
            position.endpoint,
        ],
    )


def _position(row: tuple[object, ...]) -> Position:
    endpoint, token, state, *rest = row
    return Position(str(endpoint), str(token), WebhookState(str(state)), *rest)  # type: ignore[arg-type]
