"""Collections of what an audience's party may read, for tools that speak TAXII 2.1 (OASIS)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.kernel.identifiers import export_id
from services.kernel.parties import Audience, Reader
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue, NoAccess

MOST_OBJECTS: Final = 1_000
"""In one answer."""
_USUAL: Final = 100
_OBJECTS_PER_ASSESSMENT: Final = 65_536
_ANY_VERSION: Final = frozenset({"first", "last", "all"})
_LONGEST_MATCH: Final = 4_000
_MOST_MATCHES: Final = 100


@dataclass(frozen=True, slots=True)
class Collection:
    """What the party of an audience may read, in the order in which it was shown that."""

    audience: Audience

    @property
    def collection_id(self) -> UUID:
        return export_id("collection", self.audience.id)


def collections_of(reader: Reader, policy: Policy) -> list[Collection]:
    """Those of the series in which the reader has any part."""
    return [Collection(Audience(series.id, reader.party)) for series in policy.series_of(reader)]


def collection_of(reader: Reader, collection_id: UUID, policy: Policy) -> Collection:
    """Raises `NoAccess` where there is none, or none for this reader."""
    for collection in collections_of(reader, policy):
        if collection.collection_id == collection_id:
            return collection
    raise NoAccess(f"collection {collection_id}")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """An object of a collection: the sequence of its assessment, and which of its objects it is."""

    sequence: int = 0
    offset: int = 0

    @property
    def number(self) -> int:
        return self.sequence * _OBJECTS_PER_ASSESSMENT + self.offset

    @classmethod
    def of(cls, number: int | None) -> "Place":
        return cls(*divmod(number or 0, _OBJECTS_PER_ASSESSMENT))


@dataclass(frozen=True, slots=True)
class Match:
    """The filters of TAXII 2.1 section 3.4; an empty one lets everything pass."""

    ids: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    versions: frozenset[str] = frozenset()
    spec_versions: frozenset[str] = frozenset()

    @classmethod
    def of(cls, ids: str, types: str, versions: str, spec_versions: str) -> "Match":
        """Each is a list with commas. Raises `InvalidValue`."""
        return cls(
            _listed(ids, "/match[id]"),
            _listed(types, "/match[type]"),
            _listed(versions, "/match[version]"),
            _listed(spec_versions, "/match[spec_version]"),
        )

    def passes(self, content: Mapping[str, Any]) -> bool:
        """One version is held of each object, so that it is the first, the last and all of them."""
        return (
            content["id"] in (self.ids or (content["id"],))
            and content["type"] in (self.types or (content["type"],))
            and bool(not self.versions or self.versions & {version_of(content), *_ANY_VERSION})
            and (not self.spec_versions or "2.1" in self.spec_versions)
        )

    def reports(self) -> list[UUID] | None:
        """The assessments that can be meant where only reports are asked for by id; None for any."""
        prefix = "report--"
        if not self.ids or not all(one.startswith(prefix) for one in self.ids):
            return None
        found = []
        for one in sorted(self.ids):
            try:
                found.append(UUID(one.removeprefix(prefix)))
            except ValueError as error:
                raise InvalidValue("not the id of a STIX object", pointer="/match[id]") from error
        return found


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader asks of a collection."""

    match: Match
    added_after: datetime | None
    start: Place
    limit: int


def version_of(content: Mapping[str, Any]) -> str:
    """`modified`, or `created` where an object has no versions (TAXII 2.1 section 3.4.1)."""
    return str(content.get("modified", content["created"]))


def objects_asked(limit: int | None) -> int:
    """The most are given where more are asked for, as section 3.5 lets a server. Raises `InvalidValue`."""
    if limit is not None and limit < 1:
        raise InvalidValue("at least 1", pointer="/limit")
    return min(limit or _USUAL, MOST_OBJECTS)


def _listed(text: str, pointer: str) -> frozenset[str]:
    found = frozenset(text.split(",")) if text else frozenset()
    if len(text) > _LONGEST_MATCH or len(found) > _MOST_MATCHES or "" in found:
        raise InvalidValue(f"at most {_MOST_MATCHES} values that are not empty", pointer=pointer)
    return found
