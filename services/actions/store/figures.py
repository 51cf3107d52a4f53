"""Figures counted in PostgreSQL, all from one look at the spans."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from psycopg import sql

from services.actions.domain.action import Rag
from services.actions.domain.figures import (
    AGE_BANDS,
    AHEAD,
    NONE,
    RATINGS,
    SLIP_BANDS,
    Figure,
    FigureName,
    TrendPoint,
)
from services.actions.domain.states import State
from services.actions.store.reading import Question, holds, parameters, standing, standing_at
from services.chassis.database import Transaction

NOT_RATED = "NOT_RATED"

_STATEMENT = """
WITH found AS MATERIALIZED (
    SELECT state, is_open, archived, rag, computed, accountable, supporting, parties, commitment,
        reviewed_yearly, moves,
        (%(day)s - (opened_at AT TIME ZONE 'UTC')::date) AS age,
        (%(day)s - (state_since AT TIME ZONE 'UTC')::date) AS in_state,
        (due_date - original_due_date) AS slip, (due_date - %(day)s) AS due_in
    FROM ({standing}) AS standing WHERE {holds}
), opened AS MATERIALIZED (SELECT * FROM found WHERE is_open)
SELECT 'ALL', '', count(*) FROM found
UNION ALL SELECT 'OPEN', '', count(*) FROM opened
UNION ALL SELECT 'ENDED', '', count(*) FROM found WHERE NOT is_open
UNION ALL SELECT 'DATED', '', count(*) FROM found WHERE NOT reviewed_yearly
UNION ALL SELECT 'STATE', state, count(*) FROM found GROUP BY state
UNION ALL SELECT 'CLAIMED_RAG', coalesce(rag, 'NONE'), count(*) FROM opened GROUP BY rag
UNION ALL SELECT 'COMPUTED_RAG', computed, count(*) FROM opened GROUP BY computed
UNION ALL SELECT 'OWNER', owner, count(*) FROM opened, unnest(accountable) AS owner GROUP BY owner
UNION ALL SELECT 'SUPPORTING', body, count(*) FROM opened, unnest(supporting) AS body GROUP BY body
UNION ALL SELECT 'PARTY', party, count(*) FROM opened, unnest(parties) AS party GROUP BY party
UNION ALL SELECT 'COMMITMENT', coalesce(nullif(commitment, ''), 'NONE'), count(*)
    FROM opened GROUP BY commitment
UNION ALL SELECT 'AGE', width_bucket(age, %(ages)s::integer[])::text, count(*) FROM opened GROUP BY 2
UNION ALL SELECT 'TIME_IN_STATE', width_bucket(in_state, %(ages)s::integer[])::text, count(*)
    FROM opened GROUP BY 2
UNION ALL SELECT 'SLIPPAGE', width_bucket(slip, %(slips)s::integer[])::text, count(*)
    FROM found WHERE NOT reviewed_yearly GROUP BY 2
UNION ALL SELECT 'DUE', ahead::text, count(*) FROM opened JOIN unnest(%(ahead)s::integer[]) AS ahead
    ON due_in BETWEEN 0 AND ahead GROUP BY ahead
UNION ALL SELECT 'DUE', 'overdue', count(*) FROM opened WHERE due_in < 0
UNION ALL SELECT 'ARCHIVED', CASE WHEN archived THEN 'archived' ELSE 'not archived' END, count(*)
    FROM found WHERE NOT is_open GROUP BY archived
UNION ALL SELECT 'SLIP_SUMMARY', key, value
    FROM (
        SELECT count(*) FILTER (WHERE moves > 0) AS moved, coalesce(sum(moves), 0)::bigint AS moves,
            min(slip)::bigint AS least, percentile_disc(0.5) WITHIN GROUP (ORDER BY slip)::bigint AS median,
            max(slip)::bigint AS most
        FROM found WHERE NOT reviewed_yearly
    ) AS slips,
    LATERAL (VALUES
        ('moved', moved), ('moves', moves),
        ('least days', least), ('median days', median), ('most days', most)
    ) AS entries (key, value) WHERE value IS NOT NULL
"""
_POPULATION = {
    FigureName.STATE: "ALL",
    FigureName.SLIPPAGE: "DATED",
    FigureName.SLIP_SUMMARY: "DATED",
    FigureName.ARCHIVED: "ENDED",
}
_SUMMARY = ("moved", "moves", "least days", "median days", "most days")


def statement(question: Question) -> sql.Composed:
    return sql.SQL(_STATEMENT).format(standing=standing(question), holds=holds(question.wanted))


def arguments(question: Question) -> dict[str, object]:
    return {
        **parameters(question),
        "ages": [first for _, first in AGE_BANDS],
        "slips": [first for _, first in SLIP_BANDS],
        "ahead": list(AHEAD),
    }


def trend_statement(question: Question) -> sql.Composed:
    return sql.SQL(
        """
        SELECT point_at, coalesce(rag, 'NONE'), computed, count(*)
        FROM (
            SELECT point.at AS point_at, standing.*
            FROM unnest(%(ends)s::timestamptz[], %(days)s::date[]) AS point (at, day),
                LATERAL ({standing}) AS standing
        ) AS found
        WHERE is_open AND {holds} GROUP BY 1, 2, 3
        """
    ).format(standing=standing_at("point.at", "point.day"), holds=holds(question.wanted))


def trend_arguments(question: Question, ends: Sequence[datetime]) -> dict[str, object]:
    return {**parameters(question), "ends": list(ends), "days": [at.date() for at in ends]}


async def count_ratings(
    tx: Transaction, question: Question, ends: Sequence[datetime]
) -> tuple[TrendPoint, ...]:
    """Both ratings at each of these instants, all from one look; when the question asks is left aside."""
    cursor = await tx.execute(trend_statement(question), trend_arguments(question, ends))
    counts: dict[tuple[datetime, FigureName], Counter[str]] = defaultdict(Counter)
    for at, claimed, computed, number in await cursor.fetchall():
        counts[at, FigureName.CLAIMED_RAG][claimed] += number
        counts[at, FigureName.COMPUTED_RAG][computed] += number

    def figure(at: datetime, name: FigureName) -> Figure:
        counted = counts[at, name]
        return Figure(name, counted.total(), _values(name, counted))

    return tuple(TrendPoint(at, at.date(), tuple(figure(at, name) for name in RATINGS)) for at in ends)


async def count_figures(tx: Transaction, question: Question) -> tuple[Figure, ...]:
    """Every figure, over the actions that the question finds."""
    cursor = await tx.execute(statement(question), arguments(question))
    counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for name, key, number in await cursor.fetchall():
        counts[name][key] = number
    return tuple(
        Figure(
            name,
            counts[_POPULATION.get(name, "OPEN")][""],
            _values(name, counts[name]),
        )
        for name in FigureName
    )


def _values(name: FigureName, counted: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Every key that there can be, in its order, also where nothing was counted under it."""
    match name:
        case FigureName.STATE:
            keys: Sequence[str] = [state.value for state in State]
        case FigureName.CLAIMED_RAG:
            keys = [*(rag.value for rag in Rag), NONE]
        case FigureName.COMPUTED_RAG:
            keys = [*(rag.value for rag in Rag), *([NOT_RATED] if NOT_RATED in counted else [])]
        case FigureName.AGE | FigureName.TIME_IN_STATE:
            return _banded(AGE_BANDS, counted)
        case FigureName.SLIPPAGE:
            return _banded(SLIP_BANDS, counted)
        case FigureName.DUE:
            numbers = [(f"in {days} days", counted.get(str(days), 0)) for days in AHEAD]
            return (("overdue", counted.get("overdue", 0)), *numbers)
        case FigureName.ARCHIVED:
            keys = ["archived", "not archived"]
        case FigureName.SLIP_SUMMARY:
            keys = [key for key in _SUMMARY if key in counted]
        case _:
            keys = sorted(counted)
    return tuple((key, counted.get(key, 0)) for key in keys)


def _banded(bands: Sequence[tuple[str, int]], counted: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Bucket n holds what is at least the n-th first day; what is before all of them counts to the first."""
    return tuple(
        (name, counted.get(str(place), 0) + (counted.get("0", 0) if place == 1 else 0))
        for place, (name, _) in enumerate(bands, start=1)
    )
