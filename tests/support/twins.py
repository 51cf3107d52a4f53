"""One assessment told in every format, by other people's libraries where there is one.

What a format has no place for its writer leaves out; nothing is put where the format does not mean it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import stix2  # type: ignore[import-untyped]
from pymisp import MISPEvent
from stix2 import v20, v21

from services.kernel.scales import Confidence, InformationCredibility, LikelihoodScheme, SourceReliability
from services.threatfeed.domain.ratings import Scale
from services.threatfeed.domain.subjects import AttackDomain, SectorScheme
from tests.support.formats import EVENT_ID, csaf, tracking
from tests.support.submissions import REPORT_ID, narrative

PLACES = {"FR": "france", "GB": "united kingdom", "UA": "ukraine"}
"""Countries by alpha-2 code, with the values of the MISP galaxy."""
AREAS = {"150": "europe", "154": "northern-europe", "419": "latin-america-caribbean"}
"""Regions by UN M49 code, with the words of STIX."""
AREA_NAMES = {"150": "Europe", "154": "Northern Europe", "419": "Latin America and the Caribbean"}

GALAXY = "12"
"""The version of every galaxy that a producer of MISP copies from."""

_MADE = datetime(2026, 1, 1, tzinfo=UTC)
_TLP_2 = {
    "CLEAR": "94868c89-83c2-464b-929b-a1a8aa3c8487",
    "GREEN": "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "AMBER": "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "AMBER+STRICT": "939a9414-2ddd-4d32-a0cd-375ea402b003",
    "RED": "e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_TLP_1 = {"CLEAR": "WHITE", "AMBER+STRICT": "RED"}
"""What a producer who has only TLP 1.0 writes: AMBER would let more people have it."""
_GALAXIES = {
    None: "mitre-attack-pattern",
    AttackDomain.ENTERPRISE: "mitre-enterprise-attack-attack-pattern",
    AttackDomain.ICS: "mitre-ics-techniques",
    AttackDomain.MOBILE: "mitre-mobile-attack-attack-pattern",
}


@dataclass(frozen=True)
class Attack:
    """A technique or a tactic of one release and one matrix, either unstated."""

    id: str
    release: str | None
    domain: AttackDomain | None
    name: str = "initial-access"

    @property
    def domains(self) -> tuple[AttackDomain, ...]:
        return () if self.domain is None else (self.domain,)


@dataclass(frozen=True)
class Told:
    """What an analyst knows and would tell."""

    title: str
    text: str
    published: datetime
    tlp: str
    national: str | None
    report_types: tuple[str, ...]
    language: str | None
    valid_until: datetime | None
    period: tuple[date, date] | None
    actors: tuple[str, ...]
    techniques: tuple[Attack, ...]
    tactics: tuple[Attack, ...]
    sectors: tuple[tuple[SectorScheme, str], ...]
    cves: tuple[str, ...]
    places: tuple[str, ...]
    areas: tuple[str, ...]
    likelihood: tuple[LikelihoodScheme, str] | None
    confidence: tuple[Scale, Confidence] | None
    reliability: SourceReliability | None
    credibility: InformationCredibility | None
    stix_confidence: int | None
    judgements: tuple[str, ...]
    tear_line: str | None


def as_narrative(told: Told) -> dict[str, Any]:
    ratings: dict[str, Any] = {
        "likelihood": told.likelihood and {"scheme": told.likelihood[0], "term": told.likelihood[1]},
        "confidence": told.confidence and {"scheme": told.confidence[0], "level": told.confidence[1]},
        "source_reliability": told.reliability,
        "info_credibility": told.credibility,
    }
    tear_line = {"text": told.tear_line, "marking": {"tlp": "TLP:CLEAR", "national": told.national}}
    return narrative(
        title=told.title,
        text=told.text,
        published=told.published.isoformat(),
        marking={"tlp": f"TLP:{told.tlp}", "national": told.national},
        report_types=list(told.report_types),
        language=told.language,
        valid_until=told.valid_until and told.valid_until.isoformat(),
        period=told.period and {"start": f"{told.period[0]}", "end": f"{told.period[1]}"},
        actors=list(told.actors),
        techniques=[
            item.id
            if (item.release, item.domain) == (None, None)
            else {"id": item.id, "attack_version": item.release, "domains": list(item.domains)}
            for item in told.techniques
        ],
        tactics=[
            {"id": item.id, "name": item.name, "attack_version": item.release, "domain": item.domain}
            for item in told.tactics
        ],
        sectors=[
            {"scheme": scheme, "code": code} | ({"version": GALAXY} if scheme is SectorScheme.MISP else {})
            for scheme, code in told.sectors
        ],
        cves=list(told.cves),
        locations=[*told.places, *(AREA_NAMES[code] for code in told.areas)],
        ratings=ratings,
        judgements=[
            {"id": f"J{position}", "statement": statement}
            for position, statement in enumerate(told.judgements)
        ],
        tear_line=tear_line if told.tear_line else None,
    )


def as_stix_2_1(told: Told) -> dict[str, Any]:
    """Made by the reference library."""
    objects = list(_stix_objects(told, v21))
    report = v21.Report(
        id=REPORT_ID,
        created=told.published,
        modified=told.published,
        published=told.published,
        name=told.title,
        description=told.text,
        report_types=told.report_types,
        lang=told.language,
        confidence=told.stix_confidence,
        object_refs=[item["id"] for item in objects],
        object_marking_refs=[f"marking-definition--{_TLP_2[told.tlp]}"],
        allow_custom=True,
    )
    return _bundle(v21.Bundle(report, *objects, allow_custom=True))


def as_stix_2_0(told: Told) -> dict[str, Any]:
    """Made by the reference library. TLP 2.0 is an extension, which STIX 2.0 has not."""
    objects = list(_stix_objects(told, v20))
    label = _TLP_1.get(told.tlp, told.tlp)
    report = v20.Report(
        id=REPORT_ID,
        created=told.published,
        modified=told.published,
        published=told.published,
        name=told.title,
        description=told.text,
        labels=told.report_types,
        object_refs=[item["id"] for item in objects],
        object_marking_refs=[getattr(stix2, f"TLP_{label}")],
        allow_custom=True,
    )
    return _bundle(v20.Bundle(report, *objects, allow_custom=True))


def as_misp(told: Told) -> dict[str, Any]:
    """Made by PyMISP."""
    event = MISPEvent()
    event.uuid, event.info, event.published, event.distribution = EVENT_ID, told.title, True, 3
    event.threat_level_id, event.publish_timestamp = 4, int(told.published.timestamp())
    event.add_event_report(name="Report", content=told.text)
    for tag in _misp_tags(told):
        event.add_tag(tag)
    for cve in told.cves:
        event.add_attribute("vulnerability", cve)
    if told.period:
        start, end = (f"{day}T12:00:00+00:00" for day in told.period)
        event.add_attribute("domain", "host.example", first_seen=start, last_seen=end)
    for kind, value, meta in _misp_clusters(told):
        event.add_galaxy(
            {
                "name": kind,
                "type": kind,
                "GalaxyCluster": [{"type": kind, "value": value, "version": GALAXY, "meta": meta}],
            }
        )
    # PyMISP leaves out the time stamp of an event that is not yet stored.
    return {"Event": json.loads(event.to_json()) | {"timestamp": str(int(told.published.timestamp()))}}


def as_csaf(told: Told) -> dict[str, Any]:
    """A vulnerability advisory: CSAF 2.0 speaks of neither actors nor techniques nor likelihood."""

    def other(title: str, names: list[str]) -> list[dict[str, str]]:
        return [{"category": "other", "title": title, "text": name} for name in names]

    return csaf(
        title=told.title,
        lang=told.language,
        tracking=tracking(
            current_release_date=told.published.isoformat(),
            initial_release_date=told.published.isoformat(),
            revision_history=[{"date": told.published.isoformat(), "number": "1", "summary": "First"}],
        ),
        distribution={"tlp": {"label": _TLP_1.get(told.tlp, told.tlp)}},
        notes=[
            {"category": "summary", "text": told.text},
            *other("Critical infrastructure sectors", [code for _, code in told.sectors]),
            *other("Countries/areas deployed", [*told.places, *(AREA_NAMES[code] for code in told.areas)]),
        ],
        vulnerabilities=[{"cve": cve} for cve in told.cves] or None,
    )


def _bundle(bundle: Any) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(bundle.serialize())
    return read


def _stix_objects(told: Told, stix: Any) -> Iterator[Any]:
    """At least one: a report refers to something."""
    labels = {"labels": ["remote-access"]} if stix is v20 else {}
    yield stix.Tool(**_made("tool", "T"), name="A tool", **labels)
    for name in told.actors:
        yield stix.IntrusionSet(**_made("intrusion-set", name), name=name)
    yield from _stix_attack(told, stix)
    if told.sectors:
        yield stix.Identity(
            **_made("identity", "victims"),
            name="Victims",
            identity_class="class",
            sectors=[code for _, code in told.sectors],
        )
    for cve in told.cves:
        named = [{"source_name": "cve", "external_id": cve}]
        yield stix.Vulnerability(**_made("vulnerability", cve), name=cve, external_references=named)
    if told.period:
        first, last = (f"{day}T12:00:00Z" for day in told.period)
        yield stix.Campaign(**_made("campaign", "C"), name="A campaign", first_seen=first, last_seen=last)
    if stix is v21:
        for code in told.places:
            yield stix.Location(**_made("location", code), country=code)
        for code in told.areas:
            yield stix.Location(**_made("location", code), region=AREAS[code])


def _stix_attack(told: Told, stix: Any) -> Iterator[Any]:
    for item in told.techniques:
        yield stix.AttackPattern(
            **_made("attack-pattern", repr(item)),
            name="A technique",
            external_references=[_attack_reference("techniques", item)],
            allow_custom=True,
            **_matrices(item),
        )
    for item in told.tactics:
        yield {
            "type": "x-mitre-tactic",
            **({"spec_version": "2.1"} if stix is v21 else {}),
            "id": _identity("x-mitre-tactic", repr(item)),
            "created": "2026-01-01T00:00:00.000Z",
            "modified": "2026-01-01T00:00:00.000Z",
            "name": "A tactic",
            "x_mitre_shortname": item.name,
            "external_references": [_attack_reference("tactics", item)],
            **_matrices(item),
        }


def _identity(kind: str, name: str) -> str:
    return f"{kind}--{UUID(bytes=uuid5(NAMESPACE_URL, name).bytes, version=4)}"


def _made(kind: str, name: str) -> dict[str, Any]:
    return {"id": _identity(kind, name), "created": _MADE, "modified": _MADE}


def _matrices(item: Attack) -> dict[str, list[str]]:
    return {"x_mitre_domains": [domain.value for domain in item.domains]} if item.domain else {}


def _attack_reference(kind: str, item: Attack) -> dict[str, str]:
    release = f"versions/v{item.release}/" if item.release else ""
    return {
        "source_name": "mitre-attack",
        "external_id": item.id,
        "url": f"https://attack.mitre.org/{release}{kind}/{item.id}/",
    }


def _misp_tags(told: Told) -> Iterator[str]:
    yield f"tlp:{told.tlp.lower()}"
    for scheme, code in told.sectors:
        if scheme is SectorScheme.NIS2:
            yield f'nis2:impact-sectors-impacted="{code}"'
    if told.likelihood and told.likelihood[0] is LikelihoodScheme.ICD203:
        term = told.likelihood[1].replace(" ", "-")
        yield f'estimative-language:likelihood-probability="{term}"'
    if told.confidence and told.confidence[0] is Scale.ICD203:
        yield f'estimative-language:confidence-in-analytic-judgment="{told.confidence[1].lower()}"'
    if told.reliability:
        yield f'admiralty-scale:source-reliability="{told.reliability.lower()}"'
    if told.credibility:
        yield f'admiralty-scale:information-credibility="{told.credibility}"'


def _misp_clusters(told: Told) -> Iterator[tuple[str, str, dict[str, list[str]]]]:
    for name in told.actors:
        yield "threat-actor", name, {}
    for item in told.techniques:
        yield _GALAXIES[item.domain], f"A technique - {item.id}", {}
    for item in told.tactics:
        # MISP has tactics of their own for industrial control systems only.
        if item.domain is AttackDomain.ICS:
            yield "mitre-ics-tactics", item.name, {"external_id": [item.id]}
    for scheme, code in told.sectors:
        if scheme is SectorScheme.MISP:
            yield "sector", code, {}
    for code in told.places:
        yield "country", PLACES[code], {}
    for code in told.areas:
        yield "region", f"{code} - {AREA_NAMES[code]}", {}
