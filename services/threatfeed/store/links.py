"""Links between assessments, by audience, and where assessments that may overlap are found."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.types.json import Jsonb

from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction
from services.kernel.parties import Audience
from services.threatfeed.domain.correlation import Ground, Reason
from services.threatfeed.domain.links import Link, LinkExists

_COLUMNS = "link_id, series, party, one, other, reason, official, linked_at, shared, weights_version"


async def insert_link(tx: Transaction, link: Link, audit: AuditEntry) -> None:
    """Raises `LinkExists`."""
    inserted = await tx.execute(
        """
        INSERT INTO assessment_link (link_id, series, party, one, other, reason, official, linked_at, shared,
            weights_version)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (series, party, one, other) DO NOTHING
        """,
        [
            *(link.link_id, link.audience.series, link.audience.party, link.one, link.other),
            *(link.reason, link.official, link.linked_at),
            Jsonb([[reason.ground.value, reason.value] for reason in link.shared]),
            link.weights_version,
        ],
    )
    if inserted.rowcount == 0:
        raise LinkExists("the two are linked already")
    await append(tx, audit)


async def delete_link(tx: Transaction, link: Link, audit: AuditEntry) -> None:
    await tx.execute("DELETE FROM assessment_link WHERE link_id = %s", [link.link_id])
    await append(tx, audit)


async def lock_link(tx: Transaction, link_id: UUID) -> Link | None:
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM assessment_link WHERE link_id = %s FOR UPDATE",  # noqa: S608 constants
        [link_id],
    )
    row = await cursor.fetchone()
    return None if row is None else _link(row)


async def links_of(tx: Transaction, audience: Audience, assessment_id: UUID) -> list[Link]:
    """Those of one assessment, the earliest first."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM assessment_link
        WHERE series = %(series)s AND party = %(party)s AND (one = %(id)s OR other = %(id)s)
        ORDER BY linked_at, link_id
        """,  # noqa: S608 constants
        {"series": audience.series, "party": audience.party, "id": assessment_id},
    )
    return [_link(row) for row in await cursor.fetchall()]


async def may_overlap(
    tx: Transaction,
    party: str,
    facts: Sequence[str],
    techniques: Sequence[str],
    sources: Sequence[UUID],
) -> list[UUID]:
    """Assessments in the party's views that may overlap with one that has these facts and sources.

    All that share a fact, two techniques or a source are among them. `sources` holds the assessment itself.
    """
    cursor = await tx.execute(
        """
        SELECT assessment_id FROM party_view
        WHERE party = %(party)s AND rendition IS NOT NULL AND state = 'ACTIVE'
          AND (facts && %(facts)s::text[]
               OR (facts && %(techniques)s::text[] AND (
                   SELECT count(*) FROM unnest(facts) AS fact WHERE fact = ANY (%(techniques)s)) >= 2)
               OR assessment_id = ANY (%(sources)s)
               OR assessment_id IN (
                   SELECT assessment_id FROM view_source WHERE source_id = ANY (%(sources)s)))
        ORDER BY assessment_id
        """,
        {"party": party, "facts": list(facts), "techniques": list(techniques), "sources": list(sources)},
    )
    return [identity for (identity,) in await cursor.fetchall()]


def _link(row: Sequence[object]) -> Link:
    identity, series, party, one, other, reason, official, linked_at, shared, version = row
    return Link(
        link_id=identity,  # type: ignore[arg-type]
        audience=Audience(str(series), str(party)),
        one=one,  # type: ignore[arg-type]
        other=other,  # type: ignore[arg-type]
        reason=str(reason),
        official=str(official),
        linked_at=linked_at,  # type: ignore[arg-type]
        shared=tuple(Reason(Ground(ground), value) for ground, value in shared),  # type: ignore[attr-defined]
        weights_version=str(version),
    )
