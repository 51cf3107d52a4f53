"""Proposals of each party, and where they were forwarded to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from services.agenda.domain.items import ItemContent
from services.agenda.domain.proposal import Proposal, ProposalState, ProposalText
from services.agenda.domain.references import Reference
from services.agenda.domain.refusals import StaleVersion
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction
from services.kernel.release_terms import Mode, Rendition
from services.kernel.series import ItemKind, ItemPurpose

Position = tuple[datetime, UUID]
"""When the last proposal of a page was made, and its id."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Which proposals are looked for: of one series and party; an edition also finds those of any."""

    series: str
    party: str
    states: Collection[ProposalState]
    edition: int | None = None


async def insert_proposal(tx: Transaction, proposal: Proposal, audit: AuditEntry) -> None:
    await tx.execute(
        """
        INSERT INTO proposal (id, series, party, proposed_by, proposed_at, edition, title, kind, purpose,
            minutes, leads, commitments, theme, marking, rationale, state, version, draft_id, item_id,
            meeting_id)
        VALUES (%(id)s, %(series)s, %(party)s, %(proposed_by)s, %(proposed_at)s, %(edition)s, %(title)s,
            %(kind)s, %(purpose)s, %(minutes)s, %(leads)s, %(commitments)s, %(theme)s, %(marking)s,
            %(rationale)s, %(state)s, %(version)s, %(draft_id)s, %(item_id)s,
            %(meeting_id)s)
        """,
        _values(proposal),
    )
    await _write_references(tx, proposal)
    await append(tx, audit)


async def update_proposal(tx: Transaction, proposal: Proposal, expected: int, audit: AuditEntry) -> None:
    """Raises `StaleVersion`."""
    updated = await tx.execute(
        """
        UPDATE proposal SET edition = %(edition)s, title = %(title)s, kind = %(kind)s, purpose = %(purpose)s,
            minutes = %(minutes)s, leads = %(leads)s, commitments = %(commitments)s, theme = %(theme)s,
            marking = %(marking)s, rationale = %(rationale)s, state = %(state)s, version = %(version)s,
            draft_id = %(draft_id)s, item_id = %(item_id)s
        WHERE id = %(id)s AND version = %(expected)s
        """,
        {**_values(proposal), "expected": expected},
    )
    if updated.rowcount == 0:
        raise StaleVersion("the proposal has changed since it was read")
    await tx.execute("DELETE FROM proposal_reference WHERE proposal_id = %s", [proposal.id])
    await _write_references(tx, proposal)
    await append(tx, audit)


async def record_forward(tx: Transaction, origin: UUID, copy: UUID) -> None:
    await tx.execute("INSERT INTO proposal_forward (from_id, to_id) VALUES (%s, %s)", [origin, copy])


async def forwards_of(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, list[tuple[UUID, str]]]:
    """Under each proposal those it was forwarded to or came from, with their series."""
    cursor = await tx.execute(
        """
        SELECT from_id, to_id, series FROM proposal_forward JOIN proposal ON proposal.id = to_id
        WHERE from_id = ANY(%(ids)s)
        UNION ALL
        SELECT to_id, from_id, series FROM proposal_forward JOIN proposal ON proposal.id = from_id
        WHERE to_id = ANY(%(ids)s)
        ORDER BY 1, 2
        """,
        {"ids": list(ids)},
    )
    found: dict[UUID, list[tuple[UUID, str]]] = {}
    for one, other, series in await cursor.fetchall():
        found.setdefault(one, []).append((other, series))
    return found


async def find_proposal(tx: Transaction, proposal_id: UUID, *, lock: bool = False) -> Proposal | None:
    found = await _select(tx, "id = %(id)s" + (" FOR UPDATE" if lock else ""), {"id": proposal_id})
    return found[0] if found else None


async def backlog(
    tx: Transaction, wanted: Backlog, *, after: Position | None = None, size: int | None = None
) -> tuple[Proposal, ...]:
    """The oldest first."""
    at, identity = after or (None, None)
    return await _select(
        tx,
        """
        series = %(series)s AND party = %(party)s AND state = ANY(%(states)s)
        AND (%(edition)s::integer IS NULL OR edition IS NULL OR edition = %(edition)s)
        AND (%(after_at)s::timestamptz IS NULL OR (proposed_at, id) > (%(after_at)s, %(after_id)s::uuid))
        ORDER BY proposed_at, id LIMIT %(size)s
        """,
        {
            "series": wanted.series,
            "party": wanted.party,
            "states": [state.value for state in wanted.states],
            "edition": wanted.edition,
            "after_at": at,
            "after_id": identity,
            "size": size,
        },
    )


async def _select(tx: Transaction, condition: str, values: Mapping[str, object]) -> tuple[Proposal, ...]:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(f"SELECT * FROM proposal WHERE {condition}", values)  # noqa: S608
        rows = await cursor.fetchall()
        await cursor.execute(
            "SELECT * FROM proposal_reference WHERE proposal_id = ANY(%s) ORDER BY proposal_id, place",
            [[row["id"] for row in rows]],
        )
        references: dict[UUID, list[Reference]] = {}
        for row in await cursor.fetchall():
            held = Reference(
                row["assessment_id"], row["revision"], Rendition(row["rendition"]), Mode(row["mode"])
            )
            references.setdefault(row["proposal_id"], []).append(held)
    return tuple(_proposal(row, references.get(row["id"], [])) for row in rows)


async def proposals_of_draft(tx: Transaction, draft_id: UUID) -> Mapping[UUID, UUID]:
    """By item of a draft, the proposal of which it was made."""
    cursor = await tx.execute(
        "SELECT item_id, id FROM proposal WHERE draft_id = %s AND item_id IS NOT NULL", [draft_id]
    )
    return dict(await cursor.fetchall())


async def _write_references(tx: Transaction, proposal: Proposal) -> None:
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO proposal_reference (proposal_id, place, assessment_id, revision, rendition, mode)
            VALUES (%s, %s, %s, %s, %s, %s)
            """,
            [
                [
                    proposal.id,
                    place,
                    reference.assessment_id,
                    reference.revision,
                    reference.rendition,
                    reference.mode,
                ]
                for place, reference in enumerate(proposal.text.content.references)
            ],
        )


def _values(proposal: Proposal) -> dict[str, object]:
    content = proposal.text.content
    return {
        "id": proposal.id,
        "series": proposal.series,
        "party": proposal.party,
        "edition": proposal.text.edition,
        "title": content.title,
        "kind": content.kind,
        "purpose": content.purpose,
        "minutes": content.minutes,
        "leads": Jsonb(dict(content.leads)),
        "commitments": list(content.commitments),
        "theme": content.theme,
        "marking": content.marking,
        "rationale": proposal.text.rationale,
        "state": proposal.state,
        "version": proposal.version,
        "proposed_by": proposal.proposed_by,
        "proposed_at": proposal.proposed_at,
        "draft_id": proposal.draft_id,
        "item_id": proposal.item_id,
        "meeting_id": proposal.meeting_id,
    }


def _proposal(row: Mapping[str, Any], references: Sequence[Reference]) -> Proposal:
    content = ItemContent(
        title=row["title"],
        kind=ItemKind(row["kind"]),
        purpose=ItemPurpose(row["purpose"]),
        minutes=row["minutes"],
        leads=row["leads"],
        commitments=tuple(row["commitments"]),
        theme=row["theme"],
        marking=row["marking"],
        references=tuple(references),
    )
    return Proposal(
        id=row["id"],
        series=row["series"],
        party=row["party"],
        text=ProposalText(content, row["rationale"], row["edition"]),
        state=ProposalState(row["state"]),
        version=row["version"],
        proposed_by=row["proposed_by"],
        proposed_at=row["proposed_at"],
        draft_id=row["draft_id"],
        item_id=row["item_id"],
        meeting_id=row["meeting_id"],
    )
