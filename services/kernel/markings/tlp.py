"""Traffic Light Protocol 1.0 and 2.0 (FIRST, https://www.first.org/tlp/)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.kernel.markings.refusals import MarkingMalformed, MarkingMissing, MarkingUnknown


class TlpVersion(StrEnum):
    """The edition of the protocol a label was written in."""

    V1 = "1.0"
    V2 = "2.0"


class TlpLabel(StrEnum):
    """The labels, from the widest to the narrowest sharing. WHITE and CLEAR mean the same."""

    WHITE = "WHITE"
    CLEAR = "CLEAR"
    GREEN = "GREEN"
    AMBER = "AMBER"
    AMBER_STRICT = "AMBER+STRICT"
    RED = "RED"


_RANK = {
    TlpLabel.WHITE: 0,
    TlpLabel.CLEAR: 0,
    TlpLabel.GREEN: 1,
    TlpLabel.AMBER: 2,
    TlpLabel.AMBER_STRICT: 3,
    TlpLabel.RED: 4,
}
_ONLY_IN = {
    TlpLabel.WHITE: TlpVersion.V1,
    TlpLabel.CLEAR: TlpVersion.V2,
    TlpLabel.AMBER_STRICT: TlpVersion.V2,
}


@dataclass(frozen=True, slots=True)
class Tlp:
    """One label in one version. Raises `MarkingMalformed` where the version has no such label."""

    version: TlpVersion
    label: TlpLabel

    def __post_init__(self) -> None:
        if _ONLY_IN.get(self.label, self.version) is not self.version:
            raise MarkingMalformed("this version of the Traffic Light Protocol has no such label")

    def __str__(self) -> str:
        return f"TLP:{self.label}"

    @property
    def order(self) -> tuple[int, str]:
        """A total order in which the greater label is the more restrictive one."""
        return (_RANK[self.label], self.version)

    def to_document(self) -> dict[str, str]:
        """The JSON form."""
        return {"version": self.version.value, "label": self.label.value}

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> "Tlp":
        """The inverse of `to_document`. Raises `MarkingUnknown` or `MarkingMalformed`."""
        if set(document) != {"version", "label"}:
            raise MarkingMalformed("a TLP marking holds a version and a label", pointer="/tlp")
        version, label = document["version"], document["label"]
        if version not in {member.value for member in TlpVersion}:
            raise MarkingUnknown("unknown TLP version", pointer="/tlp/version")
        if label not in {member.value for member in TlpLabel}:
            raise MarkingUnknown("unknown TLP label", pointer="/tlp/label")
        return cls(TlpVersion(str(version)), TlpLabel(str(label)))


def parse_tlp(text: str) -> Tlp:
    """Reads `TLP:AMBER+STRICT`, in any letter case; WHITE is TLP 1.0 and every other label TLP
    2.0.

    Raises `MarkingMissing` for an empty text, `MarkingMalformed` for a label with spaces (labels
    must not contain any) and `MarkingUnknown` for everything that is no label.
    """
    if not text:
        raise MarkingMissing("the TLP label is empty")
    upper = text.upper()
    if not upper.startswith("TLP:"):
        raise MarkingUnknown("a TLP label starts with 'TLP:'")
    name = upper.removeprefix("TLP:")
    try:
        label = TlpLabel(name)
    except ValueError:
        if any(character.isspace() for character in name):
            raise MarkingMalformed("a TLP label must not contain spaces") from None
        raise MarkingUnknown("unknown TLP label") from None
    return Tlp(_ONLY_IN.get(label, TlpVersion.V2), label)
