"""The texts of an assessment that a release question can be about, with their lineage."""

from services.chassis.database import Transaction
from services.kernel.identifiers import assessment_id
from services.kernel.parties import Authorship
from services.kernel.policy import Policy
from services.kernel.release_terms import Rendition, RevisionState, TextUnderDecision
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.views import UNTITLED
from services.threatfeed.store.readings import Held, find_source

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
    tx: Transaction,
    held: Held,
    rendition: Rendition,
    policy: Policy,
    *,
    for_reading: bool = False,
    depth: int = 0,
) -> TextUnderDecision:
    """The exact words with everything that the rules ask for; a tear line is its own lineage.

    `for_reading` takes every revision as current: what was replaced can still be read, only its use is over.
    Whether what was withdrawn is read is for `rendition_for` to say.
    """
    content = held.content
    full = rendition is Rendition.FULL
    # An agency that the policy no longer knows is nobody, and its texts are for nobody.
    agency = policy.agencies.get(content.originator)
    sources = await _sources(tx, content, policy, for_reading, depth + 1) if full else []
    return TextUnderDecision(
        assessment_id=content.assessment_id,
        revision=held.revision,
        rendition=rendition,
        marking=content.whole_marking() if full else content.tear_lines[0].marking,
        originator_party=agency.party if agency else held.party,
        originator_organisation=agency.organisation if agency else "",
        state=RevisionState.CURRENT if for_reading else held.state,
        parent_has_national=bool(content.whole_marking().national),
        marking_rule=content.marking_rule_id if full else None,
        authorship=agency.authorship if agency and full else Authorship.AGENCY,
        derived_from=tuple(source for source in sources if source is not None) or None,
        sources_known=None not in sources,
    )


async def _sources(
    tx: Transaction, content: Assessment, policy: Policy, for_reading: bool, depth: int
) -> list[TextUnderDecision | None]:
    """The declared sources as they are held, in the declared version where one is named; None for each
    that is not held, is nobody's, or lies too deep.
    """
    found: list[TextUnderDecision | None] = []
    for source in content.derived_from:
        originator = source.originator or ""
        identity = assessment_id(originator, source.object_id)
        held = None
        known = originator in policy.agencies and identity != content.assessment_id
        if known and depth <= _DEEPEST_LINEAGE:
            held = await find_source(tx, identity, source.version)
        found.append(
            None
            if held is None
            else await text_under_decision(
                tx, held, Rendition.FULL, policy, for_reading=for_reading, depth=depth
            )
        )
    return found
