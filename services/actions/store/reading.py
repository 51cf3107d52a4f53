"""Actions found and counted by how they stand now, or stood at another time, in PostgreSQL."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import sql

from services.actions.domain.action import Rag
from services.actions.domain.filters import ActionFilter, Archived, Order
from services.actions.domain.states import FINAL, State
from services.chassis.database import Transaction
from services.kernel.parties import Reader

Key = str | date | datetime

_SORT: Mapping[Order, tuple[LiteralString, LiteralString]] = {
    Order.ORIGINAL_DUE_DATE: ("original_due_date", "date"),
    Order.DUE_DATE: ("due_date", "date"),
    Order.OPENED_AT: ("opened_at", "timestamptz"),
    Order.REFERENCE: ("reference", "text"),
}

_STANDING = """
    SELECT span.*, span.state <> ALL(%(final)s) AS is_open, {day}::date AS day,
        CASE
            WHEN span.state = ANY(%(final)s) THEN 'ENDED'
            WHEN span.rated_by IS NULL THEN 'NOT_RATED'
            WHEN {day} >= span.red_from OR (span.depends_on <> '{{}}' AND EXISTS (
                SELECT FROM action_span AS other
                WHERE other.action_id = ANY(span.depends_on) AND other.state = ANY(%(in_vain)s)
                    AND {other_at}
            )) THEN 'RED'
            WHEN {day} >= span.amber_from OR (span.depends_on <> '{{}}' AND EXISTS (
                SELECT FROM action_span AS other
                WHERE other.action_id = ANY(span.depends_on) AND other.state <> ALL(%(final)s)
                    AND other.due_date > span.due_date AND {other_at}
            )) THEN 'AMBER'
            ELSE 'GREEN'
        END AS computed
    FROM action_span AS span
    WHERE span.series = %(series)s AND span.marking = ANY(%(markings)s) AND {span_at}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of which series, on which day, by whom, who may see texts under these markings.

    `as_of` is None for now. `commitments` are those of the instrument asked for, None where none is.
    """

    series: str
    markings: Collection[str]
    day: date
    wanted: ActionFilter
    commitments: Collection[str] | None
    as_of: datetime | None = None
    reader: Reader


async def markings_of(tx: Transaction, series: str) -> list[str]:
    """Every marking that an action of the series has or had."""
    cursor = await tx.execute(
        """
        WITH RECURSIVE known AS (
            (SELECT marking FROM action_span WHERE series = %(series)s ORDER BY marking LIMIT 1)
            UNION ALL
            SELECT (
                SELECT marking FROM action_span
                WHERE series = %(series)s AND marking > known.marking ORDER BY marking LIMIT 1
            ) FROM known WHERE known.marking IS NOT NULL
        )
        SELECT marking FROM known WHERE marking IS NOT NULL
        """,
        {"series": series},
    )
    return [marking for (marking,) in await cursor.fetchall()]


async def history_began(tx: Transaction) -> datetime | None:
    """Before it nothing is known; None where there was nothing to know."""
    cursor = await tx.execute("SELECT began_at FROM action_history")
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def find_ids(
    tx: Transaction,
    question: Question,
    order: Order,
    *,
    descending: bool,
    after: tuple[str, str] | None,
    limit: int,
) -> list[tuple[UUID, Key, str]]:
    """The next actions in order: id, what they are sorted by, and reference."""
    statement = page_statement(question, order, descending=descending, after=after is not None)
    key, reference = after or ("", "")
    cursor = await tx.execute(
        statement, {**parameters(question), "key": key, "reference": reference, "limit": limit}
    )
    return await cursor.fetchall()


def page_statement(question: Question, order: Order, *, descending: bool, after: bool) -> sql.Composed:
    name, kind = _SORT[order]
    way, beyond = (sql.SQL("DESC"), sql.SQL("<")) if descending else (sql.SQL("ASC"), sql.SQL(">"))
    column = sql.Identifier(name)
    since: sql.Composable = sql.SQL("true")
    if after:
        since = sql.SQL("({column}, reference) {beyond} (%(key)s::{kind}, %(reference)s)").format(
            column=column, beyond=beyond, kind=sql.SQL(kind)
        )
    return sql.SQL(
        """
        SELECT action_id, {column}, reference FROM ({standing}) AS found
        WHERE {since} AND {holds}
        ORDER BY {column} {way}, reference {way} LIMIT %(limit)s
        """
    ).format(column=column, standing=standing(question), since=since, holds=holds(question.wanted), way=way)


def standing(question: Question) -> sql.Composed:
    """How the visible actions of the series stand, or stood, with what is computed of them."""
    then = None if question.as_of is None else sql.Placeholder("as_of")
    return _standing(then, sql.Placeholder("day"))


def standing_at(at: LiteralString, day: LiteralString) -> sql.Composed:
    """The same as of each instant of a column, judged on the day of another."""
    return _standing(sql.SQL(at), sql.SQL(day))


def _standing(then: sql.Composable | None, day: sql.Composable) -> sql.Composed:
    return sql.SQL(_STANDING).format(span_at=_at("span", then), other_at=_at("other", then), day=day)


def holds(wanted: ActionFilter) -> sql.Composable:
    """The condition of a filter on what `standing` gives.

    OFFSET keeps PostgreSQL from looking for a word in the text of an action again for each of its changes.
    """
    conditions: list[LiteralString] = []
    for given, condition in (
        (wanted.states, "state = ANY(%(states)s)"),
        (wanted.claimed, "rag = ANY(%(claimed)s)"),
        (wanted.computed, "computed = ANY(%(computed)s)"),
        (wanted.open_only, "is_open"),
        (wanted.owner, "%(owner)s = ANY(accountable)"),
        (wanted.supporting, "%(supporting)s = ANY(supporting)"),
        (wanted.party, "%(party)s = ANY(parties)"),
        (wanted.commitment, "commitment = %(commitment)s"),
        (wanted.instrument, "commitment = ANY(%(commitments)s)"),
        (wanted.edition is not None, "edition = %(edition)s"),
        (wanted.meeting_id, "meeting_id = %(meeting_id)s"),
        (wanted.contradicted is not None, f"({CONTRADICTED}) = %(contradicted)s"),
        (wanted.overdue is not None, "(is_open AND due_date < day) = %(overdue)s"),
        (wanted.blocked is not None, "(state = 'BLOCKED') = %(blocked)s"),
        (wanted.standing is not None, "reviewed_yearly = %(standing)s"),
        (wanted.archived is Archived.ONLY, "archived"),
        (wanted.archived is Archived.LEFT_OUT, "NOT archived"),
        (wanted.due_from is not None, "due_date >= %(due_from)s"),
        (wanted.due_to is not None, "due_date <= %(due_to)s"),
        (
            wanted.lead_official,
            """
            action_id IN (
                SELECT id FROM action WHERE series = %(series)s AND lead_officials <> '[]' AND EXISTS (
                    SELECT FROM jsonb_array_elements(lead_officials) AS lead WHERE
                        lower(lead ->> 'post') = lower(%(lead_official)s)
                        OR (lead ->> 'party' = %(my_party)s AND lead ->> 'subject' = %(lead_official)s)
                ) OFFSET 0
            )
            """,
        ),
        (
            wanted.assigned_to_me,
            """
            action_id IN (
                SELECT id FROM action WHERE series = %(series)s AND lead_officials <> '[]' AND EXISTS (
                    SELECT FROM jsonb_array_elements(lead_officials) AS lead WHERE
                        lead ->> 'party' = %(my_party)s AND lead ->> 'organisation' = %(my_organisation)s
                        AND lead ->> 'subject' = %(me)s
                ) OFFSET 0
            )
            """,
        ),
        (
            wanted.text,
            """
            action_id IN (
                SELECT id FROM action
                WHERE series = %(series)s AND strpos(lower(agreed_text), lower(%(text)s)) > 0 OFFSET 0
            )
            """,
        ),
    ):
        if given:
            conditions.append(condition)
    return sql.SQL(" AND ").join(map(sql.SQL, conditions)) if conditions else sql.SQL("true")


CONTRADICTED: LiteralString = (
    "rag IS NOT NULL AND (rag, computed) IN (('GREEN', 'AMBER'), ('GREEN', 'RED'), ('AMBER', 'RED'))"
)


def parameters(question: Question) -> dict[str, Any]:
    wanted = question.wanted
    return {
        "series": question.series,
        "markings": list(question.markings),
        "day": question.day,
        "as_of": question.as_of,
        "final": [state.value for state in FINAL],
        "in_vain": [state.value for state in FINAL if state is not State.CLOSED],
        "states": [state.value for state in wanted.states],
        "claimed": [Rag(rag).value for rag in wanted.claimed],
        "computed": [Rag(rag).value for rag in wanted.computed],
        "commitments": list(question.commitments or ()),
        "me": question.reader.subject,
        "my_organisation": question.reader.organisation,
        "my_party": question.reader.party,
        **{
            name: getattr(wanted, name)
            for name in (
                "contradicted",
                "owner",
                "party",
                "supporting",
                "lead_official",
                "commitment",
                "edition",
                "meeting_id",
                "overdue",
                "blocked",
                "standing",
                "due_from",
                "due_to",
                "text",
            )
        },
    }


def _at(span: LiteralString, then: sql.Composable | None) -> sql.Composed:
    """That a span holds now, or held then."""
    alias = sql.Identifier(span)
    if then is None:
        return sql.SQL("{}.until_at IS NULL").format(alias)
    return sql.SQL(
        "{span}.from_at <= {then} AND ({span}.until_at IS NULL OR {span}.until_at > {then})"
    ).format(span=alias, then=then)
