"""Read what an owner's organisation was reminded of."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.reminders import Digest
from services.actions.domain.visibility import may_see
from services.actions.store.actions import find_all
from services.actions.store.reminders import find_digest, page_digests
from services.actions.usecases.paging import (
    page_size,
    question_of,
    read_moment,
    read_token,
    write_moment,
    write_token,
)
from services.chassis.database import Database, Transaction
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess


@dataclass(frozen=True, slots=True)
class Reminded:
    """A digest with the actions that it names, as they stand now."""

    digest: Digest
    actions: dict[UUID, Action]


@dataclass(frozen=True, slots=True)
class DigestPage:
    digests: tuple[Reminded, ...]
    next_token: str


async def list_digests(
    database: Database,
    reader: Reader,
    series: str,
    *,
    size: int,
    token: str,
    policy: Policy,
    now: datetime,
) -> DigestPage:
    """What the reader's organisation was reminded of in a series, the latest first.

    What may no longer be seen is left out without a trace. Raises `NoAccess`, `InvalidValue` or
    `PageTokenInvalid`.
    """
    if Role.OWNER not in policy.roles(reader, series):
        raise NoAccess(f"series {series}")
    limit = page_size(size)
    asked = question_of(reader, series, "digests")
    before = read_moment(read_token(token, asked, 2))
    visible: list[Reminded] = []
    async with database.transaction() as tx:
        while len(visible) <= limit:
            found = await page_digests(
                tx, series, reader.party, reader.organisation, before=before, limit=limit + 1
            )
            shown = [await _seen(tx, digest, policy, now) for digest in found]
            visible.extend(one for one in shown if one.digest.entries)
            if len(found) <= limit:
                break
            before = found[-1].sent_at, found[-1].id
    page = visible[:limit]
    last = page[-1].digest if len(visible) > limit else None
    return DigestPage(
        tuple(page), "" if last is None else write_token(asked, write_moment(last.sent_at, last.id))
    )


async def read_digest(
    database: Database, reader: Reader, digest_id: UUID, *, policy: Policy, now: datetime
) -> Reminded:
    """Raises `NoAccess`, in the same words whether it is another organisation's or does not exist."""
    async with database.transaction() as tx:
        digest = await find_digest(tx, digest_id)
        if (
            digest is None
            or (digest.party, digest.organisation) != (reader.party, reader.organisation)
            or Role.OWNER not in policy.roles(reader, digest.series)
        ):
            raise NoAccess(f"digest {digest_id}")
        reminded = await _seen(tx, digest, policy, now)
        if not reminded.digest.entries:
            raise NoAccess(f"digest {digest_id}")
        return reminded


async def _seen(tx: Transaction, digest: Digest, policy: Policy, now: datetime) -> Reminded:
    found = {
        action.id: action
        for action in await find_all(tx, [entry.action_id for entry in digest.entries])
        if may_see(action, digest.party, policy, now)
    }
    entries = tuple(entry for entry in digest.entries if entry.action_id in found)
    return Reminded(replace(digest, entries=entries), found)
