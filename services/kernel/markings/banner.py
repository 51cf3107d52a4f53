"""Reading banners: the words with which an originator marks a text."""

from functools import lru_cache

from services.kernel.markings.gscp import parse_gscp
from services.kernel.markings.levels import MarkingSystem
from services.kernel.markings.marking import Marking, NationalMarking
from services.kernel.markings.refusals import MarkingMalformed, MarkingMissing, MarkingUnknown
from services.kernel.markings.tlp import Tlp, parse_tlp

LONGEST_BANNER = 512
"""Characters."""


@lru_cache(maxsize=1024)
def parse(banner: str) -> Marking:
    """Reads `TLP:AMBER`, `UK OFFICIAL-SENSITIVE REL EU`, or both joined by `//` in either order.

    Raises `MarkingMissing` for an empty banner, `MarkingUnknown` for anything not recognised, which
    includes every banner of a marking system other than TLP and UK GSCP, and `MarkingMalformed`.
    """
    text = banner.strip()
    if not text:
        raise MarkingMissing("the marking is empty")
    if len(text) > LONGEST_BANNER:
        raise MarkingMalformed(f"a banner has at most {LONGEST_BANNER} characters")
    tlp: Tlp | None = None
    national: NationalMarking | None = None
    for part in text.split("//"):
        if part[:4].upper() == "TLP:":
            if tlp is not None:
                raise MarkingMalformed("a banner holds at most one TLP label")
            tlp = parse_tlp(part)
        else:
            if national is not None:
                raise MarkingUnknown("a banner of several national parts is of no known system")
            national = parse_gscp(part)
    return Marking(tlp=tlp, national=(national,) if national else (), original_text=banner)


def parse_marking(tlp: str | None, national: str | None) -> Marking:
    """Reads a TLP label and a national banner that were given apart; either may be None.

    Raises as `parse` does, with a pointer to the one that is wrong, and `MarkingMissing` for
    neither.
    """
    if tlp is None and national is None:
        raise MarkingMissing("the text carries neither a TLP label nor a national marking")
    if tlp is None:
        return _part(national or "", "/national", wants_tlp=False)
    if national is None:
        return _part(tlp, "/tlp", wants_tlp=True)
    label = _part(tlp, "/tlp", wants_tlp=True)
    banner = _part(national, "/national", wants_tlp=False)
    return Marking(tlp=label.tlp, national=banner.national, original_text=f"{tlp}//{national}")


def _part(text: str, pointer: str, *, wants_tlp: bool) -> Marking:
    try:
        marking = parse(text)
    except (MarkingMissing, MarkingUnknown, MarkingMalformed) as refusal:
        raise type(refusal)(refusal.detail, pointer=pointer, **refusal.metadata) from refusal
    is_gscp = marking.of_system(MarkingSystem.UK_GSCP) is not None
    if (marking.tlp is not None) is not wants_tlp or is_gscp is wants_tlp:
        raise MarkingMalformed("the TLP label and the national marking are mixed up", pointer=pointer)
    return marking
