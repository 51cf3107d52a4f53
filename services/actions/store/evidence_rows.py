"""Rows of evidence, and documents of the signatures given under it."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from services.actions.domain.evidence import Attestation, Evidence, EvidenceRevision
from services.actions.domain.expected_evidence import ExpectedEvidence
from services.actions.store.signature_rows import read_objection, read_signature, write_signature
from services.kernel.evidence import EvidenceKind

Row = Mapping[str, Any]


def write_evidence(action: UUID, position: int, item: Evidence) -> dict[str, Any]:
    return {
        "id": item.id,
        "revision": item.revision,
        "action_id": action,
        "position": position,
        "kind": item.kind.value,
        "title": item.title,
        "description": item.description,
        "uri": item.uri,
        "material": item.text,
        "digest": item.digest,
        "marking": item.marking,
        "expires_on": item.expires_on,
        "answers": list(item.answers),
        "submitted_by": item.submitted_by,
        "party": item.party,
        "organisation": item.organisation,
        "submitted_at": item.submitted_at,
    }


def read_evidence(row: Row) -> Evidence:
    return Evidence(
        id=row["id"],
        title=row["title"],
        description=row["description"],
        uri=row["uri"],
        digest=row["digest"],
        marking=row["marking"],
        submitted_by=row["submitted_by"],
        party=row["party"],
        organisation=row["organisation"],
        submitted_at=row["submitted_at"],
        kind=EvidenceKind(row["kind"]),
        text=row["material"],
        expires_on=row["expires_on"],
        revision=row["revision"],
        answers=tuple(row["answers"]),
        withdrawn=read_objection(row["withdrawn"]),
    )


def write_expected(one: ExpectedEvidence) -> dict[str, object]:
    return {
        "id": str(one.id),
        "kind": one.kind.value,
        "wording": one.wording,
        "party": one.party,
        "due": one.due.isoformat(),
        "first_due": one.promised.isoformat(),
    }


def read_expected(document: Row) -> ExpectedEvidence:
    return ExpectedEvidence(
        id=UUID(document["id"]),
        kind=EvidenceKind(document["kind"]),
        wording=document["wording"],
        party=document["party"],
        due=date.fromisoformat(document["due"]),
        first_due=date.fromisoformat(document["first_due"]),
    )


def write_attestation(entry: Attestation) -> dict[str, object]:
    return {
        **write_signature(entry),
        "evidence": [[str(one.id), one.revision, one.digest] for one in entry.evidence],
    }


def read_attestation(document: Row) -> Attestation:
    by = read_signature(document)
    # Signatures that were given before evidence had revisions name none.
    evidence = tuple(
        EvidenceRevision(UUID(identity), revision, digest)
        for identity, revision, digest in document.get("evidence", ())
    )
    return Attestation(by.party, by.organisation, by.official, by.at, evidence)
