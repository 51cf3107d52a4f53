"""Grammar of the UK Government Security Classifications Policy (GSCP, version 2.0, 5 August 2024).

`PREFIX CLASSIFICATION - HANDLING INSTRUCTION - DESCRIPTOR - CODEWORD - NATIONAL CAVEAT`, where
only the classification is always there and `REL EU` stands directly after it.
"""

import re
from datetime import datetime

from services.kernel.markings.levels import MarkingSystem
from services.kernel.markings.marking import NationalMarking
from services.kernel.markings.nations import FIVE_EYES
from services.kernel.markings.refusals import MarkingMalformed, MarkingUnknown

HMG_USE_ONLY = "HMG USE ONLY"
RECIPIENTS_ONLY = "RECIPIENTS ONLY"
FOR_PUBLIC_RELEASE = "FOR PUBLIC RELEASE"
UK_EYES_ONLY = "UK EYES ONLY"
UK_US_EYES_ONLY = "UK/US EYES ONLY"
FIVE_EYES_ONLY = "FIVE EYES ONLY"
REL_EU = "EU"
PREFIX = "UK"

CAVEAT_NATIONS: dict[str, frozenset[str]] = {
    UK_EYES_ONLY: frozenset({"GBR"}),
    UK_US_EYES_ONLY: frozenset({"GBR", "USA"}),
    FIVE_EYES_ONLY: FIVE_EYES,
}
"""The nations (GENC trigraphs) each national caveat names."""

DESCRIPTORS = frozenset(
    {
        "PERSONAL DATA",
        "LEGAL PROFESSIONAL PRIVILEGE",
        "LEGAL",
        "MARKET SENSITIVE",
        "COMMERCIAL",
        "HR/MANAGEMENT",
    }
)

_HEAD = re.compile(r"(?:(UK) )?(OFFICIAL-SENSITIVE|OFFICIAL|TOP SECRET|SECRET)(?: REL (EU))?")
_USE_ONLY = re.compile(r"[A-Z][A-Z0-9&-]{1,29} USE ONLY")
_EMBARGO = re.compile(r"EMBARGOED UNTIL (\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))")
_CODEWORD = re.compile(r"[A-Z]{4,24}")
_DESCRIPTOR_ALIASES = {"LPP": "LEGAL PROFESSIONAL PRIVILEGE"}

# A control word of another system, or a broken piece of one, must never pass for a codeword.
_NEVER_CODEWORDS = re.compile(
    r"AMBER|ATOMAL|CLEAR|CONFIDENTIAL|CONTROLLED|COSMIC|CRYPTO|DISPLAY|EMBARGO|EMBARGOED"
    r"|EXDIS|EYES|FISA|FOUO|FVEY|GREEN|IMCON|LIMDIS|LIMITE|NATO|NODIS|NOFORN|OFFICIAL|ONLY"
    r"|ORCON|PROPIN|PUBLIC|RECIPIENTS|RELEASABLE|RELEASE|RELIDO|RESTRICTED|RSEN|SECRET"
    r"|SENSITIVE|UNCLASSIFIED|WHITE"
)

_LEGAL_AT: dict[str, frozenset[str]] = {
    RECIPIENTS_ONLY: frozenset({"OFFICIAL-SENSITIVE", "SECRET", "TOP SECRET"}),
    FOR_PUBLIC_RELEASE: frozenset({"OFFICIAL"}),
    HMG_USE_ONLY: frozenset({"OFFICIAL", "OFFICIAL-SENSITIVE", "SECRET"}),
    "LEGAL": frozenset({"OFFICIAL", "OFFICIAL-SENSITIVE"}),
}
_EMBARGO_AT = frozenset({"OFFICIAL", "OFFICIAL-SENSITIVE", "SECRET"})
_HIGH = frozenset({"SECRET", "TOP SECRET"})

_HANDLING, _DESCRIPTOR, _CODEWORDS, _CAVEAT = 1, 2, 3, 4


def is_handling_instruction(text: str) -> bool:
    """Whether GSCP knows the handling instruction; `[ORGANISATION] USE ONLY` is one."""
    known = {RECIPIENTS_ONLY, FOR_PUBLIC_RELEASE, HMG_USE_ONLY}
    return text in known or _USE_ONLY.fullmatch(text) is not None


def is_gscp_head(text: str) -> bool:
    """Whether a part of a banner starts a GSCP marking."""
    return _HEAD.fullmatch(text.partition(" - ")[0]) is not None


def parse_gscp(text: str) -> NationalMarking:
    """Reads one GSCP banner, capitals and single spaces only.

    Raises `MarkingUnknown` for a level or element that GSCP does not have and `MarkingMalformed`
    for known elements in the wrong order, twice, or at a tier where they are not legal.
    """
    head, *segments = text.split(" - ")
    found = _HEAD.fullmatch(head)
    if found is None:
        raise MarkingUnknown("the national marking names no known classification", element="1")
    prefix, level, rel_to = found.groups()
    sets: dict[int, list[str]] = {_HANDLING: [], _DESCRIPTOR: [], _CODEWORDS: [], _CAVEAT: []}
    embargo: datetime | None = None
    reached = 0
    for number, segment in enumerate(segments, start=2):
        ends = _EMBARGO.fullmatch(segment)
        place, name = (_HANDLING, segment) if ends else _element(segment, number)
        if place < reached or name in sets[place] or (ends and embargo is not None):
            raise MarkingMalformed("an element is repeated or out of order", element=str(number))
        reached = place
        if ends:
            embargo = _instant(ends[1], number)
        else:
            sets[place].append(name)
    marking = NationalMarking(
        system=MarkingSystem.UK_GSCP,
        level=level,
        prefix=prefix,
        handling_instructions=frozenset(sets[_HANDLING]),
        descriptors=frozenset(sets[_DESCRIPTOR]),
        codewords=frozenset(sets[_CODEWORDS]),
        national_caveats=frozenset(sets[_CAVEAT]),
        rel_to=frozenset({rel_to} if rel_to else ()),
        embargo_until=embargo,
    )
    check_grammar(marking)
    return marking


def check_grammar(marking: NationalMarking) -> None:
    """Raises `MarkingMalformed` where known elements may not stand together or not at this tier."""
    for element in marking.handling_instructions | marking.descriptors:
        if marking.level not in _LEGAL_AT.get(element, frozenset({marking.level})):
            raise MarkingMalformed("an element is not legal at this classification")
    if marking.embargo_until is not None and marking.level not in _EMBARGO_AT:
        raise MarkingMalformed("an embargo is not legal at this classification")
    if (marking.codewords or marking.national_caveats) and marking.level not in _HIGH:
        raise MarkingMalformed("a codeword or national caveat is legal only at SECRET and above")
    if FOR_PUBLIC_RELEASE in marking.handling_instructions and len(marking.handling_instructions) > 1:
        raise MarkingMalformed("what is for public release cannot be restricted to an audience")
    if marking.rel_to and (marking.national_caveats or HMG_USE_ONLY in marking.handling_instructions):
        raise MarkingMalformed("what is kept to named nations cannot be released to the EU")


def _element(segment: str, number: int) -> tuple[int, str]:
    if is_handling_instruction(segment):
        return _HANDLING, segment
    descriptor = _DESCRIPTOR_ALIASES.get(segment, segment)
    if descriptor in DESCRIPTORS:
        return _DESCRIPTOR, descriptor
    if segment in CAVEAT_NATIONS:
        return _CAVEAT, segment
    if _CODEWORD.fullmatch(segment) and not _NEVER_CODEWORDS.fullmatch(segment):
        return _CODEWORDS, segment
    raise MarkingUnknown("an element of the national marking is not known", element=str(number))


def _instant(text: str, number: int) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise MarkingMalformed("an embargo ends at an impossible instant", element=str(number)) from None
