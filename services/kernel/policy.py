"""The policy: everything about parties, series, instruments and release that is data and not
code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.kernel.agreements import Agreement, PublicSourceRule
from services.kernel.calendars import WorkingCalendar, read_calendar
from services.kernel.editions import Edition, check_edition, read_edition
from services.kernel.escalation import Escalation, read_escalation
from services.kernel.identifiers import series_stem
from services.kernel.instruments import Commitment, Instrument, read_instrument
from services.kernel.markings.levels import Level, MarkingSystem
from services.kernel.markings.refusals import MarkingMissing, MarkingUnknown
from services.kernel.parties import (
    Agency,
    Audience,
    Entitlement,
    Organisation,
    Party,
    Reader,
    Role,
)
from services.kernel.policy_documents import (
    digest_of,
    names_by_folder,
    read_entitlements,
    read_organisations,
    read_policy_document,
)
from services.kernel.ranking import RankingWeights, read_ranking
from services.kernel.refusals import Refusal, RefusalKind
from services.kernel.sections import PolicyMalformed
from services.kernel.series import Series, read_series
from services.kernel.themes import ThemeRules, read_themes


class UnknownParty(Refusal):
    """No such party in the policy."""

    kind = RefusalKind.INVALID
    reason = "PARTY_UNKNOWN"


class UnknownOrganisation(Refusal):
    """No such organisation in the policy."""

    kind = RefusalKind.INVALID
    reason = "ORGANISATION_UNKNOWN"


class UnknownAgency(Refusal):
    """No such agency in the policy."""

    kind = RefusalKind.INVALID
    reason = "AGENCY_UNKNOWN"


class UnknownSeries(Refusal):
    """No such series. For readers use `Policy.require`: that a series exists may be withheld."""

    kind = RefusalKind.NOT_FOUND
    reason = "SERIES_UNKNOWN"


class UnknownInstrument(Refusal):
    """No such instrument in the policy."""

    kind = RefusalKind.NOT_FOUND
    reason = "INSTRUMENT_UNKNOWN"


class UnknownCommitment(Refusal):
    """No instrument that the series cites holds such a commitment."""

    kind = RefusalKind.INVALID
    reason = "COMMITMENT_UNKNOWN"


class UnknownAudience(Refusal):
    """No series has such an audience."""

    kind = RefusalKind.NOT_FOUND
    reason = "AUDIENCE_UNKNOWN"


class NotEntitled(Refusal):
    """The reader may not, or there is nothing there: the caller cannot tell which (AIP-211)."""

    kind = RefusalKind.FORBIDDEN
    reason = "NOT_ENTITLED"


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the policy. Made by `Policy.from_documents`; never changed.

    `version` names the declared version and, after `+`, a digest of the documents on which release is
    decided (the release policy and the series), so that no two contents share a version; `digest` is
    that of every document. `ranks` places every level of every system on one scale
    of protection; `owners` names the party whose system a marking system is; `coverage` says which
    parties a release code of a system covers. `host` is the party on whose deployment texts are held, empty
    where none is meant; it is the deployment's and not the documents'.
    """

    version: str
    digest: str
    parties: Mapping[str, Party]
    organisations: Mapping[str, Organisation]
    agencies: Mapping[str, Agency]
    agreements: tuple[Agreement, ...]
    public_sources: Mapping[str, PublicSourceRule]
    ranks: Mapping[Level, int]
    owners: Mapping[MarkingSystem, str]
    coverage: Mapping[tuple[MarkingSystem, str], frozenset[str]]
    tlp_community: frozenset[str]
    instruments: Mapping[str, Instrument]
    series: Mapping[str, Series]
    entitlements: frozenset[Entitlement]
    themes: ThemeRules
    ranking: RankingWeights
    editions: tuple[Edition, ...] = ()
    calendars: Mapping[str, WorkingCalendar] = field(default_factory=dict)
    escalations: Mapping[str, Escalation] = field(default_factory=dict)
    host: str = ""

    def hosted_by(self, party: str) -> "Policy":
        """The same policy on the deployment of a party. Raises `UnknownParty`."""
        return replace(self, host=self.party(party).id)

    @staticmethod
    def from_documents(documents: Mapping[str, Mapping[str, object]]) -> "Policy":
        """Builds the policy from its documents by name: `policy`, `entitlements`, `themes`, `ranking`, and
        any in the folders `series/`, `instruments/`, `editions/`, `calendars/`, `escalation/`, and in
        `organisations/` and `entitlements/`, which add to `policy` and `entitlements` what another series
        needs.

        Raises `PolicyMalformed` for an unknown document or member, or a reference to nothing.
        """
        of = names_by_folder(documents)
        base = read_policy_document(documents["policy"], "policy")
        organisations = dict(base.organisations)
        for name in of["organisations"]:
            added = read_organisations(documents[name], name, base.parties)
            if not added.keys().isdisjoint(organisations):
                raise PolicyMalformed(f"{name}: an organisation is listed twice", pointer=name)
            organisations |= added
        entitlements = read_entitlements(documents["entitlements"], "entitlements")
        for name in of["entitlements"]:
            entitlements |= read_entitlements(documents[name], name)
        instruments = [read_instrument(documents[name], name) for name in of["instruments"]]
        series = {entry.id: entry for entry in (read_series(documents[name], name) for name in of["series"])}
        calendars = [read_calendar(documents[name], name) for name in of["calendars"]]
        parties = {entry.id: entry.parties for entry in series.values()}
        escalations = [
            read_escalation(documents[name], name, parties, entitlements) for name in of["escalation"]
        ]
        deciding = {"policy", *of["organisations"], *of["series"]}
        policy = Policy(
            version=f"{base.version}+{digest_of({key: documents[key] for key in deciding})[:12]}",
            digest=digest_of(documents),
            parties=base.parties,
            organisations=organisations,
            agencies=base.agencies,
            agreements=base.agreements,
            public_sources=base.public_sources,
            ranks=base.ranks,
            owners=base.owners,
            coverage=base.coverage,
            tlp_community=base.tlp_community,
            instruments={instrument.id: instrument for instrument in instruments},
            series=series,
            entitlements=entitlements,
            themes=read_themes(documents["themes"], "themes"),
            ranking=read_ranking(documents["ranking"], "ranking"),
            calendars={entry.party: entry for entry in calendars},
            escalations={entry.series: entry for entry in escalations},
            editions=tuple(read_edition(documents[name], name, series) for name in of["editions"]),
        )
        if len(policy.instruments) < len(instruments) or len(series) < len(of["series"]):
            raise PolicyMalformed("an id is used by two documents")
        if len(policy.calendars) < len(calendars) or not set(policy.calendars) <= set(policy.parties):
            raise PolicyMalformed("a calendar is that of one party, and each party has one at most")
        if len(policy.escalations) < len(escalations):
            raise PolicyMalformed("a series has two documents of escalation")
        _check_references(policy)
        return policy

    def party(self, party_id: str) -> Party:
        """The party of that id. Raises `UnknownParty`."""
        if (found := self.parties.get(party_id)) is None:
            raise UnknownParty("there is no such party", party=party_id)
        return found

    def organisation(self, organisation_id: str) -> Organisation:
        """The organisation of that id. Raises `UnknownOrganisation`."""
        if (found := self.organisations.get(organisation_id)) is None:
            raise UnknownOrganisation("there is no such organisation", organisation=organisation_id)
        return found

    def agency(self, agency_id: str) -> Agency:
        """The agency of that id. Raises `UnknownAgency`."""
        if (found := self.agencies.get(agency_id)) is None:
            raise UnknownAgency("there is no such agency", agency=agency_id)
        return found

    def get_series(self, series_id: str) -> Series:
        """The series of that id. Raises `UnknownSeries`."""
        if (found := self.series.get(series_id)) is None:
            raise UnknownSeries("there is no such series", series=series_id)
        return found

    def instrument(self, instrument_id: str) -> Instrument:
        """The instrument of that id. Raises `UnknownInstrument`."""
        if (found := self.instruments.get(instrument_id)) is None:
            raise UnknownInstrument("there is no such instrument", instrument=instrument_id)
        return found

    def commitment(self, series: str, commitment_id: str) -> Commitment:
        """A commitment of the instruments a series cites. Raises `UnknownSeries`,
        `UnknownCommitment`.
        """
        for instrument in self.get_series(series).instruments:
            if (found := self.instrument(instrument).commitment(commitment_id)) is not None:
                return found
        raise UnknownCommitment("the series tracks no such commitment", commitment=commitment_id)

    def audiences(self, series: str) -> tuple[Audience, ...]:
        """The audiences of a series. Raises `UnknownSeries`."""
        return self.get_series(series).audiences

    def audience(self, audience_id: str) -> Audience:
        """The audience written `uk-eu.uk`. Raises `AudienceMalformed`, `UnknownAudience`."""
        audience = Audience.parse(audience_id)
        series = self.series.get(audience.series)
        if series is None or audience not in series.audiences:
            raise UnknownAudience("there is no such audience")
        return audience

    def roles(self, reader: Reader, series: str) -> frozenset[Role]:
        """The roles a reader holds in a series: by the token and by the entitlements, both."""
        found = self.series.get(series)
        if found is None or reader.party not in found.parties:
            return frozenset()
        if found.need_to_know is not None and reader.subject not in found.need_to_know:
            return frozenset()
        return frozenset(
            role
            for role in reader.roles
            if Entitlement(series, reader.party, reader.organisation, role) in self.entitlements
        )

    def entitled(self, reader: Reader, role: Role, series: str) -> bool:
        """Whether a reader holds a role in a series; no for a series that does not exist."""
        return role in self.roles(reader, series)

    def require(self, reader: Reader, role: Role, series: str) -> Series:
        """The series, for a reader who holds the role in it. Raises `NotEntitled`."""
        if not self.entitled(reader, role, series):
            raise NotEntitled(
                f"Permission '{role.value}' denied on series '{series}' (or it might not exist)"
            )
        return self.get_series(series)

    def series_of(self, reader: Reader) -> tuple[Series, ...]:
        """Every series in which a reader holds any role, by id."""
        return tuple(self.series[key] for key in sorted(self.series) if self.roles(reader, key))

    def unmarked(self, agency: str, source_format: str | None = None) -> PublicSourceRule:
        """The rule under which an agency's unmarked text in a source format is accepted.

        Raises `UnknownAgency`, and `MarkingMissing` where the agency is not registered as a public
        source, or its rule covers other formats only.
        """
        rule_id = self.agency(agency).public_source_rule
        if rule_id is None:
            raise MarkingMissing("the text is unmarked and its agency is no registered public source")
        rule = self.public_sources[rule_id]
        if rule.formats and source_format not in rule.formats:
            raise MarkingMissing("the text is unmarked and its agency is no public source in this format")
        return rule

    def rank(self, level: Level) -> int:
        """The place of a level on the common scale of protection. Raises `MarkingUnknown`."""
        if (rank := self.ranks.get(level)) is None:
            raise MarkingUnknown("the policy gives the level no equivalent")
        return rank

    def agreement(self, one: str, other: str, level: Level, at: datetime) -> Agreement | None:
        """An agreement between two parties that covers a level and is in force at an instant, if
        any.
        """
        for agreement in self.agreements:
            if (
                {one, other} <= agreement.parties
                and agreement.in_force(at)
                and self.rank(level) <= self.rank(agreement.ceiling)
            ):
                return agreement
        return None


def _check_references(policy: Policy) -> None:
    for instrument in policy.instruments.values():
        if not set(instrument.parties) <= set(policy.parties):
            raise PolicyMalformed(f"instrument '{instrument.id}' has a party that is not listed")
    for theme in policy.themes.themes.values():
        for cited, commitment in theme.commitments:
            found = policy.instruments.get(cited)
            if found is None or found.commitment(commitment) is None:
                raise PolicyMalformed(f"theme '{theme.id}' serves an unknown commitment")
    if len({series_stem(key) for key in policy.series}) < len(policy.series):
        raise PolicyMalformed("two series would share their human references")
    _check_entitlements(policy)
    for series in policy.series.values():
        _check_series(policy, series)
        _check_organisations(policy, series)
        _check_items(policy, series)
        if series.id not in policy.escalations:
            raise _wrong(series, "it has no ladders of escalation")
    _check_editions(policy)


def _check_entitlements(policy: Policy) -> None:
    for entitlement in policy.entitlements:
        held = policy.series.get(entitlement.series)
        organisation = policy.organisations.get(entitlement.organisation)
        if held is None or entitlement.party not in held.parties:
            raise PolicyMalformed("an entitlement names no party of a series")
        if organisation is None or organisation.party != entitlement.party:
            raise PolicyMalformed("an entitlement names no organisation of its party")


def _check_series(policy: Policy, series: Series) -> None:
    if not set(series.parties) <= set(policy.parties) or series.ceiling not in policy.ranks:
        raise _wrong(series, "a party or the ceiling is not listed in the policy")
    if series.reporting is not None and not set(series.parties) <= set(policy.calendars):
        raise _wrong(series, "reporting rounds need the working calendar of every party")
    if not set(series.instruments) <= set(policy.instruments):
        raise _wrong(series, "an instrument is cited that is not there")
    held = _commitments(policy, series)
    if len(set(held)) != len(held):
        raise _wrong(series, "two instruments use the same commitment id")


def _check_organisations(policy: Policy, series: Series) -> None:
    for named in (series.quorum, series.legal_clearance, *(item.lead for item in series.standing_items)):
        for party, organisations in named.items():
            known = (policy.organisations.get(key) for key in organisations)
            if any(entry is None or entry.party != party for entry in known):
                raise _wrong(series, f"an organisation is named that is none of {party}'s")
    for party, organisations in series.quorum.items():
        for organisation in organisations:
            if Entitlement(series.id, party, organisation, Role.CHAIR) not in policy.entitlements:
                raise _wrong(series, f"the quorum needs {organisation}, which has no chair")


def _check_items(policy: Policy, series: Series) -> None:
    held = set(_commitments(policy, series))
    for item in series.standing_items:
        if not set(item.commitments) <= held:
            raise _wrong(series, f"item {item.position} cites an unknown commitment")
        if not set(item.themes) <= set(policy.themes.themes):
            raise _wrong(series, f"item {item.position} carries an unknown theme")


def _check_editions(policy: Policy) -> None:
    if len({(entry.series, entry.year) for entry in policy.editions}) < len(policy.editions):
        raise PolicyMalformed("an edition is entered twice")
    for edition in policy.editions:
        held = _commitments(policy, policy.series[edition.series])
        check_edition(edition, held, policy.themes.themes, policy.organisations)


def _commitments(policy: Policy, series: Series) -> list[str]:
    cited = (policy.instruments[key] for key in series.instruments)
    return [commitment.id for instrument in cited for commitment in instrument.commitments]


def _wrong(series: Series, detail: str) -> PolicyMalformed:
    return PolicyMalformed(f"series '{series.id}': {detail}")
