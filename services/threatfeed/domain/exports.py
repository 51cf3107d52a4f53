"""What is written for a reader to take away: assessments in the rendition that the reader may have."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.kernel.markings.composition import compose
from services.kernel.markings.marking import Marking
from services.kernel.refusals import InvalidValue
from services.kernel.release_terms import Rendition
from services.threatfeed.domain.assessment import Assessment

MOST_EXPORTED: Final = 1_000
"""Assessments in one export; what follows is another export, under another marking."""
LONGEST_MARKING: Final = 4_000
"""Characters of the marking of an export, which has to stand in a header."""


class ExportFormat(StrEnum):
    """How an export is written."""

    STIX = "stix"
    CSV = "csv"
    JSONL = "jsonl"

    @property
    def media_type(self) -> str:
        """As registered, or as used where nothing is (JSON lines)."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES: Final = {
    ExportFormat.STIX: "application/stix+json;version=2.1",
    ExportFormat.CSV: "text/csv; charset=utf-8; header=present",
    ExportFormat.JSONL: "application/x-ndjson",
}


@dataclass(frozen=True, slots=True)
class Exported:
    """One assessment as its reader may have it; `content` holds nothing else.

    `shown` is when the reader's party was last shown a change of it, which is its version for readers:
    it moves with what they may read, and with nothing else.
    """

    content: Assessment
    revision: int
    state: str
    rendition: Rendition
    party: str
    shown: datetime

    @property
    def marking(self) -> Marking:
        """The roll-up of all that is given of it."""
        return self.content.whole_marking()


@dataclass(frozen=True, slots=True)
class Member:
    """An assessment that an export holds, exactly as it was when the export was marked."""

    assessment_id: UUID
    revision: int
    rendition: Rendition
    shown: datetime


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export holds, and the marking of the whole: never lower than that of a part.

    No marking where there is nothing in it.
    """

    members: tuple[Member, ...] = ()
    marking: Marking | None = None

    def having(self, member: Member, marking: Marking) -> "Manifest":
        """With one more assessment."""
        whole = marking if self.marking is None else compose([self.marking, marking])
        return Manifest((*self.members, member), whole)

    @property
    def banner(self) -> str:
        """The marking in words; empty where there is nothing in the export."""
        return "" if self.marking is None else str(self.marking)


def export_size(asked: int) -> int:
    """0 is the most; more than the most is the most. Raises `InvalidValue` for less than 0."""
    if asked < 0:
        raise InvalidValue("must not be negative", pointer="/limit")
    return min(asked or MOST_EXPORTED, MOST_EXPORTED)
