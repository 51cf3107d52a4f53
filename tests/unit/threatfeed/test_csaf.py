"""A CSAF document is one version of one assessment, and is held to the tests of its standard."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.threatfeed.domain.assessment import (
    Assessment,
    Severity,
    SourceFormat,
    VersionScheme,
    WithdrawalCause,
)
from services.threatfeed.domain.sectors import unclassified
from services.threatfeed.domain.subjects import Location, LocationScheme, distinct_terms
from services.threatfeed.domain.submission import Rejection
from services.threatfeed.formats.csaf_versions import read_csaf_version
from tests.support.formats import FORMATS, csaf, csaf_schema, samples, tracking
from tests.support.submissions import accepted, read, refused, withdrawal

SUITE = json.loads((FORMATS / "csaf" / "oasis-tests.json").read_text("utf-8"))


@pytest.mark.parametrize("name", sorted(SUITE))
def test_verdicts_are_those_of_the_standards_own_suite(name: str) -> None:
    (reading,) = read((FORMATS / "csaf" / "oasis-tests" / name).read_bytes(), agency="unit42")
    expected = SUITE[name]
    if expected["valid"]:
        assert isinstance(reading, Assessment), reading
        return
    assert isinstance(reading, Rejection)
    failed = {refusal.metadata.get("test", refusal.reason) for refusal in reading.refusals}
    # A score without its edition is one that the model of a score refuses, before any test.
    assert ("FIELD_MISSING" if expected["test"] == "6.1.8" else expected["test"]) in failed


@pytest.mark.parametrize("file", samples("csaf/cisa/*.json"), ids=lambda file: file.stem)
def test_published_documents_are_read_and_the_schema_agrees(file: Path) -> None:
    document = json.loads(file.read_text("utf-8"))
    csaf_schema().validate(document)
    (reading,) = read(file.read_bytes(), agency="cisa")
    assert isinstance(reading, Assessment)
    head = document["document"]
    assert reading.title == head["title"]
    assert reading.source.format is SourceFormat.CSAF_2_0
    assert reading.source.object_id == f"https://www.cisa.gov/ {head['tracking']['id']}"
    assert reading.source.version.text == head["tracking"]["version"]
    assert (str(reading.marking), reading.marking_rule_id) == ("TLP:WHITE", None)
    assert reading.handling == ("Disclosure is not limited",)
    assert set(reading.vulnerabilities) >= {entry["cve"] for entry in document["vulnerabilities"]}
    assert reading.text
    assert reading.severities


def test_a_document_of_csaf_2_1_is_read() -> None:
    (reading,) = read((FORMATS / "csaf" / "2.1-bsi-2022-0001.json").read_bytes(), agency="cert-eu")
    assert isinstance(reading, Assessment)
    assert reading.source.format is SourceFormat.CSAF_2_1
    assert str(reading.marking) == "TLP:CLEAR"
    assert reading.vulnerabilities == ("CVE-2022-27193",)
    assert reading.severities[0] == Severity("CSAF-aggregate-severity", "Moderate")
    assert reading.severities[1].original.startswith("6.1 CVSS:3.1/")


def test_a_producer_that_turned_to_whole_numbers_stays_in_order() -> None:
    (first,), (later,) = (read(file.read_bytes(), agency="cisa") for file in samples("csaf/chain/*.json"))
    assert isinstance(first, Assessment)
    assert isinstance(later, Assessment)
    assert (first.source.version.text, later.source.version.text) == ("1.0.0", "5")
    assert first.assessment_id == later.assessment_id
    assert later.source.version.newer_than(first.source.version)


def test_versions_are_ordered_as_the_standard_says() -> None:
    ascending = [
        "1",
        "1.0.1",
        "1.1.0",
        "1.10.0",
        "2",
        "2.0.524287",
        "9",
        "10",
        "20260304",
        "33554431.524287.524287",
    ]
    keys = [read_csaf_version(text, "").key for text in ascending]
    assert [key.ordinal for key in keys] == sorted({key.ordinal for key in keys})
    assert all(key.scheme is VersionScheme.SEMANTIC and 0 < key.ordinal < 2**63 for key in keys)
    assert read_csaf_version("1.0.0+a", "").key == read_csaf_version("1.0.0+b", "").key
    assert read_csaf_version("1", "").key == read_csaf_version("1.0.0", "").key


@pytest.mark.parametrize(
    ("edition", "label"),
    [("2.0", label) for label in ("WHITE", "GREEN", "AMBER", "RED")]
    + [("2.1", label) for label in ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")],
)
def test_each_edition_has_its_labels(edition: str, label: str) -> None:
    marked = csaf(csaf_version=edition, distribution={"tlp": {"label": label}})
    marking = accepted(marked).marking
    assert str(marking) == f"TLP:{label}"
    assert marking.tlp is not None
    assert marking.tlp.version == {"2.0": "1.0", "2.1": "2.0"}[edition]


@pytest.mark.parametrize(
    ("edition", "distribution", "expected"),
    [
        ("2.0", {"tlp": {"label": "CLEAR"}}, ("MARKING_MALFORMED", "/document/distribution/tlp/label")),
        ("2.1", {"tlp": {"label": "WHITE"}}, ("MARKING_MALFORMED", "/document/distribution/tlp/label")),
        ("2.0", {"tlp": {"label": "green"}}, ("MARKING_UNKNOWN", "/document/distribution/tlp/label")),
        ("2.0", {"tlp": {}}, ("FIELD_MISSING", "/document/distribution/tlp/label")),
        ("2.0", {"text": "For members only"}, ("MARKING_MISSING", "/document/distribution")),
        ("2.1", {"sharing_group": {"id": "x"}}, ("MARKING_MISSING", "/document/distribution")),
    ],
)
def test_a_marking_that_is_not_understood_is_refused_even_from_a_public_source(
    edition: str, distribution: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert refused(csaf(csaf_version=edition, distribution=distribution), "unit42") == [expected]


def test_an_unmarked_document_is_public_only_by_the_policy() -> None:
    unmarked = csaf(distribution=None)
    assert accepted(unmarked, "unit42").marking_rule_id == "PS-1"
    assert refused(unmarked) == [("MARKING_MISSING", "/document/distribution")]
    assert refused(unmarked, "cisa") == [("MARKING_MISSING", "/document/distribution")]


@pytest.mark.parametrize(
    ("category", "cause"),
    [("csaf_withdrawn", WithdrawalCause.WITHDRAWN), ("csaf_superseded", WithdrawalCause.SUPERSEDED)],
)
def test_withdrawn_and_superseded_documents_are_withdrawals(category: str, cause: WithdrawalCause) -> None:
    notes = [{"category": "description", "title": "Reasoning for Withdrawal", "text": "It was wrong."}]
    notice = withdrawal(csaf("2", csaf_version="2.1", category=category, notes=notes, distribution=None))
    assert (notice.cause, notice.reason) == (cause, "It was wrong.")
    assert notice.assessment_id == accepted(csaf("1")).assessment_id
    assert notice.source.version.newer_than(accepted(csaf("1")).source.version)
    assert withdrawal(csaf("2", category=category, notes=7, title=None)).reason.startswith("The document was")


def test_notes_give_the_text_the_sectors_and_the_places() -> None:
    def other(title: str, text: str) -> dict[str, str]:
        return {"category": "other", "title": title, "text": text}

    document = csaf(
        notes=[
            {"category": "summary", "text": "It is CVE-2024-0001."},
            {"category": "legal_disclaimer", "text": "No warranty."},
            other(
                "Critical infrastructure sectors",
                " Energy, Food and Agriculture, Commercial Facilities Sector.",
            ),
            other("Critical infrastructure sectors", "Multiple"),
            other("Countries/areas deployed", "Europe, United States"),
            other("Company headquarters location", "Germany"),
        ]
    )
    assessment = accepted(document)
    assert (assessment.text, assessment.vulnerabilities) == ("It is CVE-2024-0001.", ("CVE-2024-0001",))
    reported = ("Energy", "Food and Agriculture", "Commercial Facilities Sector")
    assert assessment.sectors == tuple(map(unclassified, reported))
    assert distinct_terms(assessment.sectors) == ("energy", "food-and-agriculture", "commercial-facilities")
    assert assessment.locations == (
        Location("Europe", LocationScheme.UN_M49, "150"),
        Location("United States"),
    )


def test_the_highest_score_of_each_edition_is_kept_in_its_own_words() -> None:
    def score(version: str, base: float) -> dict[str, Any]:
        return {"version": version, "baseScore": base, "vectorString": vectors[base], **severity[base]}

    vectors = {
        5: "AV:N/AC:L/Au:N/C:P/I:N/A:N",
        7.8: "CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H",
        9.8: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    }
    severity: dict[float, dict[str, str]] = {
        5: {},
        7.8: {"baseSeverity": "HIGH"},
        9.8: {"baseSeverity": "CRITICAL"},
    }
    vulnerabilities = [
        {"cve": "CVE-2024-0001", "scores": [{"cvss_v3": score("3.1", 7.8), "cvss_v2": score("2.0", 5)}]},
        {"cve": "CVE-2024-0002", "metrics": [{"content": {"cvss_v3": score("3.1", 9.8)}}]},
    ]
    assert accepted(csaf(vulnerabilities=vulnerabilities)).severities == (
        Severity("CVSS-2.0", f"5.0 {vectors[5]}"),
        Severity("CVSS-3.1", f"9.8 {vectors[9.8]}"),
    )


@pytest.mark.parametrize("status", ["final", "interim"])
def test_released_documents_are_accepted(status: str) -> None:
    assert accepted(csaf(tracking=tracking(status=status)))


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"tracking": tracking(status="draft")}, ("DOCUMENT_IS_DRAFT", "/document/tracking/status")),
        ({"tracking": tracking(status="secret")}, ("FIELD_INVALID", "/document/tracking/status")),
        ({"csaf_version": "1.2"}, ("CSAF_VERSION_UNSUPPORTED", "/document/csaf_version")),
        ({"csaf_version": 2.0}, ("CSAF_VERSION_UNSUPPORTED", "/document/csaf_version")),
        ({"title": None}, ("FIELD_MISSING", "/document/title")),
        (
            {"publisher": {"category": "vendor", "name": "A", "namespace": "https://a b"}},
            ("FIELD_INVALID", "/document/publisher/namespace"),
        ),
        ({"tracking": tracking(version="01")}, ("FIELD_INVALID", "/document/tracking/version")),
        (
            {"tracking": tracking(current_release_date="2026-13-01T00:00:00Z")},
            ("TIMESTAMP_INVALID", "/document/tracking/current_release_date"),
        ),
    ],
)
def test_a_malformed_document_is_refused_where_it_is_wrong(
    members: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert expected in refused(csaf(**members))


@pytest.mark.parametrize(
    ("changed", "test"),
    [
        (tracking("0"), "6.1.17"),
        (tracking("1.0.0-rc1"), "6.1.20"),
        (tracking("1") | {"version": "1.0.0"}, "6.1.30"),
        (tracking("2") | {"version": "3"}, "6.1.16"),
        (tracking("3") | {"revision_history": tracking("3")["revision_history"][::2]}, "6.1.21"),
        (tracking("1") | {"revision_history": tracking("1")["revision_history"] * 2}, "6.1.22"),
    ],
)
def test_versions_that_the_standard_forbids_are_refused(changed: dict[str, Any], test: str) -> None:
    (reading,) = read(json.dumps(csaf(tracking=changed)).encode())
    assert isinstance(reading, Rejection)
    assert (reading.refusals[0].reason, reading.refusals[0].metadata["test"]) == ("CSAF_TEST_FAILED", test)


@pytest.mark.parametrize("version", ["33554432", "1.524288.0", "9" * 150])
def test_a_version_that_could_not_be_ordered_is_refused(version: str) -> None:
    history = [{"date": "2026-03-01T09:00:00Z", "number": version}]
    changed = tracking() | {"version": version, "revision_history": history}
    assert refused(csaf(tracking=changed)) == [("FIELD_INVALID", "/document/tracking/version")]


def test_groups_that_stand_for_too_many_products_are_refused_before_they_are_counted() -> None:
    groups = [{"group_id": "G", "product_ids": ["A"] * 10_000}]
    flags = [{"label": "component_not_present", "group_ids": ["G"]}] * 10_000
    tree = {"full_product_names": [{"product_id": "A", "name": "A"}], "product_groups": groups}
    document = csaf(vulnerabilities=[{"cve": "CVE-2026-0001", "flags": flags}]) | {"product_tree": tree}
    assert refused(document) == [("FIELD_TOO_LONG", "/vulnerabilities")]


def test_two_publishers_ids_never_make_one_assessment() -> None:
    publisher = {"category": "vendor", "name": "Another", "namespace": "https://other.example"}
    assert accepted(csaf()).assessment_id != accepted(csaf(publisher=publisher)).assessment_id
