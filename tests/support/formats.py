"""The least documents of the formats that agencies publish in, and the samples of them."""

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
from referencing import Registry, Resource

from tests.support.submissions import ROOT

FORMATS = ROOT / "tests" / "data" / "formats"
EVENT_ID = "5e341dcb-4db8-4c07-ab88-4af90a3b4631"


def samples(pattern: str) -> list[Path]:
    """The samples that match, in the order of their names."""
    found = sorted(FORMATS.glob(pattern))
    assert found
    return found


def without_none(document: dict[str, Any]) -> dict[str, Any]:
    """The document without the members that are None."""
    return {name: value for name, value in document.items() if value is not None}


def event(**members: Any) -> dict[str, Any]:
    """The least MISP event, with members added, replaced or (as None) left out."""
    return {
        "Event": without_none(
            {
                "uuid": EVENT_ID,
                "info": "Access brokers sell entry to hospitals",
                "timestamp": "1772614800",
                "publish_timestamp": "1772618400",
                "published": True,
                "Tag": [{"name": "tlp:green"}],
            }
            | members
        )
    }


def tagged(*names: str, **members: Any) -> dict[str, Any]:
    """A MISP event with these tags."""
    return event(Tag=[{"name": name} for name in names], **members)


def tracking(version: str = "1", **members: Any) -> dict[str, Any]:
    """The tracking of a CSAF document whose history is complete up to a version."""
    if version.isdecimal():
        numbers = [str(number) for number in range(1, int(version) + 1)] or ["0"]
    else:
        numbers = [f"{major}.0.0" for major in range(1, int(version.partition(".")[0]))] + [version]
    history = [
        {"date": f"2026-03-{day:02d}T09:00:00Z", "number": number, "summary": "Changed"}
        for day, number in enumerate(numbers, 1)
    ]
    return {
        "id": "ADV-2026-0001",
        "version": version,
        "status": "final",
        "initial_release_date": history[0]["date"],
        "current_release_date": history[-1]["date"],
        "revision_history": history,
    } | members


def csaf(version: str = "1", *, vulnerabilities: Any = None, **members: Any) -> dict[str, Any]:
    """The least CSAF document, with members of its head added, replaced or (as None) left out."""
    head = {
        "category": "csaf_base",
        "csaf_version": "2.0",
        "title": "Entry to hospitals is sold",
        "publisher": {"category": "coordinator", "name": "An agency", "namespace": "https://agency.example"},
        "tracking": tracking(version),
        "distribution": {"tlp": {"label": "GREEN"}},
    } | members
    return without_none({"document": without_none(head), "vulnerabilities": vulnerabilities})


def kev_entry(cve: str = "CVE-2026-0001", **members: Any) -> dict[str, Any]:
    """The least entry of the catalogue, with members added, replaced or (as None) left out."""
    return without_none(
        {
            "cveID": cve,
            "vendorProject": "Vendor",
            "product": "Gateway",
            "vulnerabilityName": "Vendor Gateway Command Injection Vulnerability",
            "dateAdded": "2026-03-04",
            "shortDescription": "The gateway lets commands be injected.",
            "requiredAction": "Apply mitigations.",
            "dueDate": "2026-03-25",
        }
        | members
    )


def kev(*entries: Any, day: int = 4, **members: Any) -> dict[str, Any]:
    """The catalogue of a day in March 2026 with these entries."""
    return without_none(
        {
            "title": "CISA Catalog of Known Exploited Vulnerabilities",
            "catalogVersion": f"2026.03.{day:02d}",
            "dateReleased": f"2026-03-{day:02d}T15:00:57.5282Z",
            "count": len(entries),
            "vulnerabilities": list(entries),
        }
        | members
    )


def csaf_schema() -> jsonschema.Draft202012Validator:
    """The schema of CSAF 2.0 with those of CVSS."""
    contents = [json.loads(file.read_text("utf-8")) for file in samples("csaf/schema/*.json")]
    registry: Registry[Any] = Registry().with_resources(
        [
            (content.get("$id", content.get("id")).partition("?")[0], Resource.from_contents(content))
            for content in contents
        ]
    )
    (own,) = [content for content in contents if "csaf" in content.get("$id", "")]
    return jsonschema.Draft202012Validator(own, registry=registry)
