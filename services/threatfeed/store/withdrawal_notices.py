"""Keeps notices of withdrawal and their answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow

from services.chassis.audit import AuditEntry, append, append_all
from services.chassis.database import Transaction
from services.kernel.parties import Audience
from services.kernel.release_terms import Rendition
from services.threatfeed.domain.paging import Position
from services.threatfeed.domain.withdrawal_notices import (
    Acknowledged,
    Acknowledgement,
    Handling,
    NoticeCause,
    NoticeSelection,
    NoticeState,
    ShownText,
    WithdrawalNotice,
)
from services.threatfeed.store.clearances import SignedMessage

_COLUMNS = """
    notice_id, series, party, assessment_id, revision, rendition, shown_at, agency, originator, cause,
    issued_at, state, handling, words, acknowledged_by, acknowledged_by_organisation, acknowledged_at,
    aggregate_version
"""
_CONDITIONS = {
    NoticeSelection.OUTSTANDING: "state = 'OUTSTANDING'",
    NoticeSelection.OVERDUE: "state = 'OUTSTANDING' AND due_at <= %(now)s",
    NoticeSelection.ACKNOWLEDGED: "state = 'ACKNOWLEDGED'",
    NoticeSelection.ALL: "true",
}


@dataclass(frozen=True, slots=True)
class Known:
    """Which notices a reader may know of: those to a party's delegations in some series, and those of an
    originator's texts to delegations in some series.
    """

    party: str | None
    received: tuple[str, ...]
    originator: str | None
    sent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MeetingUse:
    """A text that every party of a meeting could have when the meeting came."""

    series: str
    text: ShownText


async def insert_notices(
    tx: Transaction, notices: Sequence[tuple[WithdrawalNotice, bytes]], audit: Sequence[AuditEntry]
) -> None:
    """Each with its canonical form."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO withdrawal_notice (notice_id, series, party, assessment_id, revision, rendition,
                shown_at, agency, originator, cause, issued_at, due_at, state, notice_message,
                aggregate_version)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [
                [
                    notice.id,
                    notice.recipient.series,
                    notice.recipient.party,
                    notice.text.assessment_id,
                    notice.text.revision,
                    notice.text.rendition.value,
                    notice.text.shown_at,
                    notice.agency,
                    notice.originator,
                    notice.cause.value,
                    notice.issued_at,
                    notice.due_at,
                    notice.state.value,
                    message.decode(),
                    notice.aggregate_version,
                ]
                for notice, message in notices
            ],
        )
    await append_all(tx, audit)


async def store_lifted(
    tx: Transaction, notices: Sequence[WithdrawalNotice], audit: Sequence[AuditEntry]
) -> None:
    """Notices, locked, that ask for nothing any more."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            "UPDATE withdrawal_notice SET state = %s, aggregate_version = %s WHERE notice_id = %s",
            [[notice.state.value, notice.aggregate_version, notice.id] for notice in notices],
        )
    await append_all(tx, audit)


async def store_acknowledged(
    tx: Transaction, notice: WithdrawalNotice, signed: SignedMessage, audit: AuditEntry
) -> None:
    """A notice, locked, with its answer."""
    found = notice.acknowledged
    if found is None:
        raise ValueError("the notice is not acknowledged")
    await tx.execute(
        """
        UPDATE withdrawal_notice SET state = %s, handling = %s, words = %s, acknowledged_by = %s,
            acknowledged_by_organisation = %s, acknowledged_at = %s, acknowledgement_message = %s,
            acknowledgement_jws = %s, aggregate_version = %s
        WHERE notice_id = %s
        """,
        [
            notice.state.value,
            found.answer.handling.value,
            found.answer.words,
            found.by,
            found.organisation,
            found.at,
            signed.message.decode(),
            signed.jws,
            notice.aggregate_version,
            notice.id,
        ],
    )
    await append(tx, audit)


async def notices_of(tx: Transaction, assessments: Sequence[UUID]) -> list[WithdrawalNotice]:
    """Every notice of some assessments, locked."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM withdrawal_notice WHERE assessment_id = ANY(%s) ORDER BY notice_id FOR UPDATE
        """,  # noqa: S608 the columns are a constant
        [list(assessments)],
    )
    return [_notice(row) for row in await cursor.fetchall()]


async def uses_at_meetings(tx: Transaction, assessments: Sequence[UUID], now: datetime) -> list[MeetingUse]:
    """The texts of some assessments that lay before meetings which have begun."""
    cursor = await tx.execute(
        """
        SELECT series, assessment_id, revision, rendition, min(used_at) FROM decided_text
        WHERE assessment_id = ANY(%s) AND allowed AND used_at <= %s
        GROUP BY series, assessment_id, revision, rendition
        ORDER BY series, assessment_id, revision, rendition
        """,
        [list(assessments), now],
    )
    return [
        MeetingUse(row[0], ShownText(row[1], row[2], Rendition(row[3]), row[4]))
        for row in await cursor.fetchall()
    ]


async def find_notice(
    tx: Transaction, notice_id: UUID, known: Known, *, lock: bool = False
) -> WithdrawalNotice | None:
    """One that the recipient may know of; None for any other."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM withdrawal_notice
        WHERE notice_id = %s AND party = %s AND series = ANY (%s) {"FOR UPDATE" if lock else ""}
        """,  # noqa: S608 the columns are a constant
        [notice_id, known.party, list(known.received)],
    )
    row = await cursor.fetchone()
    return None if row is None else _notice(row)


async def page_of_notices(
    tx: Transaction,
    known: Known,
    selection: NoticeSelection,
    before: Position | None,
    now: datetime,
    limit: int,
) -> list[WithdrawalNotice]:
    """The latest issued first."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM withdrawal_notice
        WHERE ((party = %(party)s AND series = ANY (%(received)s))
               OR (originator = %(originator)s AND series = ANY (%(sent)s)))
          AND {_CONDITIONS[selection]}
          AND (%(at)s::timestamptz IS NULL OR (issued_at, notice_id) < (%(at)s, %(id)s::uuid))
        ORDER BY issued_at DESC, notice_id DESC LIMIT %(limit)s
        """,  # noqa: S608 columns and conditions are constants
        {
            "party": known.party,
            "received": list(known.received),
            "originator": known.originator,
            "sent": list(known.sent),
            "now": now,
            "at": before and before[0],
            "id": before and before[1],
            "limit": limit,
        },
    )
    return [_notice(row) for row in await cursor.fetchall()]


def _notice(row: TupleRow) -> WithdrawalNotice:
    acknowledged = None
    if row[16] is not None:
        acknowledged = Acknowledged(Acknowledgement(Handling(row[12]), row[13]), row[14], row[15], row[16])
    return WithdrawalNotice(
        id=row[0],
        recipient=Audience(row[1], row[2]),
        text=ShownText(row[3], row[4], Rendition(row[5]), row[6]),
        agency=row[7],
        originator=row[8],
        cause=NoticeCause(row[9]),
        issued_at=row[10],
        state=NoticeState(row[11]),
        acknowledged=acknowledged,
        aggregate_version=row[17],
    )
