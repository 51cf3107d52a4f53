"""Every MISP event is an assessment of its own, marked by its tags and never by its distribution."""

import json
from typing import Any

import pytest

from services.kernel.scales import Confidence, InformationCredibility, SourceReliability, likelihood
from services.threatfeed.domain import limits
from services.threatfeed.domain.assessment import (
    Assessment,
    Severity,
    SourceFormat,
    Withdrawal,
    WithdrawalCause,
)
from services.threatfeed.domain.ratings import Rated, Ratings, Scale
from services.threatfeed.domain.refusals import SubmissionRefusal
from services.threatfeed.domain.subjects import Location, LocationScheme, Sector, SectorScheme, Technique
from services.threatfeed.domain.submission import Rejection
from tests.support.formats import EVENT_ID, FORMATS, event, tagged
from tests.support.submissions import accepted, read, refused, reported, withdrawal


def sample(name: str) -> bytes:
    return (FORMATS / "misp" / f"{name}.json").read_bytes()


def test_a_published_event_is_read() -> None:
    (reading,) = read(sample("pymisp-to_delete1"), agency="cert-eu")
    assert isinstance(reading, Assessment)
    assert reading.title == "OSINT -  New Malware with Ties to SunOrcal Discovered"
    assert reading.text.startswith("Unit 42 has discovered a new malware family")
    assert (reading.originator, reading.reported_by) == ("cert-eu", "CIRCL")
    assert reading.source.format is SourceFormat.MISP
    assert reading.source.object_id == "5a0a9aa9-23a4-4607-b6df-41a9950d210f"
    assert reading.source.version.text == "1510922435"
    assert reading.published.isoformat() == "2018-02-12T17:11:34+00:00"
    assert str(reading.marking) == "TLP:WHITE"
    assert reading.severities == (Severity("MISP-threat-level", "Low"),)
    assert reading.uri is not None


def test_a_list_of_indicators_is_the_assessment_that_its_title_makes() -> None:
    (reading,) = read(sample("infoblox-24e799ca-aad8-4244-8005-90b3ceb44540"), agency="cert-eu")
    assert isinstance(reading, Assessment)
    assert (reading.title, reading.text, str(reading.marking)) == ("olympics_20240729_iocs", "", "TLP:CLEAR")
    assert reading.period is not None
    assert str(reading.period.start) == "2023-09-27"


def test_an_event_that_is_not_published_is_refused() -> None:
    (reading,) = read(sample("pymisp-new_misp_event"), agency="cert-eu")
    assert isinstance(reading, Rejection)
    assert [(refusal.reason, refusal.pointer) for refusal in reading.refusals] == [
        ("EVENT_UNPUBLISHED", "/Event/published")
    ]
    assert (reading.object_id, reading.version) == ("57c06bb1-625c-4d34-9b9f-4066950d210f", "1472228273")


@pytest.mark.parametrize(
    "wrap",
    [
        lambda one: one,
        lambda one: [one],
        lambda one: {"response": one},
        lambda one: {"response": [one]},
    ],
)
def test_whatever_holds_an_event_it_is_the_same_assessment(wrap: Any) -> None:
    assert accepted(wrap(event())) == accepted(event())


def test_one_bad_event_leaves_its_neighbours_alone() -> None:
    other = event(uuid="5e341dcb-4db8-4c07-ab88-4af90a3b4632", info=None)
    readings = read(json.dumps({"response": [other, event()]}).encode())
    assert [type(reading) for reading in readings] == [Rejection, Assessment]
    assert isinstance(readings[0], Rejection)
    assert readings[0].refusals[0].pointer == "/response/0/Event/info"


def test_copies_of_two_instances_are_one_version() -> None:
    attribute = {"type": "domain", "category": "Network activity", "value": "host.example"}
    ours = event(id="7", org_id="1", Org={"name": "US"}, Attribute=[attribute | {"id": "1", "event_id": "7"}])
    theirs = event(id="99", publish_timestamp="1772618401", Attribute=[attribute | {"id": "2"}])
    assert accepted(ours).source == accepted(theirs).source
    changed = event(Attribute=[attribute | {"value": "other.example"}])
    assert accepted(changed).source.content_sha256 != accepted(ours).source.content_sha256


def test_a_deleted_event_is_a_withdrawal_even_without_a_marking() -> None:
    for deleted in (True, "1"):
        notice = withdrawal(tagged(deleted=deleted, published=False, info=None, timestamp="1772614801"))
        assert notice.cause is WithdrawalCause.DELETED
        assert notice.assessment_id == accepted(event()).assessment_id
        assert notice.source.version.newer_than(accepted(event()).source.version)


@pytest.mark.parametrize("label", ["white", "clear", "green", "amber", "amber+strict", "red"])
def test_tlp_tags_mark_an_event(label: str) -> None:
    for tag in (f"tlp:{label}", f"TLP:{label.upper()}"):
        assert str(accepted(tagged(tag)).marking) == f"TLP:{label.upper()}"


def test_the_most_restrictive_tag_counts() -> None:
    assert str(accepted(tagged("tlp:green", "tlp:red", "tlp:amber")).marking) == "TLP:RED"


@pytest.mark.parametrize(
    "tag",
    [
        *("tlp:ex:chr", "tlp:unclear", "tlp:", 'tlp:"red"', "TLP RED", "tlp-red", "tlp:amber strict"),
        *("euci:eu-secret", 'nato:classification="S"', 'dni-ism:classification:us:"S"'),
    ],
)
def test_a_marking_that_is_not_understood_is_refused_even_beside_one_that_is(tag: str) -> None:
    (refusal,) = refused(tagged("tlp:green", tag))
    assert refusal == ("MARKING_UNKNOWN", "/Event/Tag/1")


@pytest.mark.parametrize("distribution", ["0", "1", "2", "4", "5", 0, 1])
def test_an_event_for_fewer_than_all_needs_a_tlp_tag_even_from_a_public_source(distribution: Any) -> None:
    unmarked = tagged("osint", distribution=distribution)
    assert refused(unmarked, "unit42") == [("MARKING_MISSING", "/Event/distribution")]


def test_an_unmarked_event_for_all_is_public_only_by_the_policy() -> None:
    for distribution in (None, "3"):
        unmarked = tagged(distribution=distribution)
        assert accepted(unmarked, "unit42").marking_rule_id == "PS-1"
        assert refused(unmarked) == [("MARKING_MISSING", "/Event")]
        assert refused(unmarked, "cisa") == [("MARKING_MISSING", "/Event")]


def test_a_restricted_distribution_is_kept_for_people_beside_the_tag() -> None:
    shared = event(distribution="4", SharingGroup={"name": "Hospitals"})
    assert accepted(shared).handling == ("MISP distribution: a sharing group Hospitals",)
    assert accepted(tagged("tlp:green", "PAP:AMBER", distribution="3")).handling == ("PAP:AMBER",)


def test_ratings_keep_their_own_scales() -> None:
    ratings = accepted(
        tagged(
            "tlp:green",
            'admiralty-scale:source-reliability="f"',
            'admiralty-scale:information-credibility="6"',
            'estimative-language:likelihood-probability="roughly-even-chance"',
            'estimative-language:confidence-in-analytic-judgment="moderate"',
        )
    ).ratings
    assert ratings == Ratings(
        likelihood=Rated(Scale.ICD203, likelihood("roughly even chance", "ICD203"), "roughly-even-chance"),
        analytic_confidence=Rated(Scale.ICD203, Confidence.MODERATE, "moderate"),
        source_reliability=Rated(Scale.ADMIRALTY_RELIABILITY, SourceReliability.F, "f"),
        info_credibility=Rated(Scale.ADMIRALTY_CREDIBILITY, InformationCredibility.SIX, "6"),
        stix_confidence=None,
    )


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (['admiralty-scale:source-reliability="g"'], ("TERM_UNKNOWN", "/Event/Tag/0")),
        (['estimative-language:likelihood-probability="55"'], ("TERM_UNKNOWN", "/Event/Tag/0")),
        (
            [f'admiralty-scale:source-reliability="{letter}"' for letter in "ab"],
            ("FIELD_INVALID", "/Event/Tag/1"),
        ),
    ],
)
def test_a_term_that_its_scale_does_not_have_is_refused(tags: list[str], expected: tuple[str, str]) -> None:
    assert refused(tagged(*tags, "tlp:green")) == [expected]


def test_galaxies_give_actors_techniques_sectors_and_places() -> None:
    clusters = [
        {"type": "threat-actor", "value": "Sofacy"},
        {"type": "mitre-intrusion-set", "value": "APT1 - G0006"},
        {"type": "threat-actor", "value": "Forgotten", "deleted": True},
        {"type": "mitre-course-of-action", "value": "Discovery Mitigation - T1087"},
    ]
    assessment = accepted(
        tagged(
            "tlp:green",
            'misp-galaxy:threat-actor="Sofacy"',
            'misp-galaxy:mitre-attack-pattern="Launch Daemon - T1543.004"',
            'misp-galaxy:sector="Health"',
            'nis2:impact-sectors-impacted="energy"',
            'misp-galaxy:country="france"',
            'misp-galaxy:region="150 - Europe"',
            Galaxy=[{"GalaxyCluster": clusters}],
        )
    )
    assert reported(assessment.actors) == ["Sofacy", "APT1"]
    assert assessment.techniques == (Technique("T1543.004"),)
    assert assessment.sectors == (
        Sector(SectorScheme.MISP, "6", "Health", "Health"),
        Sector(SectorScheme.NIS2, "2022/2555", "energy", "energy"),
    )
    assert assessment.locations == (
        Location("france", LocationScheme.ISO_3166_1, "FR"),
        Location("150 - Europe", LocationScheme.UN_M49, "150"),
    )


def test_attributes_name_actors_and_the_places_that_are_targeted() -> None:
    attributes = [
        {"type": "threat-actor", "category": "Attribution", "value": "Sofacy"},
        {"type": "target-location", "category": "Targeting data", "value": "France"},
        {"type": "domain", "category": "Network activity", "value": "host.example"},
    ]
    assessment = accepted(event(Attribute=attributes))
    assert reported(assessment.actors) == ["Sofacy"]
    assert assessment.locations == (Location("France", LocationScheme.ISO_3166_1, "FR"),)


def test_objects_that_are_not_there_are_written_as_empty_lists() -> None:
    assert accepted(event(SharingGroup=[], Orgc=[])).reported_by is None


def test_what_is_taken_from_an_attribute_brings_its_marking() -> None:
    flaw = {"type": "vulnerability", "category": "External analysis", "value": "CVE-2023-1389"}
    red = flaw | {"Tag": [{"name": "tlp:red"}], "distribution": "0"}
    one = accepted(event(Attribute=[red]))
    assert (one.vulnerabilities, str(one.marking)) == (("CVE-2023-1389",), "TLP:RED")
    assert one.handling == ("MISP distribution: your organisation only, for a part",)
    within = accepted(event(Object=[{"name": "vulnerability", "Attribute": [red]}]))
    assert (within.vulnerabilities, str(within.marking)) == (("CVE-2023-1389",), "TLP:RED")
    gone = accepted(event(Attribute=[red | {"deleted": True}]))
    assert (gone.vulnerabilities, str(gone.marking)) == ((), "TLP:GREEN")
    address = {"type": "domain", "value": "host.example", "Tag": [{"name": "tlp:red"}]}
    assert str(accepted(event(Attribute=[address])).marking) == "TLP:GREEN"


def test_reports_are_the_text_and_comments_stand_in_for_them() -> None:
    comment = {"type": "comment", "category": "External analysis", "value": "An analysis."}
    noise = {"type": "comment", "category": "Other", "value": "UPX packed"}
    reports = [
        {"content": "First, on CVE-2024-0001."},
        {"content": "Gone", "deleted": "1"},
        {"content": None},
    ]
    assert accepted(event(Attribute=[noise, comment])).text == "An analysis."
    told = accepted(event(Attribute=[comment], EventReport=reports))
    assert (told.text, told.vulnerabilities) == ("First, on CVE-2024-0001.", ("CVE-2024-0001",))


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"uuid": "x"}, ("FIELD_INVALID", "/Event/uuid")),
        ({"timestamp": None}, ("FIELD_MISSING", "/Event/timestamp")),
        ({"timestamp": "-1"}, ("FIELD_INVALID", "/Event/timestamp")),
        ({"timestamp": "9" * 12}, ("FIELD_INVALID", "/Event/timestamp")),
        ({"published": None}, ("FIELD_MISSING", "/Event/published")),
        ({"published": "yes"}, ("FIELD_INVALID", "/Event/published")),
        ({"info": "x" * (limits.TITLE_LENGTH + 1)}, ("FIELD_TOO_LONG", "/Event/info")),
        ({"info": "a\x1b[31mb"}, ("FIELD_INVALID", "/Event/info")),
        ({"distribution": "9"}, ("FIELD_INVALID", "/Event/distribution")),
        ({"Tag": [{}]}, ("FIELD_MISSING", "/Event/Tag/0/name")),
        (
            {"Attribute": [{"type": "comment", "category": "External analysis", "value": 7}]},
            ("FIELD_INVALID", "/Event/Attribute/0/value"),
        ),
        (
            {"Attribute": [{"type": "domain", "first_seen": "yesterday"}]},
            ("TIMESTAMP_INVALID", "/Event/Attribute/0/first_seen"),
        ),
        ({"Tag": [0] * 100_000}, ("FIELD_INVALID", "/Event/Tag/0")),
        ({"Attribute": [{"type": "domain"}] * (limits.PARTS + 1)}, ("FIELD_TOO_LONG", "/Event/Attribute")),
        (
            {"EventReport": [{"content": "x" * limits.TEXT_LENGTH}, {"content": "x"}]},
            ("FIELD_TOO_LONG", "/Event"),
        ),
    ],
)
def test_a_malformed_event_is_refused_where_it_is_wrong(
    members: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert refused(event(**members)) == [expected]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"response": []}, "NO_EVENT"),
        ({"response": 7}, "EVENTS_MALFORMED"),
        ({"Event": []}, "EVENTS_MALFORMED"),
        ([event(), 7], "EVENTS_MALFORMED"),
        ([event()] * (limits.ASSESSMENTS_PER_SUBMISSION + 1), "TOO_MANY_ASSESSMENTS"),
        ({"Attribute": []}, "FORMAT_UNRECOGNISED"),
    ],
)
def test_what_holds_no_events_is_refused_as_a_whole(document: Any, reason: str) -> None:
    with pytest.raises(SubmissionRefusal) as caught:
        read(json.dumps(document).encode())
    assert caught.value.reason == reason


def test_a_withdrawal_of_the_same_uuid_in_other_letter_case_is_of_the_same_assessment() -> None:
    notice = withdrawal(event(uuid=EVENT_ID.upper(), deleted=True))
    assert isinstance(notice, Withdrawal)
    assert notice.source.object_id == EVENT_ID
