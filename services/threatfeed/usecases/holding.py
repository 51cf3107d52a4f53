"""What a deployment may hold at all: no text that it may not hold is stored, logged or sent to it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from services.kernel.markings.levels import Level
from services.kernel.markings.marking import Marking
from services.kernel.policy import Policy
from services.kernel.releasability import HoldingRefused, check_holding
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.spills import is_suspect
from services.threatfeed.domain.submission import Reading, Rejection


@dataclass(frozen=True, slots=True)
class Holding:
    """What this deployment may hold at all."""

    home_party: str
    ceiling: Level
    policy: Policy

    def suspects(self, raw: bytes | None) -> bool:
        """Whether what could not be read names what may not be held here."""
        return raw is not None and is_suspect(
            raw, home_party=self.home_party, ceiling=self.ceiling, policy=self.policy
        )

    def check(self, at: datetime) -> Callable[[Reading], Reading]:
        """What gives each reading of a batch, or its rejection where its text may not be stored here."""

        @cache
        def refusal(marking: Marking, party: str) -> HoldingRefused | None:
            try:
                check_holding(
                    marking,
                    originator_party=party,
                    home_party=self.home_party,
                    ceiling=self.ceiling,
                    policy=self.policy,
                    now=at,
                )
            except HoldingRefused as refused:
                return refused
            return None

        def checked(reading: Reading) -> Reading:
            if not isinstance(reading, Assessment):
                return reading
            party = self.policy.agency(reading.originator).party
            for marking in reading.markings():
                if (refused := refusal(marking, party)) is not None:
                    source = reading.source
                    return Rejection(source.object_id, source.version.text, (refused,))
            return reading

        return checked
