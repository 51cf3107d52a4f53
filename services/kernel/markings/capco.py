"""Grammar of US banners and portion marks (CAPCO Register 2016).

Level, SCI, SAP, AEA, FGI, dissemination and non-IC dissemination stand in this order, `//` between
them and `/` within one. Compartments are opaque: recognised, kept, never interpreted. Banners of
non-US and of joint classification (`//NS`, `//JOINT`) are not read.
"""

from services.kernel.markings import capco_terms as terms
from services.kernel.markings.levels import MarkingSystem
from services.kernel.markings.marking import Marking, NationalMarking
from services.kernel.markings.nations import TRIGRAPHS, USA, expand, is_release_code, release_order
from services.kernel.markings.refusals import MarkingMalformed, MarkingUnknown

_DISSEMINATION, _NON_IC = 5, 6


def parse_capco(parts: list[str], *, portion: bool = False) -> NationalMarking:
    """Reads the parts of a banner, or of a portion mark, that `//` separated.

    Raises `MarkingUnknown` for a word, a trigraph or a level that the register does not have, and
    `MarkingMalformed` for known words that may not stand so.
    """
    level = terms.PORTION_LEVELS.get(parts[0]) if portion else parts[0].removeprefix("US ")
    if level is None or level not in terms.PORTION_LEVELS.values():
        raise MarkingUnknown("the US marking names no known classification", element="1")
    found = _Elements(portion)
    for number, part in enumerate(parts[1:], start=2):
        found.read(part, number)
    marking = NationalMarking(
        system=MarkingSystem.US_CAPCO,
        level=level,
        codewords=frozenset(found.codewords),
        dissem_controls=frozenset(found.controls),
        rel_to=found.rel_to,
        display_only=found.display_only,
    )
    check_grammar(marking)
    if expand(found.rel_to) & expand(found.display_only) - {USA}:
        raise MarkingMalformed("what is released to a nation is not also for display only")
    return marking


def portion(marking: Marking) -> str:
    """The portion mark of a US marking, for example `(S//REL TO USA, GBR)`.

    Raises `MarkingUnknown` where the text carries no US marking.
    """
    national = marking.of_system(MarkingSystem.US_CAPCO)
    if national is None:
        raise MarkingUnknown("the text carries no US marking")
    return f"({terms.write_capco(national, portion=True)})"


def check_grammar(marking: NationalMarking) -> None:
    """Raises `MarkingMalformed` where known elements may not stand together or not at this level."""
    controls = marking.dissem_controls
    classified = marking.classification.order > 0
    lists = bool(marking.rel_to or marking.display_only)
    if classified and controls & terms.ONLY_UNCLASSIFIED:
        raise MarkingMalformed("a control is legal only on unclassified text")
    if not classified and (controls & terms.ONLY_CLASSIFIED or _is_compartmented(marking)):
        raise MarkingMalformed("a control or compartment is legal only on classified text")
    if terms.NOFORN in controls and (lists or terms.RELIDO in controls):
        raise MarkingMalformed("what is not for foreigners has no release list")
    if terms.RELIDO in controls and (controls & {terms.ORCON, terms.ORCON_USGOV} or marking.display_only):
        raise MarkingMalformed("what its originator controls is not left to a disclosure officer")
    if {terms.ORCON, terms.ORCON_USGOV} <= controls:
        raise MarkingMalformed("the originator's control is stated in two ways")


def _is_compartmented(marking: NationalMarking) -> bool:
    unclassified = {"DOE UCNI", "DOD UCNI"}
    return any(not c.startswith("FGI") for c in marking.codewords - unclassified)


class _Elements:
    """What has been read so far; each category comes once and in order."""

    def __init__(self, portion: bool) -> None:
        self.codewords: set[str] = set()
        self.controls: set[str] = set()
        self.rel_to: frozenset[str] = frozenset()
        self.display_only: frozenset[str] = frozenset()
        self._reached = 0
        self._portion = portion

    def read(self, part: str, number: int) -> None:
        # The retired EYES ONLY is read and never written; its list holds slashes of its own.
        elements = [part] if part.endswith(terms.EYES_ONLY) else part.split("/")
        category = self._category(elements[0], number)
        if category <= self._reached:
            raise MarkingMalformed("a part is repeated or out of order", element=str(number))
        self._reached = category
        if category == terms.SAP:
            # With a slash lost, a control word must never pass for the name of a program.
            if any(element in terms.NEVER_PROGRAMS for element in elements):
                raise MarkingUnknown("a control stands among compartments", element=str(number))
            elements = [elements[0], *(f"SAR-{element}" for element in elements[1:])]
        if category == terms.FGI:
            self._add(self.codewords, _foreign(part, number), number)
            return
        for element in elements:
            self._read_element(element, category, number)

    def _category(self, element: str, number: int) -> int:
        category = terms.FGI if _is_fgi(element) else terms.compartment_category(element)
        if category is not None:
            return category
        if self._is_dissemination(element):
            return _DISSEMINATION
        if self._control(element) in terms.NON_IC:
            return _NON_IC
        raise MarkingUnknown("a part of the US marking is not known", element=str(number))

    def _is_dissemination(self, element: str) -> bool:
        starts = element.startswith((terms.REL_TO, terms.DISPLAY_ONLY)) or element.endswith(terms.EYES_ONLY)
        return starts or self._control(element) in terms.CONTROLS

    def _control(self, element: str) -> str | None:
        if self._portion:
            return terms.PORTION_CONTROLS.get(element) or terms.PORTION_NON_IC.get(element)
        return terms.TITLES.get(element, element)

    def _read_element(self, element: str, category: int, number: int) -> None:
        if category in (terms.SCI, terms.SAP, terms.AEA):
            if terms.compartment_category(element) != category:
                raise MarkingUnknown("a compartment is not known", element=str(number))
            self._add(self.codewords, {element}, number)
        elif category == _DISSEMINATION and element.startswith(terms.REL_TO):
            self._release(_read_list(element.removeprefix(terms.REL_TO), ", ", number), number)
        elif category == _DISSEMINATION and element.endswith(terms.EYES_ONLY):
            self._release(_read_list(element.removesuffix(terms.EYES_ONLY), "/", number), number)
        elif category == _DISSEMINATION and element.startswith(terms.DISPLAY_ONLY):
            shown = _read_list(element.removeprefix(terms.DISPLAY_ONLY), ", ", number)
            if self.display_only or USA in shown:
                raise MarkingMalformed("a list for display names foreigners, once", element=str(number))
            self.display_only = frozenset(shown)
        else:
            self._read_control(element, category, number)

    def _read_control(self, element: str, category: int, number: int) -> None:
        control = self._control(element)
        if control is None or control not in (terms.CONTROLS if category == _DISSEMINATION else terms.NON_IC):
            raise MarkingUnknown("a control of the US marking is not known", element=str(number))
        self._add(self.controls, {control}, number)

    def _release(self, codes: list[str], number: int) -> None:
        if self.rel_to or codes[0] != USA or len(codes) < 2:
            raise MarkingMalformed("a release list starts with USA and names others", element=str(number))
        self.rel_to = frozenset(codes)

    def _add(self, to: set[str], names: set[str], number: int) -> None:
        if to & names:
            raise MarkingMalformed("an element is repeated", element=str(number))
        to |= names


def _is_fgi(element: str) -> bool:
    return element == "FGI" or element.startswith("FGI ")


def _foreign(part: str, number: int) -> set[str]:
    codes = part.split(" ")[1:]
    if not codes:
        return {"FGI"}
    if not all(code in TRIGRAPHS or (is_release_code(code) and len(code) == 4) for code in codes):
        raise MarkingUnknown("a source of foreign information is not known", element=str(number))
    if codes != sorted(set(codes), key=release_order):
        raise MarkingMalformed("the sources are repeated or out of order", element=str(number))
    return {f"FGI {code}" for code in codes}


def _read_list(text: str, separator: str, number: int) -> list[str]:
    codes = text.split(separator)
    if not all(is_release_code(code) for code in codes):
        raise MarkingUnknown("a nation or group in a list is not known", element=str(number))
    if codes != sorted(set(codes), key=release_order):
        raise MarkingMalformed("a list is repeated or out of order", element=str(number))
    return codes
