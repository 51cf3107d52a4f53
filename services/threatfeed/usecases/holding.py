"""What a deployment may hold at all: no text that it may not hold is stored, logged or sent to it."""

from dataclasses import dataclass
from datetime import datetime

from services.kernel.markings.levels import Level
from services.kernel.policy import Policy
from services.kernel.releasability import HoldingRefused, check_holding
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.submission import Reading, Rejection


@dataclass(frozen=True, slots=True)
class Holding:
    """What this deployment may hold at all."""

    home_party: str
    ceiling: Level
    policy: Policy

    def checked(self, reading: Reading, at: datetime) -> Reading:
        """The reading, or its rejection where its text may not be stored here."""
        if not isinstance(reading, Assessment):
            return reading
        party = self.policy.agency(reading.originator).party
        try:
            for marking in reading.markings():
                check_holding(
                    marking,
                    originator_party=party,
                    home_party=self.home_party,
                    ceiling=self.ceiling,
                    policy=self.policy,
                    now=at,
                )
        except HoldingRefused as refusal:
            source = reading.source
            return Rejection(source.object_id, source.version.text, (refusal,))
        return reading
