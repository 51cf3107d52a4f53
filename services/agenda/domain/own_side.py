"""What a side writes for itself: comments on its draft, briefs and speaking notes. It never crosses."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Comment:
    """What one of a side's officials says to the others of an item in their draft."""

    id: UUID
    item_id: UUID
    text: str
    organisation: str
    official: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Brief:
    """A side's steering brief and speaking notes for one item. `marking` is a banner."""

    meeting_id: UUID
    party: str
    item_id: UUID
    brief: str
    speaking_notes: str
    marking: str
    official: str
    at: datetime
    version: int
