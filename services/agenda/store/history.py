"""What was recorded of a meeting."""

from collections.abc import Sequence
from datetime import datetime

from services.agenda.domain.history.telling import Recorded
from services.agenda.domain.meeting import Meeting, MeetingLevel
from services.chassis.database import Transaction

Mark = tuple[datetime, int]
"""Where a reading of the record stopped. It counts what every party did: it never leaves the service."""


async def recorded_about(
    tx: Transaction,
    meeting: Meeting,
    party: str,
    joint: Sequence[str],
    *,
    since: datetime | None,
    after: Mark | None,
    limit: int,
) -> list[tuple[Mark, Recorded]]:
    """What one party and the service itself did, and these acts of every party, the oldest first.

    Of proposals those for the edition, and those that were taken into the party's draft.
    """
    cursor = await tx.execute(
        """
        WITH subject (kind, id) AS (
            SELECT 'meeting', %(meeting)s
            UNION ALL
            SELECT kind, id FROM draft CROSS JOIN (VALUES ('draft'), ('draft-item')) AS kinds (kind)
            WHERE meeting_id = %(meeting)s AND party = %(party)s
            UNION ALL
            SELECT kind, id FROM agenda CROSS JOIN (VALUES ('agenda'), ('agenda-item')) AS kinds (kind)
            WHERE meeting_id = %(meeting)s
            UNION ALL
            SELECT 'outcome', id FROM outcome WHERE meeting_id = %(meeting)s
            UNION ALL
            SELECT 'conclusions', id FROM conclusions WHERE meeting_id = %(meeting)s
            UNION ALL
            SELECT 'participant', id FROM participant WHERE meeting_id = %(meeting)s
            UNION ALL
            SELECT 'clearance', clearance.id FROM internal_clearance AS clearance
            JOIN draft ON draft.id = clearance.draft_id
            WHERE draft.meeting_id = %(meeting)s AND draft.party = %(party)s
            UNION ALL
            SELECT 'proposal', proposal.id FROM proposal
            LEFT JOIN draft ON draft.id = proposal.draft_id
            WHERE proposal.series = %(series)s AND proposal.party = %(party)s
                AND (draft.meeting_id = %(meeting)s OR (%(edition)s AND proposal.edition = %(number)s))
            UNION ALL
            SELECT 'withdrawal-task', task.id FROM withdrawal_task AS task
            WHERE task.series = %(series)s AND task.meeting_id = %(meeting)s
        )
        SELECT audit.id, audit.action, audit.actor, audit.party, audit.subject_id::uuid, audit.at,
            audit.detail
        FROM subject
        JOIN audit ON audit.subject_kind = subject.kind AND audit.subject_id = subject.id::text
        WHERE (audit.party = %(party)s OR audit.party IS NULL OR audit.action = ANY(%(joint)s))
            AND (%(since)s::timestamptz IS NULL OR audit.at >= %(since)s)
            AND (%(at)s::timestamptz IS NULL OR (audit.at, audit.id) > (%(at)s, %(id)s))
        ORDER BY audit.at, audit.id LIMIT %(limit)s
        """,
        {
            "meeting": meeting.id,
            "series": meeting.series,
            "party": party,
            "edition": meeting.level is MeetingLevel.EDITION,
            "number": meeting.edition,
            "joint": list(joint),
            "since": since,
            "at": None if after is None else after[0],
            "id": None if after is None else after[1],
            "limit": limit,
        },
    )
    found = [(number, Recorded(*row)) for number, *row in await cursor.fetchall()]
    return [((one.at, number), one) for number, one in found]
