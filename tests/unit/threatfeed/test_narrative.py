"""A narrative assessment becomes a typed assessment, or is refused with every reason and where."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from services.kernel.identifiers import assessment_id
from services.threatfeed.domain import limits
from services.threatfeed.domain.assessment import Assessment, SourceFormat, Withdrawal
from services.threatfeed.domain.documents import revision_to_document
from services.threatfeed.domain.ratings import Ratings, Scale
from services.threatfeed.domain.sectors import unclassified
from services.threatfeed.domain.subjects import Technique
from services.threatfeed.domain.submission import Rejection
from services.threatfeed.formats.narrative import json_schema
from tests.support.submissions import (
    HOSTILE,
    ROOT,
    SAMPLES,
    accepted,
    narrative,
    read,
    read_one,
    refused,
    withdrawal,
)

AGENCIES = ("ncsc", "enisa", "cert-eu", "cisa")
FILES = [file for agency in AGENCIES for file in sorted((SAMPLES / agency).glob("*.json"))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_the_samples_are_accepted_and_fit_the_published_schema(file: Path) -> None:
    (reading,) = read(file.read_bytes(), agency=file.parent.name)
    assert isinstance(reading, Assessment | Withdrawal), reading
    assert reading.originator == file.parent.name
    jsonschema.validate(json.loads(file.read_text("utf-8")), json_schema())


def test_the_published_schema_is_the_one_that_is_enforced() -> None:
    published = json.loads((ROOT / "docs" / "reference" / "narrative.schema.json").read_text("utf-8"))
    assert published == json_schema()


def test_a_whole_assessment() -> None:
    (reading,) = read((SAMPLES / "ncsc" / "ransomware-msp.v1.json").read_bytes())
    assert isinstance(reading, Assessment)
    assert reading.assessment_id == assessment_id("ncsc", "NCSC-2026-0142")
    assert reading.source.format is SourceFormat.NARRATIVE
    assert (reading.source.object_id, reading.source.version.text) == ("NCSC-2026-0142", "1")
    assert reading.published == datetime(2026, 3, 4, 9, tzinfo=UTC)
    assert str(reading.marking) == "UK OFFICIAL-SENSITIVE REL EU"
    assert reading.marking_rule_id is None
    (tear_line,) = reading.tear_lines
    assert str(tear_line.marking) == "TLP:GREEN//UK OFFICIAL REL EU"
    assert [judgement.judgement_id for judgement in reading.judgements] == ["J1", "J2"]
    likely = reading.judgements[0].ratings.likelihood
    assert likely is not None
    assert (likely.scale, likely.value.term) == (Scale.PHIA_2025, "Highly likely")
    assert reading.period is not None
    assert (reading.period.start, reading.period.end) == (date(2026, 1, 5), date(2026, 2, 27))
    assert reading.sectors == (unclassified("energy"), unclassified("water"))
    assert reading.techniques == (Technique("T1486"), Technique("T1133"), Technique("T1078"))
    assert {"CYBERCRIME_RANSOMWARE", "CNI_PRIVATE_SECTOR"} <= {theme.theme for theme in reading.themes}


def test_a_withdrawal_needs_no_content() -> None:
    notice = withdrawal({"id": "NCSC-2026-0001", "version": 2, "withdrawn": True, "reason": "Wrong."})
    assert notice.assessment_id == accepted(narrative()).assessment_id
    assert notice.source.version.newer_than(accepted(narrative()).source.version)
    assert notice.reason == "Wrong."


def test_nothing_else_in_a_withdrawal_stands_in_its_way() -> None:
    notice = narrative(version=2, withdrawn=True, reason="Wrong.", marking={"tlp": "TLP:PURPLE"}, odd=1)
    assert withdrawal(notice).reason == "Wrong."


def test_a_withdrawal_needs_a_reason() -> None:
    assert refused({"id": "A", "version": 2, "withdrawn": True}) == [("FIELD_MISSING", "/reason")]


def test_a_withdrawal_cannot_claim_another_agency() -> None:
    notice = {"id": "A", "version": 2, "withdrawn": True, "reason": "Wrong.", "agency": "enisa"}
    assert refused(notice) == [("PAYLOAD_CLAIMS_OTHER_AGENCY", "/agency")]


def test_an_unmarked_text_of_a_public_source_is_clear_by_a_recorded_rule() -> None:
    assessment = accepted(narrative(marking=None), agency="unit42")
    assert str(assessment.marking) == "TLP:CLEAR"
    assert assessment.marking_rule_id == "PS-1"


def test_layout_and_order_of_members_do_not_change_the_content() -> None:
    document = narrative(sectors=["health"])
    turned = dict(reversed(document.items()))
    (one,) = read(json.dumps(document, indent=4).encode())
    (other,) = read(json.dumps(turned).encode())
    assert isinstance(one, Assessment)
    assert one == other
    assert accepted(document | {"title": "Else"}).source.content_sha256 != one.source.content_sha256


def test_instants_are_read_in_utc() -> None:
    assessment = accepted(narrative(published="2026-03-04T09:00:00.5+02:00"))
    assert assessment.published == datetime(2026, 3, 4, 7, 0, 0, 500_000, tzinfo=UTC)
    assert assessment.published.utcoffset() == timedelta(0)


def test_vulnerabilities_named_in_the_text_are_found() -> None:
    assessment = accepted(
        narrative(text="CVE-2023-1389 and CVE-2024-12345, again CVE-2023-1389.", cves=["CVE-2022-0001"])
    )
    assert assessment.vulnerabilities == ("CVE-2022-0001", "CVE-2023-1389", "CVE-2024-12345")


def test_a_judgement_may_leave_likelihood_and_confidence_unspecified() -> None:
    (judgement,) = accepted(narrative(judgements=[{"id": "J1", "statement": "It happens."}])).judgements
    assert (judgement.ratings, judgement.marking) == (Ratings(), None)


def judged(**members: object) -> dict[str, Any]:
    return narrative(judgements=[{"id": "J1", "statement": "It happens."} | members])


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (narrative(marking=None), [("MARKING_MISSING", "/marking")]),
        (narrative(marking={}), [("MARKING_MISSING", "/marking")]),
        (narrative(marking={"tlp": "TLP:PURPLE"}), [("MARKING_UNKNOWN", "/marking/tlp")]),
        (narrative(marking={"tlp": "TLP: RED"}), [("MARKING_MALFORMED", "/marking/tlp")]),
        (narrative(marking={"national": "COSMIC SECRET"}), [("MARKING_UNKNOWN", "/marking/national")]),
        (narrative(marking={"national": "TLP:CLEAR"}), [("MARKING_MALFORMED", "/marking/national")]),
        (narrative(marking={"classification": "SECRET"}), [("FIELD_UNKNOWN", "/marking/classification")]),
        (narrative(agency="enisa"), [("PAYLOAD_CLAIMS_OTHER_AGENCY", "/agency")]),
        (narrative(title=None), [("FIELD_MISSING", "/title")]),
        (narrative(title=""), [("FIELD_INVALID", "/title")]),
        (narrative(title="two\nlines"), [("FIELD_INVALID", "/title")]),
        (narrative(title="x" * (limits.TITLE_LENGTH + 1)), [("FIELD_TOO_LONG", "/title")]),
        (narrative(text="x" * (limits.TEXT_LENGTH + 1)), [("FIELD_TOO_LONG", "/text")]),
        (narrative(version=0), [("FIELD_INVALID", "/version")]),
        (narrative(version=True), [("FIELD_INVALID", "/version")]),
        (narrative(version="1"), [("FIELD_INVALID", "/version")]),
        (narrative(version=1.0), [("FIELD_INVALID", "/version")]),
        (narrative(version=2**31), [("FIELD_INVALID", "/version")]),
        (narrative(id="report--6f687ab2-e2e7-423c-8839-586189fd27a4"), [("FIELD_INVALID", "/id")]),
        (narrative(id="a" * 200), [("FIELD_TOO_LONG", "/id")]),
        (narrative(id=7), [("FIELD_INVALID", "/id")]),
        (narrative(published="yesterday"), [("FIELD_INVALID", "/published")]),
        (narrative(published="2026-02-30T00:00:00Z"), [("TIMESTAMP_INVALID", "/published")]),
        (narrative(published="0001-01-01T00:00:00+23:59"), [("TIMESTAMP_INVALID", "/published")]),
        (narrative(published="2026-01-01T00:00:00+99:99"), [("TIMESTAMP_INVALID", "/published")]),
        (narrative(period={"start": "2026-02-01", "end": "2026-01-01"}), [("PERIOD_INVALID", "/period")]),
        (narrative(period={"start": "2026-02-31"}), [("TIMESTAMP_INVALID", "/period/start")]),
        (narrative(techniques=["T1"]), [("FIELD_INVALID", "/techniques/0")]),
        (narrative(sectors=["energy", 7]), [("FIELD_INVALID", "/sectors/1")]),
        (narrative(actors=["x"] * (limits.LIST_LENGTH + 1)), [("FIELD_TOO_LONG", "/actors")]),
        (narrative(withdrawn="yes"), [("FIELD_INVALID", "/withdrawn")]),
        (narrative(severity="high"), [("FIELD_UNKNOWN", "/severity")]),
        (
            narrative(tear_line={"text": "Short.", "marking": {"tlp": "TLP:BLUE"}}),
            [("MARKING_UNKNOWN", "/tear_line/marking/tlp")],
        ),
        (narrative(tear_line={"text": "Short."}), [("FIELD_MISSING", "/tear_line/marking")]),
        (judged(marking={"tlp": "TLP:BLUE"}), [("MARKING_UNKNOWN", "/judgements/0/marking/tlp")]),
        (judged(likelihood={"scheme": "PHIA_2025"}), [("FIELD_MISSING", "/judgements/0/likelihood/term")]),
        (
            narrative(judgements=[{"id": "J1", "statement": "A."}, {"id": "J1", "statement": "B."}]),
            [("JUDGEMENT_REPEATED", "/judgements/1/id")],
        ),
        (
            narrative(title=None, version="1", odd=True),
            [("FIELD_INVALID", "/version"), ("FIELD_MISSING", "/title"), ("FIELD_UNKNOWN", "/odd")],
        ),
    ],
)
def test_refused_with_every_reason_and_where(
    document: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert refused(document) == expected


@pytest.mark.parametrize(
    ("scheme", "term"),
    [
        ("PHIA_2025", "Very likely"),
        ("PHIA_2025", "7%"),
        ("ICD203", "Realistic possibility"),
        ("KENT", "Likely or probable"),
    ],
)
def test_a_term_of_another_scale_is_refused_and_never_rounded(scheme: str, term: str) -> None:
    ((_, pointer),) = refused(judged(likelihood={"scheme": scheme, "term": term}))
    assert pointer is not None
    assert pointer.startswith("/judgements/0/likelihood")


def test_a_confidence_that_is_no_level_is_refused() -> None:
    ((_, pointer),) = refused(judged(confidence={"level": "QUITE", "grounds": "A feeling."}))
    assert pointer is not None
    assert pointer.startswith("/judgements/0/confidence")


def test_a_rejection_names_the_assessment_where_it_can() -> None:
    reading = read_one(narrative(title=None))
    assert isinstance(reading, Rejection)
    assert (reading.object_id, reading.version) == ("NCSC-2026-0001", "1")
    nameless = read_one(narrative(id=["x"], version=None) | {"version": None})
    assert isinstance(nameless, Rejection)
    assert (nameless.object_id, nameless.version) == (None, None)


def test_a_receipt_names_a_bounded_number_of_reasons() -> None:
    assert len(refused(narrative(**{f"odd{n}": n for n in range(500)}))) == limits.REFUSALS_PER_ASSESSMENT


def test_no_refusal_repeats_the_text() -> None:
    reading = read_one(narrative(title="SECRET TITLE\n", marking={"tlp": "SECRET BANNER"}))
    assert isinstance(reading, Rejection)
    told = " ".join(f"{refusal.detail} {refusal.metadata}" for refusal in reading.refusals)
    assert "SECRET" not in told


def _kept(reading: Assessment, member: str) -> list[object]:
    match member:
        case "id":
            return [reading.source.object_id]
        case "sectors":
            return [sector.as_reported for sector in reading.sectors]
        case "actors":
            return [actor.name_as_reported for actor in reading.actors]
        case _:
            return [revision_to_document(reading)[member]]


@pytest.mark.parametrize(
    "member", ["title", "text", "id", "agency", "published", "sectors", "actors", "marking"]
)
def test_naughty_strings_are_kept_as_they_are_or_refused(member: str) -> None:
    for text in json.loads((HOSTILE / "naughty-strings.json").read_text("utf-8")):
        value = {"tlp": text} if member == "marking" else [text] if member in ("sectors", "actors") else text
        reading = read_one(narrative(**{member: value}))
        if isinstance(reading, Assessment):
            assert text in _kept(reading, member)
        else:
            assert isinstance(reading, Rejection)
            assert all(refusal.pointer for refusal in reading.refusals)
