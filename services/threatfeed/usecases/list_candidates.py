"""Lists the assessments that a secretariat could propose for a meeting, with the reasons for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.chassis.database import Database, Transaction
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy
from services.kernel.releasability import decide_all, jointly_allowed
from services.kernel.release_terms import Decision, Mode, Occasion, Rendition
from services.threatfeed.domain.paging import Position
from services.threatfeed.store.readings import Held, page_of_active
from services.threatfeed.usecases.decide_releasability import Use
from services.threatfeed.usecases.read_assessment import Rendered, rendition_for
from services.threatfeed.usecases.renditions import renditions, text_under_decision, title_of

_CHUNK = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """An assessment as the reader may have it, and the rendition that every party may have."""

    rendered: Rendered
    joint_rendition: Rendition | None
    joint_title: str | None
    decisions: tuple[Decision, ...]


async def list_candidates(
    database: Database,
    reader: Reader,
    use: Use,
    *,
    theme: str | None,
    after: Position | None,
    size: int,
    policy: Policy,
    at: datetime,
) -> tuple[list[Candidate], Position | None]:
    """A page of what the reader may see, latest first; no position when there is no more.

    Raises `NotEntitled`.
    """
    policy.require(reader, Role.SECRETARIAT, use.series)
    occasion = use.occasion(policy)
    candidates: list[Candidate] = []
    async with database.transaction() as tx:
        while True:
            chunk = await page_of_active(tx, after, theme, _CHUNK)
            for held in chunk:
                after = (held.content.published, held.content.assessment_id)
                candidate = await _candidate(tx, held, reader, occasion, policy, at)
                if candidate is not None:
                    candidates.append(candidate)
                if len(candidates) == size:
                    return candidates, after
            if len(chunk) < _CHUNK:
                return candidates, None


async def _candidate(
    tx: Transaction, held: Held, reader: Reader, occasion: Occasion, policy: Policy, at: datetime
) -> Candidate | None:
    own = await rendition_for(tx, held, reader.party, policy, at)
    if own is None:
        return None
    decisions: list[Decision] = []
    joint: Rendition | None = None
    # Decisions on a text wider than the reader's own would tell how that is marked.
    wide = renditions(held.content)
    for rendition in wide[wide.index(own) :]:
        text = await text_under_decision(tx, held, rendition, policy)
        for mode in (Mode.RELEASE, Mode.DISCLOSE):
            found: Sequence[Decision] = decide_all(text, occasion, mode, policy=policy, consents=(), now=at)
            decisions.extend(found)
            if joint is None and jointly_allowed(found):
                joint = rendition
    return Candidate(
        rendered=Rendered(held, own),
        joint_rendition=joint,
        joint_title=None if joint is None else title_of(held.content, joint),
        decisions=tuple(decisions),
    )
