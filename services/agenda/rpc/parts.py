"""What the methods work with besides the request, and who calls."""

from dataclasses import dataclass

from services.agenda.clients.actions import Actions
from services.agenda.clients.threatfeed import Threatfeed
from services.agenda.signatures import OfficialKeys
from services.agenda.usecases.agreeing import Agreeing
from services.agenda.usecases.keep_minutes import Minuting
from services.agenda.usecases.keep_register import Registering
from services.agenda.usecases.rank_subjects import RankingParts
from services.agenda.usecases.trace_thread import Tracing
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.identity import current_principal
from services.chassis.ids import IdSource
from services.kernel.parties import Reader
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class RpcParts:
    """The parts of the agenda's api process that calls need."""

    database: Database
    policy: Policy
    clock: Clock
    ids: IdSource
    keys: OfficialKeys
    threatfeed: Threatfeed
    actions: Actions

    def agreeing(self) -> Agreeing:
        return Agreeing(self.database, self.policy, self.keys, self.clock)

    def ranking(self) -> RankingParts:
        return RankingParts(self.database, self.policy, self.threatfeed, self.clock)

    def registering(self) -> Registering:
        return Registering(self.database, self.policy, self.threatfeed, self.clock, self.ids)

    def minuting(self) -> Minuting:
        return Minuting(self.database, self.policy, self.clock, self.ids)

    def tracing(self) -> Tracing:
        return Tracing(self.database, self.policy, self.threatfeed, self.actions)


def caller() -> Reader:
    """Raises `ClaimsMalformed`."""
    principal = current_principal.get()
    return Reader.from_claims(principal.subject, principal.claims)
