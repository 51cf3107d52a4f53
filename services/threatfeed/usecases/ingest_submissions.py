"""Takes in what agencies submitted: decides every revision, stores it, tells the agency and the others."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import structlog

from services.chassis.audit import AuditEntry
from services.chassis.consumer.records import Quarantined
from services.chassis.database import Transaction
from services.chassis.outbox import OutboxMessage, enqueue
from services.chassis.telemetry import current_traceparent
from services.kernel.policy import Policy, UnknownAgency
from services.kernel.refusals import Refusal
from services.kernel.releasability import HoldingRefused
from services.threatfeed.domain.assessment import Assessment, Revision, Withdrawal, WithdrawalCause
from services.threatfeed.domain.feed_health import Tally
from services.threatfeed.domain.revisions import Decision, Outcome, decide_all
from services.threatfeed.domain.spills import SUSPECTED, Spill
from services.threatfeed.domain.status import State
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
from services.threatfeed.store.conflicts import open_conflicts
from services.threatfeed.store.denials import hold_deny_list
from services.threatfeed.store.feeds import add_tallies
from services.threatfeed.store.histories import (
    Held,
    Standing,
    insert_assessments,
    lock_histories,
    record_revisions,
    update_assessments,
)
from services.threatfeed.store.spills import record_spills
from services.threatfeed.usecases.applied_themes import hold_applied_rules, reassigned
from services.threatfeed.usecases.complete_catalogues import complete_catalogues
from services.threatfeed.usecases.holding import Holding
from services.threatfeed.usecases.standings import first_standing, restated
from services.threatfeed.usecases.submission import Submission, readings_of

_LOG = structlog.get_logger("spills")
_AUDITED = {
    Outcome.ACCEPTED: "assessment.accepted",
    Outcome.REVISED: "assessment.revised",
    Outcome.OLDER: "assessment.older-revision-recorded",
    Outcome.WITHDRAWN: "assessment.withdrawn",
    Outcome.CONFLICT: "assessment.conflict-recorded",
}


async def ingest_submissions(
    tx: Transaction, submissions: Sequence[Submission], holding: Holding, at: datetime
) -> list[Quarantined]:
    """Stores a batch; gives the records that the operator must see besides those nobody could read.

    The readings carry themes by the rules that the policy brings; where others are applied, theirs are taken.
    """
    applied = await hold_applied_rules(tx, holding.policy.themes, at)
    themed = submissions if applied is None else [_themed(submission, applied) for submission in submissions]
    complete = await complete_catalogues(tx, themed, at)
    check = holding.check(at)
    checked = [_checked(submission, check) for submission in complete]
    # After the check of what may be held: a spill is a spill, whoever it comes from.
    if denied := await hold_deny_list(tx):
        checked = [_checked(submission, denied.check) for submission in checked]
    revisions = list(_revisions(checked))
    held = await lock_histories(
        tx, [(revision.assessment_id, revision.source.version) for revision in revisions]
    )
    decisions, _ = decide_all({key: item.history for key, item in held.items()}, revisions)
    standings, changes = _standings(decisions, held, holding.policy, at)
    traceparent = current_traceparent()
    await insert_assessments(
        tx, [standing for key, standing in standings.items() if key not in held], traceparent, at
    )
    await update_assessments(
        tx, [standing for key, standing in standings.items() if key in held], traceparent, at
    )
    recorded = [decision for decision in decisions if decision.recorded]
    audited = [_audit(d, holding.policy, at) for d in recorded if d.outcome in _AUDITED]
    await record_revisions(tx, recorded, audited, at)
    await open_conflicts(tx, [d for d in decisions if d.conflict is not None], at)
    messages = [assessment_changed(change, traceparent, at) for change in changes]
    answers = list(_answers(checked, decisions))
    messages.extend(_receipts(answers, at))
    await enqueue(tx, messages, at)
    await add_tallies(tx, _tallies(answers), at)
    quarantined, spills = _for_the_operator(checked, holding)
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


def _checked(submission: Submission, check: Callable[[Reading], Reading]) -> Submission:
    if isinstance(submission.content, Refusal):
        return submission
    content = tuple(map(check, submission.content))
    return submission if content == submission.content else replace(submission, content=content)


def _revisions(submissions: Iterable[Submission]) -> Iterator[Revision]:
    for submission in submissions:
        for reading in readings_of(submission):
            if not isinstance(reading, Rejection):
                yield reading


def _standings(
    decisions: Sequence[Decision], held: dict[UUID, Held], policy: Policy, at: datetime
) -> tuple[dict[UUID, Standing], list[Change]]:
    """How everything stands in the end that is to be written, and every change in its order, each with the
    version of the aggregate that it makes.
    """
    standings: dict[UUID, Standing] = {}
    changes = []
    for decision in decisions:
        if not (decision.changed or decision.newest or decision.conflict is not None):
            continue
        revision = decision.incoming
        key = revision.assessment_id
        before = standings.get(key) or (held[key].standing if key in held else None)
        if before is None:
            before = first_standing(revision, policy.agency(revision.originator).party)
        content = revision if isinstance(revision, Assessment) else None
        further: dict[str, Any] = {}
        if decision.newest:
            further |= {"revision": decision.number or before.revision, "current": revision.source.version}
        if decision.conflict is not None:
            further["contested"] = True
        if decision.changed:
            standing = restated(before, decision.status, content, at, **further)
        else:
            standing = replace(before, **further)
        standings[key] = standing
        if decision.changed:
            changes.append(Change(standing, content if decision.status.state is State.ACTIVE else None))
    return standings, changes


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


def _answers(
    submissions: Sequence[Submission], decisions: Sequence[Decision]
) -> Iterator[tuple[Submission, list[Result]]]:
    """What became of each submission, but for those of nobody: an unknown agency has no feed."""
    remaining = iter(decisions)
    for submission in submissions:
        if isinstance(submission.content, UnknownAgency):
            continue
        results: list[Result] = []
        if isinstance(submission.content, Refusal):
            results.append(result_of_refusal(submission.content))
        for reading in readings_of(submission):
            if isinstance(reading, Rejection):
                results.append(result_of_rejection(reading))
            elif not _is_known_removal(decision := next(remaining)):
                results.append(result_of_decision(decision))
        yield submission, results


def _receipts(answers: Iterable[tuple[Submission, list[Result]]], at: datetime) -> Iterator[OutboxMessage]:
    for submission, results in answers:
        yield receipt(submission.agency, submission.record, results, at)


def _tallies(answers: Iterable[tuple[Submission, list[Result]]]) -> dict[tuple[str, int], Tally]:
    tallies: dict[tuple[str, int], Tally] = {}
    for submission, results in answers:
        place = (submission.agency, submission.record.partition)
        tallies.setdefault(place, Tally()).count(results)
    return tallies


def _is_known_removal(decision: Decision) -> bool:
    """Whether it says again that a release of a catalogue lacks an entry, which no agency said itself."""
    revision = decision.incoming
    return (
        isinstance(revision, Withdrawal)
        and revision.cause is WithdrawalCause.REMOVED
        and decision.outcome is Outcome.DUPLICATE
    )


def _for_the_operator(
    submissions: Sequence[Submission], holding: Holding
) -> tuple[list[Quarantined], list[Spill]]:
    """The first refusal of each submission in which an assessment was refused, and the spills.

    A text that may not be held here, or is suspected of that, is not kept by keeping its record: its bytes
    are left out. What nobody could read at all goes to quarantine by itself.
    """
    quarantined: list[Quarantined] = []
    spills: list[Spill] = []
    for submission in submissions:
        refusals = [
            refusal
            for reading in readings_of(submission)
            if isinstance(reading, Rejection)
            for refusal in reading.refusals
        ]
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
