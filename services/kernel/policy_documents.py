"""Reading `policy.yaml` and `entitlements.yaml`: the documents on which release is decided."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.kernel.agreements import Agreement, PublicSourceRule
from services.kernel.canonical import content_hash
from services.kernel.markings.banner import parse
from services.kernel.markings.levels import Level, MarkingSystem
from services.kernel.parties import Agency, Authorship, Entitlement, Organisation, Party, PartyKind, Role
from services.kernel.refusals import Refusal
from services.kernel.sections import PolicyMalformed, Section
from services.kernel.series import read_level
from services.kernel.signing import SignatureRule, read_signing_keys

_SINGLE = frozenset({"policy", "entitlements", "themes", "ranking"})
_FOLDERS = ("series", "instruments", "editions", "calendars", "organisations", "entitlements", "escalation")
_PARTY_ID = re.compile(r"[A-Z][A-Z0-9]*")
_AGENCY_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """The content of `policy.yaml`; the members are those of `Policy`."""

    version: str
    parties: Mapping[str, Party]
    organisations: Mapping[str, Organisation]
    agencies: Mapping[str, Agency]
    agreements: tuple[Agreement, ...]
    public_sources: Mapping[str, PublicSourceRule]
    ranks: Mapping[Level, int]
    owners: Mapping[MarkingSystem, str]
    coverage: Mapping[tuple[MarkingSystem, str], frozenset[str]]
    tlp_community: frozenset[str]


def read_policy_document(content: object, where: str) -> PolicyDocument:
    """Reads `policy.yaml`. Raises `PolicyMalformed`."""
    section = Section(content, where)
    ranks = _read_equivalence(section)
    parties = {key: _read_party(key, entry) for key, entry in section.named("parties").items()}
    organisations = {
        key: _read_organisation(key, entry, parties) for key, entry in section.named("organisations").items()
    }
    sources = {key: _read_source(key, entry) for key, entry in section.named("public_sources").items()}
    document = PolicyDocument(
        version=section.text("version"),
        parties=parties,
        organisations=organisations,
        agencies={
            key: _read_agency(key, entry, organisations, sources)
            for key, entry in section.named("agencies").items()
        },
        agreements=tuple(_read_agreement(entry) for entry in section.sections("agreements")),
        public_sources=sources,
        ranks=ranks,
        owners=_read_owners(section.section("marking_systems")),
        coverage=_read_coverage(section.section("release_coverage")),
        tlp_community=frozenset(section.texts("tlp_community")),
    )
    section.end()
    named = set(document.tlp_community) | set(document.owners.values())
    for covered in document.coverage.values():
        named |= covered
    for agreement in document.agreements:
        named |= agreement.parties
    if not named <= set(parties):
        raise section.wrong("a party is named that is not listed")
    levels = {party.ceiling for party in parties.values()}
    levels |= {agreement.ceiling for agreement in document.agreements}
    levels |= {one.clearance for one in organisations.values() if one.clearance is not None}
    if not levels <= set(ranks):
        raise section.wrong("a ceiling has no place in the table of equivalence")
    return document


def read_entitlements(content: object, where: str) -> frozenset[Entitlement]:
    """Reads `entitlements.yaml`. Raises `PolicyMalformed`."""
    section = Section(content, where)
    found: set[Entitlement] = set()
    for entry in section.sections("entitlements"):
        series, party, organisation = (entry.text(name) for name in ("series", "party", "organisation"))
        for role in entry.texts("roles"):
            if role not in set(Role):
                raise entry.wrong(f"'{role}' is no role")
            entitlement = Entitlement(series, party, organisation, Role(role))
            if entitlement in found:
                raise entry.wrong("an entitlement is stated twice")
            found.add(entitlement)
        entry.end()
    section.end()
    return frozenset(found)


def names_by_folder(documents: Mapping[str, object]) -> dict[str, list[str]]:
    """The names of each folder's documents. Raises `PolicyMalformed` for one unknown or missing."""
    of = {folder: sorted(name for name in documents if name.startswith(f"{folder}/")) for folder in _FOLDERS}
    if unknown := set(documents) - _SINGLE - {name for names in of.values() for name in names}:
        raise PolicyMalformed(f"unknown documents: {', '.join(sorted(unknown))}")
    if missing := _SINGLE - set(documents):
        raise PolicyMalformed(f"missing documents: {', '.join(sorted(missing))}")
    return of


def read_organisations(content: object, where: str, parties: Mapping[str, Party]) -> dict[str, Organisation]:
    """Reads one document of `organisations/`, written as that member of `policy.yaml`. Raises
    `PolicyMalformed`.
    """
    section = Section(content, where)
    found = {
        key: _read_organisation(key, entry, parties) for key, entry in section.named("organisations").items()
    }
    section.end()
    return found


def digest_of(documents: Mapping[str, object]) -> str:
    """The hexadecimal SHA-256 of documents by name, whatever the order of their members."""
    return content_hash(plain_document(documents)).removeprefix("sha256:")


def plain_document(value: object) -> object:
    """A document as JSON can hold it: dates as RFC 3339 writes them."""
    if isinstance(value, Mapping):
        return {str(name): plain_document(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [plain_document(entry) for entry in value]
    return value.isoformat() if isinstance(value, date) else value


def _read_equivalence(section: Section) -> dict[Level, int]:
    ranks: dict[Level, int] = {}
    for rank, row in enumerate(section.sections("equivalence")):
        for text in row.texts("levels"):
            level = _level(row, text)
            if level in ranks:
                raise row.wrong("a level has two places")
            ranks[level] = rank
        row.end()
    for level, rank in ranks.items():
        if any(level.system is o.system and level.order < o.order for o in ranks if ranks[o] <= rank):
            raise section.wrong("the table of equivalence turns a system's order around")
    return ranks


def _level(section: Section, text: str) -> Level:
    try:
        return Level.parse(text)
    except Refusal as refusal:
        raise section.wrong(refusal.detail) from refusal


def _read_party(party_id: str, section: Section) -> Party:
    party = Party(
        id=party_id,
        name=section.text("name"),
        kind=section.member("kind", PartyKind),
        nations=frozenset(section.texts("nations")),
        ceiling=read_level(section, "ceiling"),
    )
    section.end()
    if not _PARTY_ID.fullmatch(party_id):
        raise section.wrong("a party id is capital letters and digits")
    if not party.nations:
        raise section.wrong("a party has at least one nation")
    return party


def _read_organisation(organisation_id: str, section: Section, parties: Mapping[str, Party]) -> Organisation:
    organisation = Organisation(
        id=organisation_id,
        party=section.text("party"),
        name=section.text("name"),
        clearance=read_level(section, "clearance") if section.holds("clearance") else None,
    )
    section.end()
    if organisation.party not in parties:
        raise section.wrong("the organisation's party is not listed")
    return organisation


def _read_agency(
    agency_id: str,
    section: Section,
    organisations: Mapping[str, Organisation],
    sources: Mapping[str, PublicSourceRule],
) -> Agency:
    organisation = organisations.get(section.text("organisation"))
    if organisation is None:
        raise section.wrong("the agency's organisation is not listed")
    agency = Agency(
        id=agency_id,
        name=organisation.name,
        party=organisation.party,
        organisation=organisation.id,
        public_source_rule=section.optional_text("public_source"),
        signature=section.member("signature", SignatureRule)
        if section.holds("signature")
        else SignatureRule.OPTIONAL,
        signing_keys=read_signing_keys(section, "signing_keys"),
        authorship=_read_authorship(section),
    )
    section.end()
    if not _AGENCY_ID.fullmatch(agency_id):
        raise section.wrong("an agency id is part of topic names: lower case, digits and hyphens")
    if agency.signature is SignatureRule.REQUIRED and not agency.signing_keys:
        raise section.wrong("the agency must sign and has no key")
    if agency.public_source_rule is not None and agency.public_source_rule not in sources:
        raise section.wrong("the agency's public source rule is not listed")
    return agency


def _read_authorship(section: Section) -> Authorship:
    return section.member("authorship", Authorship) if section.holds("authorship") else Authorship.AGENCY


def _read_agreement(section: Section) -> Agreement:
    agreement = Agreement(
        id=section.text("id"),
        title=section.text("title"),
        parties=frozenset(section.texts("parties")),
        in_force_from=section.day("in_force_from"),
        ends=section.optional_day("ends"),
        ceiling=read_level(section, "ceiling"),
    )
    section.end()
    if len(agreement.parties) < 2:
        raise section.wrong("an agreement has two parties or more")
    return agreement


def _read_source(source_id: str, section: Section) -> PublicSourceRule:
    try:
        marking = parse(section.text("marking"))
    except Refusal as refusal:
        raise section.wrong(refusal.detail) from refusal
    source = PublicSourceRule(
        id=source_id,
        marking=marking,
        recorded=section.day("recorded"),
        statement=section.text("statement"),
        formats=frozenset(section.optional_texts("formats")),
    )
    section.end()
    return source


def _read_owners(section: Section) -> dict[MarkingSystem, str]:
    owners: dict[MarkingSystem, str] = {}
    for name in section.names():
        if name not in set(MarkingSystem):
            raise section.wrong(f"'{name}' is no marking system")
        owners[MarkingSystem(name)] = section.text(name)
    return owners


def _read_coverage(section: Section) -> dict[tuple[MarkingSystem, str], frozenset[str]]:
    coverage: dict[tuple[MarkingSystem, str], frozenset[str]] = {}
    for name in section.names():
        if name not in set(MarkingSystem):
            raise section.wrong(f"'{name}' is no marking system")
        codes = section.section(name)
        for code in codes.names():
            coverage[MarkingSystem(name), code] = frozenset(codes.texts(code))
    return coverage
