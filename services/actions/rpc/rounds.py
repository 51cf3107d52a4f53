"""Reporting rounds over gRPC."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from entente.actions.v1 import report_round_service_pb2 as api
from entente.actions.v1 import report_round_service_pb2_grpc
from entente.exchange.v1 import action_status_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.actions.domain import definitions
from services.actions.domain.rounds import Counts, ProgressUpdate, Round, RoundDays
from services.actions.domain.states import RULES, Move
from services.actions.domain.visibility import READERS
from services.actions.rpc.calling import Methods
from services.actions.rpc.messages import encode_instant, read_day, read_id, read_rag
from services.actions.rpc.parts import ActionParts, current_reader
from services.actions.usecases.correct_report import correct_report
from services.actions.usecases.read_rounds import OwnAnswer, list_rounds, list_updates, read_round
from services.chassis.rpc.server import Service

NAME = "entente.actions.v1.ReportRoundService"
ACCESS: Mapping[str, frozenset[str]] = {
    "ListReportRounds": READERS,
    "GetReportRound": READERS,
    "ListProgressUpdates": READERS,
    "CorrectReport": RULES[Move.REPORT].roles,
    "GetRatingDefinitions": READERS,
}


class ReportRoundServicer(Methods, report_round_service_pb2_grpc.ReportRoundServiceServicer):
    """Maps messages to use cases and back."""

    async def ListReportRounds(  # noqa: N802 the name is the contract's
        self, request: api.ListReportRoundsRequest, _: Any
    ) -> api.ListReportRoundsResponse:
        parts = self._parts
        before = read_day(request.before, "/before") if request.before else None
        listed = await list_rounds(
            parts.database,
            current_reader(),
            request.series,
            before,
            policy=parts.publication.policy,
            now=parts.clock(),
        )
        return api.ListReportRoundsResponse(
            rounds=[_round(one) for one in listed.rounds],
            next=None if listed.next is None else _days(request.series, listed.next),
        )

    async def GetReportRound(  # noqa: N802 the name is the contract's
        self, request: api.GetReportRoundRequest, _: Any
    ) -> api.GetReportRoundResponse:
        parts = self._parts
        view = await read_round(
            parts.database,
            current_reader(),
            read_id(request.round_id, "/round_id"),
            policy=parts.publication.policy,
            now=parts.clock(),
        )
        return api.GetReportRoundResponse(
            round=_round(view.asking),
            own_counts=_counts(view.own_counts),
            own=[_own(one) for one in view.own],
            joint=[
                api.PartyReportCounts(party=party, counts=_counts(counts))
                for party, counts in view.joint.items()
            ],
            as_of=encode_instant(view.as_of),
        )

    async def ListProgressUpdates(  # noqa: N802 the name is the contract's
        self, request: api.ListProgressUpdatesRequest, _: Any
    ) -> api.ListProgressUpdatesResponse:
        parts = self._parts
        updates = await list_updates(
            parts.database,
            current_reader(),
            read_id(request.action_id),
            read_id(request.before, "/before") if request.before else None,
            policy=parts.publication.policy,
            now=parts.clock(),
        )
        return api.ListProgressUpdatesResponse(updates=[_update(update) for update in updates])

    async def CorrectReport(  # noqa: N802 the name is the contract's
        self, request: api.CorrectReportRequest, _: Any
    ) -> api.CorrectReportResponse:
        return await self._change(
            request,
            correct_report,
            api.CorrectReportResponse,
            read_rag(request.rag),
            request.narrative,
            request.reason,
            changing=self._changing,
        )

    async def GetRatingDefinitions(  # noqa: N802 the name is the contract's
        self, _request: api.GetRatingDefinitionsRequest, _: Any
    ) -> api.GetRatingDefinitionsResponse:
        rags, words = action_status_pb2.Rag, action_status_pb2.Timeliness
        return api.GetRatingDefinitionsResponse(
            source=definitions.SOURCE,
            claimed=[
                api.RatingMeaning(rag=rags.Value(f"RAG_{rag}"), meaning=meaning)
                for rag, meaning in definitions.MEANINGS.items()
            ],
            computed=definitions.COMPUTED,
            rules=[
                api.RatingRule(name=rule.name, rag=rags.Value(f"RAG_{rule.rating}"), meaning=rule.meaning)
                for rule in definitions.computed_rules()
            ],
            timeliness=[
                api.TimelinessMeaning(timeliness=words.Value(f"TIMELINESS_{word}"), meaning=meaning)
                for word, meaning in definitions.TIMELINESS.items()
            ],
            stale=definitions.STALE,
            contradicted=definitions.CONTRADICTED,
        )


def _instant(at: datetime | None) -> Timestamp | None:
    return None if at is None else encode_instant(at)


def _days(series: str, days: RoundDays) -> api.ReportRound:
    return api.ReportRound(
        series=series,
        planned_for=days.planned_for.isoformat(),
        opens_on=days.opens_on.isoformat(),
        reminds_on=days.reminds_on.isoformat(),
        due_on=days.due_on.isoformat(),
        closes_on=days.closes_on.isoformat(),
    )


def _round(one: Round) -> api.ReportRound:
    message = _days(one.series, one.days)
    message.MergeFrom(
        api.ReportRound(
            round_id=str(one.id),
            state=api.ReportRoundState.Value(f"REPORT_ROUND_STATE_{one.state}"),
            opened_at=_instant(one.opened_at),
            reminded_at=_instant(one.reminded_at),
            fell_due_at=_instant(one.fell_due_at),
            closed_at=_instant(one.closed_at),
        )
    )
    return message


def _counts(counts: Counts) -> api.ReportCounts:
    return api.ReportCounts(
        population=counts.population,
        submitted=counts.submitted,
        late=counts.late,
        outstanding=counts.outstanding,
        missed=counts.missed,
        excused=counts.excused,
    )


def _own(one: OwnAnswer) -> api.OwnReport:
    return api.OwnReport(
        action_id=str(one.obligation.action_id),
        reference=one.reference,
        organisation=one.obligation.organisation,
        answer=api.ReportAnswer.Value(f"REPORT_ANSWER_{one.answer}"),
        reminded_at=_instant(one.obligation.reminded_at),
        submitted_at=_instant(one.obligation.submitted_at),
    )


def _update(update: ProgressUpdate) -> api.ProgressUpdate:
    return api.ProgressUpdate(
        update_id=str(update.id),
        party=update.by.party,
        organisation=update.by.organisation,
        official=update.by.official,
        submitted_at=encode_instant(update.by.at),
        rag=action_status_pb2.Rag.Value(f"RAG_{update.rag}"),
        narrative=update.narrative,
        percent=update.percent,
        round_id="" if update.round_id is None else str(update.round_id),
        late=update.late,
        revision=update.revision,
        reason=update.reason,
    )


def report_round_service(parts: ActionParts) -> Service:
    servicer = ReportRoundServicer(parts)
    methods = api.DESCRIPTOR.services_by_name["ReportRoundService"].methods
    return Service(
        name=NAME,
        add=lambda server: report_round_service_pb2_grpc.add_ReportRoundServiceServicer_to_server(
            servicer, server
        ),
        access=ACCESS,
        methods=[method.name for method in methods],
    )
