"""Keeps requests for clearance and their answers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow

from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction
from services.kernel.release_terms import Mode, Rendition
from services.threatfeed.domain.clearances import (
    Clearance,
    ClearanceAsked,
    ClearanceRequest,
    ClearanceStale,
    ClearanceState,
    Closing,
    ForMeeting,
    TearLineOffer,
    Which,
)
from services.threatfeed.domain.paging import Position

_COLUMNS = """
    clearance_id, assessment_id, revision, rendition, party, mode, series, meeting_id, meeting_starts_at,
    meeting_ends_at, agency, originator, reason, asked_by, asked_by_party, asked_by_organisation, asked_at,
    needed_by, state, closed_by, closed_at, closing_words, consent_id, tear_line_text, tear_line_marking,
    next_reminder_at, reminded_at, aggregate_version
"""

_OPEN = "state = 'OPEN' AND (meeting_ends_at IS NULL OR meeting_ends_at > %(now)s)"
_CONDITIONS = {
    Which.OPEN: _OPEN,
    Which.OVERDUE: f"{_OPEN} AND needed_by <= %(now)s",
    Which.ANSWERED: "state IN ('GRANTED', 'REFUSED', 'TEAR_LINE_OFFERED')",
    Which.ALL: "true",
}


@dataclass(frozen=True, slots=True)
class Known:
    """Which requests a reader may know of: those to an organisation, and those of a party that asks; of
    either only in some series.
    """

    originator: str | None
    answering: tuple[str, ...]
    party: str | None
    asking: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """Canonical bytes, and an official's detached signature over them."""

    message: bytes
    jws: str


async def insert_clearance(
    tx: Transaction, clearance: Clearance, signed: SignedMessage, audit: AuditEntry
) -> None:
    """Raises `ClearanceAsked` where the party has an open request for the same use in the series, and where
    the same signed request was made before.
    """
    request, meeting = clearance.request, clearance.request.meeting
    written = await tx.execute(
        """
        INSERT INTO clearance (clearance_id, assessment_id, revision, rendition, party, mode, series,
            meeting_id, meeting_starts_at, meeting_ends_at, agency, originator, reason, asked_by,
            asked_by_party, asked_by_organisation, asked_at, needed_by, state, next_reminder_at,
            request_message, request_jws, aggregate_version)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT DO NOTHING
        """,
        [
            clearance.id,
            request.assessment_id,
            request.revision,
            request.rendition.value,
            request.party,
            request.mode.value,
            request.series,
            meeting and meeting.id,
            meeting and meeting.starts_at,
            meeting and meeting.ends_at,
            request.agency,
            request.originator,
            request.reason,
            request.asked_by,
            request.asked_by_party,
            request.asked_by_organisation,
            request.asked_at,
            request.needed_by,
            clearance.state.value,
            clearance.next_reminder_at,
            signed.message.decode(),
            signed.jws,
            clearance.aggregate_version,
        ],
    )
    if written.rowcount == 0:
        raise ClearanceAsked("the same is asked already")
    await append(tx, audit)


async def close_clearance(
    tx: Transaction, clearance: Clearance, signed: SignedMessage | None, audit: AuditEntry
) -> None:
    """Writes how a request was closed. Raises `ClearanceStale` where another writer was first."""
    closing = clearance.closing
    if closing is None:
        raise ValueError("the request is not closed")
    written = await tx.execute(
        """
        UPDATE clearance SET state = %s, closed_by = %s, closed_at = %s, closing_words = %s, consent_id = %s,
            tear_line_text = %s, tear_line_marking = %s, next_reminder_at = NULL, answer_message = %s,
            answer_jws = %s, aggregate_version = %s
        WHERE clearance_id = %s AND aggregate_version = %s
        """,
        [
            clearance.state.value,
            closing.by,
            closing.at,
            closing.words,
            closing.consent_id,
            closing.tear_line and closing.tear_line.text,
            closing.tear_line and closing.tear_line.marking,
            signed and signed.message.decode(),
            signed and signed.jws,
            clearance.aggregate_version,
            clearance.id,
            clearance.aggregate_version - 1,
        ],
    )
    if written.rowcount == 0:
        raise ClearanceStale("the request has changed since it was read")
    await append(tx, audit)


async def note_reminder(tx: Transaction, clearance: Clearance, audit: AuditEntry) -> None:
    """A reminder changes nothing that an answer rests on, so the version stays."""
    await tx.execute(
        "UPDATE clearance SET next_reminder_at = %s, reminded_at = %s WHERE clearance_id = %s",
        [clearance.next_reminder_at, clearance.reminded_at, clearance.id],
    )
    await append(tx, audit)


async def lock_clearance(tx: Transaction, clearance_id: UUID, known: Known) -> Clearance | None:
    """The request, for one who may know of it."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM clearance
        WHERE clearance_id = %(id)s AND {_KNOWN} FOR UPDATE
        """,  # noqa: S608 the columns and the condition are constants
        {"id": clearance_id, **_known(known)},
    )
    row = await cursor.fetchone()
    return None if row is None else _clearance(row)


async def find_clearance(tx: Transaction, clearance_id: UUID, known: Known) -> Clearance | None:
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM clearance WHERE clearance_id = %(id)s AND {_KNOWN}",  # noqa: S608
        {"id": clearance_id, **_known(known)},
    )
    row = await cursor.fetchone()
    return None if row is None else _clearance(row)


async def page_of_clearances(
    tx: Transaction, known: Known, which: Which, after: Position | None, now: datetime, limit: int
) -> list[Clearance]:
    """Those that may be known, the one needed first before the others."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM clearance
        WHERE {_KNOWN} AND ({_CONDITIONS[which]})
          AND (%(at)s::timestamptz IS NULL OR (needed_by, clearance_id) > (%(at)s, %(place)s::uuid))
        ORDER BY needed_by, clearance_id LIMIT %(limit)s
        """,  # noqa: S608 the columns and the conditions are constants
        {
            **_known(known),
            "now": now,
            "at": after and after[0],
            "place": after and after[1],
            "limit": limit,
        },
    )
    return [_clearance(row) for row in await cursor.fetchall()]


async def lapsed_clearances(tx: Transaction, at: datetime, limit: int) -> list[Clearance]:
    """Open requests whose meeting is over, locked; those that another works on are passed over."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM clearance WHERE state = 'OPEN' AND meeting_ends_at <= %s
        ORDER BY meeting_ends_at LIMIT %s FOR UPDATE SKIP LOCKED
        """,  # noqa: S608 the columns are a constant
        [at, limit],
    )
    return [_clearance(row) for row in await cursor.fetchall()]


async def clearances_to_remind(tx: Transaction, at: datetime, limit: int) -> list[Clearance]:
    """Open requests of which a reminder is due, locked; those that another works on are passed over."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM clearance
        WHERE state = 'OPEN' AND next_reminder_at <= %(at)s
          AND (meeting_ends_at IS NULL OR meeting_ends_at > %(at)s)
        ORDER BY next_reminder_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        """,  # noqa: S608 the columns are a constant
        {"at": at, "limit": limit},
    )
    return [_clearance(row) for row in await cursor.fetchall()]


_KNOWN = """
    ((originator = %(originator)s AND series = ANY (%(answering)s))
     OR (asked_by_party = %(asker)s AND series = ANY (%(asking)s)))
"""


def _known(known: Known) -> dict[str, object]:
    return {
        "originator": known.originator,
        "answering": list(known.answering),
        "asker": known.party,
        "asking": list(known.asking),
    }


def _clearance(row: TupleRow) -> Clearance:
    meeting = None if row[7] is None else ForMeeting(row[7], row[8], row[9])
    tear_line = None if row[23] is None else TearLineOffer(row[23], row[24])
    closing = None if row[20] is None else Closing(row[19], row[20], row[21], row[22], tear_line)
    return Clearance(
        id=row[0],
        request=ClearanceRequest(
            assessment_id=row[1],
            revision=row[2],
            rendition=Rendition(row[3]),
            party=row[4],
            mode=Mode(row[5]),
            series=row[6],
            meeting=meeting,
            agency=row[10],
            originator=row[11],
            reason=row[12],
            asked_by=row[13],
            asked_by_party=row[14],
            asked_by_organisation=row[15],
            asked_at=row[16],
            needed_by=row[17],
        ),
        state=ClearanceState(row[18]),
        closing=closing,
        next_reminder_at=row[25],
        reminded_at=row[26],
        aggregate_version=row[27],
    )
