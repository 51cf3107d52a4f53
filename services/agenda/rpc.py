"""The gRPC face of the agenda: meetings and tabled agendas, each as the caller may see it."""

from uuid import UUID

import grpc
from entente.agenda.v1 import agenda_event_pb2, agenda_service_pb2, agenda_service_pb2_grpc

from services.agenda.domain.meeting import Meeting
from services.agenda.domain.permissions import PERMISSIONS, Command
from services.agenda.domain.quorum import progress
from services.agenda.statements import read_tabled_agenda
from services.agenda.usecases.read_agendas import read_agenda
from services.agenda.usecases.read_meetings import read_meeting
from services.chassis.database import Database
from services.chassis.identity import current_principal
from services.chassis.rpc.server import Service
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue

_DESCRIPTOR = agenda_service_pb2.DESCRIPTOR.services_by_name["AgendaService"]


class AgendaServicer(agenda_service_pb2_grpc.AgendaServiceServicer):
    def __init__(self, database: Database, policy: Policy) -> None:
        self._database = database
        self._policy = policy

    async def GetMeeting(  # noqa: N802
        self, request: agenda_service_pb2.GetMeetingRequest, _: object
    ) -> agenda_service_pb2.GetMeetingResponse:
        identity = _identity(request.meeting_id, "/meeting_id")
        meeting = await read_meeting(self._database, _caller(), identity, policy=self._policy)
        return agenda_service_pb2.GetMeetingResponse(meeting=_meeting(meeting))

    async def GetAgenda(  # noqa: N802
        self, request: agenda_service_pb2.GetAgendaRequest, _: object
    ) -> agenda_service_pb2.GetAgendaResponse:
        identity = _identity(request.agenda_id, "/agenda_id")
        agenda = await read_agenda(self._database, _caller(), identity, policy=self._policy)
        quorum = self._policy.get_series(agenda.series).quorum
        return agenda_service_pb2.GetAgendaResponse(
            agenda=read_tabled_agenda(agenda.payload),
            content_hash=agenda.content_hash,
            state=agenda_event_pb2.AgendaState.Value(f"AGENDA_STATE_{agenda.state.value}"),
            agreements=[
                agenda_service_pb2.PartyAgreement(
                    party=party.party,
                    organisations_needed=party.needed,
                    organisations_agreed=party.agreed,
                )
                for party in progress(quorum, agenda.agreed)
            ],
        )


def _caller() -> Reader:
    principal = current_principal.get()
    return Reader.from_claims(principal.subject, principal.claims)


def _identity(text: str, pointer: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidValue("an id is a UUID", pointer=pointer) from error


def _meeting(meeting: Meeting) -> agenda_service_pb2.Meeting:
    message = agenda_service_pb2.Meeting(
        meeting_id=str(meeting.id),
        series=meeting.series,
        edition=meeting.edition,
        host_party=meeting.host_party,
        venue=meeting.venue,
        state=agenda_service_pb2.MeetingState.Value(f"MEETING_STATE_{meeting.state.value}"),
        etag=f'"{meeting.version}"',
    )
    message.starts_at.FromDatetime(meeting.starts_at)
    message.ends_at.FromDatetime(meeting.ends_at)
    return message


def agenda_service(servicer: AgendaServicer) -> Service:
    """The service with who may call each of its methods."""

    def add(server: grpc.aio.Server) -> None:
        agenda_service_pb2_grpc.add_AgendaServiceServicer_to_server(servicer, server)

    return Service(
        name=_DESCRIPTOR.full_name,
        add=add,
        access={
            "GetMeeting": frozenset(role.value for role in PERMISSIONS[Command.READ_MEETING]),
            "GetAgenda": frozenset(role.value for role in PERMISSIONS[Command.READ_AGENDA]),
        },
        methods=[method.name for method in _DESCRIPTOR.methods],
    )
