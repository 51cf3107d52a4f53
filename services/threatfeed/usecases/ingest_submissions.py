"""Takes in what agencies submitted: decides every revision, stores it, tells the agency and the others."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import structlog

from services.chassis.audit import AuditEntry
from services.chassis.consumer.records import Quarantined, Record
from services.chassis.database import Transaction
from services.chassis.outbox import OutboxMessage, enqueue
from services.chassis.telemetry import current_traceparent
from services.kernel.policy import Policy, UnknownAgency
from services.kernel.refusals import Refusal
from services.kernel.releasability import HoldingRefused
from services.threatfeed.domain.assessment import Assessment, Revision, SourceFormat
from services.threatfeed.domain.revisions import Decision, Outcome, decide_all
from services.threatfeed.domain.spills import SUSPECTED, Spill
from services.threatfeed.domain.submission import (
    Reading,
    Rejection,
    Result,
    result_of_decision,
    result_of_refusal,
    result_of_rejection,
)
from services.threatfeed.domain.themes import ThemeMatcher
from services.threatfeed.events import Change, assessment_changed, receipt
from services.threatfeed.formats.json_text import read_json
from services.threatfeed.formats.kev import OBJECT_ID_PREFIX, read_catalogue, removed_entries
from services.threatfeed.store.histories import (
    Held,
    Standing,
    insert_assessments,
    lock_histories,
    move_versions,
    record_revisions,
    standing_versions,
    update_assessments,
)
from services.threatfeed.store.spills import record_spills
from services.threatfeed.usecases.applied_themes import hold_applied_rules, reassigned
from services.threatfeed.usecases.holding import Holding

_LOG = structlog.get_logger("spills")
_AUDITED = {
    Outcome.ACCEPTED: "assessment.accepted",
    Outcome.REVISED: "assessment.revised",
    Outcome.OLDER: "assessment.older-revision-recorded",
    Outcome.WITHDRAWN: "assessment.withdrawn",
}


@dataclass(frozen=True, slots=True)
class Submission:
    """A record of an agency's topic with what was read in it, or why nothing could be."""

    record: Record
    agency: str
    content: tuple[Reading, ...] | Refusal


async def ingest_submissions(
    tx: Transaction, submissions: Sequence[Submission], holding: Holding, at: datetime
) -> list[Quarantined]:
    """Stores a batch; gives the records that the operator must see besides those nobody could read.

    The readings carry themes by the rules that the policy brings; where others are applied, theirs are taken.
    """
    applied = await hold_applied_rules(tx, holding.policy.themes, at)
    themed = submissions if applied is None else [_themed(submission, applied) for submission in submissions]
    complete = [await _with_removals(tx, submission, holding.policy) for submission in themed]
    check = holding.check(at)
    checked = [_checked(submission, check) for submission in complete]
    revisions = list(_revisions(checked))
    held = await lock_histories(
        tx, [(revision.assessment_id, revision.source.version) for revision in revisions]
    )
    decisions, _ = decide_all({key: item.history for key, item in held.items()}, revisions)
    changes = _changes(decisions, held, holding.policy)
    traceparent = current_traceparent()
    final = {change.standing.assessment_id: change.standing for change in changes}
    await insert_assessments(
        tx, [standing for key, standing in final.items() if key not in held], traceparent, at
    )
    await update_assessments(
        tx, [standing for key, standing in final.items() if key in held], traceparent, at
    )
    await move_versions(tx, [d for d in decisions if d.outcome is Outcome.UNCHANGED])
    recorded = [decision for decision in decisions if decision.recorded]
    await record_revisions(tx, recorded, [_audit(d, holding.policy, at) for d in recorded], at)
    messages = [assessment_changed(change, traceparent, at) for change in changes]
    messages.extend(_receipts(checked, decisions, at))
    await enqueue(tx, messages, at)
    quarantined, spills = _for_the_operator(checked, decisions, holding)
    if spills:
        await record_spills(tx, spills, [_spill_audit(one, at) for one in spills], at)
    return quarantined


def _themed(submission: Submission, themes: ThemeMatcher) -> Submission:
    if isinstance(submission.content, Refusal):
        return submission
    content = tuple(
        reassigned(reading, themes) if isinstance(reading, Assessment) else reading
        for reading in submission.content
    )
    return replace(submission, content=content)


async def _with_removals(tx: Transaction, submission: Submission, policy: Policy) -> Submission:
    """A catalogue withdraws the entries that it no longer holds."""
    readings = _readings(submission)
    if not any(isinstance(one, Assessment) and one.source.format is SourceFormat.KEV for one in readings):
        return submission
    held = await standing_versions(tx, submission.agency, OBJECT_ID_PREFIX)
    catalogue = read_catalogue(read_json(submission.record.value))
    removed = removed_entries(held, catalogue, agency=policy.agency(submission.agency))
    return replace(submission, content=(*readings, *removed))


def _checked(submission: Submission, check: Callable[[Reading], Reading]) -> Submission:
    if isinstance(submission.content, Refusal):
        return submission
    content = tuple(map(check, submission.content))
    return submission if content == submission.content else replace(submission, content=content)


def _readings(submission: Submission) -> tuple[Reading, ...]:
    return () if isinstance(submission.content, Refusal) else submission.content


def _revisions(submissions: Iterable[Submission]) -> Iterator[Revision]:
    for submission in submissions:
        for reading in _readings(submission):
            if not isinstance(reading, Rejection):
                yield reading


def _changes(decisions: Sequence[Decision], held: dict[UUID, Held], policy: Policy) -> list[Change]:
    """Every change in its order, each with the version of the aggregate that it makes."""
    standings: dict[UUID, Standing] = {}
    changes = []
    for decision in decisions:
        if not decision.changed:
            continue
        revision = decision.incoming
        before = standings.get(revision.assessment_id)
        standing = _standing(decision, before, held.get(revision.assessment_id), policy)
        standings[revision.assessment_id] = standing
        changes.append(Change(standing, revision if isinstance(revision, Assessment) else None))
    return changes


def _standing(decision: Decision, before: Standing | None, held: Held | None, policy: Policy) -> Standing:
    revision = decision.incoming
    if before is not None:
        number, current, version = before.revision, before.current, before.aggregate_version
    elif held is not None:
        number, current = held.history.revision, held.history.current
        version = held.aggregate_version
    else:
        number, current, version = 0, None, 0
    content = revision if isinstance(revision, Assessment) else None
    return Standing(
        assessment_id=revision.assessment_id,
        agency=revision.originator,
        party=policy.agency(revision.originator).party,
        object_id=revision.source.object_id,
        state="WITHDRAWN" if content is None else "ACTIVE",
        revision=decision.revision or number,
        current=revision.source.version if content is not None else current,
        published_at=None if content is None else content.published,
        themes=() if content is None else content.themes,
        line_themes=None if content is None else content.line_themes(),
        aggregate_version=version + 1,
    )


def _audit(decision: Decision, policy: Policy, at: datetime) -> AuditEntry:
    revision = decision.incoming
    return AuditEntry(
        action=_AUDITED[decision.outcome],
        actor=f"agency-{revision.originator}",
        party=policy.agency(revision.originator).party,
        subject_kind="assessment",
        subject_id=str(revision.assessment_id),
        at=at,
        detail={"version": revision.source.version.text, "revision": decision.revision},
    )


def _receipts(
    submissions: Sequence[Submission], decisions: Sequence[Decision], at: datetime
) -> Iterator[OutboxMessage]:
    """One for each submission, but for those of nobody: an unknown agency has no topic of receipts."""
    remaining = iter(decisions)
    for submission in submissions:
        if isinstance(submission.content, UnknownAgency):
            continue
        results: list[Result] = []
        if isinstance(submission.content, Refusal):
            results.append(result_of_refusal(submission.content))
        for reading in _readings(submission):
            if isinstance(reading, Rejection):
                results.append(result_of_rejection(reading))
            else:
                results.append(result_of_decision(next(remaining)))
        yield receipt(submission.agency, submission.record, results, at)


def _for_the_operator(
    submissions: Sequence[Submission], decisions: Sequence[Decision], holding: Holding
) -> tuple[list[Quarantined], list[Spill]]:
    """The first refusal of each submission in which an assessment was refused or conflicts, and the spills.

    A text that may not be held here, or is suspected of that, is not kept by keeping its record: its bytes
    are left out. What nobody could read at all goes to quarantine by itself.
    """
    remaining = iter(decisions)
    quarantined: list[Quarantined] = []
    spills: list[Spill] = []
    for submission in submissions:
        refusals: list[Refusal] = []
        for reading in _readings(submission):
            if isinstance(reading, Rejection):
                refusals.extend(reading.refusals)
            elif (refusal := next(remaining).refusal) is not None:
                refusals.append(refusal)
        record = submission.record
        unread = isinstance(submission.content, Refusal)
        spilled = next((item for item in refusals if isinstance(item, HoldingRefused)), None)
        suspected = (unread or bool(refusals)) and holding.suspects(record.value)
        if spilled is not None or suspected:
            rule = SUSPECTED if spilled is None else spilled.metadata["rule"]
            spills.append(_spill(submission, rule))
            record = record.without_content()
        if refusals:
            quarantined.append((record, spilled or refusals[0]))
    return quarantined, spills


def _spill(submission: Submission, rule_id: str) -> Spill:
    record = submission.record
    raw = record.value or b""
    spill = Spill(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        agency=submission.agency,
        sha256=sha256(raw).hexdigest(),
        size=len(raw),
        rule_id=rule_id,
    )
    _LOG.error("spill", **asdict(spill))
    return spill


def _spill_audit(spill: Spill, at: datetime) -> AuditEntry:
    return AuditEntry(
        action="spill.found",
        actor="threatfeed",
        party=None,
        subject_kind="submission",
        subject_id=f"{spill.topic}:{spill.partition}:{spill.offset}",
        at=at,
        detail={"sha256": spill.sha256, "bytes": spill.size, "rule": spill.rule_id},
    )
