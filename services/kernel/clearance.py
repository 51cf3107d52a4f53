"""What an operator may see of text that nobody could read, and of which only the ceiling is known.

Where no marking could be read, no release can be decided: such a text stays with the party whose agency
sent it, and with those of its operators who are cleared for all that it may be. The host's operators keep
the deployment running for everybody: they see that a record of another party waits, where and why, and no
more. Nobody else learns that it is there.
"""

from collections.abc import Callable
from dataclasses import dataclass

from services.kernel.markings.levels import Level
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy

DEPLOYMENT = "deployment"
"""The ceiling of a topic that says no more than that its content may be held here."""


@dataclass(frozen=True, slots=True)
class Clearing:
    """The rule of a deployment. `party_of` gives the party whose agency writes a topic, None for our own."""

    policy: Policy
    home_party: str
    ceiling: Level
    party_of: Callable[[str], str | None] = lambda _: None

    def of(self, reader: Reader) -> "OperatorSight":
        """What a reader may see."""
        return OperatorSight(self, reader)


@dataclass(frozen=True, slots=True)
class OperatorSight:
    """What one reader may see, by topic and ceiling."""

    clearing: Clearing
    reader: Reader

    def may_run(self) -> bool:
        """Whether the workings of the deployment, which are the host's."""
        return self._holds(Role.OPERATOR, Role.AUDITOR) and self.reader.party == self.clearing.home_party

    def may_see(self, topic: str, ceiling: str) -> bool:  # noqa: ARG002 the same for every ceiling
        """Whether there is a record at all."""
        if not self._holds(Role.OPERATOR, Role.AUDITOR):
            return False
        return self.reader.party in (self.clearing.home_party, self._owner(topic))

    def may_open(self, topic: str, ceiling: str) -> bool:
        """Whether its bytes, and what quotes them."""
        if not self._holds(Role.OPERATOR) or self.reader.party != self._owner(topic):
            return False
        policy = self.clearing.policy
        cleared = policy.organisation(self.reader.organisation).clearance
        level = self.clearing.ceiling if ceiling == DEPLOYMENT else Level.parse(ceiling)
        return cleared is not None and policy.rank(level) <= policy.rank(cleared)

    def _owner(self, topic: str) -> str:
        return self.clearing.party_of(topic) or self.clearing.home_party

    def _holds(self, *roles: Role) -> bool:
        policy = self.clearing.policy
        return any(policy.roles(self.reader, series) & set(roles) for series in policy.series)
