"""How a national marking is written, in the words of its own system."""

from typing import TYPE_CHECKING, assert_never

from services.kernel.markings.capco_terms import PORTION_LEVELS, write_capco
from services.kernel.markings.levels import MarkingSystem

if TYPE_CHECKING:
    from services.kernel.markings.marking import NationalMarking

EMBARGO_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
RELEASABLE_TO = " RELEASABLE TO "
PERMITTED = " PERMITTED "
LIMITE = "LIMITE"


def write(marking: "NationalMarking") -> str:
    """The banner. A roll-up may say more than a reader of banners accepts from an originator."""
    match marking.system:
        case MarkingSystem.UK_GSCP:
            return _write_gscp(marking)
        case MarkingSystem.US_CAPCO:
            return write_capco(marking)
        case MarkingSystem.EUCI | MarkingSystem.NATO:
            return _write_institution(marking)
        case MarkingSystem.STIX_ACS:
            return _write_acs(marking)
        case _:
            assert_never(marking.system)


def _write_gscp(marking: "NationalMarking") -> str:
    head = " ".join(
        [
            *([marking.prefix] if marking.prefix else []),
            marking.level,
            *(f"REL {group}" for group in sorted(marking.rel_to)),
        ]
    )
    embargo = marking.embargo_until
    return " - ".join(
        [
            head,
            *sorted(marking.handling_instructions),
            *([f"EMBARGOED UNTIL {embargo:{EMBARGO_FORMAT}}"] if embargo else []),
            *sorted(marking.descriptors),
            *sorted(marking.codewords),
            *sorted(marking.national_caveats),
            *sorted(marking.dissem_controls),
            *(f"DISPLAY ONLY {group}" for group in sorted(marking.display_only)),
        ]
    )


def _write_institution(marking: "NationalMarking") -> str:
    head = str(marking.classification)
    if marking.system is MarkingSystem.EUCI and marking.dissem_controls == {LIMITE}:
        head = LIMITE if marking.classification.order == 0 else f"{head} {LIMITE}"
    elif marking.dissem_controls:
        head = " ".join([head, *sorted(marking.dissem_controls)])
    words = " ".join([head, *sorted(marking.codewords)])
    return words + (RELEASABLE_TO + ", ".join(sorted(marking.rel_to)) if marking.rel_to else "")


def _write_acs(marking: "NationalMarking") -> str:
    words = " ".join(["ACS", PORTION_LEVELS[marking.level], *sorted(marking.dissem_controls)])
    return words + (PERMITTED + ", ".join(sorted(marking.rel_to)) if marking.rel_to else "")
