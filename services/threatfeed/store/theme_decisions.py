"""What the officials of an audience decided by hand on the themes of assessments."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction
from services.kernel.parties import Audience
from services.threatfeed.domain.theme_decisions import (
    UNDECIDED,
    ThemeDecision,
    ThemesByHand,
    ThemesChanged,
    Verdict,
)


async def themes_by_hand(
    tx: Transaction, audience: Audience, assessments: Sequence[UUID]
) -> dict[UUID, ThemesByHand]:
    """What the audience decided on each; those on which it decided nothing are absent."""
    cursor = await tx.execute(
        """
        SELECT assessment_id, version, decisions FROM theme_decisions
        WHERE series = %s AND party = %s AND assessment_id = ANY(%s)
        """,
        [audience.series, audience.party, list(assessments)],
    )
    return {
        identity: ThemesByHand(version, tuple(_decision(entry) for entry in decisions))
        for identity, version, decisions in await cursor.fetchall()
    }


async def decided_by_hand(tx: Transaction, audience: Audience, assessment_id: UUID) -> ThemesByHand:
    found = await themes_by_hand(tx, audience, [assessment_id])
    return found.get(assessment_id, UNDECIDED)


async def store_decisions(
    tx: Transaction, audience: Audience, assessment_id: UUID, after: ThemesByHand, audit: AuditEntry
) -> None:
    """Puts a version after the one before it. Raises `ThemesChanged` where somebody else was first."""
    stored = await tx.execute(
        """
        INSERT INTO theme_decisions (series, party, assessment_id, version, decisions, assigned, removed)
        VALUES (%(series)s, %(party)s, %(id)s, %(version)s, %(decisions)s, %(assigned)s, %(removed)s)
        ON CONFLICT (series, party, assessment_id) DO UPDATE SET version = excluded.version,
            decisions = excluded.decisions, assigned = excluded.assigned, removed = excluded.removed
        WHERE theme_decisions.version = excluded.version - 1
        """,
        {
            "series": audience.series,
            "party": audience.party,
            "id": assessment_id,
            "version": after.version,
            "decisions": Jsonb([_document(one) for one in after.decisions]),
            "assigned": list(after.themes(Verdict.ASSIGNED)),
            "removed": list(after.themes(Verdict.REMOVED)),
        },
    )
    if stored.rowcount == 0:
        raise ThemesChanged("the themes were decided on since they were read", pointer="/etag")
    await append(tx, audit)


def _document(decision: ThemeDecision) -> dict[str, str]:
    return {
        "theme": decision.theme,
        "verdict": decision.verdict.value,
        "reason": decision.reason,
        "official": decision.official,
        "decided_at": decision.decided_at.isoformat(),
    }


def _decision(document: dict[str, str]) -> ThemeDecision:
    return ThemeDecision(
        theme=document["theme"],
        verdict=Verdict(document["verdict"]),
        reason=document["reason"],
        official=document["official"],
        decided_at=datetime.fromisoformat(document["decided_at"]),
    )
