"""Markings as STIX 2 objects: ACS, plain statements, and TLP, whose predefined objects are checked.

STIX 2.1 section 7.2.1.4 for TLP 1.0; the OASIS extension `tlp-2.0` for TLP 2.0. Copies in the wild
hold wrong identifiers and wrong content: an unknown identifier, or a content that disagrees with a
known one, is refused and never guessed at.
"""

import re
from collections.abc import Mapping, Sequence

from services.kernel.markings.acs import acs_content, parse_acs
from services.kernel.markings.composition import compose
from services.kernel.markings.marking import Marking
from services.kernel.markings.refusals import MarkingContradicted, MarkingUnknown
from services.kernel.markings.tlp import Tlp, TlpLabel, TlpVersion

TLP_2_0_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

STIX_TLP: dict[str, Tlp] = {
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": Tlp(TlpVersion.V1, TlpLabel.WHITE),
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": Tlp(TlpVersion.V1, TlpLabel.GREEN),
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": Tlp(TlpVersion.V1, TlpLabel.AMBER),
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": Tlp(TlpVersion.V1, TlpLabel.RED),
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": Tlp(TlpVersion.V2, TlpLabel.CLEAR),
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": Tlp(TlpVersion.V2, TlpLabel.GREEN),
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": Tlp(TlpVersion.V2, TlpLabel.AMBER),
    "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": Tlp(TlpVersion.V2, TlpLabel.AMBER_STRICT),
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": Tlp(TlpVersion.V2, TlpLabel.RED),
}

_RESTRICTING_WORDS = re.compile(
    r"\b(?:[Tt][Ll][Pp]\b|SECRET|OFFICIAL|CONFIDENTI[AE]L|RESTRICTED|RESTREINT|UNCLASSIFIED|NOFORN|ORCON|FOUO"
    r"|LIMITE|EYES ONLY|USE ONLY|REL TO|RELEASABLE TO|DISPLAY ONLY|RELIDO|COSMIC|PROPIN|IMCON|LIMDIS|NODIS)\b"
)


def stix_tlp(reference: str, definition: Mapping[str, object] | None) -> Tlp:
    """The TLP label that a marking definition's identifier stands for.

    `definition` is the object as the producer sent it, or None where the producer only referred to
    it. Raises `MarkingUnknown` for an identifier that is not predefined, and `MarkingContradicted`
    where the object says anything else than its identifier.
    """
    tlp = STIX_TLP.get(reference)
    if tlp is None:
        raise MarkingUnknown("the marking definition is not one of the predefined TLP markings")
    if definition is not None and not _agrees(definition, reference, tlp):
        raise MarkingContradicted("the content of a TLP marking definition contradicts its identifier")
    return tlp


def stix_marking(
    references: Sequence[str], definitions: Mapping[str, Mapping[str, object]]
) -> Marking | None:
    """The roll-up of an object's `object_marking_refs`, or None where they hold no marking at all.

    TLP and ACS markings are read. A `statement` definition (copyright, terms of use) is no marking and
    gives no permission; one whose words look like a marking is refused as `MarkingUnknown`. Raises as
    `stix_tlp` and `parse_acs` do.
    """
    found = [definition_marking(reference, definitions.get(reference)) for reference in references]
    markings = [marking for marking in found if marking is not None]
    if not markings:
        return None
    return markings[0] if len(markings) == 1 else compose(markings)


def definition_marking(reference: str, definition: Mapping[str, object] | None) -> Marking | None:
    """The marking that one reference stands for, None for a plain statement. Raises as `stix_marking`
    does.
    """
    if reference not in STIX_TLP and definition is not None:
        if (content := acs_content(definition)) is not None:
            if definition.get("type") != "marking-definition" or definition.get("id") != reference:
                raise MarkingContradicted("the ACS marking definition is not the one referred to")
            return Marking(national=(parse_acs(content),), original_text=reference)
        if _is_plain_statement(definition):
            return None
    return Marking(tlp=stix_tlp(reference, definition), original_text=reference)


def _agrees(definition: Mapping[str, object], reference: str, tlp: Tlp) -> bool:
    if definition.get("type") != "marking-definition" or definition.get("id") != reference:
        return False
    name = definition.get("name", str(tlp))
    if not isinstance(name, str) or name.upper() != str(tlp):
        return False
    label = tlp.label.lower()
    if tlp.version is TlpVersion.V1:
        stated = definition.get("definition") == {"tlp": label}
        return definition.get("definition_type") == "tlp" and stated and "extensions" not in definition
    if "definition_type" in definition or "definition" in definition:
        return False
    return definition.get("extensions") == {
        TLP_2_0_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": label}
    }


def _is_plain_statement(definition: Mapping[str, object]) -> bool:
    content = definition.get("definition")
    if definition.get("definition_type") != "statement" or not isinstance(content, Mapping):
        return False
    statement = content.get("statement")
    if set(content) != {"statement"} or not isinstance(statement, str) or "extensions" in definition:
        return False
    return _RESTRICTING_WORDS.search(statement) is None
