"""What was found when an action was looked at again."""

from dataclasses import dataclass
from datetime import date

from services.actions.domain.owners import Signature


@dataclass(frozen=True, slots=True)
class Review:
    """One yearly review of an action under a standing commitment; `due` is the day it was due on."""

    by: Signature
    due: date
    finding: str


@dataclass(frozen=True, slots=True)
class ClosureReview:
    """A look at a closed action, `due` some time after: whether what was done has lasted."""

    by: Signature
    due: date
    finding: str
    sustained: bool
