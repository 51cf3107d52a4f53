"""What every command on an action does around its rule: load, check the version, store, tell."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.refusals import ActionChanged
from services.actions.domain.states import RULES, Move
from services.actions.domain.visibility import seen_by
from services.actions.store.actions import find, update
from services.actions.usecases.publication import Publication, traced
from services.chassis.audit import AuditEntry
from services.chassis.clock import Clock
from services.chassis.database import Transaction
from services.chassis.once import Once
from services.kernel.parties import Reader, Role
from services.kernel.policy import NotEntitled, Policy
from services.kernel.refusals import NoAccess


@dataclass(frozen=True, slots=True)
class Command:
    """Who wants to change which version of which action, in which roles, and how it is recorded."""

    reader: Reader
    action_id: UUID
    version: int
    roles: frozenset[Role]
    audit: str

    @classmethod
    def of(cls, move: Move, reader: Reader, action_id: UUID, version: int) -> "Command":
        return cls(reader, action_id, version, RULES[move].roles, RULES[move].audit)


@dataclass(frozen=True, slots=True)
class Changing:
    """What a change needs besides its command."""

    publication: Publication
    clock: Clock


Rule = Callable[[Action, datetime], Action]
Look = Callable[[Transaction, Action, datetime], Awaitable[Action]]


async def change_action(
    once: Once[Action],
    command: Command,
    rule: Rule,
    changing: Changing,
    detail: Mapping[str, Any] | None = None,
) -> Action:
    """Applies a rule to the locked action; gives the action as the caller may see it.

    Raises `NoAccess`, `NotEntitled`, `ActionChanged` and what the rule raises.
    """

    async def look(_: Transaction, action: Action, at: datetime) -> Action:
        return rule(action, at)

    return await change_looking(once, command, look, changing, detail)


async def change_looking(
    once: Once[Action],
    command: Command,
    rule: Look,
    changing: Changing,
    detail: Mapping[str, Any] | None = None,
) -> Action:
    """As `change_action`, for a rule that has to look at other actions first."""
    at, reader, publication = changing.clock(), command.reader, changing.publication
    policy = publication.policy
    async with once.transaction() as tx:
        before = await find(tx, command.action_id, lock=True)
        if before is None:
            raise NoAccess(f"action {command.action_id}")
        seen_by(before, reader, policy, at)
        require_role(reader, command.roles, before.series, policy)
        if before.version != command.version:
            raise ActionChanged(
                f"the action is {before.state.value} in version {before.version} now",
                version=str(before.version),
                state=before.state.value,
            )
        after = await rule(tx, before, at)
        # What one side keeps to itself is no version of the action, and told to nobody.
        told = after.version != before.version
        if told:
            after = traced(after)
        audit = AuditEntry(
            action=command.audit,
            actor=reader.subject,
            party=reader.party,
            subject_kind="action",
            subject_id=str(after.id),
            at=at,
            request_id=once.key,
            detail={"version": after.version, "state": after.state.value, **(detail or {})},
        )
        await update(tx, before, after, audit)
        if told:
            await publication.publish(tx, [after], at)
        return await once.answer(tx, seen_by(after, reader, policy, at))


def require_role(reader: Reader, roles: frozenset[Role], series: str, policy: Policy) -> None:
    if not policy.roles(reader, series) & roles:
        names = " or ".join(sorted(roles))
        raise NotEntitled(f"this needs the role {names} in the action's series")
