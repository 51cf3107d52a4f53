"""See how far each webhook endpoint has been told, and why one is told nothing."""

from collections.abc import Mapping
from datetime import datetime

from services.actions.domain.webhooks import Endpoint, WebhookState
from services.actions.store.webhooks import Position, find_webhooks
from services.chassis.database import Database
from services.chassis.quarantine.entries import Sight
from services.kernel.refusals import NoAccess


async def list_webhooks(
    database: Database, sight: Sight, endpoints: Mapping[str, Endpoint], at: datetime
) -> list[tuple[Endpoint, Position]]:
    """Those that are configured, by name. Raises `NoAccess`."""
    if not sight.may_run():
        raise NoAccess("the webhooks of this deployment")
    async with database.transaction() as tx:
        found = await find_webhooks(tx, endpoints)
    untold = WebhookState.DELIVERING
    return [
        (endpoint, found.get(name) or Position(name, "", untold, at))
        for name, endpoint in sorted(endpoints.items())
    ]
