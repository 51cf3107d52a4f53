"""Techniques and tactics of ATT&CK keep the release and the matrix that their source states, and no other."""

from typing import Any

import pytest

from services.threatfeed.domain.subjects import AttackDomain, Tactic, Technique
from tests.support.formats import event, tagged
from tests.support.submissions import accepted, bundle, narrative, refused, report

ENTERPRISE, ICS, MOBILE = AttackDomain.ENTERPRISE, AttackDomain.ICS, AttackDomain.MOBILE
PATTERN = "attack-pattern--2b742742-28c3-4e1b-bab7-8350d6300fa7"
TACTIC = "x-mitre-tactic--2b742742-28c3-4e1b-bab7-8350d6300fa7"


def reference(external_id: str = "T1566", url: str = "", source: str = "mitre-attack") -> dict[str, str]:
    return {"source_name": source, "external_id": external_id, "url": url}


def thing(object_id: str, *references: dict[str, str], **members: Any) -> dict[str, Any]:
    kind = object_id.partition("--")[0]
    return {"type": kind, "id": object_id, "external_references": [*references]} | members


def collection(version: object, *listed: object, number: int = 0) -> dict[str, Any]:
    return {
        "type": "x-mitre-collection",
        "id": f"x-mitre-collection--00000000-0000-4000-8000-00000000000{number}",
        "x_mitre_version": version,
        "x_mitre_contents": [{"object_ref": item} for item in listed],
    }


def referring(*objects: dict[str, Any], **members: Any) -> dict[str, Any]:
    return bundle(report(object_refs=[PATTERN, TACTIC], **members), *objects)


@pytest.mark.parametrize(
    ("url", "release"),
    [
        ("https://attack.mitre.org/versions/v18/techniques/T1566/", "18"),
        ("https://attack.mitre.org/versions/v17.1/techniques/T1566", "17.1"),
        ("https://attack.mitre.org/techniques/T1566", None),
        ("https://attack.mitre.org/versions/vX/techniques/T1566", None),
    ],
)
def test_the_address_of_a_reference_states_the_release(url: str, release: str | None) -> None:
    assessment = accepted(referring(thing(PATTERN, reference(url=url))))
    assert assessment.techniques == (Technique("T1566", release),)


def test_the_version_of_an_object_is_no_release() -> None:
    assessment = accepted(referring(thing(PATTERN, reference(), x_mitre_version="2.6")))
    assert assessment.techniques == (Technique("T1566", None, "2.6"),)


def test_a_collection_states_the_release_of_what_it_lists() -> None:
    pattern = thing(PATTERN, reference())
    assert accepted(referring(pattern, collection("18.1", PATTERN))).techniques == (
        Technique("T1566", "18.1"),
    )
    assert accepted(referring(pattern, collection("18.1", TACTIC))).techniques == (Technique("T1566"),)


def test_two_collections_that_disagree_state_nothing() -> None:
    disagreeing = [collection("17.1", PATTERN), collection("18.1", PATTERN, number=1)]
    for order in (disagreeing, disagreeing[::-1]):
        assert accepted(referring(thing(PATTERN, reference()), *order)).techniques == (Technique("T1566"),)


@pytest.mark.parametrize("contents", [None, 7, [7], [{}], [{"object_ref": 7}], {"object_ref": PATTERN}])
def test_a_collection_that_is_none_states_nothing(contents: object) -> None:
    odd = collection("18.1") | {"x_mitre_contents": contents}
    assert accepted(referring(thing(PATTERN, reference()), odd)).techniques == (Technique("T1566"),)


@pytest.mark.parametrize(
    ("source", "members", "domains"),
    [
        ("mitre-attack", {}, ()),
        ("mitre-ics-attack", {}, (ICS,)),
        ("mitre-mobile-attack", {}, (MOBILE,)),
        ("mitre-attack", {"x_mitre_domains": ["ics-attack", "enterprise-attack"]}, (ENTERPRISE, ICS)),
        ("mitre-attack", {"x_mitre_domains": ["moon-attack", 7]}, ()),
    ],
)
def test_a_matrix_is_taken_where_it_is_told(
    source: str, members: dict[str, Any], domains: tuple[AttackDomain, ...]
) -> None:
    assessment = accepted(referring(thing(PATTERN, reference(source=source), **members)))
    assert assessment.techniques == (Technique("T1566", domains=domains),)


@pytest.mark.parametrize("name", ["T15666", "T1566.02", "t1566", "CAPEC-98", "T1566 ", "T1566.002.1"])
def test_what_is_no_id_of_a_technique_is_none_and_stops_nothing(name: str) -> None:
    assert accepted(referring(thing(PATTERN, reference(name)))).techniques == ()


def test_phases_of_the_kill_chains_of_attack_are_tactics_of_their_matrix() -> None:
    phases = [
        {"kill_chain_name": "mitre-attack", "phase_name": "initial-access"},
        {"kill_chain_name": "mitre-ics-attack", "phase_name": "impair-process-control"},
        {"kill_chain_name": "lockheed-martin-cyber-kill-chain", "phase_name": "delivery"},
        {"kill_chain_name": "mitre-attack"},
        7,
    ]
    versioned = reference(url="https://attack.mitre.org/versions/v18/techniques/T1566/")
    assert accepted(referring(thing(PATTERN, versioned, kill_chain_phases=phases))).tactics == (
        Tactic(None, "initial-access", "18", ENTERPRISE),
        Tactic(None, "impair-process-control", "18", ICS),
    )


def test_a_tactic_that_later_releases_split_is_kept() -> None:
    tactic = thing(
        TACTIC,
        reference("TA0005", "https://attack.mitre.org/versions/v18/tactics/TA0005/"),
        x_mitre_shortname="defense-evasion",
        x_mitre_domains=["enterprise-attack"],
    )
    held = Tactic("TA0005", "defense-evasion", "18", ENTERPRISE)
    assert accepted(referring(tactic)).tactics == (held,)
    stated = {
        "id": "TA0005",
        "name": "defense-evasion",
        "attack_version": "18",
        "domain": "enterprise-attack",
    }
    assert accepted(narrative(tactics=[stated])).tactics == (held,)
    assert accepted(narrative(tactics=["TA0005"])).tactics == (Tactic("TA0005"),)


def test_a_galaxy_counts_itself_and_not_attack() -> None:
    clusters = [
        {
            "type": "mitre-attack-pattern",
            "value": "Spearphishing Link - T1566.002",
            "version": 12,
            "meta": {"kill_chain": ["mitre-attack:initial-access", "mitre-attack:ics-attack:discovery", 7]},
        },
        {"type": "mitre-ics-techniques", "value": "Spearphishing Attachment - T0865", "version": ""},
        {"type": "mitre-ics-tactics", "value": "Discovery", "meta": {"external_id": ["TA0102"]}},
    ]
    assessment = accepted(
        tagged(
            "tlp:green",
            'misp-galaxy:mitre-attack-pattern="Spearphishing Link - T1566.002"',
            Galaxy=[{"GalaxyCluster": clusters}],
        )
    )
    assert assessment.techniques == (
        Technique("T1566.002", None, "misp-galaxy:mitre-attack-pattern 12"),
        Technique("T0865", domains=(ICS,)),
    )
    assert assessment.tactics == (
        Tactic(None, "initial-access"),
        Tactic(None, "discovery", None, ICS),
        Tactic("TA0102", "Discovery", None, ICS),
    )


@pytest.mark.parametrize("meta", [[], None, 7, {"kill_chain": "mitre-attack:x"}, {"kill_chain": [":", ""]}])
def test_what_nobody_vouches_for_in_a_cluster_stops_nothing(meta: object) -> None:
    cluster = {"type": "mitre-attack-pattern", "value": "X - T1566", "meta": meta}
    assessment = accepted(event(Galaxy=[{"GalaxyCluster": [cluster]}]))
    assert (assessment.techniques, assessment.tactics) == ((Technique("T1566"),), ())


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"techniques": ["T15666"]}, "/techniques/0"),
        ({"techniques": [7]}, "/techniques/0"),
        ({"techniques": [{"id": "T1566", "domains": ["moon-attack"]}]}, "/techniques/0/domains/0"),
        ({"techniques": [{"id": "T1566", "attack_version": ""}]}, "/techniques/0/attack_version"),
        ({"tactics": ["T1566"]}, "/tactics/0"),
        ({"sectors": ["Not a slug"]}, "/sectors/0"),
        ({"sectors": [{"scheme": "OTHER", "code": "energy"}]}, "/sectors/0/scheme"),
        ({"sectors": [{"scheme": "NIS2", "code": "energy", "sort": 1}]}, "/sectors/0/sort"),
        ({"ratings": {"source_reliability": "G"}}, "/ratings/source_reliability"),
        ({"ratings": {"info_credibility": "7"}}, "/ratings/info_credibility"),
        ({"ratings": {"confidence": {"level": "HIGH", "scheme": "STIX"}}}, "/ratings/confidence/scheme"),
    ],
)
def test_a_narrative_is_refused_with_the_place_of_its_fault(members: dict[str, Any], pointer: str) -> None:
    assert [place for _, place in refused(narrative(**members))] == [pointer]


def test_a_likelihood_in_a_gap_of_its_scale_is_refused() -> None:
    for term in ("22%", "very likely"):
        ratings = {"likelihood": {"scheme": "PHIA_2025", "term": term}}
        assert refused(narrative(ratings=ratings)) == [("TERM_UNKNOWN", "/ratings/likelihood/term")]


@pytest.mark.parametrize("confidence", [-1, 101, 50.0, True, "50"])
def test_a_confidence_off_its_scale_is_refused(confidence: object) -> None:
    assert refused(bundle(report(confidence=confidence))) == [("FIELD_INVALID", "/objects/0/confidence")]


def test_absent_confidence_is_unspecified_and_zero_is_not() -> None:
    assert accepted(bundle(report())).ratings.stix_confidence is None
    stated = accepted(bundle(report(confidence=0))).ratings.stix_confidence
    assert stated is not None
    assert (stated.value, stated.as_reported) == (0, "0")


def test_what_a_producer_of_stix_2_0_calls_confidence_is_on_no_scale() -> None:
    old = bundle(report(spec_version=None, confidence="high"), spec_version="2.0")
    assert accepted(old).ratings.stix_confidence is None
