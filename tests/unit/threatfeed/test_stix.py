"""Every report of a STIX bundle is an assessment of its own, marked as the bundle proves it to be."""

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import stix2  # type: ignore[import-untyped]

from services.kernel.markings.stix import STIX_TLP
from services.threatfeed.domain import limits
from services.threatfeed.domain.assessment import Assessment, SourceFormat, Withdrawal
from services.threatfeed.domain.documents import revision_from_document, revision_to_document
from services.threatfeed.domain.refusals import SubmissionRefusal
from services.threatfeed.domain.subjects import (
    Actor,
    Location,
    LocationScheme,
    Sector,
    SectorScheme,
    Technique,
)
from services.threatfeed.domain.submission import Rejection
from tests.support.submissions import (
    REPORT_ID,
    SAMPLES,
    accepted,
    bundle,
    read,
    refused,
    report,
    reported,
    withdrawal,
)

UNIT42 = sorted((SAMPLES / "unit42").glob("*.json"))
TLP_GREEN_1 = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"
TLP_CLEAR_2 = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
TLP_GREEN_2 = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
TLP_RED_2 = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
STATEMENT = "marking-definition--d81f86b9-975b-4c0b-875e-810c5ad45a4f"
ACTOR = "intrusion-set--4d75b207-11a3-46aa-b7fd-ed49662880d1"
AUTHOR = "identity--57d5873e-086d-49d3-b4c0-5d368e3849fc"


def thing(object_id: str, **members: Any) -> dict[str, Any]:
    kind = object_id.partition("--")[0]
    return {"type": kind, "spec_version": "2.1", "id": object_id, "created": "2026-01-01T00:00:00Z"} | members


def referring(*objects: dict[str, Any], **members: Any) -> dict[str, Any]:
    return bundle(report(object_refs=[entry["id"] for entry in objects], **members), *objects)


@pytest.mark.parametrize("file", UNIT42, ids=lambda file: file.stem)
def test_published_reports_are_read_as_the_reference_library_reads_them(file: Path) -> None:
    (reading,) = read(file.read_bytes(), "application/stix+json;version=2.0", agency="unit42")
    assert isinstance(reading, Assessment)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed = stix2.parse(json.loads(file.read_text("utf-8")), allow_custom=True, version="2.0")
    (oracle,) = [entry for entry in parsed.objects if entry["type"] == "report"]
    by_id = {entry["id"]: entry for entry in parsed.objects}
    techniques = {
        reference["external_id"]
        for referred in oracle["object_refs"]
        if referred.startswith("attack-pattern") and referred in by_id
        for reference in by_id[referred]["external_references"]
        if reference["source_name"] == "mitre-attack"
    }
    assert reading.source.object_id == oracle["id"]
    assert reading.source.format is SourceFormat.STIX_2_0
    assert (reading.title, reading.text) == (oracle["name"], oracle["description"])
    assert reading.published == oracle["published"]
    assert reading.report_types == tuple(oracle["labels"])
    assert {technique.id for technique in reading.techniques} == techniques
    assert (str(reading.marking), reading.marking_rule_id) == ("TLP:CLEAR", "PS-1")
    assert reading.themes


@pytest.mark.parametrize("file", UNIT42, ids=lambda file: file.stem)
def test_the_same_reports_are_refused_from_an_agency_that_is_no_public_source(file: Path) -> None:
    (reading,) = read(file.read_bytes(), agency="ncsc")
    assert isinstance(reading, Rejection)
    assert [refusal.reason for refusal in reading.refusals] == ["MARKING_MISSING"]


def test_a_bundle_published_with_a_missing_quotation_mark_is_refused() -> None:
    (file,) = (SAMPLES / "broken").glob("*.json")
    with pytest.raises(SubmissionRefusal) as caught:
        read(file.read_bytes(), agency="unit42")
    assert caught.value.reason == "JSON_MALFORMED"


def test_a_report_has_the_identity_of_its_id_whatever_bundle_brings_it() -> None:
    one = accepted(bundle(report(), id="bundle--1"))
    other = accepted(bundle(report(), id="bundle--2"))
    assert one == other
    assert one.source.version.text == "2026-03-04T09:00:00.000Z"


@pytest.mark.parametrize("reference", sorted(STIX_TLP))
def test_tlp_is_read_by_id(reference: str) -> None:
    assert accepted(bundle(report(object_marking_refs=[reference]))).marking.tlp == STIX_TLP[reference]


def test_tlp_is_read_by_id_and_content() -> None:
    definition = thing(TLP_GREEN_1, definition_type="tlp", definition={"tlp": "green"})
    marked = report(object_marking_refs=[TLP_GREEN_1])
    assert str(accepted(bundle(marked, definition)).marking) == "TLP:GREEN"
    wrong = definition | {"definition": {"tlp": "white"}}
    pointer = "/objects/0/object_marking_refs"
    assert refused(bundle(marked, wrong)) == [("MARKING_CONTRADICTED", pointer)]
    assert refused(bundle(marked, definition, wrong)) == [("MARKING_CONTRADICTED", pointer)]
    assert refused(bundle(marked, wrong, definition)) == [("MARKING_CONTRADICTED", pointer)]


def test_an_unknown_marking_is_refused_even_beside_a_known_one() -> None:
    unknown = "marking-definition--00000000-0000-4000-8000-000000000000"
    assert refused(bundle(report(object_marking_refs=[TLP_CLEAR_2, unknown]))) == [
        ("MARKING_UNKNOWN", "/objects/0/object_marking_refs")
    ]


def test_a_statement_is_no_marking() -> None:
    statement = thing(STATEMENT, definition_type="statement", definition={"statement": "Copyright 2026"})
    assert refused(bundle(report(object_marking_refs=[STATEMENT]), statement)) == [
        ("MARKING_MISSING", "/objects/0")
    ]
    both = bundle(report(object_marking_refs=[STATEMENT, TLP_GREEN_2]), statement)
    assert str(accepted(both).marking) == "TLP:GREEN"


def test_a_report_that_marks_itself_lower_than_a_part_of_it_is_marked_as_the_part() -> None:
    granular = [{"marking_ref": TLP_RED_2, "selectors": ["description"]}]
    assessment = accepted(bundle(report(granular_markings=granular)))
    assert str(assessment.marking) == "TLP:RED"
    assert [(part.selector, str(part.marking)) for part in assessment.marked_parts] == [
        ("description", "TLP:RED")
    ]
    assert revision_from_document(revision_to_document(assessment)) == assessment
    language = [{"lang": "fr", "selectors": ["name"]}]
    assert accepted(bundle(report(granular_markings=language))).marked_parts == ()


def test_a_part_marked_lower_than_the_report_lowers_nothing() -> None:
    granular = [{"marking_ref": TLP_GREEN_2, "selectors": ["name"]}]
    lower = report(object_marking_refs=[TLP_RED_2], granular_markings=granular)
    assert str(accepted(bundle(lower)).marking) == "TLP:RED"


@pytest.mark.parametrize(
    ("entry", "reason", "place"),
    [
        (
            {
                "marking_ref": "marking-definition--00000000-0000-4000-8000-000000000000",
                "selectors": ["name"],
            },
            "MARKING_UNKNOWN",
            "/marking_ref",
        ),
        ({"marking_ref": TLP_RED_2, "selectors": ["nothing"]}, "MARKING_MALFORMED", "/selectors/0"),
        ({"marking_ref": TLP_RED_2, "selectors": ["description.[0]"]}, "MARKING_MALFORMED", "/selectors/0"),
        ({"marking_ref": TLP_RED_2, "selectors": []}, "MARKING_MALFORMED", "/selectors"),
        ({"marking_ref": TLP_RED_2, "lang": "fr", "selectors": ["name"]}, "MARKING_MALFORMED", ""),
        ({"selectors": ["name"]}, "MARKING_MALFORMED", ""),
    ],
)
def test_a_part_whose_marking_is_not_understood_refuses_the_report(
    entry: dict[str, Any], reason: str, place: str
) -> None:
    fine = {"marking_ref": TLP_GREEN_2, "selectors": ["name"]}
    assert refused(bundle(report(granular_markings=[fine, entry]))) == [
        (reason, f"/objects/0/granular_markings/1{place}")
    ]


def test_what_only_parts_mark_leaves_the_report_unmarked() -> None:
    granular = [{"marking_ref": TLP_GREEN_2, "selectors": ["description"]}]
    parts_only = bundle(report(object_marking_refs=None, granular_markings=granular))
    for agency in ("ncsc", "unit42"):
        assert refused(parts_only, agency) == [("MARKING_MISSING", "/objects/0")]


def test_a_part_marked_by_a_tlp_identifier_with_other_content_refuses_the_report() -> None:
    forged = thing(TLP_RED_2, definition_type="statement", definition={"statement": "Anybody may read it."})
    granular = [{"marking_ref": TLP_RED_2, "selectors": ["description"]}]
    assert refused(bundle(report(granular_markings=granular), forged)) == [
        ("MARKING_CONTRADICTED", "/objects/0/granular_markings/0/marking_ref")
    ]


def test_what_is_taken_from_another_object_brings_its_marking() -> None:
    actor = thing(ACTOR, name="GREY HERON", object_marking_refs=[TLP_RED_2])
    assessment = accepted(referring(actor))
    assert reported(assessment.actors) == ["GREY HERON"]
    assert str(assessment.marking) == "TLP:RED"
    assert str(accepted(bundle(report(), actor)).marking) == "TLP:GREEN"


def test_what_is_taken_from_another_object_must_be_understood() -> None:
    granular = [{"marking_ref": TLP_RED_2, "selectors": ["name"]}]
    partly = accepted(referring(thing(ACTOR, name="GREY HERON", granular_markings=granular)))
    assert str(partly.marking) == "TLP:RED"
    assert refused(referring(thing(ACTOR, name=7))) == [("FIELD_INVALID", "/objects/1/name")]
    unknown = ["marking-definition--00000000-0000-4000-8000-000000000000"]
    assert refused(referring(thing(ACTOR, name="GREY HERON", object_marking_refs=unknown))) == [
        ("MARKING_UNKNOWN", "/objects/1/object_marking_refs")
    ]


def test_facts_are_taken_from_the_objects_that_a_report_refers_to() -> None:
    def external(source: str, name: str) -> list[dict[str, str]]:
        return [
            {"source_name": "capec", "external_id": "CAPEC-98"},
            {"source_name": source, "external_id": name},
        ]

    pattern = thing(
        "attack-pattern--2b742742-28c3-4e1b-bab7-8350d6300fa7",
        external_references=external("mitre-attack", "T1566.002"),
    )
    flaw = thing(
        "vulnerability--2b742742-28c3-4e1b-bab7-8350d6300fa7",
        external_references=external("cve", "CVE-2023-1389"),
    )
    victims = thing(AUTHOR, name="Victims", identity_class="class", sectors=["Energy", "water"])
    place = thing("location--2b742742-28c3-4e1b-bab7-8350d6300fa7", country="GB", name="Britain")
    campaign = thing(
        "campaign--2b742742-28c3-4e1b-bab7-8350d6300fa7",
        name="A campaign",
        first_seen="2026-01-02T00:00:00Z",
        last_seen="2026-02-03T00:00:00Z",
    )
    assessment = accepted(
        referring(
            pattern, flaw, victims, place, campaign, description="Also CVE-2024-0001 and CVE-2023-1389."
        )
    )
    assert assessment.techniques == (Technique("T1566.002"),)
    assert assessment.vulnerabilities == ("CVE-2023-1389", "CVE-2024-0001")
    assert assessment.sectors == (
        Sector(SectorScheme.STIX, "2.1", "energy", "Energy"),
        Sector(SectorScheme.STIX, "2.1", "water", "water"),
    )
    assert assessment.locations == (Location("GB", LocationScheme.ISO_3166_1, "GB"),)
    assert assessment.period is not None
    assert str(assessment.period.start) == "2026-01-02"
    assert str(assessment.period.end) == "2026-02-03"


def test_revoked_objects_and_times_that_contradict_each_other_give_nothing() -> None:
    actor = thing(ACTOR, name="GREY HERON", revoked=True)
    assert accepted(referring(actor)).actors == ()
    turned = thing(ACTOR, name="X", first_seen="2026-02-03T00:00:00Z", last_seen="2026-01-02T00:00:00Z")
    assert accepted(referring(turned)).period is None


def test_a_report_that_states_no_version_is_one_of_stix_2_0() -> None:
    assert accepted(bundle(report(spec_version=None))).source.format is SourceFormat.STIX_2_0
    assert accepted(bundle(report(), spec_version="2.0")).source.format is SourceFormat.STIX_2_1


def test_a_day_may_stand_for_a_time_seen_since_only_the_day_is_kept() -> None:
    campaign = thing("campaign--2b742742-28c3-4e1b-bab7-8350d6300fa7", first_seen="2018-06-01")
    period = accepted(referring(campaign)).period
    assert period is not None
    assert (str(period.start), period.end) == ("2018-06-01", None)
    for wrong in ("2018-06-31", "20180601", "2018-W22-5", "June 2018"):
        refusals = refused(referring(campaign | {"first_seen": wrong}))
        assert refusals == [("TIMESTAMP_INVALID", "/objects/1/first_seen")]


def test_the_newest_version_of_a_referred_object_counts() -> None:
    old = thing(ACTOR, name="OLD NAME", modified="2026-01-01T00:00:00Z")
    new = thing(ACTOR, name="NEW NAME", modified="2026-01-01T00:00:00.5Z")
    assert accepted(bundle(report(object_refs=[ACTOR]), old, new)).actors == (Actor("NEW NAME"),)
    assert accepted(bundle(report(object_refs=[ACTOR]), new, old)).actors == (Actor("NEW NAME"),)


def test_the_author_is_kept_as_reported_and_the_originator_is_the_agency_of_the_topic() -> None:
    author = thing(AUTHOR, name="Somebody Else", identity_class="organization")
    assessment = accepted(bundle(report(created_by_ref=AUTHOR), author))
    assert (assessment.originator, assessment.reported_by) == ("ncsc", "Somebody Else")
    assert accepted(bundle(report(created_by_ref=AUTHOR))).reported_by == AUTHOR


def test_a_declared_source_of_unknown_originator_is_kept() -> None:
    source = "report--00000000-0000-4000-8000-000000000000"
    relation = thing(
        "relationship--00000000-0000-4000-8000-000000000000",
        relationship_type="derived-from",
        source_ref=REPORT_ID,
        target_ref=source,
    )
    (derivation,) = accepted(bundle(report(), relation)).derived_from
    assert (derivation.originator, derivation.object_id) == (None, source)


def test_a_source_in_the_same_bundle_is_of_the_same_agency() -> None:
    source = "report--00000000-0000-4000-8000-000000000000"
    relation = thing(
        "relationship--00000000-0000-4000-8000-000000000000",
        relationship_type="derived-from",
        source_ref=REPORT_ID,
        target_ref=source,
    )
    derived, other = read(json.dumps(bundle(report(), report(id=source), relation)).encode())
    assert isinstance(derived, Assessment)
    assert isinstance(other, Assessment)
    assert [one.originator for one in derived.derived_from] == ["ncsc"]
    assert other.derived_from == ()


def test_a_revoked_report_is_a_withdrawal_whatever_its_marking() -> None:
    revoked = report(revoked=True, modified="2026-04-01T00:00:00Z", object_marking_refs=None, name=None)
    notice = withdrawal(bundle(revoked))
    assert notice.assessment_id == accepted(bundle(report())).assessment_id
    assert notice.source.version.newer_than(accepted(bundle(report())).source.version)


def test_one_bad_report_leaves_its_neighbours_alone() -> None:
    other = "report--00000000-0000-4000-8000-00000000000"
    readings = read(
        json.dumps(
            bundle(
                report(), report(id=f"{other}1", name=None), report(id=f"{other}2", object_marking_refs=[])
            )
        ).encode()
    )
    assert [type(reading) for reading in readings] == [Assessment, Rejection, Rejection]
    assert isinstance(readings[1], Rejection)
    assert isinstance(readings[2], Rejection)
    assert [(f.reason, f.pointer) for f in readings[1].refusals] == [("FIELD_MISSING", "/objects/1/name")]
    assert [(f.reason, f.pointer) for f in readings[2].refusals] == [("MARKING_MISSING", "/objects/2")]
    assert (readings[1].object_id, readings[1].version) == (f"{other}1", "2026-03-04T09:00:00.000Z")


def test_several_versions_of_a_report_are_several_revisions_in_their_order() -> None:
    versions = [report(modified=f"2026-0{month}-01T00:00:00Z") for month in (5, 3, 4)]
    readings = read(json.dumps(bundle(*versions, report(revoked=True))).encode())
    assert [type(reading) for reading in readings] == [Assessment] * 3 + [Withdrawal]
    assert len({reading.assessment_id for reading in readings if isinstance(reading, Assessment)}) == 1


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"id": "report--1"}, ("FIELD_INVALID", "/objects/0/id")),
        ({"modified": None}, ("FIELD_MISSING", "/objects/0/modified")),
        ({"modified": "2026-03-04"}, ("FIELD_INVALID", "/objects/0/modified")),
        ({"modified": "2026-13-04T00:00:00Z"}, ("TIMESTAMP_INVALID", "/objects/0/modified")),
        ({"modified": "2026-03-04T00:00:00.0000001Z"}, ("FIELD_INVALID", "/objects/0/modified")),
        ({"published": None}, ("FIELD_MISSING", "/objects/0/published")),
        ({"object_refs": []}, ("FIELD_INVALID", "/objects/0/object_refs")),
        ({"object_refs": ["x"]}, ("FIELD_INVALID", "/objects/0/object_refs/0")),
        ({"object_refs": [0] * 100_000}, ("FIELD_INVALID", "/objects/0/object_refs/0")),
        ({"object_marking_refs": "TLP:CLEAR"}, ("FIELD_INVALID", "/objects/0/object_marking_refs")),
        ({"name": "x" * (limits.TITLE_LENGTH + 1)}, ("FIELD_TOO_LONG", "/objects/0/name")),
        ({"revoked": "yes"}, ("FIELD_INVALID", "/objects/0/revoked")),
        ({"spec_version": "2.2"}, ("FIELD_INVALID", "/objects/0/spec_version")),
    ],
)
def test_a_malformed_report_is_refused_where_it_is_wrong(
    changed: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert refused(bundle(report(**changed))) == [expected]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (bundle(), "NO_REPORT_IN_BUNDLE"),
        (bundle(thing(ACTOR, name="X")), "NO_REPORT_IN_BUNDLE"),
        (bundle(objects=None), "BUNDLE_MALFORMED"),
        (bundle(objects=[7]), "BUNDLE_MALFORMED"),
        (bundle(objects=[{"type": "report"}]), "BUNDLE_MALFORMED"),
        (bundle(objects=[{"type": ["report"], "id": "x"}]), "BUNDLE_MALFORMED"),
        (bundle(report(), spec_version="1.2"), "STIX_VERSION_UNSUPPORTED"),
        (bundle(*[report()] * (limits.ASSESSMENTS_PER_SUBMISSION + 1)), "TOO_MANY_ASSESSMENTS"),
    ],
)
def test_a_malformed_bundle_is_refused_as_a_whole(document: dict[str, Any], reason: str) -> None:
    with pytest.raises(SubmissionRefusal) as caught:
        read(json.dumps(document).encode())
    assert caught.value.reason == reason


def test_a_second_spelling_of_one_instant_is_the_same_version() -> None:
    one = accepted(bundle(report(modified="2026-03-04T09:00:00.1Z"))).source.version
    other = accepted(bundle(report(modified="2026-03-04T09:00:00.100000Z"))).source.version
    assert one == other
    assert one.text != other.text
