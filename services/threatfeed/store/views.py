"""What each party was last shown of every assessment, in the order in which it was."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.database import Transaction
from services.chassis.ids import IdSource
from services.kernel.release_terms import Rendition
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.views import LONGEST_INDEXED, View, facts_of


@dataclass(frozen=True, slots=True)
class Shown:
    """What a party was last shown of an assessment."""

    digest: str
    revision: int
    readable: bool
    rendition: Rendition | None
    """In which it was last shown, also where it is gone; None where that was not kept."""
    shown_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A view that differs from what was last shown, with its place in the party's order.

    `shown` is later than that of every place before: who asks for what was shown after a moment misses none.
    """

    view: View
    sequence: int
    shown: datetime
    digest: str


async def lock_feeds(tx: Transaction, parties: Iterable[str], ids: IdSource) -> dict[str, int]:
    """The last sequence of each party's feed, locked: whoever makes views makes them alone.

    A party's first use begins an epoch.
    """
    names = sorted(parties)
    for name in names:
        await tx.execute(
            """
            INSERT INTO party_feed (party, epoch, last_sequence, basis) VALUES (%s, %s, 0, '')
            ON CONFLICT DO NOTHING
            """,
            [name, str(ids())],
        )
    cursor = await tx.execute(
        "SELECT party, last_sequence FROM party_feed WHERE party = ANY(%s) ORDER BY party FOR UPDATE", [names]
    )
    return {party: int(sequence) for party, sequence in await cursor.fetchall()}


async def last_shown(tx: Transaction, sequences: Mapping[str, int]) -> dict[str, datetime]:
    """When each party was shown the last place of its order; without what was never shown or is forgotten."""
    cursor = await tx.execute(
        """
        SELECT party, shown_at FROM party_view JOIN unnest(%s::text[], %s::bigint[])
            AS reached (party, sequence) USING (party, sequence)
        """,
        [list(sequences), list(sequences.values())],
    )
    return dict(await cursor.fetchall())


async def store_sequences(tx: Transaction, sequences: Mapping[str, int]) -> None:
    await tx.execute(
        """
        UPDATE party_feed SET last_sequence = reached.sequence
        FROM unnest(%s::text[], %s::bigint[]) AS reached (party, sequence)
        WHERE party_feed.party = reached.party
        """,
        [list(sequences), list(sequences.values())],
    )


async def shown_of(tx: Transaction, assessments: Sequence[UUID]) -> dict[tuple[str, UUID], Shown]:
    """By party and assessment; those never shown anything are absent."""
    cursor = await tx.execute(
        """
        SELECT party, assessment_id, digest, revision, rendition IS NOT NULL, held_rendition, shown_at
        FROM party_view WHERE assessment_id = ANY(%s)
        """,
        [list(assessments)],
    )
    return {
        (row[0], row[1]): Shown(
            digest=row[2],
            revision=int(row[3]),
            readable=bool(row[4]),
            rendition=None if row[5] is None else Rendition(row[5]),
            shown_at=row[6],
        )
        for row in await cursor.fetchall()
    }


async def store_views(tx: Transaction, changes: Sequence[Change]) -> None:
    """Puts views in their places. What is no longer readable leaves its words and facts."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO party_view (party, assessment_id, sequence, digest, rendition, held_rendition,
                revision, state, published_at, facts, words, shown_at)
            VALUES (%(party)s, %(assessment_id)s, %(sequence)s, %(digest)s, %(rendition)s, %(rendition)s,
                %(revision)s, %(state)s, %(published_at)s, %(facts)s,
                setweight(to_tsvector('english', %(title)s), 'A')
                    || setweight(to_tsvector('simple', %(names)s), 'B')
                    || setweight(to_tsvector('english', %(text)s), 'C'),
                %(at)s)
            ON CONFLICT (party, assessment_id) DO UPDATE SET sequence = excluded.sequence,
                digest = excluded.digest, rendition = excluded.rendition,
                held_rendition = excluded.held_rendition, revision = excluded.revision,
                state = excluded.state, published_at = excluded.published_at, facts = excluded.facts,
                words = excluded.words, shown_at = excluded.shown_at
            """,
            [_row(change) for change in changes if change.view.content is not None],
        )
        await cursor.executemany(
            """
            UPDATE party_view SET sequence = %s, digest = %s, rendition = NULL, state = %s, facts = '{}',
                words = '', shown_at = %s
            WHERE party = %s AND assessment_id = %s
            """,
            [
                (
                    change.sequence,
                    change.digest,
                    view.state.value,
                    change.shown,
                    view.party,
                    view.assessment_id,
                )
                for change in changes
                for view in (change.view,)
                if view.content is None
            ],
        )


def _row(change: Change) -> dict[str, object]:
    view = change.view
    content = view.content
    if content is None or view.rendition is None:
        raise TypeError("a view that is stored whole has content")
    statements = " ".join(judgement.statement for judgement in content.judgements)
    return {
        "party": view.party,
        "assessment_id": view.assessment_id,
        "sequence": change.sequence,
        "digest": change.digest,
        "rendition": view.rendition.value,
        "revision": view.revision,
        "state": view.state.value,
        "published_at": content.published,
        "facts": facts_of(content, view.origin),
        "title": content.title,
        "names": " ".join(_names(content)),
        "text": f"{statements} {content.text}"[:LONGEST_INDEXED],
        "at": change.shown,
    }


def _names(content: Assessment) -> Iterator[str]:
    yield from (actor.name_as_reported for actor in content.actors)
    yield from (technique.id for technique in content.techniques)
    yield from content.vulnerabilities
    yield from (sector.as_reported for sector in content.sectors)


async def dependents_of(tx: Transaction, assessments: Sequence[UUID]) -> set[UUID]:
    """The assessments whose views rest on these, however far down."""
    cursor = await tx.execute(
        """
        WITH RECURSIVE resting (assessment_id) AS (
            SELECT assessment_id FROM view_source WHERE source_id = ANY(%s)
            UNION
            SELECT view_source.assessment_id FROM view_source JOIN resting
                ON view_source.source_id = resting.assessment_id
        )
        SELECT assessment_id FROM resting
        """,
        [list(assessments)],
    )
    return {identity for (identity,) in await cursor.fetchall()}


async def replace_sources(
    tx: Transaction, assessments: Sequence[UUID], sources: Mapping[UUID, Sequence[UUID]]
) -> None:
    """Notes what each of the assessments rests on."""
    await tx.execute("DELETE FROM view_source WHERE assessment_id = ANY(%s)", [list(assessments)])
    async with tx.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO view_source (source_id, assessment_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [(source, identity) for identity, found in sources.items() for source in found],
        )


async def replace_due(tx: Transaction, assessments: Sequence[UUID], due: Mapping[UUID, datetime]) -> None:
    """Notes when time alone next changes the views of each of the assessments."""
    await tx.execute("DELETE FROM view_due WHERE assessment_id = ANY(%s)", [list(assessments)])
    async with tx.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO view_due (assessment_id, due_at) VALUES (%s, %s)", list(due.items())
        )


async def make_due(tx: Transaction, assessment: UUID, at: datetime) -> None:
    """Has the views of an assessment made anew, because a consent to read it has changed."""
    await tx.execute(
        """
        INSERT INTO view_due (assessment_id, due_at) VALUES (%s, %s)
        ON CONFLICT (assessment_id) DO UPDATE SET due_at = least(view_due.due_at, EXCLUDED.due_at)
        """,
        [assessment, at],
    )


async def due_before(tx: Transaction, at: datetime, limit: int) -> list[UUID]:
    cursor = await tx.execute(
        "SELECT assessment_id FROM view_due WHERE due_at <= %s ORDER BY due_at, assessment_id LIMIT %s",
        [at, limit],
    )
    return [identity for (identity,) in await cursor.fetchall()]


async def parties_not_on(tx: Transaction, parties: Iterable[str], basis: str) -> bool:
    """Whether the views of any party were not all made on this basis."""
    cursor = await tx.execute(
        "SELECT party FROM party_feed WHERE party = ANY(%s) AND basis = %s", [sorted(parties), basis]
    )
    return {party for (party,) in await cursor.fetchall()} != set(parties)


async def store_basis(tx: Transaction, parties: Iterable[str], basis: str) -> None:
    await tx.execute("UPDATE party_feed SET basis = %s WHERE party = ANY(%s)", [basis, sorted(parties)])


async def assessments_after(tx: Transaction, after: UUID | None, limit: int) -> list[UUID]:
    """Every assessment in the order of their ids."""
    cursor = await tx.execute(
        """
        SELECT assessment_id FROM assessment WHERE %(after)s::uuid IS NULL OR assessment_id > %(after)s
        ORDER BY assessment_id LIMIT %(limit)s
        """,
        {"after": after, "limit": limit},
    )
    return [identity for (identity,) in await cursor.fetchall()]
