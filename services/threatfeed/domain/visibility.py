"""Which rendition of an assessment a party may have, from what is told of it without its text.

The same questions are put to the kernel as when somebody reads the assessment itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.kernel.markings.marking import Marking
from services.kernel.parties import Authorship
from services.kernel.policy import Policy
from services.kernel.releasability import decide, outside_meetings
from services.kernel.release_terms import Mode, Rendition, RevisionState, TextUnderDecision

_DEEPEST_LINEAGE = 5


@dataclass(frozen=True, slots=True)
class SourceReference:
    """An assessment from which another was written; the agency is empty where nobody said whose it is."""

    agency: str
    assessment_id: UUID
    version: str = ""
    """The version that is named; empty where none is."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of an assessment as it stands: everything but its words.

    `tear_line` is the marking of the first one. `published` is None of what no longer stands.
    """

    assessment_id: UUID
    aggregate_version: int
    agency: str
    revision: int = 0
    marking: Marking | None = None
    tear_line: Marking | None = None
    marking_rule_id: str | None = None
    sources: tuple[SourceReference, ...] = ()
    themes: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    published: datetime | None = None
    version: str = ""
    """The agency's own version of what is current."""


Terms = tuple[str, Marking | None, Marking | None, str | None]


@dataclass(slots=True)
class Sight:
    """What one party may have at one moment, of all that is told. Equal terms are decided once."""

    party: str
    told: Mapping[UUID, Told]
    policy: Policy
    at: datetime
    _decided: dict[Terms, Rendition | None] = field(default_factory=dict)

    def rendition(self, told: Told) -> Rendition | None:
        """The widest rendition that the party may have a copy of; None for none."""
        if told.sources:
            return self._decide(told)
        terms = (told.agency, told.marking, told.tear_line, told.marking_rule_id)
        if terms not in self._decided:
            self._decided[terms] = self._decide(told)
        return self._decided[terms]

    def _decide(self, told: Told) -> Rendition | None:
        if told.agency not in self.policy.agencies:
            return None
        if self._allows(self._full(told, 0)):
            return Rendition.FULL
        if told.tear_line is not None and self._allows(self._tear_line(told, told.tear_line)):
            return Rendition.TEAR_LINE
        return None

    def _allows(self, text: TextUnderDecision) -> bool:
        occasion = outside_meetings(self.party, self.policy, self.at)
        return decide(
            text, self.party, occasion, Mode.RELEASE, policy=self.policy, consents=(), now=self.at
        ).allowed

    def _full(self, told: Told, depth: int) -> TextUnderDecision:
        agency = self.policy.agencies.get(told.agency)
        sources = tuple(self._source(told.assessment_id, source, depth + 1) for source in told.sources)
        return TextUnderDecision(
            assessment_id=told.assessment_id,
            revision=told.revision,
            rendition=Rendition.FULL,
            marking=told.marking,
            originator_party=agency.party if agency else "",
            originator_organisation=agency.organisation if agency else "",
            state=RevisionState.CURRENT,
            parent_has_national=bool(told.marking and told.marking.national),
            marking_rule=told.marking_rule_id,
            authorship=agency.authorship if agency else Authorship.AGENCY,
            derived_from=sources or None,
        )

    def _tear_line(self, told: Told, marking: Marking) -> TextUnderDecision:
        agency = self.policy.agency(told.agency)
        return TextUnderDecision(
            assessment_id=told.assessment_id,
            revision=told.revision,
            rendition=Rendition.TEAR_LINE,
            marking=marking,
            originator_party=agency.party,
            originator_organisation=agency.organisation,
            state=RevisionState.CURRENT,
            parent_has_national=bool(told.marking and told.marking.national),
        )

    def _source(self, derived: UUID, source: SourceReference, depth: int) -> TextUnderDecision:
        """A source as it is told of; one that is not, or lies too deep, is unmarked and so denies.

        So does one in another version than the current one: only of that the marking is told.
        """
        held = self.told.get(source.assessment_id)
        other = held is not None and source.version not in ("", held.version)
        if held is None or other or depth > _DEEPEST_LINEAGE or source.assessment_id == derived:
            held = Told(source.assessment_id, 0, source.agency)
        return self._full(held, depth)
