"""A party links two actions of two series for itself, and is warned where they part."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.agenda.domain.action_links import (
    ActionLink,
    LinkedAction,
    LinkWarning,
    require_two_series,
    warnings_of,
)
from services.agenda.domain.permissions import Command, require
from services.agenda.store.links import delete_link, insert_link, linked_action, links_of
from services.agenda.usecases.access import audit_of
from services.agenda.usecases.carrying_over import may_have_words
from services.agenda.usecases.paging import Key, cut, read_key, sortable, write_token
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.chassis.ids import IdSource
from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link with both ends as they now stand, and what differs between them."""

    link: ActionLink
    one: LinkedAction
    other: LinkedAction
    warnings: tuple[LinkWarning, ...]


async def link_actions(
    once: Once[LinkView],
    reader: Reader,
    one_id: UUID,
    other_id: UUID,
    note: str,
    *,
    policy: Policy,
    clock: Clock,
    ids: IdSource,
) -> LinkView:
    """The reader needs the right in both series. Raises `NoAccess`, `LinkWithinSeries` or `LinkExists`."""
    now = clock()
    async with once.transaction() as tx:
        first, second = sorted((one_id, other_id))
        one = await _action(tx, reader, first, Command.LINK_ACTIONS, policy, now)
        other = await _action(tx, reader, second, Command.LINK_ACTIONS, policy, now)
        require_two_series(one, other)
        link = ActionLink(ids(), reader.party, first, second, note, now)
        audit = audit_of(once, reader, "actions.linked", "action-link", link.id, now)
        await insert_link(tx, link, reader.subject, audit)
        return await once.answer(tx, _view(link, one, other))


async def unlink_actions(
    once: Once[LinkView], reader: Reader, link_id: UUID, *, policy: Policy, clock: Clock
) -> LinkView:
    """The link that was. Raises `NoAccess`, also for another party's link."""
    now = clock()
    async with once.transaction() as tx:
        seen = await _visible(tx, reader, Command.LINK_ACTIONS, policy, now)
        found = next((view for view in seen if view.link.id == link_id), None)
        if found is None:
            raise NoAccess(f"link '{link_id}'")
        audit = audit_of(once, reader, "actions.unlinked", "action-link", link_id, now)
        await delete_link(tx, link_id, audit)
        return await once.answer(tx, found)


async def page_of_links(
    database: Database, reader: Reader, *, page_size: int, page_token: str, policy: Policy, clock: Clock
) -> tuple[Sequence[LinkView], str]:
    """A page of the links of the reader's party whose both ends the reader may see, oldest first, and the
    token of the next one. Raises `InvalidValue`.
    """
    question = ("action-links", reader.party)
    after = read_key(page_token, (str, str), *question)
    async with database.transaction() as tx:
        found = await _visible(tx, reader, Command.READ_LINKS, policy, clock())
    shown, last = cut(found, _place, after, page_size)
    return shown, write_token(last, *question)


def _place(view: LinkView) -> Key:
    return sortable(view.link.linked_at), str(view.link.id)


async def _visible(
    tx: Transaction, reader: Reader, command: Command, policy: Policy, now: datetime
) -> tuple[LinkView, ...]:
    found = []
    for link in await links_of(tx, reader.party):
        try:
            one = await _action(tx, reader, link.one, command, policy, now)
            other = await _action(tx, reader, link.other, command, policy, now)
        except NoAccess:
            continue
        found.append(_view(link, one, other))
    return tuple(found)


async def _action(
    tx: Transaction, reader: Reader, action_id: UUID, command: Command, policy: Policy, now: datetime
) -> LinkedAction:
    """Raises `NoAccess`, the same for what the reader may not see and for what is not there."""
    resource = f"action '{action_id}'"
    found = await linked_action(tx, action_id)
    if found is None:
        raise NoAccess(resource)
    require(policy, reader, command, found.series, resource)
    if not may_have_words(found.action_id, found.marking, reader.party, found.series, policy=policy, now=now):
        raise NoAccess(resource)
    return found


def _view(link: ActionLink, one: LinkedAction, other: LinkedAction) -> LinkView:
    return LinkView(link, one, other, warnings_of(one, other))
