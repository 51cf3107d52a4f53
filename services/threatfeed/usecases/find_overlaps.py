"""Which assessments overlap with one, of those that the reader may see both, and because of what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.chassis.audit import AuditEntry, append
from services.chassis.database import Database, Transaction
from services.kernel.identifiers import assessment_id as identity_of
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess
from services.kernel.release_terms import Rendition, RevisionState
from services.threatfeed.domain.correlation import LEAST, Facts, Ground, Reason, facts_of, overlap, weight_of
from services.threatfeed.store.links import may_overlap
from services.threatfeed.store.readings import Held, find_latest
from services.threatfeed.usecases.read_assessment import Rendered, rendition_for

_CHUNK: Final = 100
_FACTS: Final = {Ground.ACTOR: "actor", Ground.VULNERABILITY: "cve", Ground.SOURCE: "reference"}


@dataclass(frozen=True, slots=True)
class Overlap:
    """Another assessment as the reader may have it, and every fact that both state."""

    rendered: Rendered
    reasons: tuple[Reason, ...]

    @property
    def weight(self) -> int:
        return weight_of(self.reasons)


async def find_overlaps(
    database: Database,
    reader: Reader,
    series: str,
    assessment_id: UUID,
    *,
    size: int,
    policy: Policy,
    at: datetime,
) -> list[Overlap]:
    """The heaviest, at most `size`. Audited. Raises `NotEntitled`, or `NoAccess` where there is nothing."""
    policy.require(reader, Role.SECRETARIAT, series)
    async with database.transaction() as tx:
        facts = facts_seen(await rendered_for(tx, reader, assessment_id, policy, at))
        found: list[Overlap] = []
        candidates = await _candidates(tx, reader, facts, policy)
        for start in range(0, len(candidates), _CHUNK):
            for held in await find_latest(tx, candidates[start : start + _CHUNK]):
                one = await _overlap(tx, reader, facts, held, policy, at)
                if one is not None:
                    found.append(one)
        found.sort(key=lambda one: (-one.weight, one.rendered.held.content.assessment_id))
        await append(
            tx,
            AuditEntry(
                action="assessment.overlaps-read",
                actor=reader.subject,
                party=reader.party,
                subject_kind="assessment",
                subject_id=str(assessment_id),
                at=at,
                detail={"assessments": [str(one.rendered.content.assessment_id) for one in found[:size]]},
            ),
        )
    return found[:size]


async def rendered_for(
    tx: Transaction, reader: Reader, assessment_id: UUID, policy: Policy, at: datetime
) -> Rendered:
    """The latest revision as the reader may have it. Raises `NoAccess`."""
    for held in await find_latest(tx, [assessment_id]):
        rendition = await rendition_for(tx, held, reader.party, policy, at)
        if rendition is not None:
            return Rendered(held, rendition)
    raise NoAccess(f"assessment {assessment_id}")


def facts_seen(rendered: Rendered) -> Facts:
    """What the rendition that its reader has states."""
    return facts_of(rendered.content, whole=rendered.rendition is Rendition.FULL)


async def _candidates(tx: Transaction, reader: Reader, facts: Facts, policy: Policy) -> Sequence[UUID]:
    stated = [
        f"{kind}:{reason.value}".casefold()
        for reason in facts.stated
        if (kind := _FACTS.get(reason.ground)) is not None
    ]
    techniques = [
        f"technique:{reason.value}".casefold() for reason in facts.stated if reason.ground is Ground.TECHNIQUE
    ]
    sources = [
        identity_of(agency, reason.value)
        for reason in facts.stated
        if reason.ground is Ground.SOURCE
        for agency in policy.agencies
    ]
    found = await may_overlap(tx, reader.party, stated, techniques, [facts.assessment_id, *sources])
    return [identity for identity in found if identity != facts.assessment_id]


async def _overlap(
    tx: Transaction, reader: Reader, facts: Facts, held: Held, policy: Policy, at: datetime
) -> Overlap | None:
    """The view says what may be there; it is decided again, since a view follows its assessment."""
    if held.state is not RevisionState.CURRENT:
        return None
    rendition = await rendition_for(tx, held, reader.party, policy, at)
    if rendition is None:
        return None
    rendered = Rendered(held, rendition)
    reasons = overlap(facts, facts_seen(rendered))
    return Overlap(rendered, reasons) if weight_of(reasons) >= LEAST else None
