"""Rows and documents of the parts of an action."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from services.actions.domain.action import Action, Rag
from services.actions.domain.basis import BasisReference, BasisState
from services.actions.domain.lead_officials import LeadOfficial
from services.actions.domain.owners import Owner
from services.actions.domain.planning import Dependency, Milestone
from services.actions.domain.proposals import DueDateChange, Proposal, ProposalKind, Terms
from services.actions.domain.reviews import ClosureReview, Review
from services.actions.domain.states import State
from services.actions.store.evidence_rows import (
    read_attestation,
    read_evidence,
    read_expected,
    write_attestation,
    write_expected,
)
from services.actions.store.signature_rows import (
    read_objection,
    read_signature,
    write_objection,
    write_signature,
)

Row = Mapping[str, Any]


def write_action(action: Action) -> dict[str, Any]:
    """The columns of table `action`."""
    return {
        "id": action.id,
        "reference": action.reference,
        "series": action.series,
        "meeting_id": action.meeting_id,
        "item_id": action.item_id,
        "outcome_id": action.outcome_id,
        "content_hash": action.content_hash,
        "agreed_text": action.text,
        "guidance": action.guidance,
        "owners": Jsonb([_write_owner(owner) for owner in action.owners]),
        "commitment": action.commitment,
        "marking": action.marking,
        "original_due_date": action.original_due_date,
        "opened_at": action.opened_at,
        "reviewed_yearly": action.reviewed_yearly,
        "opened_trace": action.opened_trace,
        **write_progress(action),
    }


def write_progress(action: Action) -> dict[str, Any]:
    """The columns that a change may touch."""
    return {
        "due_date": action.due_date,
        "due_date_changes": Jsonb([_write_move(move) for move in action.due_date_changes]),
        "state": action.state.value,
        "declined": write_objection(action.declined),
        "blocked": write_objection(action.blocked),
        "rag": None if action.rag is None else action.rag.value,
        "narrative": action.narrative,
        "reported_at": action.reported_at,
        "plan": Jsonb([_write_milestone(milestone) for milestone in action.plan]),
        "reviews": Jsonb([_write_review(review) for review in action.reviews]),
        "claim": None if action.claim is None else Jsonb(write_attestation(action.claim)),
        "confirmations": Jsonb([write_attestation(entry) for entry in action.confirmations]),
        "rejection": write_objection(action.rejection),
        "proposals": Jsonb([_write_proposal(proposal) for proposal in action.proposals]),
        "expected": Jsonb([write_expected(one) for one in action.expected]),
        "expiries_noted_on": action.expiries_noted_on,
        "successor": action.successor,
        "closure_id": action.closure_id,
        "closed_at": action.closed_at,
        "reopened_at": action.reopened_at,
        "beneficiaries": list(action.beneficiaries),
        "lead_officials": Jsonb([asdict(lead) for lead in action.lead_officials]),
        "review_on": action.review_on,
        "archived_on": action.archived_on,
        "closure_reviews": Jsonb([_write_closure_review(review) for review in action.closure_reviews]),
        "changed_at": action.changed_at,
        "version": action.version,
        "latest_trace": action.latest_trace,
    }


def read_action(
    row: Row, basis: Sequence[Row], evidence: Sequence[Row], dependencies: Sequence[Row]
) -> Action:
    return Action(
        id=row["id"],
        reference=row["reference"],
        series=row["series"],
        meeting_id=row["meeting_id"],
        item_id=row["item_id"],
        outcome_id=row["outcome_id"],
        content_hash=row["content_hash"],
        text=row["agreed_text"],
        guidance=row["guidance"],
        owners=tuple(Owner(**owner) for owner in row["owners"]),
        commitment=row["commitment"],
        marking=row["marking"],
        original_due_date=row["original_due_date"],
        due_date=row["due_date"],
        due_date_changes=tuple(_read_move(move) for move in row["due_date_changes"]),
        opened_at=row["opened_at"],
        changed_at=row["changed_at"],
        reviewed_yearly=row["reviewed_yearly"],
        basis=tuple(
            BasisReference(entry["assessment_id"], entry["revision"], BasisState(entry["state"]))
            for entry in basis
        ),
        state=State(row["state"]),
        declined=read_objection(row["declined"]),
        blocked=read_objection(row["blocked"]),
        rag=None if row["rag"] is None else Rag(row["rag"]),
        narrative=row["narrative"],
        reported_at=row["reported_at"],
        plan=tuple(_read_milestone(document) for document in row["plan"]),
        depends_on=tuple(
            Dependency(entry["depends_on"], State(entry["state"]), entry["due_date"])
            for entry in dependencies
        ),
        reviews=tuple(_read_review(document) for document in row["reviews"]),
        evidence=tuple(read_evidence(item) for item in evidence),
        expected=tuple(read_expected(document) for document in row["expected"]),
        expiries_noted_on=row["expiries_noted_on"],
        claim=None if row["claim"] is None else read_attestation(row["claim"]),
        confirmations=tuple(read_attestation(entry) for entry in row["confirmations"]),
        rejection=read_objection(row["rejection"]),
        proposals=tuple(_read_proposal(document) for document in row["proposals"]),
        successor=row["successor"],
        closure_id=row["closure_id"],
        closed_at=row["closed_at"],
        reopened_at=row["reopened_at"],
        beneficiaries=tuple(row["beneficiaries"]),
        lead_officials=tuple(LeadOfficial(**lead) for lead in row["lead_officials"]),
        review_on=row["review_on"],
        archived_on=row["archived_on"],
        closure_reviews=tuple(_read_closure_review(document) for document in row["closure_reviews"]),
        version=row["version"],
        opened_trace=row["opened_trace"],
        latest_trace=row["latest_trace"],
    )


def _write_owner(owner: Owner) -> dict[str, object]:
    return {
        "party": owner.party,
        "organisation": owner.organisation,
        "accountable": owner.accountable,
    }


def _write_move(move: DueDateChange) -> dict[str, object]:
    return {
        "from": move.from_date.isoformat(),
        "to": move.to_date.isoformat(),
        "reason": move.reason,
        "requested_by": move.requested_by,
        "accepted_by": list(move.accepted_by),
        "accepted_on": move.accepted_on.isoformat(),
    }


def _read_move(document: Mapping[str, Any]) -> DueDateChange:
    return DueDateChange(
        from_date=date.fromisoformat(document["from"]),
        to_date=date.fromisoformat(document["to"]),
        reason=document["reason"],
        requested_by=document["requested_by"],
        accepted_by=tuple(document["accepted_by"]),
        accepted_on=date.fromisoformat(document["accepted_on"]),
    )


def _write_milestone(milestone: Milestone) -> dict[str, object]:
    return {
        "id": str(milestone.id),
        "title": milestone.title,
        "weight": milestone.weight,
        "due": milestone.due.isoformat(),
        "reached_at": None if milestone.reached_at is None else milestone.reached_at.isoformat(),
        "first_due": milestone.promised.isoformat(),
    }


def _read_milestone(document: Mapping[str, Any]) -> Milestone:
    reached = document["reached_at"]
    return Milestone(
        id=UUID(document["id"]),
        title=document["title"],
        weight=document["weight"],
        due=date.fromisoformat(document["due"]),
        reached_at=None if reached is None else datetime.fromisoformat(reached),
        first_due=date.fromisoformat(document["first_due"]),
    )


def _write_review(review: Review) -> dict[str, object]:
    return {**write_signature(review.by), "due": review.due.isoformat(), "finding": review.finding}


def _read_review(document: Mapping[str, Any]) -> Review:
    return Review(read_signature(document), date.fromisoformat(document["due"]), document["finding"])


def _write_closure_review(review: ClosureReview) -> dict[str, object]:
    return {
        **write_signature(review.by),
        "due": review.due.isoformat(),
        "finding": review.finding,
        "sustained": review.sustained,
    }


def _read_closure_review(document: Mapping[str, Any]) -> ClosureReview:
    return ClosureReview(
        read_signature(document),
        date.fromisoformat(document["due"]),
        document["finding"],
        document["sustained"],
    )


def _write_proposal(proposal: Proposal) -> dict[str, object]:
    terms = proposal.terms
    return {
        "id": str(proposal.id),
        "kind": terms.kind.value,
        "reason": terms.reason,
        "due_date": None if terms.due_date is None else terms.due_date.isoformat(),
        "successor": terms.successor,
        "meeting_id": terms.meeting_id,
        "expected": [write_expected(one) for one in terms.expected],
        "by": write_signature(proposal.by),
        "accepted": [write_signature(signature) for signature in proposal.accepted],
    }


def _read_proposal(document: Mapping[str, Any]) -> Proposal:
    due = document["due_date"]
    return Proposal(
        id=UUID(document["id"]),
        terms=Terms(
            kind=ProposalKind(document["kind"]),
            reason=document["reason"],
            due_date=None if due is None else date.fromisoformat(due),
            successor=document["successor"],
            meeting_id=document["meeting_id"],
            # Proposals that waited before evidence could be expected name none.
            expected=tuple(read_expected(one) for one in document.get("expected", ())),
        ),
        by=read_signature(document["by"]),
        accepted=tuple(read_signature(signature) for signature in document["accepted"]),
    )
