"""The decisions that stand on a text for a meeting, and what differs when they are made anew."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.kernel.identifiers import decided_text_id
from services.kernel.releasability import jointly_allowed
from services.kernel.release_terms import Decision, Mode, Rendition

LONGEST_MEETING = timedelta(days=2)
"""A meeting is over this long after its start at the latest."""


class ChangeCause(StrEnum):
    """Why decisions were made anew."""

    POLICY = "POLICY"
    CONSENT = "CONSENT"
    STANDING = "STANDING"
    """The text, or one that it was written from, stands otherwise: revised, withdrawn, expired."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided for one party, and by which rule (`Rule`, as text)."""

    allowed: bool
    rule_id: str


@dataclass(frozen=True, slots=True)
class DecidedText:
    """A text in one revision, rendition and mode, as decided last for one meeting.

    `used_at` is the planned time of use. `allowed` says that every party may have it.
    """

    series: str
    meeting_id: UUID
    assessment_id: UUID
    revision: int
    rendition: Rendition
    mode: Mode
    used_at: datetime
    allowed: bool
    verdicts: Mapping[str, Verdict]
    policy_version: str
    evaluated_at: datetime

    @property
    def id(self) -> UUID:
        """Derived from the text and the meeting."""
        return decided_text_id(
            str(self.meeting_id),
            str(self.assessment_id),
            self.revision,
            self.rendition.value,
            self.mode.value,
        )

    def for_nobody(self, policy_version: str, at: datetime) -> "DecidedText":
        """Decided anew where the series is no more: there is no party that may have it."""
        return replace(self, allowed=False, verdicts={}, policy_version=policy_version, evaluated_at=at)

    @classmethod
    def of(cls, series: str, meeting_id: UUID, decisions: tuple[Decision, ...]) -> "DecidedText":
        """From the decisions of one text for every party of a meeting, of which there is at least one."""
        first = decisions[0]
        return cls(
            series=series,
            meeting_id=meeting_id,
            assessment_id=first.assessment_id,
            revision=first.revision,
            rendition=first.rendition,
            mode=first.mode,
            used_at=first.used_at,
            allowed=jointly_allowed(decisions),
            verdicts={entry.party: Verdict(entry.allowed, entry.rule_id.value) for entry in decisions},
            policy_version=first.policy_version,
            evaluated_at=first.evaluated_at,
        )


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """A party for which a text was decided otherwise; None where it took no part before, or now."""

    party: str
    before: Verdict | None
    after: Verdict | None

    @property
    def allowed_before(self) -> bool:
        return self.before is not None and self.before.allowed

    @property
    def allowed_after(self) -> bool:
        return self.after is not None and self.after.allowed


def changed_verdicts(before: DecidedText, after: DecidedText) -> Iterable[VerdictChange]:
    """The parties that may have the text now and could not before, or the reverse, by their ids."""
    for party in sorted({*before.verdicts, *after.verdicts}):
        change = VerdictChange(party, before.verdicts.get(party), after.verdicts.get(party))
        if change.allowed_before is not change.allowed_after:
            yield change
