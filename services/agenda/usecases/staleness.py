"""Who comes late is told what changed since, in one way for everything that has versions."""

from collections.abc import Mapping
from typing import Any

from services.agenda.domain.meeting import Meeting
from services.agenda.domain.outcome import Outcome
from services.agenda.domain.proposal import Proposal
from services.agenda.domain.refusals import StaleVersion
from services.agenda.domain.staleness import stale
from services.agenda.store.steps import (
    Versioned,
    meeting_steps,
    outcome_steps,
    proposal_steps,
    steps_since,
)
from services.chassis.database import Transaction
from services.kernel.parties import Reader


async def stale_answer(
    tx: Transaction,
    reader: Reader,
    subject: Versioned,
    version: int,
    expected: int,
    current: Mapping[str, object],
    **metadata: str,
) -> StaleVersion:
    """To be raised: the newest version, what led to it from the expected one, and what the caller would have
    written as it now is. Only of what the caller may read.
    """
    steps = await steps_since(tx, subject, expected)
    return stale(subject.name, version, steps, party=reader.party, current=current, **metadata)


async def require_meeting_version(tx: Transaction, reader: Reader, meeting: Meeting, expected: int) -> None:
    """Raises `StaleVersion`."""
    if meeting.version != expected:
        names = ("state", "starts_at", "ends_at", "time_zone", "venue")
        current = _named(meeting, *names)
        raise await stale_answer(tx, reader, meeting_steps(meeting.id), meeting.version, expected, current)


async def require_proposal_version(
    tx: Transaction, reader: Reader, proposal: Proposal, expected: int
) -> None:
    """Raises `StaleVersion`."""
    if proposal.version == expected:
        return
    text = proposal.text
    names = ("title", "kind", "purpose", "minutes", "commitments", "theme", "leads", "marking")
    current = {
        **_named(text.content, *names),
        "references": [
            _named(one, "assessment_id", "revision", "rendition", "mode") for one in text.content.references
        ],
        **_named(text, "rationale", "edition"),
        "state": proposal.state,
    }
    raise await stale_answer(tx, reader, proposal_steps(proposal.id), proposal.version, expected, current)


async def require_outcome_version(tx: Transaction, reader: Reader, outcome: Outcome, expected: int) -> None:
    """Raises `StaleVersion`."""
    if outcome.aggregate_version != expected:
        raise await stale_answer(
            tx,
            reader,
            outcome_steps(outcome.id),
            outcome.aggregate_version,
            expected,
            _named(outcome, "kind", "conclusion", "reason", "deferred_to"),
            content_hash=outcome.content_hash,
            state=outcome.state.value,
        )


def _named(value: Any, *names: str) -> dict[str, object]:
    return {name: getattr(value, name) for name in names}
