"""The texts of an assessment that a release question can be about, with their lineage."""

from uuid import UUID

from services.chassis.database import Transaction
from services.kernel.identifiers import assessment_id
from services.kernel.policy import Policy
from services.kernel.release_terms import Rendition, RevisionState, TextUnderDecision
from services.threatfeed.domain.assessment import Assessment, Derivation
from services.threatfeed.domain.views import UNTITLED
from services.threatfeed.store.readings import Held, find_revision

_DEEPEST_LINEAGE = 5


def renditions(content: Assessment) -> tuple[Rendition, ...]:
    """Widest first."""
    return (Rendition.FULL, Rendition.TEAR_LINE) if content.tear_lines else (Rendition.FULL,)


def title_of(content: Assessment, rendition: Rendition) -> str:
    """The title in that rendition; a tear line without one gets nothing of its parent's."""
    if rendition is Rendition.FULL:
        return content.title
    return content.tear_lines[0].title or UNTITLED


async def text_under_decision(
    tx: Transaction, held: Held, rendition: Rendition, policy: Policy, depth: int = 0
) -> TextUnderDecision:
    """The exact words with everything that the rules ask for; a tear line is its own lineage."""
    content = held.content
    full = rendition is Rendition.FULL
    agency = policy.agency(content.originator)
    return TextUnderDecision(
        assessment_id=content.assessment_id,
        revision=held.revision,
        rendition=rendition,
        marking=content.whole_marking() if full else content.tear_lines[0].marking,
        originator_party=agency.party,
        originator_organisation=agency.organisation,
        state=held.state,
        parent_has_national=bool(content.whole_marking().national),
        marking_rule=content.marking_rule_id if full else None,
        derived_from=tuple(
            [
                await _source(tx, content.assessment_id, source, policy, depth + 1)
                for source in content.derived_from
            ]
            if full
            else ()
        )
        or None,
    )


async def _source(
    tx: Transaction, derived: UUID, source: Derivation, policy: Policy, depth: int
) -> TextUnderDecision:
    """A source as it is held; one that is not held, or lies too deep, is unmarked and so denies."""
    originator = source.originator or ""
    identity = assessment_id(originator, source.object_id)
    held = None
    if originator in policy.agencies and depth <= _DEEPEST_LINEAGE and identity != derived:
        held = await find_revision(tx, identity, 0)
    if held is not None:
        return await text_under_decision(tx, held, Rendition.FULL, policy, depth)
    agency = policy.agencies.get(originator)
    return TextUnderDecision(
        assessment_id=identity,
        revision=0,
        rendition=Rendition.FULL,
        marking=None,
        originator_party=agency.party if agency else "",
        originator_organisation=agency.organisation if agency else "",
        state=RevisionState.CURRENT,
    )
