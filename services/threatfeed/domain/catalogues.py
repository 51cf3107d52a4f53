"""What a release of a catalogue leaves unsaid: which entries it does not list. Pure.

An entry stands as in the newest release that lists it, unless a later one lacks it: so an older release that
comes late changes nothing newer. Two contents of one release are a conflict of every entry that only one of
them lists.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.threatfeed.domain.assessment import VersionKey


@dataclass(frozen=True, slots=True)
class Release:
    """A release of a catalogue. `listed` has the object ids of its entries; `complete` says that all can be
    told: else nothing counts as lacking.
    """

    version: VersionKey
    content_sha256: str
    released_at: datetime
    listed: frozenset[str]
    complete: bool

    def lacks(self, object_ids: Iterable[str]) -> set["Absence"]:
        """Those of the entries that it does not list."""
        if not self.complete:
            return set()
        return {
            Absence(object_id, self.version, self.released_at)
            for object_id in object_ids
            if object_id not in self.listed
        }


@dataclass(frozen=True, slots=True)
class Absence:
    """That a release does not list an entry that is known."""

    object_id: str
    version: VersionKey
    released_at: datetime


def take_release(
    standing: dict[str, VersionKey],
    release: Release,
    copies: Iterable[Release],
    later: Iterable[Absence],
    present: Sequence[str],
) -> list[Absence]:
    """Takes a release in; gives the absences that follow, and brings `standing` up to date.

    `standing` has the newest versions of the entries that are not withdrawn, `copies` are the other contents
    held of the same release, `present` those of its entries that could be read, and `later` says which of
    these a newer release lacks.
    """
    absences = {*later}
    for copy in copies:
        absences |= release.lacks(copy.listed) | copy.lacks(release.listed)
    absences |= release.lacks(
        entry for entry, version in standing.items() if release.version.newer_than(version)
    )
    for entry in present:
        held = standing.get(entry)
        if held is None or release.version.newer_than(held):
            standing[entry] = release.version
    for absence in absences:
        held = standing.get(absence.object_id)
        if held is not None and absence.version.newer_than(held):
            del standing[absence.object_id]
    return sorted(absences, key=lambda one: (one.object_id, one.version.ordinal))
