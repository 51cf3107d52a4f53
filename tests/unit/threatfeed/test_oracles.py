"""Well-kept parsers and schemas judge spoilt documents with our readers; every difference is on a list.

A sample of each format is spoilt in one place at a time. Where one side accepts what the other refuses, the
place stands here under the reason. A place that is missing from the lists, or too many, fails.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pymisp
import stix2  # type: ignore[import-untyped]

from services.kernel.refusals import Refusal
from services.threatfeed.domain.submission import Rejection
from tests.support.formats import FORMATS, csaf, csaf_schema, event, kev, kev_entry
from tests.support.mutations import mutations
from tests.support.submissions import bundle, read, report

Places = dict[str, set[str]]
AUTHOR = "identity--57d5873e-086d-49d3-b4c0-5d368e3849fc"
XSS = "Improper Neutralization of Input During Web Page Generation ('Cross-site Scripting')"


def refused(document: Any, agency: str) -> bool:
    try:
        readings = read(json.dumps(document).encode(), agency=agency)
    except Refusal:
        return True
    return any(isinstance(reading, Rejection) for reading in readings)


def differences(
    sample: Any, agency: str, accepts: Callable[[Any], bool], deepest: int = 5
) -> tuple[set[str], set[str]]:
    """The places where only we accept a spoilt sample, and those where only the oracle does."""
    assert not refused(sample, agency)
    assert accepts(sample)
    ours: set[str] = set()
    theirs: set[str] = set()
    for place, _, spoilt in mutations(sample, deepest):
        we, they = not refused(spoilt, agency), accepts(spoilt)
        if we and not they:
            ours.add(place)
        elif they and not we:
            theirs.add(place)
    return ours, theirs


def listed(places: Places) -> set[str]:
    found = [place for of_reason in places.values() for place in of_reason]
    assert len(found) == len(set(found))
    return set(found)


def test_the_schema_of_the_catalogue() -> None:
    schema = json.loads((FORMATS / "kev" / "known_exploited_vulnerabilities_schema.json").read_text("utf-8"))
    sample = kev(
        kev_entry(notes="https://a.example", knownRansomwareCampaignUse="Known", cwes=["CWE-79"]), title="KEV"
    )
    entry = "/vulnerabilities/*"
    only_we: Places = {
        "weaknesses are not read": {f"{entry}/cwes", f"{entry}/cwes/*"},
        "null is no statement": {f"{entry}/knownRansomwareCampaignUse"},
    }
    only_they: Places = {
        "a catalogue cut short would withdraw what it lost": {"/vulnerabilities", "/count"},
        "a release and its entries are put in order by their dates": {
            *("/catalogVersion", "/dateReleased", f"{entry}/dateAdded", f"{entry}/dueDate")
        },
        "an empty name names nothing": {
            *(f"{entry}/product", f"{entry}/vendorProject", f"{entry}/vulnerabilityName")
        },
    }
    validator = jsonschema.Draft202012Validator(schema)
    found = differences(sample, "cisa", validator.is_valid)
    assert found == (listed(only_we), listed(only_they) | {f"{entry}/knownRansomwareCampaignUse"})


def full_csaf() -> Any:
    score = {
        "version": "3.1",
        "baseScore": 7.8,
        "baseSeverity": "HIGH",
        "vectorString": "CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H",
    }
    vulnerability = {
        "cve": "CVE-2026-0001",
        "cwe": {"id": "CWE-79", "name": XSS},
        "ids": [{"system_name": "tracker", "text": "17"}],
        "notes": [{"category": "summary", "text": "A summary."}],
        "product_status": {"known_affected": ["A"]},
        "remediations": [{"category": "vendor_fix", "details": "Update.", "group_ids": ["G"]}],
        "threats": [{"category": "impact", "details": "None.", "product_ids": ["A"]}],
        "flags": [{"label": "component_not_present", "product_ids": ["B"]}],
        "involvements": [{"party": "vendor", "status": "open", "date": "2026-03-01T09:00:00Z"}],
        "scores": [{"products": ["A"], "cvss_v3": score}],
    }
    products = {
        "full_product_names": [{"product_id": "A", "name": "A"}, {"product_id": "B", "name": "B"}],
        "branches": [
            {
                "category": "vendor",
                "name": "V",
                "branches": [
                    {"category": "product_name", "name": "P", "product": {"name": "C", "product_id": "C"}}
                ],
            }
        ],
        "relationships": [
            {
                "category": "installed_on",
                "full_product_name": {"name": "D", "product_id": "D"},
                "product_reference": "A",
                "relates_to_product_reference": "B",
            }
        ],
        "product_groups": [{"group_id": "G", "product_ids": ["A", "B"]}],
    }
    head = {
        "lang": "en",
        "source_lang": "de",
        "aggregate_severity": {"text": "High", "namespace": "https://a.example"},
        "notes": [{"category": "summary", "text": "A summary.", "title": "Summary"}],
        "references": [{"category": "self", "url": "https://agency.example", "summary": "Itself"}],
    }
    return csaf("2", vulnerabilities=[vulnerability], **head) | {"product_tree": products}


def test_the_schema_of_csaf() -> None:
    one, tree, tracking = "/vulnerabilities/*", "/product_tree", "/document/tracking"
    only_we: Places = {
        "null is no statement": {
            *("/document/aggregate_severity", "/document/aggregate_severity/namespace", "/document/lang"),
            *("/document/source_lang", f"{one}/cve", f"{one}/cwe", f"{one}/involvements/*/date"),
            *(f"{one}/scores/*/cvss_v3", f"{one}/threats/*/product_ids"),
        },
        "an empty list or object says nothing": {
            *("/document/notes", "/document/references", "/vulnerabilities", one, f"{one}/flags"),
            *(f"{one}/flags/*/product_ids", f"{one}/ids", f"{one}/involvements", f"{one}/notes"),
            *(f"{one}/product_status", f"{one}/product_status/known_affected", f"{one}/remediations"),
            *(f"{one}/remediations/*/group_ids", f"{one}/scores", f"{one}/scores/*", f"{one}/threats"),
            *(f"{one}/scores/*/products", f"{one}/threats/*", f"{tree}/branches", f"{tree}/relationships"),
            *(f"{tree}/branches/*/branches", f"{tree}/product_groups/*/product_ids"),
        },
        "of lists of words only those are read that are understood": {
            *(
                "/document/notes/*/category",
                "/document/publisher/category",
                "/document/references/*/category",
            ),
            *(f"{tree}/branches/*/category", f"{one}/flags/*/label", f"{one}/involvements/*/party"),
            *(f"{one}/notes/*/category", f"{one}/remediations/*/category", f"{one}/threats/*/category"),
        },
        "empty text is text": {
            *("/document/notes/*/text", "/document/notes/*/title", f"{one}/notes/*/text"),
        },
        "not read": {
            *("/document/references/*/summary", f"{tracking}/initial_release_date"),
            *(f"{tracking}/revision_history/*/summary", f"{tree}/full_product_names/*/name"),
            *(f"{tree}/relationships/*/category", f"{tree}/relationships/*/full_product_name/name"),
            *(f"{one}/ids/*/system_name", f"{one}/involvements/*/status", f"{one}/remediations/*/details"),
            f"{one}/threats/*/details",
        },
    }
    only_they: Places = {
        "a mandatory test fails, which a schema cannot express": {
            *(tree, f"{tree}/full_product_names", f"{tree}/full_product_names/*/product_id"),
            *(f"{tree}/product_groups", f"{tree}/product_groups/*/group_id"),
            *(f"{tree}/product_groups/*/product_ids/*", f"{tree}/relationships/*/product_reference"),
            *(f"{tree}/relationships/*/relates_to_product_reference", f"{one}/cwe/name"),
            *(f"{one}/product_status/known_affected/*",),
        },
        "the validator does not test formats of strings": {
            *("/document/publisher/namespace", f"{tracking}/current_release_date"),
            f"{tracking}/revision_history/*/date",
        },
        "unmarked text is refused": {"/document/distribution"},
    }
    without_products = {f"{one}/flags/*/product_ids", f"{one}/remediations/*/group_ids"}
    found = differences(full_csaf(), "ncsc", csaf_schema().is_valid)
    assert found == (listed(only_we), listed(only_they) | without_products)


def test_the_stix2_library() -> None:
    def accepts(document: Any) -> bool:
        try:
            stix2.parse(deepcopy(document), allow_custom=True)
        except Exception:  # noqa: BLE001 (whatever the library raises, it does not accept)
            return False
        return True

    sample = bundle(
        report(
            object_refs=[AUTHOR],
            created_by_ref=AUTHOR,
            lang="en",
            labels=["x"],
            report_types=["threat-report"],
            confidence=50,
            revoked=False,
            external_references=[{"source_name": "agency", "url": "https://a.example", "external_id": "x"}],
        ),
        {
            "type": "identity",
            "spec_version": "2.1",
            "id": AUTHOR,
            "created": "2026-03-04T09:00:00Z",
            "modified": "2026-03-04T09:00:00Z",
            "name": "Victims",
            "identity_class": "class",
            "sectors": ["energy"],
        },
    )
    one = "/objects/*"
    only_we: Places = {
        "the id of a bundle means nothing": {"/id"},
        "without a version an object is one of STIX 2.0, to which null is equal": {f"{one}/spec_version"},
    }
    only_they: Places = {
        "the library makes a new id or time where one is missing": {
            *(f"{one}/id", f"{one}/created", f"{one}/modified")
        },
        "the library turns numbers and truth into text, and text into lists": {
            *(f"{one}/name", f"{one}/description", f"{one}/labels", f"{one}/labels/*", f"{one}/lang"),
            *(f"{one}/report_types", f"{one}/report_types/*", f"{one}/external_references/*/external_id"),
            *(f"{one}/external_references/*/source_name", f"{one}/external_references/*/url"),
            f"{one}/confidence",
        },
        "the library takes null or an empty list for a missing member": {
            *(f"{one}/created_by_ref", f"{one}/external_references", f"{one}/revoked"),
        },
        "the library reads any object, a custom one too": {"/type", f"{one}/type"},
        "unmarked text is refused": {f"{one}/object_marking_refs"},
    }
    found = differences(sample, "ncsc", accepts)
    assert found == (listed(only_we), listed(only_they) | {f"{one}/spec_version"})


def test_the_pymisp_library() -> None:
    def accepts(document: Any) -> bool:
        try:
            pymisp.MISPEvent().load(deepcopy(document))
        except Exception:  # noqa: BLE001 (whatever the library raises, it does not accept)
            return False
        return True

    sample = event(
        date="2026-03-04",
        threat_level_id="2",
        analysis="2",
        distribution="3",
        Orgc={"name": "CERT", "uuid": "5e341dcb-4db8-4c07-ab88-4af90a3b4632"},
        Attribute=[
            {
                "uuid": "5e341dcb-4db8-4c07-ab88-4af90a3b4633",
                "type": "vulnerability",
                "category": "External analysis",
                "value": "CVE-2026-0001",
                "timestamp": "1772614800",
            }
        ],
        Object=[
            {
                "name": "x",
                "meta-category": "misc",
                "uuid": "5e341dcb-4db8-4c07-ab88-4af90a3b4634",
                "Attribute": [],
            }
        ],
        EventReport=[{"uuid": "5e341dcb-4db8-4c07-ab88-4af90a3b4635", "name": "r", "content": "A report."}],
    )
    one = "/Event"
    only_we: Places = {
        "not read": {
            *(f"{one}/Attribute/*/timestamp", f"{one}/EventReport/*/name", f"{one}/Object/*/name"),
            *(f"{one}/analysis", f"{one}/date"),
        },
        "of attributes only those types are read that are understood": {
            *(f"{one}/Attribute/*/category", f"{one}/Attribute/*/type"),
        },
        "an empty part says nothing": {f"{one}/EventReport/*", f"{one}/Object/*"},
    }
    only_they: Places = {
        "the library builds events: what is missing or of another kind it leaves for later": {
            *(f"{one}/uuid", f"{one}/timestamp", f"{one}/publish_timestamp", f"{one}/published"),
            *(f"{one}/info", f"{one}/distribution", f"{one}/threat_level_id", f"{one}/Orgc"),
            *(f"{one}/Orgc/name", f"{one}/Attribute", f"{one}/Attribute/*/value", f"{one}/EventReport"),
            *(f"{one}/Object", f"{one}/Object/*/Attribute", f"{one}/Tag/*"),
        },
        "unmarked text is refused, and a tag that cannot be read": {f"{one}/Tag", f"{one}/Tag/*/name"},
    }
    ours, theirs = differences(sample, "ncsc", accepts)
    assert ours == listed(only_we) | {f"{one}/EventReport/*/content"}
    assert theirs == listed(only_they) | {f"{one}/EventReport/*/content"}
