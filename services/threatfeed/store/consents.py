"""Keeps consents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow

from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction
from services.kernel.release_terms import Consent, Mode, Rendition
from services.threatfeed.domain.consents import ConsentStale, ConsentState, RecordedConsent, Withdrawn
from services.threatfeed.domain.paging import Position

_COLUMNS = """
    originator, assessment_id, revision, rendition, party, mode, meeting_id, expires_at, series,
    originator_party, statement, recorded_by, recorded_at, state, withdrawn_by, withdrawn_at,
    withdrawal_reason, aggregate_version
"""


@dataclass(frozen=True, slots=True)
class Knowable:
    """Which consents a reader may know of: those of an organisation, those of a whole party's
    organisations, and those given to a party in some series (the empty one is use outside meetings).
    """

    originator: str | None
    originator_party: str | None
    party: str | None
    series: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which consents are asked for; None asks for all."""

    consent: UUID | None = None
    assessment: UUID | None = None
    meeting: UUID | None = None


async def put_consent(tx: Transaction, consent: RecordedConsent, audit: AuditEntry) -> None:
    """Writes a consent as it now is, in the place of what it was. Raises `ConsentStale` where another writer
    was first.
    """
    terms, withdrawn = consent.terms, consent.withdrawn
    written = await tx.execute(
        f"""
        INSERT INTO consent (consent_id, {_COLUMNS})
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (consent_id) DO UPDATE SET
            expires_at = EXCLUDED.expires_at, statement = EXCLUDED.statement,
            recorded_by = EXCLUDED.recorded_by, recorded_at = EXCLUDED.recorded_at,
            state = EXCLUDED.state, withdrawn_by = EXCLUDED.withdrawn_by,
            withdrawn_at = EXCLUDED.withdrawn_at, withdrawal_reason = EXCLUDED.withdrawal_reason,
            aggregate_version = EXCLUDED.aggregate_version
        WHERE consent.aggregate_version = EXCLUDED.aggregate_version - 1
        """,  # noqa: S608 the columns are a constant
        [
            consent.id,
            terms.originator,
            terms.assessment_id,
            terms.revision,
            terms.rendition.value,
            terms.party,
            terms.mode.value,
            terms.meeting,
            terms.expires_at,
            consent.series,
            consent.originator_party,
            consent.statement,
            consent.recorded_by,
            consent.recorded_at,
            consent.state.value,
            withdrawn and withdrawn.by,
            withdrawn and withdrawn.at,
            withdrawn and withdrawn.reason,
            consent.aggregate_version,
        ],
    )
    if written.rowcount == 0:
        raise ConsentStale("the consent has changed since it was read")
    await append(tx, audit)


async def find_consent(tx: Transaction, consent_id: UUID, *, lock: bool = False) -> RecordedConsent | None:
    statement = f"SELECT {_COLUMNS} FROM consent WHERE consent_id = %s"  # noqa: S608
    cursor = await tx.execute(statement + (" FOR UPDATE" if lock else ""), [consent_id])
    row = await cursor.fetchone()
    return None if row is None else _consent(row)


async def consents_for(tx: Transaction, series: str, meeting: UUID | None) -> tuple[Consent, ...]:
    """The standing consents for a meeting of a series, or (None) for use outside any, kept from being
    withdrawn until the commit: who withdraws one then finds the decisions that rested on it.

    Another series' meeting is none of this one's, whoever names it.
    """
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM consent
        WHERE state = 'STANDING' AND meeting_id IS NOT DISTINCT FROM %s
          AND (meeting_id IS NULL OR series = %s)
        ORDER BY consent_id FOR SHARE
        """,  # noqa: S608 the columns are a constant
        [meeting, series],
    )
    return tuple(_consent(row).terms for row in await cursor.fetchall())


async def consents_outside_meetings(tx: Transaction, assessments: Sequence[UUID]) -> tuple[Consent, ...]:
    """The standing consents for use outside any meeting to texts of some assessments."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM consent
        WHERE assessment_id = ANY(%s) AND state = 'STANDING' AND meeting_id IS NULL ORDER BY consent_id
        """,  # noqa: S608 the columns are a constant
        [list(assessments)],
    )
    return tuple(_consent(row).terms for row in await cursor.fetchall())


async def expired_consents(tx: Transaction, at: datetime, limit: int) -> list[RecordedConsent]:
    """Consents that stand in the record and whose end has passed, locked."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM consent WHERE state = 'STANDING' AND expires_at <= %s
        ORDER BY consent_id LIMIT %s FOR UPDATE
        """,  # noqa: S608 the columns are a constant
        [at, limit],
    )
    return [_consent(row) for row in await cursor.fetchall()]


async def page_of_consents(
    tx: Transaction, knowable: Knowable, wanted: Wanted, before: Position | None, limit: int
) -> list[RecordedConsent]:
    """Those wanted of those that may be known, the latest recorded first."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM consent
        WHERE (originator = %(originator)s OR originator_party = %(originator_party)s
               OR (party = %(party)s AND series = ANY (%(series)s)))
          AND (%(consent)s::uuid IS NULL OR consent_id = %(consent)s)
          AND (%(assessment)s::uuid IS NULL OR assessment_id = %(assessment)s)
          AND (%(meeting)s::uuid IS NULL OR meeting_id = %(meeting)s)
          AND (%(at)s::timestamptz IS NULL OR (recorded_at, consent_id) < (%(at)s, %(id)s::uuid))
        ORDER BY recorded_at DESC, consent_id DESC LIMIT %(limit)s
        """,  # noqa: S608 the columns are a constant
        {
            "originator": knowable.originator,
            "originator_party": knowable.originator_party,
            "party": knowable.party,
            "series": list(knowable.series),
            "consent": wanted.consent,
            "assessment": wanted.assessment,
            "meeting": wanted.meeting,
            "at": before and before[0],
            "id": before and before[1],
            "limit": limit,
        },
    )
    return [_consent(row) for row in await cursor.fetchall()]


def _consent(row: TupleRow) -> RecordedConsent:
    withdrawn = None if row[14] is None else Withdrawn(row[14], row[15], row[16])
    return RecordedConsent(
        terms=Consent(
            originator=row[0],
            assessment_id=row[1],
            revision=row[2],
            rendition=Rendition(row[3]),
            party=row[4],
            mode=Mode(row[5]),
            meeting=row[6],
            expires_at=row[7],
        ),
        series=row[8],
        originator_party=row[9],
        statement=row[10],
        recorded_by=row[11],
        recorded_at=row[12],
        state=ConsentState(row[13]),
        withdrawn=withdrawn,
        aggregate_version=row[17],
    )
