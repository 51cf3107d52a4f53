"""Gives the revisions of an assessment that a reader may have, and what changed from one to the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import jsonpatch

from services.chassis.audit import AuditEntry, append
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess
from services.threatfeed.domain.documents import revision_to_document
from services.threatfeed.store.readings import find_revisions
from services.threatfeed.usecases.read_assessment import Rendered, reads_the_record, rendition_for

_OURS = ("assessment_id", "source", "kind")
"""What says nothing of the content, or would tell of the text around a tear line."""

Patch = Sequence[Mapping[str, Any]]
"""A JSON Patch (RFC 6902)."""


@dataclass(frozen=True, slots=True)
class Step:
    """A revision, and what changed since the one before it that the reader may have."""

    rendered: Rendered
    patch: Patch
    reverse: Patch


async def read_history(
    database: Database, reader: Reader, assessment_id: UUID, *, policy: Policy, at: datetime
) -> list[Step]:
    """Oldest first; of the first, the patch makes it from nothing. Audited.

    Raises `NoAccess` where there is nothing, or nothing for this reader.
    """
    async with database.transaction() as tx:
        seen: list[Rendered] = []
        record = reads_the_record(policy, reader)
        if policy.series_of(reader):
            for held in await find_revisions(tx, assessment_id):
                rendition = await rendition_for(tx, held, reader.party, policy, at, withdrawn=record)
                if rendition is not None:
                    seen.append(Rendered(held, rendition))
        if not seen:
            raise NoAccess(f"assessment {assessment_id}")
        await append(
            tx,
            AuditEntry(
                action="assessment.history-read",
                actor=reader.subject,
                party=reader.party,
                subject_kind="assessment",
                subject_id=str(assessment_id),
                at=at,
                detail={"revisions": [one.held.revision for one in seen]},
            ),
        )
    return _steps(seen)


async def compare_revisions(
    database: Database,
    reader: Reader,
    assessment_id: UUID,
    before: int,
    after: int,
    *,
    policy: Policy,
    at: datetime,
) -> Step:
    """What changed from one revision to another. Raises `NoAccess` where the reader may not have both."""
    steps = await read_history(database, reader, assessment_id, policy=policy, at=at)
    found = {step.rendered.held.revision: step.rendered for step in steps}
    if before not in found or after not in found:
        raise NoAccess(f"assessment {assessment_id}")
    return _step(found[before], found[after])


def _steps(seen: Sequence[Rendered]) -> list[Step]:
    return [_step(before, after) for before, after in zip([None, *seen], seen, strict=False)]


def _step(before: Rendered | None, after: Rendered) -> Step:
    old = {} if before is None else _document(before)
    new = _document(after)
    return Step(
        after,
        jsonpatch.make_patch(old, new).patch,
        jsonpatch.make_patch(new, old).patch,
    )


def _document(rendered: Rendered) -> dict[str, object]:
    document = revision_to_document(rendered.content)
    return {name: value for name, value in document.items() if name not in _OURS}
