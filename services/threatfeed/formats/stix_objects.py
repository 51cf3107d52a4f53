"""Writes assessments as STIX 2.1 objects, for readers' own tools.

Every id follows from what the object says (UUIDv5 in our namespace; STIX keeps its own for its own
objects), so that a text that is exported twice is one object. An object other than an agency carries the
markings of the text that it was taken from, and its id follows from them too: a name that stands in a
public and in a secret text is two objects, and neither tells of the other.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from services.kernel.identifiers import export_id
from services.kernel.markings.marking import Marking
from services.kernel.markings.stix import STIX_TLP, TLP_2_0_EXTENSION
from services.kernel.markings.tlp import Tlp, TlpVersion
from services.threatfeed.domain.assessment import Judgement
from services.threatfeed.domain.exports import Exported, Manifest
from services.threatfeed.domain.ratings import Ratings
from services.threatfeed.domain.subjects import Location, LocationScheme, Sector, SectorScheme

StixObject = dict[str, Any]

_TLP_IDS: Final = {tlp: identity for identity, tlp in STIX_TLP.items()}
_TLP_CREATED: Final = {TlpVersion.V1: "2017-01-20T00:00:00.000Z", TlpVersion.V2: "2022-10-01T00:00:00.000Z"}
_TIMELESS: Final = "1970-01-01T00:00:00.000Z"
"""When an object came to be that says the same at any time: its id follows from its content alone."""
_REPORT_TYPE: Final = "threat-report"


def report_id(exported: Exported) -> str:
    return f"report--{exported.content.assessment_id}"


def marking_objects(marking: Marking) -> list[StixObject]:
    """The marking definitions of one marking: TLP under the standard's own ids (STIX 2.1 section 7.2.1.4 and
    the extension `tlp-2.0`), a national marking as a statement in its own words.

    ACS is stated in words too: an ACS object names a custodian and an authority that only they may state.
    """
    found = [] if marking.tlp is None else [_tlp(marking.tlp)]
    found += [_statement(str(national)) for national in marking.national]
    if marking.originators:
        names = ", ".join(sorted(marking.originators))
        found.append(_statement(f"Further release needs the consent of {names}"))
    return found


def objects_of(exported: Exported) -> list[StixObject]:
    """An assessment and all that it refers to, with the report first; each object once."""
    content = exported.content
    definitions = marking_objects(exported.marking)
    # What an originator says about handling is for people, and stands where they look for it.
    definitions += [_statement(words) for words in content.handling]
    refs = [definition["id"] for definition in definitions]
    agency = _agency(content.originator)
    about = [{**one, "object_marking_refs": refs} for one in _about(exported, refs)]
    report = _report(exported, refs, [agency, *about])
    notes = [
        note for judgement in content.judgements for note in _note(exported, judgement, report, definitions)
    ]
    return distinct([report, agency, *about, *notes, *definitions])


def revoked_objects(
    assessment_id: UUID, agency: str, published: datetime, shown: datetime
) -> list[StixObject]:
    """What tells a reader's tools that a report may not be used any more (STIX 2.1 section 3.6).

    It says nothing that the report said, and not why it is gone.
    """
    author, created = _agency(agency), _time(published)
    report = {
        "type": "report",
        "spec_version": "2.1",
        "id": f"report--{assessment_id}",
        "created_by_ref": author["id"],
        "created": created,
        "modified": max(created, _time(shown)),
        "revoked": True,
        "name": "No longer available",
        "published": created,
        "object_refs": [author["id"]],
    }
    return [report, author]


def container_objects(manifest: Manifest) -> list[StixObject]:
    """What says how the whole of an export is marked: a grouping of its reports under the roll-up.

    A bundle itself has no properties and so no marking (STIX 2.1 section 8). Who exported stands in every
    one: a list of STIX must not be empty (section 2.9), and common readers want the list.
    """
    exporter = _timeless("identity", (), "Entente") | {"identity_class": "system"}
    if manifest.marking is None:
        return [exporter]
    definitions = marking_objects(manifest.marking)
    refs = [definition["id"] for definition in definitions]
    reports = [f"report--{member.assessment_id}" for member in manifest.members]
    versions = [_time(member.shown) for member in manifest.members]
    grouping = _object("grouping", *reports, *versions, *refs) | {
        "created_by_ref": exporter["id"],
        "created": min(versions),
        "modified": max(versions),
        "name": "Assessments exported for one reader",
        "description": f"Marked as a whole: {manifest.banner}",
        "context": "unspecified",
        "object_refs": reports,
        "object_marking_refs": refs,
    }
    return [grouping, exporter, *definitions]


def bundle_id(manifest: Manifest) -> str:
    parts = [f"{member.assessment_id} {_time(member.shown)}" for member in manifest.members]
    return f"bundle--{export_id('bundle', *parts)}"


def distinct(objects: Iterable[StixObject]) -> list[StixObject]:
    """Each once, by its id, in the order met."""
    return list({one["id"]: one for one in reversed(list(objects))}.values())[::-1]


def _report(exported: Exported, refs: Sequence[str], about: Sequence[StixObject]) -> StixObject:
    content, created = exported.content, _time(exported.content.published)
    reference = f"{content.assessment_id} revision {exported.revision} {exported.rendition.value}"
    links = [{"source_name": "entente", "external_id": reference}]
    if content.uri is not None:
        links.append({"source_name": content.originator, "url": content.uri})
    rated = content.ratings.stix_confidence
    return {
        "type": "report",
        "spec_version": "2.1",
        "id": report_id(exported),
        "created_by_ref": _agency(content.originator)["id"],
        "created": created,
        "modified": max(created, _time(exported.shown)),
        "name": content.title,
        **({"description": content.text} if content.text else {}),
        "report_types": list(content.report_types) or [_REPORT_TYPE],
        "published": created,
        "object_refs": [one["id"] for one in about],
        **({"labels": labels} if (labels := [item.theme for item in content.themes]) else {}),
        **({} if rated is None else {"confidence": rated.value}),
        **({} if content.language is None else {"lang": content.language}),
        "external_references": links,
        "object_marking_refs": list(refs),
    }


def _note(
    exported: Exported, judgement: Judgement, report: StixObject, definitions: list[StixObject]
) -> Iterator[StixObject]:
    """A judgement, under its own marking where it has one; the definitions come with it."""
    own = definitions if judgement.marking is None else marking_objects(judgement.marking)
    rated = _rated(judgement.ratings)
    words = f"{judgement.statement} ({rated})" if rated else judgement.statement
    yield _object("note", report["id"], report["modified"], judgement.judgement_id) | {
        "created_by_ref": report["created_by_ref"],
        "created": report["created"],
        "modified": report["modified"],
        "abstract": f"Key judgement {judgement.judgement_id}",
        "content": words,
        "object_refs": [report_id(exported)],
        "object_marking_refs": [definition["id"] for definition in own],
    }
    yield from own


def _rated(ratings: Ratings) -> str:
    likelihood, confidence = ratings.likelihood, ratings.analytic_confidence
    said = [] if likelihood is None else [f"{likelihood.scale.value} {likelihood.value.term}"]
    if confidence is not None:
        said.append(f"analytic confidence {confidence.value.value}")
    return "; ".join(said)


def _about(exported: Exported, refs: Sequence[str]) -> Iterator[StixObject]:
    content = exported.content
    for technique in content.techniques:
        link = {"source_name": "mitre-attack", "external_id": technique.id}
        yield _timeless("attack-pattern", refs, technique.id) | {"external_references": [link]}
    for cve in content.vulnerabilities:
        link = {"source_name": "cve", "external_id": cve}
        yield _timeless("vulnerability", refs, cve) | {"external_references": [link]}
    for actor in content.actors:
        yield _timeless("threat-actor", refs, actor.name_as_reported)
    for sector in content.sectors:
        yield _sector(sector, refs)
    for place in content.locations:
        yield _location(place, refs)


def _sector(sector: Sector, refs: Sequence[str]) -> StixObject:
    told = _timeless("identity", refs, sector.as_reported) | {"identity_class": "class"}
    if sector.scheme is SectorScheme.STIX and sector.code is not None:
        told["sectors"] = [sector.code]
    return told


def _location(place: Location, refs: Sequence[str]) -> StixObject:
    """A country by its code; any other place as a region in its source's words (STIX 2.1 section 4.9)."""
    if place.scheme is LocationScheme.ISO_3166_1 and place.code is not None:
        return _timeless("location", refs, place.as_reported) | {"country": place.code}
    return _timeless("location", refs, place.as_reported) | {"region": place.as_reported}


def _agency(agency: str) -> StixObject:
    return _timeless("identity", (), agency) | {"identity_class": "organization"}


def _tlp(tlp: Tlp) -> StixObject:
    label = tlp.label.lower()
    told: StixObject = {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": _TLP_IDS[tlp],
        "created": _TLP_CREATED[tlp.version],
        "name": str(tlp),
    }
    if tlp.version is TlpVersion.V1:
        return told | {"definition_type": "tlp", "definition": {"tlp": label}}
    extension = {"extension_type": "property-extension", "tlp_2_0": label}
    return told | {"extensions": {TLP_2_0_EXTENSION: extension}}


def _statement(words: str) -> StixObject:
    return {
        **_object("marking-definition", words),
        "created": _TIMELESS,
        "name": words,
        "definition_type": "statement",
        "definition": {"statement": words},
    }


def _timeless(kind: str, refs: Sequence[str], name: str) -> StixObject:
    told = _object(kind, name, *refs)
    return told | {"created": _TIMELESS, "modified": _TIMELESS, "name": name}


def _object(kind: str, *parts: str) -> StixObject:
    return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{export_id(kind, *parts)}"}


def _time(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds, which a version must not lose (STIX 2.1 section 2.13)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
