"""Agreements: signed statements, kept exactly as they would be sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.agenda.domain.quorum import Signatory
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction


class Subject(StrEnum):
    AGENDA = "AGENDA"
    OUTCOME = "OUTCOME"
    CONCLUSIONS = "CONCLUSIONS"


@dataclass(frozen=True, slots=True)
class StoredAgreement:
    """A signed statement: its type, its canonical bytes and the detached signature over them."""

    subject: Subject
    subject_id: UUID
    signatory: Signatory
    official: str
    content_hash: str
    type: str
    payload: bytes
    jws: str
    given_at: datetime


async def insert_agreement(tx: Transaction, agreement: StoredAgreement, audit: AuditEntry) -> None:
    await tx.execute(
        """
        INSERT INTO agreement
            (subject, subject_id, party, organisation, official, content_hash, type, payload, jws, given_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            agreement.subject,
            agreement.subject_id,
            agreement.signatory.party,
            agreement.signatory.organisation,
            agreement.official,
            agreement.content_hash,
            agreement.type,
            agreement.payload,
            agreement.jws,
            agreement.given_at,
        ],
    )
    await append(tx, audit)


async def void_agreements(
    tx: Transaction, subject: Subject, subject_id: UUID, at: datetime, audit: AuditEntry
) -> None:
    """What they were given to was superseded."""
    await tx.execute(
        """
        UPDATE agreement SET voided_at = %s
        WHERE subject = %s AND subject_id = %s AND voided_at IS NULL
        """,
        [at, subject, subject_id],
    )
    await append(tx, audit)


async def signatories(
    tx: Transaction, subject: Subject, ids: Sequence[UUID]
) -> dict[UUID, tuple[Signatory, ...]]:
    """Who has agreed, by subject, in the order of agreement; void agreements do not count."""
    cursor = await tx.execute(
        """
        SELECT subject_id, party, organisation FROM agreement
        WHERE subject = %s AND subject_id = ANY(%s) AND voided_at IS NULL
        ORDER BY given_at, party, organisation
        """,
        [subject, list(ids)],
    )
    found: dict[UUID, tuple[Signatory, ...]] = {}
    for subject_id, party, organisation in await cursor.fetchall():
        found[subject_id] = (*found.get(subject_id, ()), Signatory(party, organisation))
    return found


async def agreements_to(tx: Transaction, subject: Subject, subject_id: UUID) -> tuple[StoredAgreement, ...]:
    """The agreements that hold, by party and organisation."""
    cursor = await tx.execute(
        """
        SELECT party, organisation, official, content_hash, type, payload, jws, given_at FROM agreement
        WHERE subject = %s AND subject_id = %s AND voided_at IS NULL ORDER BY party, organisation
        """,
        [subject, subject_id],
    )
    return tuple(
        StoredAgreement(subject, subject_id, Signatory(party, organisation), *rest)
        for party, organisation, *rest in await cursor.fetchall()
    )
