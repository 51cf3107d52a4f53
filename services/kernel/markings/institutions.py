"""Markings of the European Union (EUCI, Council Decision 2013/488/EU) and of NATO.

A tail such as `RELEASABLE TO UK` names to whom the institution has released the text. LIMITE is a
distribution marking of unclassified Council documents and no classification.
"""

import re

from services.kernel.markings.levels import MarkingSystem
from services.kernel.markings.marking import NationalMarking
from services.kernel.markings.refusals import MarkingMalformed, MarkingUnknown
from services.kernel.markings.writing import LIMITE, RELEASABLE_TO

EU_UNCLASSIFIED = "UNCLASSIFIED"
_R = "RESTREINT UE/EU RESTRICTED"
_C = "CONFIDENTIEL UE/EU CONFIDENTIAL"
_S = "SECRET UE/EU SECRET"
_TS = "TRÈS SECRET UE/EU TOP SECRET"

_EU_WORDS = {
    "EU UNCLASSIFIED": EU_UNCLASSIFIED,
    LIMITE: EU_UNCLASSIFIED,
    **dict.fromkeys((_R, "EU RESTRICTED/RESTREINT UE", "RESTREINT UE", "EU RESTRICTED", "R-UE/EU-R"), _R),
    **dict.fromkeys(
        (_C, "EU CONFIDENTIAL/CONFIDENTIEL UE", "CONFIDENTIEL UE", "EU CONFIDENTIAL", "C-UE/EU-C"), _C
    ),
    **dict.fromkeys((_S, "EU SECRET/SECRET UE", "SECRET UE", "EU SECRET", "S-UE/EU-S"), _S),
    **dict.fromkeys(
        (
            _TS,
            "TRES SECRET UE/EU TOP SECRET",
            "EU TOP SECRET/TRÈS SECRET UE",
            "TRÈS SECRET UE",
            "TRES SECRET UE",
            "EU TOP SECRET",
            "TS-UE/EU-TS",
        ),
        _TS,
    ),
}

_NATO_WORDS = {
    **dict.fromkeys(("NATO UNCLASSIFIED", "NU"), "NATO UNCLASSIFIED"),
    **dict.fromkeys(("NATO RESTRICTED", "NR"), "NATO RESTRICTED"),
    **dict.fromkeys(("NATO CONFIDENTIAL", "NC"), "NATO CONFIDENTIAL"),
    **dict.fromkeys(("NATO SECRET", "NS"), "NATO SECRET"),
    **dict.fromkeys(("COSMIC TOP SECRET", "CTS"), "COSMIC TOP SECRET"),
}
_ATOMAL = "ATOMAL"
_BOHEMIA = "BOHEMIA"
_NATO_CODEWORDS = frozenset({_ATOMAL, _BOHEMIA})

RECIPIENTS = frozenset(
    {"AL", "AU", "BA", "CA", "CH", "EU", "GE", "IS", "JP", "KR", "LI", "MD", "ME", "MK", "NATO", "NO", "NZ"}
    | {"RS", "TR", "UA", "UK", "UN", "US"}
)
"""The states and organisations that a releasability tail may name."""

_CODEWORD = re.compile(rf" ({_ATOMAL}|{_BOHEMIA})")


def is_institution_head(text: str) -> bool:
    """Whether a part of a banner starts a marking of the EU or of NATO."""
    words = _without_tail(text)
    return words in _EU_WORDS or _CODEWORD.sub("", words) in _NATO_WORDS


def parse_institution(text: str) -> NationalMarking:
    """Reads one banner of the EU or of NATO, in either language, abbreviated or not.

    Raises `MarkingUnknown` for a level or a recipient that is not known and `MarkingMalformed` for a
    repeated one.
    """
    words = _without_tail(text)
    released = _read_tail(text.removeprefix(words))
    if (level := _EU_WORDS.get(words)) is not None:
        return NationalMarking(
            system=MarkingSystem.EUCI,
            level=level,
            rel_to=released,
            dissem_controls=frozenset({LIMITE} if words == LIMITE else ()),
        )
    codewords = frozenset(_CODEWORD.findall(words))
    if (level := _NATO_WORDS.get(_CODEWORD.sub("", words))) is None:
        raise MarkingUnknown("the marking names no known classification", element="1")
    marking = NationalMarking(system=MarkingSystem.NATO, level=level, rel_to=released, codewords=codewords)
    if not is_lawful(marking) or words.count(" ATOMAL") > 1 or words.count(" BOHEMIA") > 1:
        raise MarkingMalformed("a codeword is repeated or not legal at this classification")
    return marking


def is_lawful(marking: NationalMarking) -> bool:
    """Whether every element is known and legal at its level."""
    if not marking.rel_to <= RECIPIENTS or marking.prefix or marking.display_only:
        return False
    if marking.handling_instructions or marking.descriptors or marking.national_caveats:
        return False
    if marking.system is MarkingSystem.EUCI:
        return marking.dissem_controls <= {LIMITE} and not marking.codewords
    if marking.dissem_controls or not marking.codewords <= _NATO_CODEWORDS:
        return False
    high = {_BOHEMIA: "COSMIC TOP SECRET"}
    return all(high.get(word, marking.level) == marking.level for word in marking.codewords) and not (
        marking.codewords and marking.level in {"NATO UNCLASSIFIED", "NATO RESTRICTED"}
    )


def _without_tail(text: str) -> str:
    return text.partition(RELEASABLE_TO)[0].removesuffix(" -")


def _read_tail(text: str) -> frozenset[str]:
    tail = text.removeprefix(" -")
    if not tail:
        if text:
            raise MarkingUnknown("a part of the marking is not known", element="2")
        return frozenset()
    codes = tail.removeprefix(RELEASABLE_TO).split(", ")
    if not RECIPIENTS.issuperset(codes):
        raise MarkingUnknown("the marking is releasable to nobody that is known", element="2")
    if len(set(codes)) != len(codes):
        raise MarkingMalformed("a recipient is repeated", element="2")
    return frozenset(codes)
