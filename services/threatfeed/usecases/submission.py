"""A submission on its way in."""

from dataclasses import dataclass

from services.chassis.consumer.records import Record
from services.kernel.refusals import Refusal
from services.threatfeed.domain.submission import Reading


@dataclass(frozen=True, slots=True)
class Submission:
    """A record of an agency's topic with what was read in it, or why nothing could be."""

    record: Record
    agency: str
    content: tuple[Reading, ...] | Refusal


def readings_of(submission: Submission) -> tuple[Reading, ...]:
    """What was read in it; nothing where it was refused as a whole."""
    return () if isinstance(submission.content, Refusal) else submission.content
