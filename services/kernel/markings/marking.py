"""What one text is marked with: a TLP label, national markings and the originators to be asked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime

from services.kernel.markings.capco_terms import NOFORN, NOT_FOREIGN
from services.kernel.markings.levels import Level, MarkingSystem
from services.kernel.markings.nations import USA, expand
from services.kernel.markings.refusals import MarkingMalformed, MarkingMissing, MarkingUnknown
from services.kernel.markings.tlp import Tlp
from services.kernel.markings.writing import EMBARGO_FORMAT, write

_SETS = (
    "handling_instructions",
    "descriptors",
    "codewords",
    "national_caveats",
    "rel_to",
    "display_only",
    "dissem_controls",
)


@dataclass(frozen=True, slots=True)
class NationalMarking:
    """A marking of one national or institutional system.

    Every set restricts, except `rel_to` and `display_only`, which permit. Raises `MarkingUnknown`
    for a level the system does not have; the rest of the grammar is checked where a banner is
    read, since a roll-up may lawfully hold more than one banner may say. Lists of US markings are
    kept in one form: FVEY, TEYE and ACGU expanded, the USA in every release list, and for display
    only those to whom the text is not released anyhow; NOFORN stands beside SBU-NF and LES-NF.
    """

    system: MarkingSystem
    level: str
    prefix: str | None = None
    handling_instructions: frozenset[str] = frozenset()
    descriptors: frozenset[str] = frozenset()
    codewords: frozenset[str] = frozenset()
    national_caveats: frozenset[str] = frozenset()
    rel_to: frozenset[str] = frozenset()
    display_only: frozenset[str] = frozenset()
    dissem_controls: frozenset[str] = frozenset()
    embargo_until: datetime | None = None

    def __post_init__(self) -> None:
        Level(self.system, self.level)
        if self.system is MarkingSystem.US_CAPCO:
            released = expand(self.rel_to) | {USA}
            object.__setattr__(self, "rel_to", released if len(released) > 1 else frozenset())
            object.__setattr__(self, "display_only", expand(self.display_only) - released)
            if self.dissem_controls & NOT_FOREIGN:
                object.__setattr__(self, "dissem_controls", self.dissem_controls | {NOFORN})
        embargo = self.embargo_until
        if embargo is None:
            return
        if embargo.tzinfo is None or embargo.microsecond:
            raise MarkingMalformed("an embargo ends at a whole second of a stated time zone")
        object.__setattr__(self, "embargo_until", embargo.astimezone(UTC))

    @property
    def classification(self) -> Level:
        """The level with its system."""
        return Level(self.system, self.level)

    def __str__(self) -> str:
        return write(self)

    def to_document(self) -> dict[str, object]:
        """The JSON form; sets become sorted lists."""
        embargo = self.embargo_until
        return {
            "system": self.system.value,
            "level": self.level,
            "prefix": self.prefix,
            **{name: sorted(getattr(self, name)) for name in _SETS},
            "embargo_until": embargo.strftime(EMBARGO_FORMAT) if embargo else None,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> "NationalMarking":
        """The inverse of `to_document`. Raises `MarkingUnknown` or `MarkingMalformed`."""
        if set(document) != {entry.name for entry in fields(cls)}:
            raise MarkingMalformed("a national marking has missing or unknown members")
        system, prefix, embargo = (document[name] for name in ("system", "prefix", "embargo_until"))
        if system not in {member.value for member in MarkingSystem}:
            raise MarkingUnknown("unknown marking system")
        if not isinstance(prefix, str | None) or not isinstance(embargo, str | None):
            raise MarkingMalformed("a prefix and an embargo are strings")
        return cls(
            system=MarkingSystem(str(system)),
            level=str(document["level"]),
            prefix=prefix,
            embargo_until=_instant(embargo) if embargo is not None else None,
            **{name: _strings(document[name]) for name in _SETS},
        )


@dataclass(frozen=True, slots=True)
class Marking:
    """The marking of one text.

    `national` holds at most one marking a system, sorted by system; `originators` the
    organisations whose consent a further release needs; `original_text` the banner as received,
    which takes no part in equality. Raises `MarkingMissing` where there is neither TLP nor a
    national marking.
    """

    tlp: Tlp | None = None
    national: tuple[NationalMarking, ...] = ()
    originators: frozenset[str] = frozenset()
    original_text: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.tlp is None and not self.national:
            raise MarkingMissing("the text carries no marking")
        systems = [marking.system for marking in self.national]
        if len(set(systems)) != len(systems):
            raise MarkingMalformed("a text carries at most one marking of a system")
        ordered = tuple(sorted(self.national, key=lambda marking: marking.system))
        object.__setattr__(self, "national", ordered)

    def with_originators(self, organisations: Iterable[str]) -> "Marking":
        """The same marking with these originators to be asked as well."""
        return replace(self, originators=self.originators | frozenset(organisations))

    def of_system(self, system: MarkingSystem) -> NationalMarking | None:
        """The marking of that system, if the text carries one."""
        return next((marking for marking in self.national if marking.system is system), None)

    def __str__(self) -> str:
        parts = [*([str(self.tlp)] if self.tlp else []), *(str(entry) for entry in self.national)]
        return "//".join(parts)

    def to_document(self) -> dict[str, object]:
        """The JSON form, from which `from_document` makes an equal marking."""
        return {
            "tlp": self.tlp.to_document() if self.tlp else None,
            "national": [marking.to_document() for marking in self.national],
            "originators": sorted(self.originators),
            "original_text": self.original_text,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> "Marking":
        """The inverse of `to_document`.

        Raises `MarkingUnknown`, `MarkingMalformed` or `MarkingMissing`; nothing unknown is ever
        dropped.
        """
        if set(document) != {"tlp", "national", "originators", "original_text"}:
            raise MarkingMalformed("a marking has missing or unknown members")
        tlp, national, text = (document[name] for name in ("tlp", "national", "original_text"))
        if not isinstance(tlp, Mapping | None) or not isinstance(text, str | None):
            raise MarkingMalformed("a marking has a member of the wrong type")
        if not isinstance(national, list | tuple):
            raise MarkingMalformed("the national markings are a list", pointer="/national")
        entries: list[NationalMarking] = []
        for entry in national:
            if not isinstance(entry, Mapping):
                raise MarkingMalformed("a national marking is an object", pointer="/national")
            entries.append(NationalMarking.from_document(entry))
        return cls(
            tlp=Tlp.from_document(tlp) if tlp is not None else None,
            national=tuple(entries),
            originators=_strings(document["originators"]),
            original_text=text,
        )


def _strings(value: object) -> frozenset[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(entry, str) for entry in value):
        raise MarkingMalformed("a list of strings is wanted")
    return frozenset(value)


def _instant(text: str) -> datetime:
    try:
        return datetime.strptime(text, EMBARGO_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        raise MarkingMalformed("an embargo ends at an RFC 3339 instant in UTC") from None
