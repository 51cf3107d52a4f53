"""ACS markings of STIX: what maps exactly is read, and everything else is refused."""

from typing import Any

import pytest

from services.kernel.markings.acs import ACS_CUSTOM_TYPE, ACS_EXTENSION, parse_acs
from services.kernel.markings.banner import parse
from services.kernel.markings.composition import compose
from services.kernel.markings.refusals import MarkingContradicted, MarkingMalformed, MarkingUnknown
from services.kernel.markings.stix import stix_marking
from services.kernel.refusals import Refusal

IDENTIFIER = "marking-definition--22222222-2222-4222-8222-222222222222"
POLICY = "urn:isa:policy:acs:ns:v3.0?privdefault={}&sharedefault={}"


def content(privilege: str = "permit", sharing: str = "permit", **controls: Any) -> dict[str, Any]:
    return {
        "identifier": "isa:guide.19001.ACS3-00000000-0000-4000-8000-000000000000",
        "name": "An example",
        "create_date_time": "2024-01-01T00:00:00Z",
        "responsible_entity_custodian": "USA.DHS",
        "policy_reference": POLICY.format(privilege, sharing),
        "control_set": {"classification": "U", **controls},
    }


def extended(inner: dict[str, Any]) -> dict[str, Any]:
    extension = {"extension_type": "property-extension", **inner}
    return {"type": "marking-definition", "id": IDENTIFIER, "extensions": {ACS_EXTENSION: extension}}


def custom(inner: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "marking-definition",
        "id": IDENTIFIER,
        "definition_type": ACS_CUSTOM_TYPE,
        "definition": {"sep_version": 1, **inner},
    }


@pytest.mark.parametrize("shape", [extended, custom])
@pytest.mark.parametrize(
    ("inner", "banner"),
    [
        (content(formal_determination=["PUBREL"]), "ACS UNCLASSIFIED PERMITTED ALL"),
        (content(formal_determination=["NF"]), "ACS UNCLASSIFIED"),
        (content(permitted_nationalities=["USA", "GBR"]), "ACS UNCLASSIFIED PERMITTED GBR, USA"),
        (content("deny", "permit"), "ACS UNCLASSIFIED PRIVDEFAULT-DENY"),
        (content("permit", "deny", classification="S"), "ACS SECRET SHAREDEFAULT-DENY"),
        (content("deny", "deny", classification="TS"), "ACS TOP SECRET PRIVDEFAULT-DENY SHAREDEFAULT-DENY"),
    ],
)
def test_what_maps_exactly_is_read(shape: Any, inner: dict[str, Any], banner: str) -> None:
    marking = stix_marking([IDENTIFIER], {IDENTIFIER: shape(inner)})
    assert marking == parse(banner)
    assert str(marking) == banner


@pytest.mark.parametrize(
    "inner",
    [
        content(entity=["MIL", "GOV"]),
        content(shareability=["NCC"]),
        content(sensitivity=["LES"]),
        content(permitted_organizations=["USA.USG"]),
        content(sci_controls=["SI"]),
        content(formal_determination=["AIS"]),
        content(permitted_nationalities=["XQZ"]),
        content(classification="R"),
        content("perhaps", "deny"),
        {**content(), "policy_reference": "urn:isa:policy:acs:ns:v3.0"},
        {**content(), "access_privilege": [{"privilege_action": "CISAUSES", "rule_effect": "permit"}]},
        {**content(), "further_sharing": [{"rule_effect": "permit", "sharing_scope": ["ALL"]}]},
    ],
)
def test_what_does_not_map_exactly_is_refused_as_unknown(inner: dict[str, Any]) -> None:
    with pytest.raises(MarkingUnknown):
        parse_acs(inner)


@pytest.mark.parametrize(
    "inner",
    [
        {name: value for name, value in content().items() if name != "policy_reference"},
        {name: value for name, value in content().items() if name != "responsible_entity_custodian"},
        {**content(), "control_set": ["U"]},
        {**content(), "control_set": {}},
        content(permitted_nationalities="USA"),
        content(classification="S", formal_determination=["PUBREL"]),
        content(formal_determination=["PUBREL", "NF"]),
        content(formal_determination=["NF"], permitted_nationalities=["GBR"]),
    ],
)
def test_what_is_incomplete_or_contradicts_itself_is_malformed(inner: dict[str, Any]) -> None:
    with pytest.raises(MarkingMalformed):
        parse_acs(inner)


@pytest.mark.parametrize(
    "change",
    [{"id": "marking-definition--33333333-3333-4333-8333-333333333333"}, {"type": "identity"}],
)
def test_another_object_than_the_one_referred_to_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(MarkingContradicted):
        stix_marking([IDENTIFIER], {IDENTIFIER: {**extended(content()), **change}})


@pytest.mark.parametrize(
    "change",
    [
        {"definition_type": "statement", "definition": {"statement": "x"}},
        {"extensions": {ACS_EXTENSION: content(), "extension-definition--x": {}}},
        {"extensions": {ACS_EXTENSION: "U"}},
    ],
)
def test_an_acs_definition_that_says_something_else_too_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MarkingUnknown):
        stix_marking([IDENTIFIER], {IDENTIFIER: {**extended(content()), **change}})


@pytest.mark.parametrize(
    "banner",
    [
        "ACS",
        "ACS X",
        "ACS UNCLASSIFIED PERMITTED",
        "ACS SECRET PERMITTED ALL",
        "ACS UNCLASSIFIED PERMITTED XQZ",
    ],
)
def test_other_words_after_acs_are_refused(banner: str) -> None:
    with pytest.raises(Refusal):
        parse(banner)


def test_public_release_yields_to_any_list() -> None:
    public, some, none = (
        parse(b)
        for b in ("ACS UNCLASSIFIED PERMITTED ALL", "ACS SECRET PERMITTED GBR, USA", "ACS UNCLASSIFIED")
    )
    assert str(compose([public, some])) == "ACS SECRET PERMITTED GBR, USA"
    assert str(compose([public, public])) == "ACS UNCLASSIFIED PERMITTED ALL"
    assert str(compose([public, none])) == "ACS UNCLASSIFIED"
