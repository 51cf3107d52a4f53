"""TLP in STIX: the predefined identifiers, and objects that contradict them."""

import pytest
import stix2  # type: ignore[import-untyped]

from services.kernel.markings.banner import parse
from services.kernel.markings.refusals import MarkingContradicted, MarkingUnknown
from services.kernel.markings.stix import STIX_TLP, TLP_2_0_EXTENSION, stix_marking, stix_tlp

RED_1 = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"
GREEN_1 = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"
STRICT_2 = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
OTHER = "marking-definition--11111111-1111-4111-8111-111111111111"


def tlp_1(reference: str, label: str) -> dict[str, object]:
    return {
        "type": "marking-definition",
        "id": reference,
        "created": "2017-01-20T00:00:00.000Z",
        "definition_type": "tlp",
        "definition": {"tlp": label},
    }


def tlp_2(reference: str, label: str) -> dict[str, object]:
    content = {"extension_type": "property-extension", "tlp_2_0": label}
    return {
        "type": "marking-definition",
        "id": reference,
        "created": "2022-10-01T00:00:00.000Z",
        "name": f"TLP:{label.upper()}",
        "extensions": {TLP_2_0_EXTENSION: content},
    }


def statement(words: str) -> dict[str, object]:
    return {
        "type": "marking-definition",
        "id": OTHER,
        "definition_type": "statement",
        "definition": {"statement": words},
    }


@pytest.mark.parametrize("reference", list(STIX_TLP))
def test_a_predefined_identifier_stands_for_its_label_with_or_without_the_object(
    reference: str,
) -> None:
    tlp = STIX_TLP[reference]
    make = tlp_1 if tlp.version == "1.0" else tlp_2
    assert stix_tlp(reference, None) == tlp
    assert stix_tlp(reference, make(reference, tlp.label.lower())) == tlp


@pytest.mark.parametrize("predefined", [stix2.TLP_WHITE, stix2.TLP_GREEN, stix2.TLP_AMBER, stix2.TLP_RED])
def test_the_reference_library_means_the_same(predefined: stix2.MarkingDefinition) -> None:
    label = predefined.definition.tlp.upper()
    assert stix_tlp(predefined.id, {**tlp_1(predefined.id, label.lower())}).label == label


@pytest.mark.parametrize(
    "definition",
    [
        tlp_1(RED_1, "green"),
        tlp_1(GREEN_1, "red"),
        {**tlp_1(RED_1, "red"), "name": "TLP:GREEN"},
        {**tlp_1(RED_1, "red"), "definition_type": "statement"},
        {**tlp_1(RED_1, "red"), "type": "identity"},
        {**statement("Copyright"), "id": RED_1},
        tlp_2(RED_1, "red"),
    ],
)
def test_an_object_that_contradicts_its_identifier_is_refused(
    definition: dict[str, object],
) -> None:
    with pytest.raises(MarkingContradicted):
        stix_tlp(RED_1, definition)


def test_amber_strict_is_never_folded_into_amber() -> None:
    assert stix_tlp(STRICT_2, tlp_2(STRICT_2, "amber+strict")).label == "AMBER+STRICT"
    with pytest.raises(MarkingContradicted):
        stix_tlp(STRICT_2, tlp_2(STRICT_2, "amber"))


def test_an_unknown_identifier_is_refused_even_when_its_object_looks_right() -> None:
    with pytest.raises(MarkingUnknown):
        stix_tlp(OTHER, tlp_1(OTHER, "white"))
    with pytest.raises(MarkingUnknown):
        stix_marking([OTHER], {})


def test_several_references_roll_up() -> None:
    marking = stix_marking([GREEN_1, STRICT_2], {})
    assert marking == parse("TLP:AMBER+STRICT")


def test_a_copyright_statement_is_no_marking() -> None:
    assert stix_marking([OTHER], {OTHER: statement("Copyright 2024, the publisher")}) is None
    marking = stix_marking([OTHER, RED_1], {OTHER: statement("Terms of use apply")})
    assert str(marking) == "TLP:RED"


@pytest.mark.parametrize(
    "words", ["Distributed as TLP:GREEN", "SECRET//NOFORN", "For UK EYES ONLY", "tlp amber"]
)
def test_a_statement_that_speaks_like_a_marking_is_refused(words: str) -> None:
    with pytest.raises(MarkingUnknown):
        stix_marking([OTHER], {OTHER: statement(words)})
