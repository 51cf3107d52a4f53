"""Applies another version of the theme rules to all that is held: asked for by a person, done in turns.

The first turn switches: from then on whatever arrives is matched by the new rules. The turns after it go
through what is held in the order of the ids. Each turn is one transaction, so that a run goes on where it was
ended, in any worker.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.chassis.audit import AuditEntry, append_all
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.chassis.ids import IdSource
from services.chassis.once import Once
from services.chassis.outbox import enqueue
from services.kernel.parties import Reader, Role
from services.kernel.policy import NotEntitled, Policy
from services.kernel.refusals import Refusal, RefusalKind
from services.kernel.release_terms import RevisionState
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.status import State
from services.threatfeed.domain.theme_changes import ThemeChange, compare
from services.threatfeed.events import Change, assessment_changed
from services.threatfeed.store.histories import Standing, Themed, store_themes
from services.threatfeed.store.readings import Held, lock_current
from services.threatfeed.store.theme_rules import (
    RulesRun,
    RunState,
    applied_version,
    insert_run,
    latest_run,
    store_progress,
    store_rules,
    switch_rules,
    unfinished_run,
)
from services.threatfeed.usecases.applied_themes import SERVICE, matcher_of, reassigned

_CHUNK: Final = 200


class RulesChanged(Refusal):
    """Other rules are deployed, or applied, than those of which the caller has read the report."""

    kind = RefusalKind.STALE
    reason = "RULES_CHANGED"


class RulesApplied(Refusal):
    """The version is applied already."""

    kind = RefusalKind.CONFLICT
    reason = "RULES_APPLIED"


class RunUnderWay(Refusal):
    """A version is being applied; another one can be once that is done."""

    kind = RefusalKind.CONFLICT
    reason = "RUN_UNDER_WAY"


@dataclass(frozen=True, slots=True)
class RulesStanding:
    """The version that is applied (None before the first), the deployed one, and the last run, if any."""

    applied: str | None
    deployed: str
    run: RulesRun | None


@dataclass(frozen=True, slots=True)
class Applying:
    """What the report was about: `version` would replace `replaces`."""

    version: str
    replaces: str


async def read_rules(database: Database, reader: Reader, *, policy: Policy) -> RulesStanding:
    """Raises `NotEntitled`."""
    require_any(policy, reader, Role.SECRETARIAT, Role.OPERATOR)
    async with database.transaction() as tx:
        return RulesStanding(await applied_version(tx), policy.themes.version, await latest_run(tx))


async def ask_to_apply(
    once: Once[RulesRun],
    reader: Reader,
    applying: Applying,
    *,
    policy: Policy,
    clock: Clock,
    ids: IdSource,
) -> RulesRun:
    """Has the deployed rules applied by a worker.

    Raises `NotEntitled`, `RulesChanged`, `RulesApplied` or `RunUnderWay`.
    """
    require_any(policy, reader, Role.OPERATOR)
    at, rules = clock(), policy.themes
    async with once.transaction() as tx:
        # Locked, so that of two who ask at once the second finds the first one's run.
        applied = await applied_version(tx, lock="FOR UPDATE")
        if applied is None or (rules.version, applied) != (applying.version, applying.replaces):
            raise RulesChanged(
                "these are not the deployed and the applied rules any more",
                deployed=rules.version,
                applied=applied or "",
            )
        if applied == rules.version:
            raise RulesApplied("the deployed rules are applied")
        if await unfinished_run(tx) is not None:
            raise RunUnderWay("rules are being applied")
        await store_rules(tx, rules, at)
        run = RulesRun(
            run_id=ids(),
            version=rules.version,
            replaces=applied,
            state=RunState.REQUESTED,
            requested_by=reader.subject,
            party=reader.party,
            requested_at=at,
        )
        await insert_run(tx, run, _audit(run, "theme-rules.application-requested", at, once.key))
        return await once.answer(tx, run)


async def apply_further(database: Database, at: datetime, *, chunk: int = _CHUNK) -> bool:
    """One turn of the run that is not done; gives whether there may be more to do."""
    async with database.transaction() as tx:
        run = await unfinished_run(tx, locked=True)
        if run is None:
            return False
        if run.state is RunState.REQUESTED:
            await switch_rules(tx, run, at, _audit(run, "theme-rules.applied", at))
            return True
        after = await _apply_to_chunk(tx, run, at, chunk)
        await store_progress(tx, after)
        return after.state is not RunState.DONE


async def _apply_to_chunk(tx: Transaction, run: RulesRun, at: datetime, size: int) -> RulesRun:
    rules = await matcher_of(tx, run.version)
    chunk = await lock_current(tx, run.reached, size)
    themed: list[Themed] = []
    changes: list[tuple[Held, Change, ThemeChange]] = []
    for held, version in chunk:
        content = reassigned(held.content, rules)
        difference = compare(held.content.themes, content.themes)
        lines = compare(held.content.line_themes() or (), content.line_themes() or ())
        changed = bool(difference or lines)
        standing = _standing(held, version + changed, content)
        themed.append(
            Themed(standing.assessment_id, content.themes, content.line_themes(), standing.aggregate_version)
        )
        if changed:
            changes.append((held, Change(standing, content), difference))
    await store_themes(tx, themed, at)
    await append_all(tx, [_reassigned(run, change, difference, at) for _, change, difference in changes])
    await enqueue(tx, [assessment_changed(change, held.traceparent, at) for held, change, _ in changes], at)
    done = len(chunk) < size
    return replace(
        run,
        state=RunState.DONE if done else run.state,
        reached=themed[-1].assessment_id if themed else run.reached,
        examined=run.examined + len(chunk),
        changed=run.changed + len(changes),
        finished_at=at if done else None,
    )


def _standing(held: Held, version: int, content: Assessment) -> Standing:
    return Standing(
        assessment_id=content.assessment_id,
        agency=content.originator,
        party=held.party,
        object_id=content.source.object_id,
        state=(State.EXPIRED if held.state is RevisionState.EXPIRED else State.ACTIVE).value,
        revision=held.revision,
        current=content.source.version,
        published_at=content.published,
        themes=content.themes,
        line_themes=content.line_themes(),
        aggregate_version=version,
        cause=held.cause,
    )


def _audit(run: RulesRun, action: str, at: datetime, request_id: str | None = None) -> AuditEntry:
    return AuditEntry(
        action=action,
        actor=run.requested_by,
        party=run.party,
        subject_kind="theme-rules",
        subject_id=run.version,
        at=at,
        request_id=request_id,
        detail={"run_id": str(run.run_id), "replaces": run.replaces},
    )


def _reassigned(run: RulesRun, change: Change, difference: ThemeChange, at: datetime) -> AuditEntry:
    return AuditEntry(
        action="assessment.themes-reassigned",
        actor=SERVICE,
        party=None,
        subject_kind="assessment",
        subject_id=str(change.standing.assessment_id),
        at=at,
        detail={
            "run_id": str(run.run_id),
            "added": {one.theme: one.rule_id for one in difference.added},
            "removed": {one.theme: one.rule_id for one in difference.removed},
            "reassigned": {one.after.theme: one.after.rule_id for one in difference.reassigned},
        },
    )


def require_any(policy: Policy, reader: Reader, *roles: Role) -> None:
    """Raises `NotEntitled` unless the reader holds one of the roles in some series."""
    if not any(policy.roles(reader, series).intersection(roles) for series in policy.series):
        raise NotEntitled("Permission denied on the theme rules")
