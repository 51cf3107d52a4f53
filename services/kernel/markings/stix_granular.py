"""Which part of a STIX object carries which marking (STIX 2.1 section 7.2.3).

The standard says how parts are marked and not how markings combine: here a container never grants
more than its most restricted part, and a part never more than the object it is in.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from services.kernel.markings.composition import compose
from services.kernel.markings.marking import Marking
from services.kernel.markings.refusals import MarkingMalformed, MarkingMissing
from services.kernel.markings.stix import definition_marking, stix_marking
from services.kernel.refusals import Refusal

LONGEST_SELECTOR = 250
"""Characters, as STIX bounds the names of properties."""

_STEP = re.compile(r"\[(0|[1-9][0-9]{0,6})\]|([A-Za-z0-9_-]+)")
_Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class StixPart:
    """The part of an object at `path` and the marking that was put on it."""

    selector: str
    path: _Path
    marking: Marking


@dataclass(frozen=True, slots=True)
class StixMarkings:
    """The markings of one object: `stated` for all of it, and those of its parts."""

    stated: Marking | None
    parts: tuple[StixPart, ...]

    @classmethod
    def read(
        cls, content: Mapping[str, object], definitions: Mapping[str, Mapping[str, object]]
    ) -> "StixMarkings":
        """Reads `object_marking_refs` and `granular_markings` of an object.

        An entry that only states a language is no marking. Raises as `stix_marking` does, and
        `MarkingMalformed`, with a pointer into the object, for an entry that holds not exactly one of
        `marking_ref` and `lang`, or a selector that is none or points at nothing.
        """
        references = content.get("object_marking_refs", [])
        entries = content.get("granular_markings", [])
        if not isinstance(references, list) or not all(isinstance(entry, str) for entry in references):
            raise MarkingMalformed("marking references are strings", pointer="/object_marking_refs")
        if not isinstance(entries, list):
            raise MarkingMalformed("granular markings are a list", pointer="/granular_markings")
        parts: list[StixPart] = []
        for position, entry in enumerate(entries):
            parts += _read_entry(entry, content, definitions, f"/granular_markings/{position}")
        return cls(stix_marking(references, definitions), tuple(parts))

    @property
    def whole(self) -> Marking | None:
        """The roll-up of the object and all its parts, None where nothing is marked.

        Raises `MarkingMissing` where only parts are: the rest of the object is unmarked.
        """
        if self.stated is None and self.parts:
            raise MarkingMissing("parts of the object are marked and the rest is not")
        return _compose([self.stated, *(part.marking for part in self.parts)])

    @property
    def stated_anywhere(self) -> Marking | None:
        """The roll-up of what is marked, of the object or of its parts; None where nothing is."""
        return _compose([self.stated, *(part.marking for part in self.parts)])

    def at(self, selector: str) -> Marking | None:
        """The marking of one part: of the object, of what the part is in and of what it holds; None
        where neither the object nor anything that the part is in is marked.

        Raises `MarkingMalformed` for what is no selector.
        """
        path = _path(selector, "")
        if self.stated is None and not any(part.path == path[: len(part.path)] for part in self.parts):
            return None
        touching = (part.marking for part in self.parts if _overlap(part.path, path))
        return _compose([self.stated, *touching])


def _read_entry(
    entry: object,
    content: Mapping[str, object],
    definitions: Mapping[str, Mapping[str, object]],
    pointer: str,
) -> list[StixPart]:
    if not isinstance(entry, Mapping) or ("marking_ref" in entry) is ("lang" in entry):
        raise MarkingMalformed("an entry holds a marking or a language, one of them", pointer=pointer)
    selectors = entry.get("selectors")
    if not isinstance(selectors, list) or not selectors:
        raise MarkingMalformed("an entry selects at least one part", pointer=f"{pointer}/selectors")
    paths = [
        _present(selector, content, f"{pointer}/selectors/{place}")
        for place, selector in enumerate(selectors)
    ]
    if "lang" in entry:
        return []
    reference = entry["marking_ref"]
    if not isinstance(reference, str):
        raise MarkingMalformed("a marking reference is a string", pointer=f"{pointer}/marking_ref")
    try:
        marking = definition_marking(reference, definitions.get(reference))
    except Refusal as refusal:
        place = f"{pointer}/marking_ref"
        raise type(refusal)(refusal.detail, pointer=place, **refusal.metadata) from refusal
    if marking is None:
        return []
    return [StixPart(selector, path, marking) for selector, path in zip(selectors, paths, strict=True)]


def _present(selector: object, content: object, pointer: str) -> _Path:
    if not isinstance(selector, str):
        raise MarkingMalformed("a selector is a string", pointer=pointer)
    path = _path(selector, pointer)
    found = content
    for step in path:
        members = dict(enumerate(found)) if isinstance(found, list) else found
        if not isinstance(members, Mapping) or step not in members:
            raise MarkingMalformed("a selector points at nothing", pointer=pointer)
        found = members[step]
    return path


def _path(selector: str, pointer: str) -> _Path:
    steps = selector.split(".") if len(selector) <= LONGEST_SELECTOR else []
    found = [_STEP.fullmatch(step) for step in steps]
    if not found or found[0] is None or found[0][2] is None:
        raise MarkingMalformed("the selector is not understood", pointer=pointer or None)
    path: list[str | int] = []
    for step in found:
        if step is None:
            raise MarkingMalformed("the selector is not understood", pointer=pointer or None)
        path.append(step[2] if step[1] is None else int(step[1]))
    return tuple(path)


def _overlap(one: _Path, other: _Path) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _compose(found: list[Marking | None]) -> Marking | None:
    # What a feed marks as a whole can be marked lower than a part of it; the roll-up never is.
    markings = [marking for marking in found if marking is not None]
    return compose(markings) if markings else None
