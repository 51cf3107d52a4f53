"""Events of MISP and the STIX that the reference converter makes of them are read into the same fields."""

import json
from typing import Any

import pytest

from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.refusals import NoReportInBundle
from services.threatfeed.domain.submission import Rejection
from tests.support.formats import FORMATS
from tests.support.submissions import read

PUBLIC_SOURCE = "unit42"


def pair(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FORMATS / "pairs" / f"{name}.json").read_text("utf-8"))
    return document


def readings(document: object) -> list[Assessment]:
    found = read(json.dumps(document).encode(), agency=PUBLIC_SOURCE)
    assert all(isinstance(reading, Assessment) for reading in found)
    return [reading for reading in found if isinstance(reading, Assessment)]


def test_published_events_and_their_reports_agree() -> None:
    collection = pair("test_events_collection_1")
    for entry in collection["response"]:
        entry["Event"]["published"] = True
    events, reports = readings(collection), readings(pair("test_event1_stix20"))
    assert len(events) == len(reports) == 2
    for event, report in zip(events, reports, strict=True):
        assert report.source.object_id == f"report--{event.source.object_id}"
        for field in (
            *("title", "published", "modified", "marking", "marking_rule_id", "reported_by", "period"),
            *("actors", "techniques", "tactics", "sectors", "vulnerabilities", "locations", "ratings"),
        ):
            assert getattr(event, field) == getattr(report, field), field
        # The converter drops the threat level, which STIX has no member for.
        assert ([level.original for level in event.severities], report.severities) == (["Medium"], ())


def test_what_was_not_yet_published_is_an_assessment_in_no_format() -> None:
    """The converter makes groupings of STIX 2.1 of unpublished events: not yet a published report."""
    for reading in read(json.dumps(pair("test_events_collection_1")).encode(), agency=PUBLIC_SOURCE):
        assert isinstance(reading, Rejection)
        assert [(refusal.reason, (refusal.pointer or "")[-16:]) for refusal in reading.refusals] == [
            ("FIELD_MISSING", "/Event/published")
        ]
    with pytest.raises(NoReportInBundle):
        read(json.dumps(pair("test_event1_stix21")).encode(), agency=PUBLIC_SOURCE)
