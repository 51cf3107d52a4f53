"""What the command line makes of a file before it publishes it."""

import json

import pytest

from services.cli.contents import NARRATIVE, contents_of, read_contents
from services.cli.layout import SAMPLES


def test_a_narrative_is_keyed_by_the_agencys_own_id() -> None:
    found = read_contents(SAMPLES / "ncsc" / "ransomware-msp.v1.json")
    assert (found.key, found.content_type) == ("NCSC-2026-0142", NARRATIVE)


def test_a_bundle_is_keyed_by_its_report() -> None:
    found = read_contents(SAMPLES / "unit42" / "CodeCov_Breach.json")
    assert found.key.startswith("report--")
    assert found.content_type == "application/stix+json;version=2.0"


def test_a_bundle_of_stix_2_1_says_so() -> None:
    raw = json.dumps(
        {"type": "bundle", "id": "bundle--1", "objects": [{"type": "tool", "spec_version": "2.1"}]}
    ).encode()
    found = contents_of("a.json", raw)
    assert (found.key, found.content_type) == ("bundle--1", "application/stix+json;version=2.1")


@pytest.mark.parametrize("raw", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_what_cannot_be_read_is_published_as_it_is(raw: bytes) -> None:
    found = contents_of("odd.json", raw)
    assert (found.raw, found.key, found.content_type) == (raw, "odd.json", None)


def test_a_given_content_type_wins() -> None:
    assert contents_of("a.json", b'{"id": "A"}', "text/plain").content_type == "text/plain"


@pytest.mark.parametrize("raw", [b'{"vulnerabilities": []}', b'{"Event": {}}', b'{"document": {}}', b"{}"])
def test_a_document_of_another_format_is_left_for_threatfeed_to_find_out(raw: bytes) -> None:
    assert contents_of("a.json", raw).content_type is None
