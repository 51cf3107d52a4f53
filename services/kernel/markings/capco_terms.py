"""The words of US banners and portions (CAPCO Register 2016), and how a marking is written in them."""

import re
from typing import TYPE_CHECKING

from services.kernel.markings.nations import FIVE_EYES, release_order

if TYPE_CHECKING:
    from services.kernel.markings.marking import NationalMarking

NOFORN = "NOFORN"
RELIDO = "RELIDO"
ORCON = "ORCON"
ORCON_USGOV = "ORCON-USGOV"
FOUO = "FOUO"
SBU = "SBU"
SBU_NF = "SBU-NF"
LES_NF = "LES-NF"
REL_TO = "REL TO "
DISPLAY_ONLY = "DISPLAY ONLY "
EYES_ONLY = " EYES ONLY"

PORTION_LEVELS = {"U": "UNCLASSIFIED", "C": "CONFIDENTIAL", "S": "SECRET", "TS": "TOP SECRET"}

PORTION_CONTROLS = {
    "RS": "RSEN",
    "FOUO": FOUO,
    "OC": ORCON,
    "OC-USGOV": ORCON_USGOV,
    "IMC": "IMCON",
    "NF": NOFORN,
    "PR": "PROPIN",
    RELIDO: RELIDO,
    "DSEN": "DSEN",
    "FISA": "FISA",
}
"""Dissemination controls by portion mark, in the order in which a banner lists them."""

PORTION_NON_IC = {
    "DS": "LIMDIS",
    "XD": "EXDIS",
    "ND": "NODIS",
    SBU: SBU,
    SBU_NF: SBU_NF,
    "LES": "LES",
    LES_NF: LES_NF,
    "SSI": "SSI",
}

CONTROLS = tuple(PORTION_CONTROLS.values())
NON_IC = tuple(PORTION_NON_IC.values())

TITLES = {
    "RISK SENSITIVE": "RSEN",
    "FOR OFFICIAL USE ONLY": FOUO,
    "ORIGINATOR CONTROLLED": ORCON,
    "ORIGINATOR CONTROLLED-USGOV": ORCON_USGOV,
    "CONTROLLED IMAGERY": "IMCON",
    "NOT RELEASABLE TO FOREIGN NATIONALS": NOFORN,
    "CAUTION-PROPRIETARY INFORMATION INVOLVED": "PROPIN",
    "RELEASABLE BY INFORMATION DISCLOSURE OFFICIAL": RELIDO,
    "DEA SENSITIVE": "DSEN",
    "FOREIGN INTELLIGENCE SURVEILLANCE ACT": "FISA",
    "LIMITED DISTRIBUTION": "LIMDIS",
    "EXCLUSIVE DISTRIBUTION": "EXDIS",
    "NO DISTRIBUTION": "NODIS",
    "SENSITIVE BUT UNCLASSIFIED": SBU,
    "SENSITIVE BUT UNCLASSIFIED NOFORN": SBU_NF,
    "LAW ENFORCEMENT SENSITIVE": "LES",
    "LAW ENFORCEMENT SENSITIVE NOFORN": LES_NF,
    "SENSITIVE SECURITY INFORMATION": "SSI",
}
"""The full titles of controls, which a banner may use instead of the abbreviation."""

NEVER_PROGRAMS = frozenset({*PORTION_CONTROLS, *CONTROLS, *PORTION_NON_IC, *NON_IC, *TITLES})
ONLY_UNCLASSIFIED = frozenset({FOUO, SBU, SBU_NF})
ONLY_CLASSIFIED = frozenset({ORCON, ORCON_USGOV, "IMCON", "RSEN"})
NOT_FOREIGN = frozenset({NOFORN, SBU_NF, LES_NF})
"""Controls that keep the text from every foreign party."""

SCI, SAP, AEA, FGI = 1, 2, 3, 4
_COMPARTMENTS = {
    SCI: re.compile(r"(?:BUR|EL|HCS|KDK|KLM|MVL|RSV|SI|TK)(?:-[A-Z0-9]{1,12}(?: [A-Z0-9]{1,12}){0,8}){0,8}"),
    SAP: re.compile(r"SAR-[A-Z0-9]{1,24}(?:[ -][A-Z0-9]{1,24}){0,8}"),
    AEA: re.compile(r"(?:F?RD(?:-CNWDI|-N|-SIGMA(?: \d{1,2}){1,8})?|TFNI|DOE UCNI|DOD UCNI)"),
    FGI: re.compile(r"FGI(?: [A-Z]{3,4})?"),
}

_BARE_LEVEL = "US "


def compartment_category(compartment: str) -> int | None:
    """Where a compartment stands in a banner, or None for what is none."""
    for category, pattern in _COMPARTMENTS.items():
        if pattern.fullmatch(compartment):
            return category
    return None


def write_capco(marking: "NationalMarking", *, portion: bool = False) -> str:
    """The banner, or without its parentheses the portion mark, in the order of the register.

    A banner of nothing but a level is written `US SECRET`: the bare word names no country.
    """
    short = {name: mark for mark, name in PORTION_LEVELS.items()}
    parts = [short[marking.level] if portion else marking.level]
    for category in (SCI, SAP, AEA):
        names = sorted(c for c in marking.codewords if compartment_category(c) == category)
        if category == SAP:
            names = names[:1] + [name.removeprefix("SAR-") for name in names[1:]]
        if names:
            parts.append("/".join(names))
    if foreign := sorted(c for c in marking.codewords if compartment_category(c) == FGI):
        together = "FGI " + " ".join(sorted((c.removeprefix("FGI ") for c in foreign), key=release_order))
        parts.append("/".join(foreign) if "FGI" in foreign else together)
    if strange := sorted(c for c in marking.codewords if compartment_category(c) is None):
        parts.append("/".join(strange))
    marks = PORTION_CONTROLS | PORTION_NON_IC
    names_of = {name: mark if portion else name for mark, name in marks.items()}
    controls = [names_of[name] for name in CONTROLS if name in marking.dissem_controls]
    if marking.rel_to:
        place = sum(c in marking.dissem_controls for c in CONTROLS[: CONTROLS.index(RELIDO)])
        controls.insert(place, REL_TO + write_list(marking.rel_to))
    if marking.display_only:
        controls.append(DISPLAY_ONLY + write_list(marking.display_only))
    controls += sorted(marking.dissem_controls - set(CONTROLS) - set(NON_IC))
    others = [names_of[name] for name in NON_IC if name in marking.dissem_controls]
    parts += ["/".join(group) for group in (controls, others) if group]
    if len(parts) == 1 and not portion:
        return _BARE_LEVEL + parts[0]
    return "//".join(parts)


def write_list(codes: frozenset[str]) -> str:
    """A release list in the register's order; the Five Eyes together are written FVEY."""
    if codes == FIVE_EYES:
        return "USA, FVEY"
    return ", ".join(sorted(codes, key=release_order))
