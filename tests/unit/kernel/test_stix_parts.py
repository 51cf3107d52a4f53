"""Granular STIX markings: which part carries which marking, and that no whole is freer than a part."""

from typing import Any

import pytest

from services.kernel.markings.refusals import MarkingMalformed, MarkingMissing, MarkingUnknown
from services.kernel.markings.stix_granular import StixMarkings

GREEN = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"
RED = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"
AMBER = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
OTHER = "marking-definition--11111111-1111-4111-8111-111111111111"


def report(*entries: dict[str, Any], refs: tuple[str, ...] = (GREEN,)) -> dict[str, Any]:
    return {
        "type": "report",
        "name": "A report",
        "description": "What happened",
        "labels": ["one", "two"],
        "external_references": [{"source_name": "x", "hashes": {"SHA-256": "00"}}],
        "object_marking_refs": list(refs),
        "granular_markings": list(entries),
    }


def entry(reference: str, *selectors: str) -> dict[str, Any]:
    return {"marking_ref": reference, "selectors": list(selectors)}


def read(content: dict[str, Any]) -> StixMarkings:
    return StixMarkings.read(content, {})


def test_a_part_carries_its_own_marking_and_that_of_the_object() -> None:
    found = read(report(entry(RED, "description"), entry(AMBER, "labels.[1]")))
    assert str(found.at("description")) == "TLP:RED"
    assert str(found.at("labels.[1]")) == "TLP:AMBER"
    assert str(found.at("labels.[0]")) == "TLP:GREEN"
    assert str(found.at("name")) == "TLP:GREEN"
    assert [part.selector for part in found.parts] == ["description", "labels.[1]"]


def test_a_marking_reaches_what_the_part_holds_and_what_it_is_in() -> None:
    found = read(report(entry(RED, "external_references.[0].hashes")))
    assert str(found.at("external_references.[0].hashes.SHA-256")) == "TLP:RED"
    assert str(found.at("external_references")) == "TLP:RED"
    assert str(found.at("external_references.[0].source_name")) == "TLP:GREEN"


def test_a_report_that_is_marked_lower_than_a_part_of_it_takes_the_part_s_marking() -> None:
    assert str(read(report(entry(RED, "labels.[0]"))).whole) == "TLP:RED"
    assert str(read(report(entry(GREEN, "name"), refs=(RED,))).at("name")) == "TLP:RED"


def test_a_language_is_no_marking_and_its_selectors_are_checked() -> None:
    found = read(report({"lang": "fr", "selectors": ["name"]}))
    assert found.parts == ()
    with pytest.raises(MarkingMalformed):
        read(report({"lang": "fr", "selectors": ["nothing"]}))


def test_what_only_parts_mark_leaves_the_rest_unmarked() -> None:
    found = read(report(entry(GREEN, "name"), refs=()))
    assert found.stated is None
    assert str(found.at("name")) == "TLP:GREEN"
    assert found.at("description") is None
    with pytest.raises(MarkingMissing):
        _ = found.whole
    assert read(report(refs=())).whole is None
    assert (
        read(report(entry(GREEN, "external_references.[0].source_name"), refs=())).at("external_references")
        is None
    )


@pytest.mark.parametrize(
    "broken",
    [
        entry(RED, "missing"),
        entry(RED, "labels.[2]"),
        entry(RED, "labels.one"),
        entry(RED, "name.[0]"),
        entry(RED, "[0]"),
        entry(RED, ""),
        entry(RED, "labels.[-1]"),
        entry(RED, "labels[0]"),
        entry(RED, "labels." * 60 + "x"),
        entry(RED),
        {"marking_ref": RED},
        {"selectors": ["name"]},
        {"marking_ref": RED, "lang": "en", "selectors": ["name"]},
        {"marking_ref": 7, "selectors": ["name"]},
        {"marking_ref": RED, "selectors": [7]},
        "RED",
    ],
)
def test_an_entry_that_marks_nothing_exactly_is_refused_with_its_place(broken: Any) -> None:
    with pytest.raises(MarkingMalformed) as refused:
        read(report(entry(GREEN, "name"), broken))
    assert (refused.value.pointer or "").startswith("/granular_markings/1")


def test_an_unknown_definition_on_a_part_is_refused() -> None:
    with pytest.raises(MarkingUnknown):
        read(report(entry(OTHER, "name")))


@pytest.mark.parametrize("member", ["object_marking_refs", "granular_markings"])
def test_members_of_another_type_are_refused(member: str) -> None:
    with pytest.raises(MarkingMalformed) as refused:
        read({**report(), member: "RED"})
    assert refused.value.pointer == f"/{member}"
