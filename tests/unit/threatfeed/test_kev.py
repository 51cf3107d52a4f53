"""Every entry of the catalogue is an assessment, versioned by the release of the catalogue."""

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from services.threatfeed.domain import limits
from services.threatfeed.domain.assessment import Assessment, SourceFormat, WithdrawalCause
from services.threatfeed.domain.refusals import SubmissionRefusal
from services.threatfeed.domain.revisions import Outcome, decide_all
from services.threatfeed.domain.submission import Reading, Rejection
from services.threatfeed.formats.kev import read_catalogue, read_release, removal
from tests.support.formats import FORMATS, kev, kev_entry
from tests.support.submissions import read, real_policy

RELEASES = [
    json.loads((FORMATS / "kev" / f"{day}.json").read_text("utf-8")) for day in ("2025-01-24", "2025-02-04")
]
SCHEMA = json.loads((FORMATS / "kev" / "known_exploited_vulnerabilities_schema.json").read_text("utf-8"))


def entries(document: Any, agency: str = "cisa") -> tuple[Reading, ...]:
    return read(json.dumps(document).encode(), agency=agency)


def assessments(document: Any) -> list[Assessment]:
    found = [reading for reading in entries(document) if isinstance(reading, Assessment)]
    assert len(found) == len(document["vulnerabilities"])
    return found


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release["catalogVersion"])
def test_a_release_is_read_entry_by_entry_and_the_schema_agrees(release: Any) -> None:
    jsonschema.validate(release, SCHEMA)
    read_entries = assessments(release)
    assert [entry.vulnerabilities[0] for entry in read_entries] == [
        entry["cveID"] for entry in release["vulnerabilities"]
    ]
    first = read_entries[0]
    assert first.source.format is SourceFormat.KEV
    assert first.source.object_id == f"cisa-kev--{first.vulnerabilities[0]}"
    assert first.source.version.text == f"{release['catalogVersion']}/{release['dateReleased']}"
    assert first.title == release["vulnerabilities"][0]["vulnerabilityName"]
    assert first.text.startswith(release["vulnerabilities"][0]["shortDescription"])
    assert {(str(entry.marking), entry.marking_rule_id) for entry in read_entries} == {("TLP:CLEAR", "PS-2")}


def test_a_later_release_adds_entries_and_leaves_the_others_as_they_were() -> None:
    decisions, _ = decide_all({}, [entry for release in RELEASES for entry in assessments(release)])
    second = decisions[len(RELEASES[0]["vulnerabilities"]) :]
    before = {entry["cveID"] for entry in RELEASES[0]["vulnerabilities"]}
    for decision in second:
        known = decision.incoming.source.object_id.removeprefix("cisa-kev--") in before
        assert decision.outcome is (Outcome.UNCHANGED if known else Outcome.ACCEPTED)
        assert decision.changed is not known


def test_a_changed_entry_is_a_revision() -> None:
    first, second = kev(kev_entry()), kev(kev_entry(knownRansomwareCampaignUse="Known"), day=5)
    decisions, _ = decide_all({}, [*assessments(first), *assessments(second)])
    assert [decision.outcome for decision in decisions] == [Outcome.ACCEPTED, Outcome.REVISED]
    assert "ransomware" in assessments(second)[0].text


def test_a_release_says_which_entries_it_lists_also_those_that_cannot_be_read() -> None:
    release = read_release(kev(kev_entry("CVE-2026-0001"), kev_entry("CVE-2026-0002", product=None), day=5))
    assert release.listed == {"cisa-kev--CVE-2026-0001", "cisa-kev--CVE-2026-0002"}
    assert release.complete
    assert release.version == read_catalogue(kev(day=5)).version


@pytest.mark.parametrize("nameless", [7, {}, kev_entry(cveID=None)])
def test_a_release_with_an_entry_that_nobody_can_tell_is_not_complete(nameless: Any) -> None:
    release = read_release(kev(kev_entry(), nameless))
    assert not release.complete
    assert not release.lacks(["cisa-kev--CVE-2026-0009"])


def test_the_notice_that_an_entry_is_gone_carries_the_version_of_the_release() -> None:
    release = read_release(kev(kev_entry("CVE-2026-0002"), day=5))
    (absence,) = release.lacks(["cisa-kev--CVE-2026-0001", "cisa-kev--CVE-2026-0002"])
    notice = removal("cisa", absence)
    assert notice.cause is WithdrawalCause.REMOVED
    assert (notice.source.version, notice.published) == (release.version, release.released_at)
    assert notice.assessment_id == assessments(kev(kev_entry("CVE-2026-0001")))[0].assessment_id


def test_the_catalogue_is_public_by_a_rule_that_covers_it_alone() -> None:
    (refusal,) = [
        reading.refusals[0] for reading in entries(kev(kev_entry()), "ncsc") if isinstance(reading, Rejection)
    ]
    assert (refusal.reason, refusal.pointer) == ("MARKING_MISSING", "/vulnerabilities/0")
    assert real_policy().public_sources["PS-2"].formats == {"KEV"}


def test_one_bad_entry_leaves_its_neighbours_alone() -> None:
    bad, good = entries(kev(kev_entry(dateAdded="2026-02-30"), kev_entry("CVE-2026-0002")))
    assert isinstance(bad, Rejection)
    assert isinstance(good, Assessment)
    assert bad.object_id == "cisa-kev--CVE-2026-0001"
    assert [(refusal.reason, refusal.pointer) for refusal in bad.refusals] == [
        ("TIMESTAMP_INVALID", "/vulnerabilities/0/dateAdded")
    ]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (kev(kev_entry(), count=2), ("CATALOGUE_MALFORMED", "/count")),
        (kev(count=None), ("CATALOGUE_MALFORMED", "/count")),
        (kev(vulnerabilities={}), ("CATALOGUE_MALFORMED", "/vulnerabilities")),
        (kev(dateReleased="today"), ("CATALOGUE_MALFORMED", "/dateReleased")),
        (kev(catalogVersion=7), ("CATALOGUE_MALFORMED", "/catalogVersion")),
        (kev(*[0] * (limits.ENTRIES_PER_CATALOGUE + 1)), ("TOO_MANY_ASSESSMENTS", None)),
    ],
)
def test_a_catalogue_that_cannot_be_trusted_is_refused_as_a_whole(
    document: Any, expected: tuple[str, str | None]
) -> None:
    with pytest.raises(SubmissionRefusal) as caught:
        entries(document)
    assert (caught.value.reason, caught.value.pointer) == expected


def test_a_catalogue_may_hold_more_than_other_submissions() -> None:
    many = [kev_entry(f"CVE-2026-{number:05d}") for number in range(limits.ASSESSMENTS_PER_SUBMISSION + 1)]
    assert len(assessments(kev(*many))) == len(many)
