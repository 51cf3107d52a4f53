"""Reading banners: the words with which an originator marks a text."""

from functools import lru_cache

from services.kernel.markings.acs import parse_acs_banner
from services.kernel.markings.capco import parse_capco
from services.kernel.markings.gscp import is_gscp_head, parse_gscp
from services.kernel.markings.institutions import is_institution_head, parse_institution
from services.kernel.markings.levels import LEVELS, MarkingSystem
from services.kernel.markings.marking import Marking, NationalMarking
from services.kernel.markings.refusals import MarkingMalformed, MarkingMissing, MarkingUnknown
from services.kernel.markings.tlp import Tlp, parse_tlp

LONGEST_BANNER = 512
"""Characters."""

_ACS = "ACS "
_US_LEVELS = frozenset(LEVELS[MarkingSystem.US_CAPCO])


@lru_cache(maxsize=1024)
def parse(banner: str) -> Marking:
    """Reads a TLP label, a banner of a national or institutional system, or several of them joined by
    `//`, such as `TLP:AMBER//UK OFFICIAL-SENSITIVE REL EU` or `SECRET//REL TO USA, GBR`; and US
    portion marks, such as `(S//NF)`.

    A bare `SECRET` or `TOP SECRET` is British without its prefix; a US banner of nothing but a level
    is written `US SECRET`. Raises `MarkingMissing` for an empty banner, `MarkingUnknown` for anything
    not recognised and `MarkingMalformed`.
    """
    text = banner.strip()
    if not text:
        raise MarkingMissing("the marking is empty")
    if len(text) > LONGEST_BANNER:
        raise MarkingMalformed(f"a banner has at most {LONGEST_BANNER} characters")
    if text[0] == "(" and text[-1] == ")":
        national = parse_capco(text[1:-1].split("//"), portion=True)
        return Marking(national=(national,), original_text=banner)
    tlp: Tlp | None = None
    found: list[NationalMarking] = []
    for group in _groups(text.split("//")):
        if _is_tlp(group[0]):
            if tlp is not None:
                raise MarkingMalformed("a banner holds at most one TLP label")
            tlp = parse_tlp(group[0])
        else:
            found.append(_national(group))
    if len({national.system for national in found}) < len(found):
        raise MarkingUnknown("a banner of several parts of one system is of no known system")
    return Marking(tlp=tlp, national=tuple(found), original_text=banner)


def _groups(parts: list[str]) -> list[list[str]]:
    """The parts that belong to one marking each: only a US banner has several."""
    groups: list[list[str]] = []
    for part in parts:
        if not groups or _starts_marking(part) or _is_tlp(groups[-1][0]):
            groups.append([part])
        else:
            groups[-1].append(part)
    return groups


def _is_tlp(part: str) -> bool:
    return part[:4].upper() == "TLP:"


def _starts_marking(part: str) -> bool:
    return (
        _is_tlp(part)
        or part.startswith(_ACS)
        or part.removeprefix("US ") in _US_LEVELS
        or is_gscp_head(part)
        or is_institution_head(part)
    )


def _national(group: list[str]) -> NationalMarking:
    head = group[0]
    if len(group) > 1 or head == "UNCLASSIFIED" or head.startswith("US "):
        return parse_capco(group)
    if head.startswith(_ACS):
        return parse_acs_banner(head)
    return parse_institution(head) if is_institution_head(head) else parse_gscp(head)


@lru_cache(maxsize=1024)
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
    if (marking.tlp is not None) is not wants_tlp or bool(marking.national) is wants_tlp:
        raise MarkingMalformed("the TLP label and the national marking are mixed up", pointer=pointer)
    return marking
