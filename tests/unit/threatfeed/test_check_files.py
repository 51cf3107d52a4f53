"""A checked file is read as ingest would read it, for the agency that submits it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.kernel.policy import UnknownAgency
from services.threatfeed.usecases.check_files import Checker, FileCheck, Verdict
from tests.support.formats import csaf, event, kev, kev_entry, tracking
from tests.support.submissions import bundle, narrative, read, real_policy, reference, report

AT = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
CHECKER = Checker.of(real_policy(), reference(), home_party="UK", ceiling="UK OFFICIAL-SENSITIVE")
MEMBERS = {
    *(
        "source_object_id",
        "version_key",
        "originator",
        "title",
        "published",
        "modified",
        "revoked",
        "language",
    ),
    *("marking", "actors", "actor_candidates", "techniques", "vulnerabilities", "sectors", "locations"),
    *("themes", "judgements", "severity", "confidence"),
}


def check(document: Any, agency: str | None = None, content_type: str | None = None) -> FileCheck:
    return CHECKER.check("file.json", json.dumps(document).encode(), content_type, agency=agency, at=AT)


def codes(checked: FileCheck) -> list[str]:
    return [refusal.reason for refusal in checked.refusals]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (narrative(), "NARRATIVE"),
        (bundle(report()), "STIX_2_1"),
        (event(), "MISP"),
        (csaf(), "CSAF_2_0"),
        (csaf(csaf_version="2.1", distribution={"tlp": {"label": "GREEN"}}), "CSAF_2_1"),
        (kev(kev_entry()), "KEV"),
    ],
)
def test_every_format_is_checked_with_the_reader_that_ingest_uses(document: Any, expected: str) -> None:
    checked = check(document)
    assert (checked.format, checked.verdict) == (expected, Verdict.ACCEPTED)
    assert checked.revisions == read(json.dumps(document).encode(), agency=checked.agency)
    (described,) = checked.to_document()["assessments"]  # type: ignore[misc]
    assert set(described) >= MEMBERS
    json.dumps(checked.to_document())


def test_a_file_alone_is_checked_for_the_agency_that_could_best_have_submitted_it() -> None:
    assert check(narrative()).agency == "ncsc"
    assert check(narrative(agency="enisa")).agency == "enisa"
    assert check(narrative(marking={"national": "RESTREINT UE/EU RESTRICTED"})).agency == "enisa"
    assert check(kev(kev_entry())).agency == "cisa"
    unmarked = check(bundle(report(object_marking_refs=None)))
    assert (unmarked.agency, unmarked.verdict) == ("unit42", Verdict.ACCEPTED)
    (described,) = unmarked.to_document()["assessments"]  # type: ignore[misc]
    assert described["marking"] == {"tlp": "TLP:CLEAR", "national": None, "rule": "PS-1"}


def test_a_named_agency_is_held_to_its_own_rules() -> None:
    assert codes(check(bundle(report(object_marking_refs=None)), "ncsc")) == ["MARKING_MISSING"]
    assert codes(check(narrative(agency="enisa"), "ncsc")) == ["PAYLOAD_CLAIMS_OTHER_AGENCY"]
    with pytest.raises(UnknownAgency):
        check(narrative(), "nobody")


def test_what_the_deployment_may_not_hold_is_refused_before_it_leaves() -> None:
    checked = check(narrative(marking={"national": "UK SECRET"}), "ncsc")
    assert (checked.verdict, codes(checked)) == (Verdict.REJECTED, ["HOLDING_REFUSED"])
    assert checked.holding_refusals
    assert not check(narrative(), "ncsc").holding_refusals


def test_each_assessment_of_a_file_has_its_own_verdict() -> None:
    other = "report--2f0f9f5d-0c4a-4c54-9d0c-0a4c7e8d1b01"
    checked = check(bundle(report(), report(id=other, name=None)))
    assert (checked.verdict, len(checked.revisions)) == (Verdict.PARTIAL, 1)
    (rejected,) = checked.to_document()["rejections"]  # type: ignore[misc]
    assert rejected["code"] == "FIELD_MISSING"
    assert rejected["pointer"] == "/objects/1/name"
    assert rejected["source_object_id"] == other
    assert rejected["message"]


def test_two_contents_of_one_version_conflict_within_a_file_as_they_do_at_ingest() -> None:
    checked = check(bundle(report(), report(name="Something else")))
    assert (checked.verdict, codes(checked)) == (Verdict.PARTIAL, ["REVISION_CONFLICT"])


def test_a_withdrawal_is_told_as_one() -> None:
    (described,) = check(bundle(report(revoked=True))).to_document()["assessments"]  # type: ignore[misc]
    assert (described["revoked"], described["cause"], described["title"]) == (True, "REVOKED", None)
    (content,) = check(bundle(report())).to_document()["assessments"]  # type: ignore[misc]
    assert set(described) == set(content)


@pytest.mark.parametrize(
    ("document", "expected", "code"),
    [
        (bundle(), "STIX_2_1", "NO_REPORT_IN_BUNDLE"),
        (bundle(spec_version="2.0"), "STIX_2_0", "NO_REPORT_IN_BUNDLE"),
        (bundle(spec_version="1.2"), None, "STIX_VERSION_UNSUPPORTED"),
        (csaf(csaf_version="1.2"), None, "CSAF_VERSION_UNSUPPORTED"),
        (csaf(title=None), "CSAF_2_0", "FIELD_MISSING"),
        (kev(count=7), "KEV", "CATALOGUE_MALFORMED"),
        ({"Event": 7}, "MISP", "EVENTS_MALFORMED"),
        (narrative(title=None), "NARRATIVE", "FIELD_MISSING"),
        ({"a": 1}, None, "FORMAT_UNRECOGNISED"),
    ],
)
def test_the_format_is_named_also_where_nothing_could_be_read(
    document: Any, expected: str | None, code: str
) -> None:
    checked = check(document)
    assert (checked.format, checked.verdict, codes(checked)) == (expected, Verdict.REJECTED, [code])


def test_a_fault_of_the_whole_file_points_to_all_of_it() -> None:
    checked = CHECKER.check("file.json", b"\xff", at=AT)
    (rejected,) = checked.to_document()["rejections"]  # type: ignore[misc]
    assert (rejected["code"], rejected["pointer"]) == ("NOT_UTF8", "")


def test_modification_and_language_are_what_the_format_says() -> None:
    def told(document: Any) -> tuple[Any, Any]:
        (described,) = check(document).to_document()["assessments"]  # type: ignore[misc]
        return described["modified"], described["language"]

    assert told(bundle(report(lang="fr"))) == ("2026-03-04T09:00:00+00:00", "fr")
    assert told(bundle(report()))[1] == "en"
    assert told(bundle(report(spec_version=None), spec_version="2.0"))[1] is None
    assert told(csaf(lang="en-GB", tracking=tracking("2"))) == ("2026-03-02T09:00:00+00:00", "en-GB")
    assert told(event()) == ("2026-03-04T09:00:00+00:00", None)
    assert told(kev(kev_entry())) == ("2026-03-04T15:00:57.528200+00:00", None)
    assert told(narrative(language="de")) == (None, "de")
    assert told(narrative()) == (None, None)
    assert codes(check(narrative(language="en_GB"))) == ["FIELD_INVALID"]
