"""Lists the assessments that a secretariat could propose for a meeting, with the reasons for each."""

from dataclasses import dataclass
from datetime import datetime

from services.chassis.audit import AuditEntry, append
from services.chassis.database import Database, Transaction
from services.kernel.parties import Audience, Reader, Role
from services.kernel.policy import Policy
from services.kernel.releasability import jointly_allowed
from services.kernel.release_terms import Decision, Mode, Rendition
from services.threatfeed.domain.paging import Position
from services.threatfeed.domain.theme_decisions import UNDECIDED, ThemesByHand
from services.threatfeed.store.consents import consents_for
from services.threatfeed.store.readings import Held, page_of_active
from services.threatfeed.store.theme_decisions import themes_by_hand
from services.threatfeed.usecases.decide_releasability import Asking, Use
from services.threatfeed.usecases.read_assessment import Rendered
from services.threatfeed.usecases.renditions import renditions, title_of

_CHUNK = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """An assessment as the reader may have it, and the rendition that every party may have."""

    rendered: Rendered
    joint_rendition: Rendition | None
    joint_title: str | None
    decisions: tuple[Decision, ...]

    def carries(self, theme: str | None) -> bool:
        """Whether its reader sees that theme on it; None is any and none."""
        return theme is None or theme in {one.theme for one in self.rendered.themes}


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
    """A page of what the reader may see, latest first, and the publication and id of the last of it; no
    position when there is no more that the reader may see.

    Themes are those of the rules, with what the reader's own audience decided by hand. Audited. Raises
    `NotEntitled`.
    """
    policy.require(reader, Role.SECRETARIAT, use.series)
    audience = Audience(use.series, reader.party)
    async with database.transaction() as tx:
        asking = Asking(
            reader=reader,
            occasion=use.occasion(policy),
            policy=policy,
            at=at,
            consents=await consents_for(tx, use.series, use.meeting_id),
        )
        candidates, following = await _page(tx, asking, audience, theme, after, size)
        await append(
            tx,
            AuditEntry(
                action="assessments.candidates-listed",
                actor=reader.subject,
                party=reader.party,
                subject_kind="series",
                subject_id=use.series,
                at=at,
                detail={"assessments": [str(one.rendered.held.content.assessment_id) for one in candidates]},
            ),
        )
    return candidates, following


async def _page(
    tx: Transaction,
    asking: Asking,
    audience: Audience,
    theme: str | None,
    after: Position | None,
    size: int,
) -> tuple[list[Candidate], Position | None]:
    candidates: list[Candidate] = []
    while True:
        chunk = await page_of_active(tx, after, theme, audience, _CHUNK)
        by_hand = await themes_by_hand(tx, audience, [held.content.assessment_id for held in chunk])
        for held in chunk:
            after = (held.content.published, held.content.assessment_id)
            decided = by_hand.get(held.content.assessment_id, UNDECIDED)
            candidate = await _candidate(tx, held, decided, asking)
            if candidate is None or not candidate.carries(theme):
                continue
            if len(candidates) == size:
                last = candidates[-1].rendered.content
                return candidates, (last.published, last.assessment_id)
            candidates.append(candidate)
        if len(chunk) < _CHUNK:
            return candidates, None


async def _candidate(tx: Transaction, held: Held, by_hand: ThemesByHand, asking: Asking) -> Candidate | None:
    decisions: list[Decision] = []
    joint: Rendition | None = None
    own = await asking.own_rendition(tx, held)
    for rendition in renditions(held.content):
        found = {
            mode: await asking.decide(tx, held, rendition, mode) for mode in (Mode.RELEASE, Mode.DISCLOSE)
        }
        if own is not rendition and not decisions and not asking.given(found[Mode.RELEASE]):
            # Decisions on a text wider than the reader's own would tell how that is marked.
            continue
        own = rendition if not decisions else own
        for made in found.values():
            decisions.extend(made)
            if joint is None and jointly_allowed(made):
                joint = rendition
    if own is None:
        return None
    return Candidate(
        rendered=Rendered(held, own, by_hand),
        joint_rendition=joint,
        joint_title=None if joint is None else title_of(held.content, joint),
        decisions=tuple(decisions),
    )
