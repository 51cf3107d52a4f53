"""Whatever bytes arrive, the answer is a reading or a refusal, and never a crash."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.kernel.refusals import Refusal
from services.threatfeed.domain.assessment import Assessment, Withdrawal
from services.threatfeed.domain.documents import revision_from_document, revision_to_document
from services.threatfeed.domain.submission import Reading, Rejection
from tests.support.formats import EVENT_ID, csaf, event, kev, kev_entry, tracking
from tests.support.laws import TIMES
from tests.support.submissions import REPORT_ID, SAMPLES, bundle, narrative, read, report

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        [
            *("report", REPORT_ID, "2026-03-04T09:00:00Z", "TLP:CLEAR", "2.1", "J1"),
            *(EVENT_ID, "1772614800", "tlp:red", "CVE-2026-0001", "csaf_withdrawn", "1.0.0", "draft"),
        ]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
CONTENT_TYPES = st.sampled_from(
    [
        *(None, "application/json", "application/stix+json;version=2.1"),
        *(f"application/vnd.entente.{name}+json" for name in ("assessment", "misp", "csaf", "kev")),
    ]
)
AUTHOR = "identity--57d5873e-086d-49d3-b4c0-5d368e3849fc"


def paths(document: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    members = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    return [path, *(found for name, member in members for found in paths(member, (*path, name)))]


def replaced(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = replaced(document[path[0]], path[1:], value)  # type: ignore[index]
    return copy


FULL_NARRATIVE = json.loads((SAMPLES / "ncsc" / "ransomware-msp.v1.json").read_text("utf-8"))
FULL_BUNDLE = bundle(
    report(object_refs=[AUTHOR], created_by_ref=AUTHOR, granular_markings=[], external_references=[]),
    {"type": "identity", "id": AUTHOR, "name": "Victims", "identity_class": "class", "sectors": ["energy"]},
)
FULL_EVENT = event(
    Tag=[{"name": "tlp:green"}, {"name": 'misp-galaxy:mitre-attack-pattern="Keylogging - T1056.001"'}],
    Orgc={"name": "CERT"},
    SharingGroup={"name": "Hospitals"},
    distribution="4",
    Galaxy=[{"GalaxyCluster": [{"type": "threat-actor", "value": "Sofacy"}]}],
    Attribute=[
        {"type": "vulnerability", "value": "CVE-2026-0001", "first_seen": "2026-03-04T09:00:00.000000+00:00"},
        {"type": "link", "category": "External analysis", "value": "https://agency.example"},
    ],
    Object=[{"Attribute": [{"type": "comment", "category": "External analysis", "value": "An analysis."}]}],
    EventReport=[{"content": "A report.", "deleted": False}],
)
PRODUCTS = {
    "full_product_names": [{"product_id": "A", "name": "A"}],
    "branches": [{"category": "vendor", "name": "V", "branches": []}],
    "relationships": [],
    "product_groups": [{"group_id": "G", "product_ids": ["A"]}],
}
FULL_CSAF = csaf(
    "2",
    category="csaf_vex",
    notes=[{"category": "summary", "text": "A summary.", "title": "Critical infrastructure sectors"}],
    references=[{"category": "self", "url": "https://agency.example", "summary": "x"}],
    vulnerabilities=[
        {
            "cve": "CVE-2026-0001",
            "notes": [{"category": "summary", "text": "A summary."}],
            "product_status": {"known_affected": ["A"]},
            "remediations": [{"category": "vendor_fix", "group_ids": ["G"]}],
            "scores": [
                {
                    "products": ["A"],
                    "cvss_v3": {
                        "version": "3.1",
                        "baseScore": 7.8,
                        "baseSeverity": "HIGH",
                        "vectorString": "CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H",
                    },
                }
            ],
        }
    ],
) | {"product_tree": PRODUCTS}
WITHDRAWN_CSAF = csaf(category="csaf_superseded", tracking=tracking("3"), notes=[])
FULL_CATALOGUE = kev(kev_entry(), kev_entry("CVE-2026-0002", notes="https://agency.example ; x"))
EVERY_FORMAT = [
    *(FULL_NARRATIVE, FULL_BUNDLE, narrative(), FULL_EVENT, event(deleted=True), [event()]),
    *(FULL_CSAF, WITHDRAWN_CSAF, FULL_CATALOGUE),
]


def outcome(raw: bytes, content_type: str | None, agency: str) -> tuple[Reading, ...]:
    try:
        readings = read(raw, content_type, agency)
    except Refusal:
        return ()
    for reading in readings:
        if isinstance(reading, Assessment | Withdrawal):
            json.loads(raw)
            stored = json.loads(json.dumps(revision_to_document(reading)))
            assert revision_from_document(stored) == reading
        else:
            assert isinstance(reading, Rejection)
            assert reading.refusals
    return readings


@given(st.binary(max_size=200), CONTENT_TYPES)
@example(b"[" * 100_000, None)
@example(b'{"type":"bundle","objects":' + b"[" * 100_000, None)
def test_bytes(raw: bytes, content_type: str | None) -> None:
    outcome(raw, content_type, "unit42")


@given(JSON, CONTENT_TYPES)
def test_any_json(document: Any, content_type: str | None) -> None:
    outcome(json.dumps(document).encode(), content_type, "unit42")


@pytest.mark.parametrize("document", EVERY_FORMAT)
def test_the_documents_that_are_spoilt_below_are_accepted_as_they_are(document: Any) -> None:
    agency = "ncsc" if document is FULL_NARRATIVE else "cisa"
    readings = outcome(json.dumps(document).encode(), None, agency)
    assert readings
    assert all(isinstance(reading, Assessment | Withdrawal) for reading in readings)


@settings(max_examples=300 * TIMES)
@given(st.data(), JSON)
def test_an_assessment_with_any_member_replaced(data: st.DataObject, value: Any) -> None:
    original = data.draw(st.sampled_from(EVERY_FORMAT))
    changed = replaced(original, data.draw(st.sampled_from(paths(original))), value)
    outcome(json.dumps(changed).encode(), None, data.draw(st.sampled_from(["cisa", "ncsc", "unit42"])))


@given(st.data())
def test_a_submission_cut_short_is_refused_as_a_whole(data: st.DataObject) -> None:
    raw = json.dumps(data.draw(st.sampled_from(EVERY_FORMAT))).encode()
    cut = data.draw(st.integers(0, len(raw) - 1))
    assert outcome(raw[:cut], None, "cisa") == ()
