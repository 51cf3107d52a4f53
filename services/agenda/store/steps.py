"""The steps by which an aggregate came to its version, as the audit record has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.agenda.domain.staleness import Step
from services.chassis.database import Transaction


@dataclass(frozen=True, slots=True)
class Versioned:
    """An aggregate of which every version is one entry of the record. `party` and `item` narrow it down where
    several share a subject: then one party's material is asked for, and no other's is found.
    """

    name: str
    kind: str
    actions: Sequence[str]
    id: UUID
    party: str | None = None
    item: UUID | None = None


def meeting_steps(meeting_id: UUID) -> Versioned:
    return Versioned("meeting", "meeting", ("meeting.%",), meeting_id)


def proposal_steps(proposal_id: UUID) -> Versioned:
    return Versioned("proposal", "proposal", ("proposal.%",), proposal_id)


def outcome_steps(outcome_id: UUID) -> Versioned:
    """An agreement is recorded as given and then as counted: what is counted makes the version."""
    actions = ("outcome.proposed", "outcome.revised", "outcome.agreement-counted", "outcome.agreed")
    return Versioned("outcome", "outcome", actions, outcome_id)


def participant_steps(participant_id: UUID) -> Versioned:
    """Notes are a side's own and change no version."""
    presence = ("accepted", "declined", "attended", "absent", "invited")
    actions = ("participant.added", *(f"participant.{state}" for state in presence))
    return Versioned("participant", "participant", actions, participant_id)


def run_steps(meeting_id: UUID) -> Versioned:
    return Versioned("run clock", "meeting", ("run.%",), meeting_id)


def clearance_steps(clearance_id: UUID) -> Versioned:
    return Versioned("clearance", "clearance", ("clearance.%",), clearance_id)


def planning_steps(draft_id: UUID) -> Versioned:
    return Versioned("planning", "draft", ("draft.planned",), draft_id)


def brief_steps(meeting_id: UUID, party: str, item_id: UUID) -> Versioned:
    return Versioned("brief", "meeting", ("brief.written",), meeting_id, party, item_id)


async def steps_since(tx: Transaction, subject: Versioned, version: int) -> tuple[Step, ...]:
    """What was done after a version, oldest first."""
    cursor = await tx.execute(
        """
        SELECT action, party, actor, at, coalesce(detail -> 'fields', '[]'::jsonb) FROM audit
        WHERE subject_kind = %(kind)s AND subject_id = %(id)s AND action LIKE ANY(%(actions)s)
            AND (%(party)s::text IS NULL OR party = %(party)s)
            AND (%(item)s::text IS NULL OR detail ->> 'item_id' = %(item)s)
        ORDER BY id OFFSET %(version)s
        """,
        {
            "kind": subject.kind,
            "id": str(subject.id),
            "actions": list(subject.actions),
            "party": subject.party,
            "item": None if subject.item is None else str(subject.item),
            "version": version,
        },
    )
    return tuple(
        Step(action.partition(".")[2], party, official, at, tuple(names))
        for action, party, official, at, names in await cursor.fetchall()
    )
