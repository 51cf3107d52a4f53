"""Classification levels as each marking system names them, lowest first.

How levels of different systems compare is policy and not stated here: equivalence says how to
protect a text and never that it may be released.
"""

from dataclasses import dataclass
from enum import StrEnum

from services.kernel.markings.refusals import MarkingUnknown


class MarkingSystem(StrEnum):
    """A national or institutional marking system."""

    UK_GSCP = "UK_GSCP"
    US_CAPCO = "US_CAPCO"
    EUCI = "EUCI"
    NATO = "NATO"
    STIX_ACS = "STIX_ACS"


LEVELS: dict[MarkingSystem, tuple[str, ...]] = {
    MarkingSystem.UK_GSCP: ("OFFICIAL", "OFFICIAL-SENSITIVE", "SECRET", "TOP SECRET"),
    MarkingSystem.US_CAPCO: ("UNCLASSIFIED", "CONFIDENTIAL", "SECRET", "TOP SECRET"),
    MarkingSystem.EUCI: (
        "UNCLASSIFIED",
        "RESTREINT UE/EU RESTRICTED",
        "CONFIDENTIEL UE/EU CONFIDENTIAL",
        "SECRET UE/EU SECRET",
        "TRÈS SECRET UE/EU TOP SECRET",
    ),
    MarkingSystem.NATO: (
        "NATO UNCLASSIFIED",
        "NATO RESTRICTED",
        "NATO CONFIDENTIAL",
        "NATO SECRET",
        "COSMIC TOP SECRET",
    ),
    MarkingSystem.STIX_ACS: ("U", "C", "S", "TS"),
}

_SPOKEN_PREFIX = {
    MarkingSystem.UK_GSCP: "UK ",
    MarkingSystem.US_CAPCO: "US ",
    MarkingSystem.EUCI: "",
    MarkingSystem.NATO: "",
    MarkingSystem.STIX_ACS: "ACS ",
}


@dataclass(frozen=True, slots=True)
class Level:
    """A level of one system, for example as the ceiling of a meeting, a party or a deployment.

    Raises `MarkingUnknown` where the system has no such level.
    """

    system: MarkingSystem
    name: str

    def __post_init__(self) -> None:
        if self.name not in LEVELS[self.system]:
            raise MarkingUnknown("unknown level for its marking system")

    @classmethod
    def parse(cls, text: str) -> "Level":
        """Reads `UK OFFICIAL-SENSITIVE`, `US SECRET`, `SECRET UE/EU SECRET`; the inverse of `str`.

        A bare `SECRET` names no system and is refused.
        """
        for system, names in LEVELS.items():
            for name in names:
                level = cls(system, name)
                if str(level) == text:
                    return level
        raise MarkingUnknown("unknown classification level")

    @property
    def order(self) -> int:
        """The place of the level within its own system, 0 for the lowest."""
        return LEVELS[self.system].index(self.name)

    def __str__(self) -> str:
        if self.system is MarkingSystem.EUCI and self.name == "UNCLASSIFIED":
            return "EU UNCLASSIFIED"
        return _SPOKEN_PREFIX[self.system] + self.name
