"""What shows that an action was carried out."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that shows that the action was carried out. `digest` is empty where there is no file."""

    id: UUID
    title: str
    description: str
    uri: str
    digest: str
    marking: str
    submitted_by: str
    party: str
    organisation: str
    submitted_at: datetime
