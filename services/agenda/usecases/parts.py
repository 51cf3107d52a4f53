"""What the use cases of the agenda work with, whoever calls them."""

from dataclasses import dataclass

from services.agenda.clients.actions import Actions
from services.agenda.clients.threatfeed import Threatfeed
from services.agenda.signatures import OfficialKeys
from services.agenda.usecases.agreeing import Agreeing
from services.agenda.usecases.assemble_agenda import Assembling
from services.agenda.usecases.drafting import Drafting
from services.agenda.usecases.keep_minutes import Minuting
from services.agenda.usecases.keep_register import Registering
from services.agenda.usecases.proposing import Proposing
from services.agenda.usecases.rank_subjects import RankingParts
from services.agenda.usecases.table_agenda import Tabling
from services.agenda.usecases.trace_thread import Tracing
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.ids import IdSource
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class AgendaParts:
    """The parts of the agenda's api process."""

    database: Database
    policy: Policy
    clock: Clock
    ids: IdSource
    keys: OfficialKeys
    threatfeed: Threatfeed
    actions: Actions

    def drafting(self) -> Drafting:
        return Drafting(self.policy, self.threatfeed, self.clock, self.ids)

    def proposing(self) -> Proposing:
        return Proposing(self.database, self.policy, self.threatfeed, self.clock, self.ids)

    def ranking(self) -> RankingParts:
        return RankingParts(self.database, self.policy, self.threatfeed, self.clock)

    def tabling(self) -> Tabling:
        return Tabling(self.database, self.policy, self.threatfeed, self.clock, self.ids)

    def agreeing(self) -> Agreeing:
        return Agreeing(self.database, self.policy, self.keys, self.clock)

    def registering(self) -> Registering:
        return Registering(self.database, self.policy, self.threatfeed, self.clock, self.ids)

    def minuting(self) -> Minuting:
        return Minuting(self.database, self.policy, self.clock, self.ids)

    def tracing(self) -> Tracing:
        return Tracing(self.database, self.policy, self.threatfeed, self.actions)

    def assembling(self) -> Assembling:
        return Assembling(self.database, self.policy, self.clock)
