"""What the routes need besides the request: the parts of this service, and who calls."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from services.agenda.clients.actions import Actions
from services.agenda.clients.threatfeed import Threatfeed
from services.agenda.domain.permissions import PERMISSIONS, Command
from services.agenda.signatures import OfficialKeys
from services.agenda.usecases.agreeing import Agreeing
from services.agenda.usecases.drafting import Drafting
from services.agenda.usecases.keep_minutes import Minuting
from services.agenda.usecases.keep_register import Registering
from services.agenda.usecases.proposing import Proposing
from services.agenda.usecases.rank_subjects import RankingParts
from services.agenda.usecases.table_agenda import Tabling
from services.agenda.usecases.trace_thread import Tracing
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.http.requests import Permission, permit
from services.chassis.identity import Principal
from services.chassis.ids import IdSource
from services.kernel.parties import Reader
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


def agenda_parts(request: Request) -> AgendaParts:
    parts: AgendaParts = request.app.state.agenda
    return parts


Parts = Annotated[AgendaParts, Depends(agenda_parts)]


def permit_command(command: Command) -> Permission:
    """Lets pass whoever holds any role that the command's row in the table names."""
    return permit(*(role.value for role in PERMISSIONS[command]))


def reader_of(principal: Principal) -> Reader:
    """Raises `ClaimsMalformed`."""
    return Reader.from_claims(principal.subject, principal.claims)
