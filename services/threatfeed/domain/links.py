"""Two assessments that people hold to be of the same matter, in the view of one audience."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.kernel.parties import Audience
from services.kernel.refusals import InvalidValue, Refusal, RefusalKind
from services.threatfeed.domain.correlation import Reason


class LinkExists(Refusal):
    """The audience holds the two to be of one matter already."""

    kind = RefusalKind.ALREADY_EXISTS
    reason = "LINK_EXISTS"


@dataclass(frozen=True, slots=True)
class Link:
    """A decision that explains itself: who made it, when and why, and what the two shared at that time.

    It changes neither assessment; once it is undone there is nothing left of it but the record. `one` is the
    smaller id, so that a pair is linked at most once.
    """

    link_id: UUID
    audience: Audience
    one: UUID
    other: UUID
    reason: str
    official: str
    linked_at: datetime
    shared: tuple[Reason, ...]
    weights_version: str

    def across(self, assessment_id: UUID) -> UUID:
        """The assessment at the other end."""
        return self.other if assessment_id == self.one else self.one


def in_order(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """Raises `InvalidValue` for one assessment twice."""
    if one == other:
        raise InvalidValue("an assessment is of one matter with itself", pointer="/other")
    return min(one, other), max(one, other)
