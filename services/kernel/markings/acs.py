"""Access Control Specification markings of STIX (OASIS extension `acs-data-marking`, ISA ACS 3.0).

Only what maps exactly is read: the classification, the two defaults, the nationalities and public
release. Any other restriction, privilege or sharing rule is refused as unknown, and so denied.
"""

import re
from collections.abc import Mapping

from services.kernel.markings.capco_terms import PORTION_LEVELS
from services.kernel.markings.levels import MarkingSystem
from services.kernel.markings.marking import NationalMarking
from services.kernel.markings.nations import TRIGRAPHS, expand
from services.kernel.markings.refusals import MarkingMalformed, MarkingUnknown
from services.kernel.markings.writing import PERMITTED

ACS_EXTENSION = "extension-definition--3a65884d-005a-4290-8335-cb2d778a83ce"
ACS_CUSTOM_TYPE = "x-isa-acs-3-0"
"""The `definition_type` of the same content before there were extensions."""

EVERYBODY = "ALL"
PRIVILEGE_DENY = "PRIVDEFAULT-DENY"
SHARING_DENY = "SHAREDEFAULT-DENY"
_DEFAULTS = frozenset({PRIVILEGE_DENY, SHARING_DENY})

# Whole words: in the abbreviations one character lost makes TS into S.
_WORDS = {word: mark for mark, word in PORTION_LEVELS.items()}
_POLICY = re.compile(r"urn:isa:policy:acs:ns:v3\.0\?privdefault=(permit|deny)&sharedefault=(permit|deny)")
_BANNER = re.compile(
    rf"ACS ({'|'.join(_WORDS)})((?: (?:{PRIVILEGE_DENY}|{SHARING_DENY})){{0,2}})(?:{PERMITTED}(.+))?"
)
_REQUIRED = frozenset(
    {
        "identifier",
        "create_date_time",
        "responsible_entity_custodian",
        "policy_reference",
        "control_set",
    }
)
_HARMLESS = frozenset(
    {
        "authority_reference",
        "declassification",
        "derivative_classification",
        "extension_type",
        "name",
        "original_classification",
        "public_release",
        "resource_disposition",
        "responsible_entity_originator",
        "sep_version",
    }
)
_NOT_RELEASABLE = "NF"
_PUBLIC = "PUBREL"
_PLAIN_DETERMINATIONS = frozenset({"INFORMATION-DIRECTLY-RELATED-TO-CYBERSECURITY-THREAT"})


def acs_content(definition: Mapping[str, object]) -> Mapping[str, object] | None:
    """The ACS content of a marking definition, or None where it is of another kind."""
    extensions = definition.get("extensions")
    if isinstance(extensions, Mapping) and ACS_EXTENSION in extensions:
        content = extensions[ACS_EXTENSION]
        alone = len(extensions) == 1 and "definition_type" not in definition
    elif definition.get("definition_type") == ACS_CUSTOM_TYPE:
        content, alone = definition.get("definition"), not extensions
    else:
        return None
    if not isinstance(content, Mapping) or not alone:
        raise MarkingUnknown("an ACS marking definition also says something else")
    return content


def parse_acs(content: Mapping[str, object]) -> NationalMarking:
    """Reads the content of an ACS marking.

    Raises `MarkingMalformed` where a required property is missing, and `MarkingUnknown` for anything
    that does not map exactly, such as `access_privilege`, `further_sharing` or an entity.
    """
    if missing := _REQUIRED - set(content):
        raise MarkingMalformed("an ACS marking lacks a required property", property=min(missing))
    if set(content) - _REQUIRED - _HARMLESS:
        raise MarkingUnknown("an ACS marking has rules that do not map exactly")
    policy = content["policy_reference"]
    found = _POLICY.fullmatch(policy) if isinstance(policy, str) else None
    if found is None:
        raise MarkingUnknown("an ACS marking states both defaults of the policy of version 3.0")
    controls = content["control_set"]
    if not isinstance(controls, Mapping):
        raise MarkingMalformed("a control set is an object")
    denied = {PRIVILEGE_DENY: found[1], SHARING_DENY: found[2]}
    marking = NationalMarking(
        system=MarkingSystem.STIX_ACS,
        level=_level(controls),
        rel_to=_nationalities(controls),
        dissem_controls=frozenset(name for name, default in denied.items() if default == "deny"),
    )
    if EVERYBODY in marking.rel_to and marking.level != "U":
        raise MarkingMalformed("what is released to the public is unclassified")
    return marking


def parse_acs_banner(text: str) -> NationalMarking:
    """Reads what `str` of such a marking writes; agencies state ACS as STIX objects only."""
    found = _BANNER.fullmatch(text)
    if found is None:
        raise MarkingUnknown("the ACS marking is not known")
    denied = found[2].split()
    codes = found[3].split(", ") if found[3] else []
    if len(set(denied)) != len(denied) or len(set(codes)) != len(codes):
        raise MarkingMalformed("an element is repeated")
    marking = NationalMarking(
        system=MarkingSystem.STIX_ACS,
        level=_WORDS[found[1]],
        rel_to=frozenset(codes),
        dissem_controls=frozenset(denied),
    )
    if not is_lawful(marking):
        raise MarkingUnknown("a nationality of the ACS marking is not known")
    return marking


def is_lawful(marking: NationalMarking) -> bool:
    """Whether every element is known."""
    others = (
        marking.prefix,
        marking.handling_instructions,
        marking.descriptors,
        marking.codewords,
        marking.national_caveats,
        marking.display_only,
    )
    public = marking.rel_to == {EVERYBODY} and marking.level == "U"
    return (
        not any(others) and marking.dissem_controls <= _DEFAULTS and (public or marking.rel_to <= TRIGRAPHS)
    )


def _level(controls: Mapping[str, object]) -> str:
    if set(controls) - {"classification", "formal_determination", "permitted_nationalities"}:
        raise MarkingUnknown("an ACS control set has restrictions that do not map exactly")
    level = controls.get("classification")
    if not isinstance(level, str):
        raise MarkingMalformed("an ACS control set states a classification")
    return level


def _nationalities(controls: Mapping[str, object]) -> frozenset[str]:
    determinations = _words(controls.get("formal_determination", []))
    permitted = _words(controls.get("permitted_nationalities", []))
    if determinations - _PLAIN_DETERMINATIONS - {_PUBLIC, _NOT_RELEASABLE}:
        raise MarkingUnknown("a formal determination does not map exactly")
    if {_PUBLIC, _NOT_RELEASABLE} <= determinations or (
        permitted and determinations & {_PUBLIC, _NOT_RELEASABLE}
    ):
        raise MarkingMalformed("the determinations of an ACS marking contradict each other")
    if _PUBLIC in determinations:
        return frozenset({EVERYBODY})
    nations = expand(permitted)
    if not nations <= TRIGRAPHS:
        raise MarkingUnknown("a nationality of the ACS marking is not known")
    return nations


def _words(value: object) -> frozenset[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(entry, str) for entry in value):
        raise MarkingMalformed("an ACS control set holds lists of strings")
    return frozenset(value)
