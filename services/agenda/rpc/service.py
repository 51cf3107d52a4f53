"""AgendaService over gRPC: the rules and the answers are those of the REST api."""

from collections.abc import Mapping
from typing import Any

from entente.agenda.v1 import agenda_service_pb2 as messages
from entente.agenda.v1 import agenda_service_pb2_grpc

from services.agenda.domain.permissions import Command
from services.agenda.rpc.agreed import (
    encode_agenda,
    encode_comparison,
    encode_conclusions,
    encode_got_agenda,
    encode_meeting,
    encode_outcome,
)
from services.agenda.rpc.arguments import (
    read_answers,
    read_banner,
    read_code,
    read_edition,
    read_hash,
    read_id,
    read_signature,
    read_states,
    read_subject,
    read_thread_id,
    read_token,
)
from services.agenda.rpc.calling import described
from services.agenda.rpc.following import encode_carry_over, encode_matter, encode_thread
from services.agenda.rpc.parts import caller
from services.agenda.rpc.preparing import encode_explanation, encode_proposal, encode_ranking
from services.agenda.rpc.recording import RecordMethods
from services.agenda.rpc.timed import encode_time
from services.agenda.usecases.agree_outcome import agree_outcome, statement_on_outcome
from services.agenda.usecases.agreeing import agree_agenda, statement_on_agenda
from services.agenda.usecases.answer_items import answer_items
from services.agenda.usecases.carrying_over import page_of_carry_over, page_of_matters
from services.agenda.usecases.conclude_meeting import (
    agree_conclusions,
    read_conclusions,
    statement_on_conclusions,
)
from services.agenda.usecases.list_ranking import list_ranking
from services.agenda.usecases.paging import (
    cut,
    page_size,
    read_instant_token,
    read_key,
    sortable,
    write_token,
)
from services.agenda.usecases.parts import AgendaParts
from services.agenda.usecases.proposing import list_proposals
from services.agenda.usecases.rank_subjects import explain_subject
from services.agenda.usecases.read_agendas import compare_agendas, list_agendas, read_agenda
from services.agenda.usecases.read_meetings import page_of_meetings, read_meeting
from services.agenda.usecases.record_outcome import list_outcomes, read_outcome
from services.agenda.usecases.trace_thread import trace_thread
from services.chassis.etags import parse_etag
from services.chassis.rpc.server import Service
from services.kernel.refusals import InvalidValue

COMMANDS: Mapping[str, tuple[Command, ...]] = {
    "GetMeeting": (Command.READ_MEETING,),
    "ListMeetings": (Command.READ_MEETING,),
    "GetAgenda": (Command.READ_AGENDA,),
    "ListAgendas": (Command.READ_AGENDA,),
    "CompareAgendas": (Command.READ_AGENDA,),
    "AnswerItems": (Command.ANSWER_ITEMS,),
    "AgreeAgenda": (Command.AGREE_AGENDA,),
    "GetOutcome": (Command.READ_OUTCOME,),
    "ListOutcomes": (Command.READ_OUTCOME,),
    "AgreeOutcome": (Command.AGREE_OUTCOME,),
    "GetConclusions": (Command.READ_OUTCOME,),
    "AgreeConclusions": (Command.AGREE_OUTCOME,),
    "GetStatement": (Command.AGREE_AGENDA, Command.AGREE_OUTCOME),
    "GetCarryOver": (Command.READ_AGENDA,),
    "ListMattersArising": (Command.READ_AGENDA,),
    "ListRanking": (Command.READ_RANKING,),
    "ExplainSubject": (Command.READ_RANKING,),
    "ListProposals": (Command.READ_PROPOSAL,),
    "TraceThread": (Command.TRACE,),
    "ListDrafts": (Command.READ_DRAFT,),
    "GetDraft": (Command.READ_DRAFT,),
    "GetRegister": (Command.READ_REGISTER,),
    "AddParticipant": (Command.EDIT_REGISTER,),
    "MarkPresence": (Command.EDIT_REGISTER,),
    "CloseRegister": (Command.EDIT_REGISTER,),
    "GetRun": (Command.READ_RUN,),
    "GetPresentation": (Command.READ_RUN,),
    "StartItem": (Command.RUN_MEETING,),
    "MoveClock": (Command.RUN_MEETING,),
    "GetMinutes": (Command.READ_MINUTES,),
    "WriteSection": (Command.EDIT_MINUTES,),
    "AcceptSection": (Command.EDIT_MINUTES,),
    "CommentSection": (Command.EDIT_MINUTES,),
    "ListHistory": (Command.READ_HISTORY,),
}


class AgendaServicer(RecordMethods, agenda_service_pb2_grpc.AgendaServiceServicer):
    """Maps messages to use cases and back."""

    async def GetMeeting(  # noqa: N802 the name is the contract's
        self, request: messages.GetMeetingRequest, _: Any
    ) -> messages.GetMeetingResponse:
        parts, identity = self._parts, read_id(request.meeting_id, "/meeting_id")
        meeting = await read_meeting(parts.database, caller(), identity, policy=parts.policy)
        return messages.GetMeetingResponse(meeting=encode_meeting(meeting))

    async def ListMeetings(  # noqa: N802 the name is the contract's
        self, request: messages.ListMeetingsRequest, _: Any
    ) -> messages.ListMeetingsResponse:
        parts, series, size = self._parts, read_code(request.series, "/series"), page_size(request.page_size)
        shown, following = await page_of_meetings(
            parts.database,
            caller(),
            series,
            page_size=size,
            page_token=read_token(request.page_token),
            policy=parts.policy,
        )
        return messages.ListMeetingsResponse(
            meetings=[encode_meeting(one) for one in shown], next_page_token=following
        )

    async def GetAgenda(  # noqa: N802 the name is the contract's
        self, request: messages.GetAgendaRequest, _: Any
    ) -> messages.GetAgendaResponse:
        parts, identity = self._parts, read_id(request.agenda_id, "/agenda_id")
        view = await read_agenda(parts.database, caller(), identity, policy=parts.policy)
        return encode_got_agenda(view, parts.policy)

    async def ListAgendas(  # noqa: N802 the name is the contract's
        self, request: messages.ListAgendasRequest, _: Any
    ) -> messages.ListAgendasResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        size, question = page_size(request.page_size), ("agendas", meeting_id)
        after = read_key(read_token(request.page_token), (int,), *question)
        found = await list_agendas(parts.database, caller(), meeting_id, policy=parts.policy)
        shown, last = cut(found, lambda one: (-one.agenda.version,), after, size)
        return messages.ListAgendasResponse(
            agendas=[encode_agenda(one, parts.policy) for one in shown],
            next_page_token=write_token(last, *question),
        )

    async def CompareAgendas(  # noqa: N802 the name is the contract's
        self, request: messages.CompareAgendasRequest, _: Any
    ) -> messages.CompareAgendasResponse:
        parts, identity = self._parts, read_id(request.agenda_id, "/agenda_id")
        earlier = read_id(request.earlier_agenda_id, "/earlier_agenda_id")
        return encode_comparison(
            await compare_agendas(parts.database, caller(), identity, earlier, policy=parts.policy)
        )

    async def AnswerItems(  # noqa: N802 the name is the contract's
        self, request: messages.AnswerItemsRequest, _: Any
    ) -> messages.AnswerItemsResponse:
        parts, identity = self._parts, read_id(request.agenda_id, "/agenda_id")
        expected, marking, texts = (
            parse_etag(request.etag, "/etag"),
            read_banner(request.marking),
            read_answers(request),
        )
        reader, policy, clock = caller(), parts.policy, parts.clock
        return await self._once(
            request,
            lambda once: answer_items(
                once, reader, identity, texts, marking, expected, policy=policy, clock=clock
            ),
            lambda view: messages.AnswerItemsResponse(agenda=encode_agenda(view, policy)),
            messages.AnswerItemsResponse,
        )

    async def AgreeAgenda(  # noqa: N802 the name is the contract's
        self, request: messages.AgreeAgendaRequest, _: Any
    ) -> messages.AgreeAgendaResponse:
        parts, identity = self._parts, read_id(request.agenda_id, "/agenda_id")
        content_hash, jws, reader = read_hash(request.content_hash), read_signature(request.jws), caller()
        return await self._once(
            request,
            lambda once: agree_agenda(once, reader, identity, content_hash, jws, agreeing=parts.agreeing()),
            lambda view: messages.AgreeAgendaResponse(agenda=encode_agenda(view, parts.policy)),
            messages.AgreeAgendaResponse,
        )

    async def GetOutcome(  # noqa: N802 the name is the contract's
        self, request: messages.GetOutcomeRequest, _: Any
    ) -> messages.GetOutcomeResponse:
        parts, identity = self._parts, read_id(request.outcome_id, "/outcome_id")
        outcome = await read_outcome(parts.database, caller(), identity, policy=parts.policy)
        return messages.GetOutcomeResponse(outcome=encode_outcome(outcome, parts.policy))

    async def ListOutcomes(  # noqa: N802 the name is the contract's
        self, request: messages.ListOutcomesRequest, _: Any
    ) -> messages.ListOutcomesResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        size, question = page_size(request.page_size), ("outcomes", meeting_id)
        after = read_key(read_token(request.page_token), (str, str), *question)
        found = await list_outcomes(parts.database, caller(), meeting_id, policy=parts.policy)
        shown, last = cut(found, lambda one: (sortable(one.proposed_at), str(one.id)), after, size)
        return messages.ListOutcomesResponse(
            outcomes=[encode_outcome(one, parts.policy) for one in shown],
            next_page_token=write_token(last, *question),
        )

    async def AgreeOutcome(  # noqa: N802 the name is the contract's
        self, request: messages.AgreeOutcomeRequest, _: Any
    ) -> messages.AgreeOutcomeResponse:
        parts, identity = self._parts, read_id(request.outcome_id, "/outcome_id")
        content_hash, jws, reader = read_hash(request.content_hash), read_signature(request.jws), caller()
        return await self._once(
            request,
            lambda once: agree_outcome(once, reader, identity, content_hash, jws, agreeing=parts.agreeing()),
            lambda outcome: messages.AgreeOutcomeResponse(outcome=encode_outcome(outcome, parts.policy)),
            messages.AgreeOutcomeResponse,
        )

    async def GetConclusions(  # noqa: N802 the name is the contract's
        self, request: messages.GetConclusionsRequest, _: Any
    ) -> messages.GetConclusionsResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        found = await read_conclusions(parts.database, caller(), meeting_id, policy=parts.policy)
        return messages.GetConclusionsResponse(conclusions=encode_conclusions(found, parts.policy))

    async def AgreeConclusions(  # noqa: N802 the name is the contract's
        self, request: messages.AgreeConclusionsRequest, _: Any
    ) -> messages.AgreeConclusionsResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        content_hash, jws, reader = read_hash(request.content_hash), read_signature(request.jws), caller()
        return await self._once(
            request,
            lambda once: agree_conclusions(
                once, reader, meeting_id, content_hash, jws, agreeing=parts.agreeing()
            ),
            lambda found: messages.AgreeConclusionsResponse(
                conclusions=encode_conclusions(found, parts.policy)
            ),
            messages.AgreeConclusionsResponse,
        )

    async def GetStatement(  # noqa: N802 the name is the contract's
        self, request: messages.GetStatementRequest, _: Any
    ) -> messages.GetStatementResponse:
        parts, subject = self._parts, request.WhichOneof("subject")
        if subject is None:
            raise InvalidValue("an agenda, an outcome or conclusions", pointer="/subject")
        identity = read_id(getattr(request, subject), f"/{subject}")
        asked = {
            "agenda_id": statement_on_agenda,
            "outcome_id": statement_on_outcome,
            "conclusions_meeting_id": statement_on_conclusions,
        }[subject]
        found = await asked(parts.database, caller(), identity, policy=parts.policy)
        return messages.GetStatementResponse(
            type=found.statement.type, payload=found.statement.payload, content_hash=found.content_hash
        )

    async def GetCarryOver(  # noqa: N802 the name is the contract's
        self, request: messages.GetCarryOverRequest, _: Any
    ) -> messages.GetCarryOverResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        return encode_carry_over(
            *await page_of_carry_over(
                parts.database,
                caller(),
                meeting_id,
                page_size=page_size(request.page_size),
                page_token=read_token(request.page_token),
                policy=parts.policy,
            )
        )

    async def ListMattersArising(  # noqa: N802 the name is the contract's
        self, request: messages.ListMattersArisingRequest, _: Any
    ) -> messages.ListMattersArisingResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        section, following = await page_of_matters(
            parts.database,
            caller(),
            meeting_id,
            page_size=page_size(request.page_size),
            page_token=read_token(request.page_token),
            policy=parts.policy,
            clock=parts.clock,
        )
        return messages.ListMattersArisingResponse(
            since=encode_time(section.since),
            until=encode_time(section.until),
            matters=[encode_matter(one) for one in section.matters],
            next_page_token=following,
        )

    async def ListRanking(  # noqa: N802 the name is the contract's
        self, request: messages.ListRankingRequest, _: Any
    ) -> messages.ListRankingResponse:
        found = await list_ranking(
            caller(),
            read_id(request.meeting_id, "/meeting_id"),
            page_size=page_size(request.page_size),
            page_token=read_token(request.page_token),
            parts=self._parts.ranking(),
        )
        return encode_ranking(*found)

    async def ExplainSubject(  # noqa: N802 the name is the contract's
        self, request: messages.ExplainSubjectRequest, _: Any
    ) -> messages.ExplainSubjectResponse:
        meeting_id, subject = read_id(request.meeting_id, "/meeting_id"), read_subject(request.subject)
        return encode_explanation(
            *await explain_subject(caller(), meeting_id, subject, parts=self._parts.ranking())
        )

    async def ListProposals(  # noqa: N802 the name is the contract's
        self, request: messages.ListProposalsRequest, _: Any
    ) -> messages.ListProposalsResponse:
        parts, reader, series = self._parts, caller(), read_code(request.series, "/series")
        states, edition = read_states(request.states), read_edition(request)
        question = (reader.party, series, states, edition)
        found, following = await list_proposals(
            parts.database,
            reader,
            series,
            states=states,
            edition=edition,
            after=read_instant_token(read_token(request.page_token), *question),
            size=page_size(request.page_size),
            policy=parts.policy,
        )
        return messages.ListProposalsResponse(
            proposals=[encode_proposal(view) for view in found],
            next_page_token=write_token(following, *question),
        )

    async def TraceThread(  # noqa: N802 the name is the contract's
        self, request: messages.TraceThreadRequest, _: Any
    ) -> messages.TraceThreadResponse:
        return encode_thread(
            await trace_thread(caller(), read_thread_id(request.id), tracing=self._parts.tracing())
        )


def agenda_service(parts: AgendaParts) -> Service:
    """The service with who may call each of its methods."""
    return described(
        messages.DESCRIPTOR.services_by_name["AgendaService"],
        COMMANDS,
        agenda_service_pb2_grpc.add_AgendaServiceServicer_to_server,
        AgendaServicer(parts),
    )
