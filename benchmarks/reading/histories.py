"""Actions with years of history: made by the code that the service runs, then copied row by row."""

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from uuid import UUID

import psycopg
from psycopg import sql

from benchmarks.platform import POLICY
from services.actions.domain.action import Action, Rag
from services.actions.domain.evidence import Evidence
from services.actions.domain.opening import AgreedOutcome
from services.actions.domain.owners import Owner
from services.actions.domain.proposals import ProposalKind, Terms
from services.actions.store.actions import find_all, update
from services.actions.usecases.open_actions import Opening, open_actions
from services.actions.usecases.publication import Publication
from services.chassis.audit import AuditEntry
from services.chassis.database import Database
from services.chassis.documents import LiveDocuments
from services.chassis.ids import random_ids
from services.chassis.settings import PostgresSettings
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy

SERIES = "uk-eu"
CNECT = Reader("cnect-owner", "EU", "CNECT", frozenset({Role.OWNER}))
DSIT = Reader("dsit-owner", "UK", "DSIT", frozenset({Role.OWNER}))
SEEN_BY_CNECT = ("UK OFFICIAL REL EU", "TLP:CLEAR")
_MARKINGS = (*SEEN_BY_CNECT, "UK OFFICIAL")
_OWNERS = (
    (Owner("UK", "DSIT", accountable=True), Owner("EU", "CNECT", accountable=True)),
    (Owner("UK", "DSIT", accountable=True), Owner("UK", "NCSC", accountable=False)),
    (Owner("EU", "CNECT", accountable=True), Owner("EU", "ENISA", accountable=False)),
)
_WORDS = (
    "guidance",
    "operators",
    "supplier",
    "exercise",
    "review",
    "incident",
    "certificates",
    "notification",
)
_COPIES = 10
_BATCH = 50
_TABLES = ("action", "evidence", "action_span", "action_change")


def outcomes(count: int, today: date) -> Iterator[tuple[datetime, AgreedOutcome]]:
    """Agreed over the last four years, the earliest first. Ids and references have a place for the copy's
    number.
    """
    chance = random.Random(count)
    for number in range(count):
        opened = today - timedelta(days=1_460 - 1_400 * number // count)
        words = " ".join(chance.choices(_WORDS, k=30))
        yield (
            datetime(opened.year, opened.month, opened.day, 9, tzinfo=UTC),
            AgreedOutcome(
                action_id=UUID(f"00000000-0000-4000-8000-{number:012x}"),
                reference=f"UKEU-{opened.year}-T00-{number:04}",
                series=SERIES,
                meeting_id=f"meeting-{opened.year}",
                item_id=f"item-T00-{number}",
                outcome_id=f"outcome-T00-{number}",
                content_hash="sha256:" + "0" * 64,
                text=f"Publish what was agreed under rare{number}: {words}.",
                guidance="Build on what both agencies have published.",
                owners=_OWNERS[number % 3],
                due_date=opened + timedelta(days=chance.randrange(90, 720)),
                commitment=f"C{1 + number % 7}",
                marking=_MARKINGS[number % 3 if number % 5 else 0],
                basis=(),
            ),
        )


def _rounds(chance: random.Random) -> Iterator[Callable[[Action, datetime], Action]]:
    """What happens to an action one after the other; a third of them go all the way."""
    yield lambda action, at: action.accepted(_owner(action), at)
    for _ in range(chance.randrange(1, 4)):
        rag = chance.choice(list(Rag))
        yield partial(_reported, rag)
    if chance.random() < 0.3:
        days = chance.randrange(10, 200)
        yield lambda action, at: _moved(action, days, at)
    if chance.random() < 0.1:
        yield lambda action, at: action.blocked_by("A law is missing.", _owner(action), at)
    elif chance.random() < 0.4:
        yield lambda action, at: action.claimed([_evidence(action, at)], "Published.", _owner(action), at)
        yield _confirmed


def _reported(rag: Rag, action: Action, at: datetime) -> Action:
    return action.reported(rag, "The reviewers have not answered yet.", _owner(action), at)


def _owner(action: Action) -> Reader:
    return DSIT if any(owner.organisation == "DSIT" for owner in action.owners) else CNECT


def _moved(action: Action, days: int, at: datetime) -> Action:
    terms = Terms(ProposalKind.MOVE_DUE_DATE, "More time.", action.due_date + timedelta(days=days))
    if terms.due_date is None or terms.due_date <= at.date() or action.reviewed_yearly:
        return action
    return action.proposed(terms, _owner(action), [_owner(action).party], _kin(action, 1), at)


def _evidence(action: Action, at: datetime) -> Evidence:
    by = _owner(action)
    return Evidence(
        id=_kin(action, 2),
        title="As published",
        description="",
        uri="https://www.example.org/guidance",
        digest="",
        marking="TLP:CLEAR",
        submitted_by=by.subject,
        party=by.party,
        organisation=by.organisation,
        submitted_at=at,
    )


def _confirmed(action: Action, at: datetime) -> Action:
    other = CNECT if _owner(action) is DSIT else DSIT
    return action.confirmed(other, ("UK", "EU"), _kin(action, 3), at)


def _kin(action: Action, kind: int) -> UUID:
    """An id of something of the action, which is copied with it."""
    return UUID(f"{str(action.id)[:14]}{kind}{str(action.id)[15:]}")


async def fill(dsn: str, count: int) -> None:
    publication = Publication(LiveDocuments(POLICY, Policy.from_documents), random_ids, lambda _: None)
    now = datetime.now(UTC)
    agreed = list(outcomes(count // _COPIES, now.date()))
    changed, began = 0, time.monotonic()
    async with Database.opened(PostgresSettings(dsn=dsn), "bench") as database:
        for first in range(0, len(agreed), _BATCH):
            batch = agreed[first : first + _BATCH]
            at = batch[0][0]
            openings = [Opening(outcome, None) for _, outcome in batch]
            async with database.transaction() as tx:
                refusals = await open_actions(tx, openings, publication, at)
                if any(refusals):
                    raise RuntimeError(f"an action was not opened: {refusals}")
                ids = [outcome.action_id for _, outcome in batch]
                histories = [list(_rounds(random.Random(identity.int))) for identity in ids]
                for turn in range(max(map(len, histories))):
                    at = min(at + timedelta(days=45), now)
                    due = {
                        one: steps[turn]
                        for one, steps in zip(ids, histories, strict=True)
                        if turn < len(steps)
                    }
                    afters = []
                    for before in await find_all(tx, list(due)):
                        after = due[before.id](before, at)
                        if after is not before:
                            await update(tx, before, after, _audit(after, at))
                            afters.append(after)
                    await publication.publish(tx, afters, at)
                    changed += len(afters)
                await tx.execute("DELETE FROM outbox")
    rate = (len(agreed) + changed) / (time.monotonic() - began)
    with psycopg.connect(dsn, autocommit=True) as connection:
        for table in _TABLES:
            _copy(connection, table)
        connection.execute("VACUUM ANALYZE")
        ((actions, spans, changes),) = connection.execute(
            """
            SELECT (SELECT count(*) FROM action), (SELECT count(*) FROM action_span),
                (SELECT count(*) FROM action_change)
            """
        ).fetchall()
    print(f"{actions} actions, {spans} spans, {changes} changes (made at {rate:,.0f}/s and copied)")


def _copy(connection: psycopg.Connection, table: str) -> None:
    connection.execute(
        sql.SQL(
            """
            INSERT INTO {table} SELECT copied.*
            FROM {table} AS original, generate_series(1, %(last)s) AS copy,
                LATERAL jsonb_populate_record(NULL::{table}, replace(replace(
                    to_jsonb(original)::text, '"00000000-', '"' || lpad(to_hex(copy), 8, '0') || '-'
                ), '-T00-', '-T' || lpad(copy::text, 2, '0') || '-')::jsonb) AS copied
            """
        ).format(table=sql.Identifier(table)),
        {"last": _COPIES - 1},
    )


def _audit(action: Action, at: datetime) -> AuditEntry:
    return AuditEntry(
        action="action.changed",
        actor=DSIT.subject,
        party=DSIT.party,
        subject_kind="action",
        subject_id=str(action.id),
        at=at,
        detail={"version": action.version},
    )
