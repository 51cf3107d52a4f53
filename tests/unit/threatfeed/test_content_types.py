"""A submission is read in the format that its content type says, or that its content shows."""

import json

import pytest

from services.kernel.policy import UnknownAgency
from services.threatfeed.domain.assessment import Assessment, SourceFormat
from services.threatfeed.domain.refusals import SubmissionRefusal
from tests.support.formats import csaf, event, kev, kev_entry
from tests.support.submissions import bundle, narrative, read, report

NARRATIVE = json.dumps(narrative()).encode()
STIX_2_1 = json.dumps(bundle(report())).encode()
EVENT = json.dumps(event()).encode()
CSAF = json.dumps(csaf()).encode()
CATALOGUE = json.dumps(kev()).encode()
STIX_2_0 = json.dumps(bundle(report(spec_version=None), spec_version="2.0")).encode()


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (NARRATIVE, None),
        (NARRATIVE, ""),
        (NARRATIVE, "application/json"),
        (NARRATIVE, "application/json; charset=utf-8"),
        (NARRATIVE, "application/vnd.entente.assessment+json;version=1"),
        (NARRATIVE, 'Application/Vnd.Entente.Assessment+JSON ; Version="1" ; charset=UTF-8'),
        (NARRATIVE, "application/vnd.entente.assessment+json"),
        (STIX_2_1, None),
        (STIX_2_1, "application/stix+json"),
        (STIX_2_1, "application/stix+json;version=2.1"),
        (STIX_2_0, "application/json"),
        (STIX_2_0, "application/stix+json; version=2.0"),
        (EVENT, None),
        (EVENT, "application/vnd.entente.misp+json"),
        (CSAF, "application/json"),
        (CSAF, "application/vnd.entente.csaf+json"),
    ],
)
def test_accepted(raw: bytes, content_type: str | None) -> None:
    assert len(read(raw, content_type)) == 1


@pytest.mark.parametrize(
    ("document", "content_type", "expected"),
    [
        (narrative(), "application/vnd.entente.assessment+json;version=1", SourceFormat.NARRATIVE),
        (
            bundle(report(spec_version=None), spec_version="2.0"),
            "application/stix+json;version=2.0",
            SourceFormat.STIX_2_0,
        ),
        (bundle(report()), "application/stix+json;version=2.1", SourceFormat.STIX_2_1),
        (event(), "application/vnd.entente.misp+json", SourceFormat.MISP),
        (csaf(), "application/vnd.entente.csaf+json", SourceFormat.CSAF_2_0),
        (csaf(csaf_version="2.1"), "application/vnd.entente.csaf+json", SourceFormat.CSAF_2_1),
        (kev(kev_entry()), "application/vnd.entente.kev+json", SourceFormat.KEV),
    ],
)
def test_every_format_is_read_as_declared_and_as_its_content_shows(
    document: object, content_type: str, expected: SourceFormat
) -> None:
    raw = json.dumps(document).encode()
    declared = read(raw, content_type, "cisa")
    (reading,) = declared
    assert isinstance(reading, Assessment)
    assert reading.source.format is expected
    for sniffed in (None, "application/json"):
        assert read(raw, sniffed, "cisa") == declared


@pytest.mark.parametrize(
    ("raw", "content_type", "reason"),
    [
        (NARRATIVE, "text/plain", "CONTENT_TYPE_UNKNOWN"),
        (NARRATIVE, "application/xml", "CONTENT_TYPE_UNKNOWN"),
        (NARRATIVE, "application/json;charset=latin-1", "CONTENT_TYPE_UNKNOWN"),
        (NARRATIVE, "application/json;charset=utf-8;charset=utf-8", "CONTENT_TYPE_UNKNOWN"),
        (NARRATIVE, "application/json;", "CONTENT_TYPE_UNKNOWN"),
        (NARRATIVE, "application/vnd.entente.assessment+json;version=2", "CONTENT_TYPE_UNKNOWN"),
        (STIX_2_1, "application/stix+json;version=3.0", "CONTENT_TYPE_UNKNOWN"),
        (STIX_2_1, "application/stix+json;profile=x", "CONTENT_TYPE_UNKNOWN"),
        (NARRATIVE, "application/stix+json;version=2.1", "CONTENT_TYPE_MISMATCH"),
        (STIX_2_1, "application/vnd.entente.assessment+json;version=1", "CONTENT_TYPE_MISMATCH"),
        (STIX_2_1, "application/stix+json;version=2.0", "CONTENT_TYPE_MISMATCH"),
        (STIX_2_0, "application/stix+json;version=2.1", "CONTENT_TYPE_MISMATCH"),
        (EVENT, "application/vnd.entente.csaf+json", "CONTENT_TYPE_MISMATCH"),
        (CSAF, "application/vnd.entente.kev+json", "CONTENT_TYPE_MISMATCH"),
        (CATALOGUE, "application/stix+json", "CONTENT_TYPE_MISMATCH"),
        (b"{}", "application/vnd.entente.misp+json", "EVENTS_MALFORMED"),
        (b"[]", "application/vnd.entente.misp+json", "NO_EVENT"),
        (b"[]", "application/vnd.entente.csaf+json", "FORMAT_UNRECOGNISED"),
        (b"[]", "application/vnd.entente.kev+json", "CATALOGUE_MALFORMED"),
        (b"{}", None, "FORMAT_UNRECOGNISED"),
        (b'{"type": "report", "id": "x", "version": 1}', None, "FORMAT_UNRECOGNISED"),
        (json.dumps(report()).encode(), None, "BUNDLE_MALFORMED"),
        (json.dumps([report()]).encode(), None, "BUNDLE_MALFORMED"),
        (json.dumps([report()]).encode(), "application/stix+json", "BUNDLE_MALFORMED"),
        (
            json.dumps(bundle(report())["objects"]).encode(),
            "application/vnd.entente.misp+json",
            "CONTENT_TYPE_MISMATCH",
        ),
        (b"[]", "application/vnd.entente.assessment+json", "FORMAT_UNRECOGNISED"),
        (b"[]", "application/stix+json", "BUNDLE_MALFORMED"),
        (b"{}", "application/stix+json", "BUNDLE_MALFORMED"),
    ],
)
def test_refused(raw: bytes, content_type: str | None, reason: str) -> None:
    with pytest.raises(SubmissionRefusal) as caught:
        read(raw, content_type)
    assert caught.value.reason == reason


def test_an_agency_that_the_policy_does_not_know_is_refused() -> None:
    with pytest.raises(UnknownAgency):
        read(NARRATIVE, agency="nobody")
