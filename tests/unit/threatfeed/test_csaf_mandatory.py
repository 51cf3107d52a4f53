"""What the mandatory tests of CSAF forbid is refused with the number of the test, and nothing else is."""

import json
from typing import Any

import pytest

from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.submission import Rejection
from tests.support.formats import csaf
from tests.support.submissions import read

V2 = "AV:L/AC:L/Au:M/C:C/I:C/A:C"
V3 = "CVSS:3.1/AV:L/AC:L/PR:H/UI:R/S:U/C:H/I:H/A:H"
V4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"


def failed(document: Any) -> str | None:
    """The number of the only test that a document fails, None for an accepted one."""
    (reading,) = read(json.dumps(document).encode())
    if isinstance(reading, Rejection):
        assert {refusal.reason for refusal in reading.refusals} == {"CSAF_TEST_FAILED"}, reading
        (test,) = {refusal.metadata["test"] for refusal in reading.refusals}
        return test
    assert isinstance(reading, Assessment)
    return None


def products(*names: str, **helper: Any) -> list[dict[str, Any]]:
    return [
        {"product_id": name, "name": name} | ({"product_identification_helper": helper} if helper else {})
        for name in names
    ]


def relation(made: str, product: str, other: str) -> dict[str, Any]:
    (full,) = products(made)
    return {
        "category": "installed_on",
        "full_product_name": full,
        "product_reference": product,
        "relates_to_product_reference": other,
    }


def scored(*scores: dict[str, Any], names: tuple[str, ...] = ("A",)) -> dict[str, Any]:
    entries = [{"products": list(names)} | score for score in scores]
    return csaf(vulnerabilities=[{"scores": entries}]) | {
        "product_tree": {"full_product_names": products("A", "B")}
    }


def v2(**members: Any) -> dict[str, Any]:
    return {"cvss_v2": {"version": "2.0", "vectorString": V2, "baseScore": 6.5} | members}


def v3(**members: Any) -> dict[str, Any]:
    score = {"version": "3.1", "vectorString": V3, "baseScore": 6.5, "baseSeverity": "MEDIUM"} | members
    return {"cvss_v3": {name: value for name, value in score.items() if value is not None}}


@pytest.mark.parametrize(
    ("relations", "expected"),
    [
        ([relation("C", "A", "B")], None),
        ([relation("C", "A", "B"), relation("D", "C", "B")], None),
        ([relation("C", "A", "C")], "6.1.3"),
        ([relation("C", "D", "A"), relation("D", "A", "C")], "6.1.3"),
        ([relation("C", "E", "A"), relation("D", "C", "A"), relation("E", "D", "A")], "6.1.3"),
    ],
)
def test_a_product_is_not_made_of_itself(relations: list[Any], expected: str | None) -> None:
    tree = {"full_product_names": products("A", "B"), "relationships": relations}
    assert failed(csaf() | {"product_tree": tree}) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (scored(v3()), None),
        (scored(v2()), None),
        (scored(v2() | v3()), None),
        (scored(v3(), v3()), "6.1.7"),
        (scored(v3(), v3(version="3.0", vectorString=V3.replace("3.1", "3.0"))), None),
        (scored(v3(baseSeverity=None)), "6.1.8"),
        (scored(v3(version="2.0")), "6.1.8"),
        (scored(v3(vectorString=V2)), "6.1.8"),
        (scored(v3(vectorString=V3 + "/AV:N")), "6.1.8"),
        (scored(v2(vectorString="AV:L")), "6.1.8"),
        (scored(v3(baseScore=10)), "6.1.9"),
        (scored(v3(baseSeverity="LOW")), "6.1.9"),
        (scored(v3(baseSeverity="medium")), "6.1.9"),
        (scored(v3(temporalScore=6.5, temporalSeverity="MEDIUM")), None),
        (scored(v3(temporalScore=6.4)), "6.1.9"),
        (scored(v3(vectorString=V3 + "/E:U", temporalScore=6.0, temporalSeverity="MEDIUM")), None),
        (scored(v3(environmentalSeverity="HIGH")), "6.1.9"),
        (scored(v2(baseScore=6.6)), "6.1.9"),
        (scored(v2(temporalScore=6.5, environmentalScore=6.5)), None),
        (scored(v2(temporalScore=1)), "6.1.9"),
        (scored(v3(attackVector="LOCAL", modifiedAttackVector="NOT_DEFINED")), None),
        (scored(v3(attackVector="NETWORK")), "6.1.10"),
        (scored(v3(version="3.0")), "6.1.10"),
        (scored(v2(accessVector="NETWORK")), "6.1.10"),
        (scored(v3(comment="a member of the producer's own")), None),
    ],
)
def test_a_score_is_what_its_vector_gives(document: Any, expected: str | None) -> None:
    assert failed(document) == expected


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ([{}], None),
        ([{}, {}], "6.1.7"),
        ([{}, {"source": "https://other.example"}], None),
        ([{"baseScore": 9.2}], "6.1.9"),
        ([{"baseSeverity": "HIGH"}], "6.1.9"),
    ],
)
def test_csaf_2_1_has_scores_of_cvss_4_by_their_source(metrics: list[Any], expected: str | None) -> None:
    score = {"version": "4.0", "vectorString": V4, "baseScore": 9.3, "baseSeverity": "CRITICAL"}
    entries = [
        {"products": ["A"], "content": {"cvss_v4": score | {k: v for k, v in one.items() if k != "source"}}}
        | {k: v for k, v in one.items() if k == "source"}
        for one in metrics
    ]
    document = csaf(csaf_version="2.1", vulnerabilities=[{"metrics": entries}])
    assert failed(document | {"product_tree": {"full_product_names": products("A")}}) == expected


XSS = "Improper Neutralization of Input During Web Page Generation ('Cross-site Scripting')"


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"cwe": {"id": "CWE-79", "name": XSS}}, None),
        ({"cwe": {"id": "CWE-79", "name": "Improper Input Validation"}}, "6.1.11"),
        ({"cwe": {"id": "CWE-3", "name": "Of no such number"}}, "6.1.11"),
        ({"cwe": {"id": "CWE-264", "name": "Permissions, Privileges, and Access Controls"}}, "6.1.11"),
        ({"cwe": {"id": "CWE-99999", "name": "Of a later release"}}, None),
        ({"cwes": [{"id": "CWE-79", "name": XSS, "version": "4.13"}]}, None),
        ({"cwes": [{"id": "CWE-79", "name": "Wrong", "version": "4.13"}]}, "6.1.11"),
        ({"cwes": [{"id": "CWE-79", "name": "Renamed since", "version": "4.99"}]}, None),
    ],
)
def test_a_weakness_exists_under_its_name(members: dict[str, Any], expected: str | None) -> None:
    assert failed(csaf(vulnerabilities=[members])) == expected


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"lang": "en-GB"}, None),
        ({"lang": "tlh", "source_lang": "de"}, None),
        ({"lang": "EZ"}, "6.1.12"),
        ({"lang": "en", "source_lang": "zz"}, "6.1.12"),
        ({"lang": "en-US", "source_lang": "en-US"}, "6.1.28"),
    ],
)
def test_a_language_is_registered(members: dict[str, Any], expected: str | None) -> None:
    assert failed(csaf(**members)) == expected


def hashed(*algorithms: str) -> dict[str, Any]:
    return {
        "file_hashes": [{"algorithm": name, "value": "0" * 64} for name in algorithms],
        "filename": "a.so",
    }


@pytest.mark.parametrize(
    ("helper", "expected"),
    [
        ({"purl": "pkg:maven/org.example/thing@1.3.4"}, None),
        ({"purl": "pkg:maven/@1.3.4"}, "6.1.13"),
        ({"purls": ["pkg:npm/thing@1", "thing"]}, "6.1.13"),
        ({"hashes": [hashed("sha256", "sha512"), hashed("sha256")]}, None),
        ({"hashes": [hashed("sha256", "sha256")]}, "6.1.25"),
    ],
)
def test_what_identifies_a_product_is_well_formed(helper: dict[str, Any], expected: str | None) -> None:
    document = csaf() | {"product_tree": {"full_product_names": products("A", **helper)}}
    assert failed(document) == expected


@pytest.mark.parametrize(
    ("edition", "category", "expected"),
    [
        ("2.0", "Security_Incident_Response", "6.1.26"),
        ("2.0", "V_eX", "6.1.26"),
        ("2.0", "csaf_mine", "6.1.26"),
        ("2.0", "Superseded", None),
        ("2.1", "Superseded", "6.1.26"),
        ("2.1", "csaf_deprecated_security_advisory", None),
        ("2.0", "csaf_deprecated_security_advisory", "6.1.26"),
        ("2.0", "Weekly bulletin", None),
    ],
)
def test_a_category_of_ones_own_does_not_look_like_a_profile(
    edition: str, category: str, expected: str | None
) -> None:
    assert failed(csaf(csaf_version=edition, category=category)) == expected


@pytest.mark.parametrize(
    ("group", "label", "expected"),
    [
        ("ffffffff-ffff-ffff-ffff-ffffffffffff", "CLEAR", None),
        ("ffffffff-ffff-ffff-ffff-ffffffffffff", "RED", "6.1.38"),
        ("5868d6be-b28a-404e-a245-0b5093b31b8b", "RED", None),
    ],
)
def test_what_is_restricted_is_not_shared_with_everybody(
    group: str, label: str, expected: str | None
) -> None:
    distribution = {"sharing_group": {"id": group}, "tlp": {"label": label}}
    assert failed(csaf(csaf_version="2.1", distribution=distribution)) == expected
