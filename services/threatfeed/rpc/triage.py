"""TriageService over gRPC."""

from typing import Any

from entente.threatfeed.v1 import triage_service_pb2, triage_service_pb2_grpc

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.etags import etag, parse_etag
from services.chassis.rpc.requests import run_once
from services.chassis.rpc.server import Service
from services.kernel.parties import Role
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue
from services.threatfeed.domain.paging import page_size, page_token, read_page_token
from services.threatfeed.domain.theme_decisions import AssignedTheme, ThemeDecision, Verdict
from services.threatfeed.rpc.arguments import read_uuid, reader_of_call
from services.threatfeed.rpc.encoding import encode_rendered
from services.threatfeed.usecases.decide_theme import Ask, ThemesView, decide_theme, read_themes
from services.threatfeed.usecases.list_unthemed import count_unthemed, list_unthemed

NAME = "entente.threatfeed.v1.TriageService"
_SECRETARIAT = frozenset({Role.SECRETARIAT})
ACCESS = {
    "ListUnthemed": _SECRETARIAT,
    "CountUnthemed": _SECRETARIAT,
    "GetThemes": _SECRETARIAT,
    "DecideTheme": _SECRETARIAT,
}
_VERDICTS = {
    triage_service_pb2.THEME_VERDICT_ASSIGNED: Verdict.ASSIGNED,
    triage_service_pb2.THEME_VERDICT_REMOVED: Verdict.REMOVED,
    triage_service_pb2.THEME_VERDICT_LEFT_TO_RULES: None,
}


class TriageServicer(triage_service_pb2_grpc.TriageServiceServicer):
    """Maps messages to use cases and back."""

    def __init__(self, database: Database, policy: Policy, clock: Clock) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock

    async def ListUnthemed(  # noqa: N802 the name is the contract's
        self, request: triage_service_pb2.ListUnthemedRequest, _: Any
    ) -> triage_service_pb2.ListUnthemedResponse:
        reader = reader_of_call()
        asked = f"{reader.subject}|unthemed|{request.series}"
        page, position = await list_unthemed(
            self._database,
            reader,
            request.series,
            after=read_page_token(request.page_token, asked),
            size=page_size(request.page_size),
            policy=self._policy,
            at=self._clock(),
        )
        return triage_service_pb2.ListUnthemedResponse(
            assessments=[
                triage_service_pb2.UnthemedAssessment(
                    assessment=encode_rendered(one.rendered), etag=etag(one.version)
                )
                for one in page
            ],
            next_page_token=page_token(position, asked),
        )

    async def CountUnthemed(  # noqa: N802 the name is the contract's
        self, request: triage_service_pb2.CountUnthemedRequest, _: Any
    ) -> triage_service_pb2.CountUnthemedResponse:
        waiting = await count_unthemed(
            self._database, reader_of_call(), request.series, policy=self._policy, at=self._clock()
        )
        message = triage_service_pb2.CountUnthemedResponse(count=waiting.count)
        if waiting.oldest is not None:
            message.oldest_published_time.FromDatetime(waiting.oldest)
        return message

    async def GetThemes(  # noqa: N802 the name is the contract's
        self, request: triage_service_pb2.GetThemesRequest, _: Any
    ) -> triage_service_pb2.GetThemesResponse:
        view = await read_themes(
            self._database,
            reader_of_call(),
            request.series,
            read_uuid(request.assessment_id, "/assessment_id"),
            policy=self._policy,
            at=self._clock(),
        )
        return triage_service_pb2.GetThemesResponse(themes=_themes(view))

    async def DecideTheme(  # noqa: N802 the name is the contract's
        self, request: triage_service_pb2.DecideThemeRequest, _: Any
    ) -> triage_service_pb2.DecideThemeResponse:
        reader, identity = reader_of_call(), read_uuid(request.assessment_id, "/assessment_id")
        ask = _ask(request)
        return await run_once(
            lambda once: decide_theme(
                once, reader, request.series, identity, ask, policy=self._policy, clock=self._clock
            ),
            lambda view: triage_service_pb2.DecideThemeResponse(themes=_themes(view)),
            triage_service_pb2.DecideThemeResponse,
            request=request,
            request_id=request.request_id,
            database=self._database,
            clock=self._clock,
        )


def triage_service(servicer: TriageServicer) -> Service:
    methods = triage_service_pb2.DESCRIPTOR.services_by_name["TriageService"].methods
    return Service(
        name=NAME,
        add=lambda server: triage_service_pb2_grpc.add_TriageServiceServicer_to_server(servicer, server),
        access=ACCESS,
        methods=[method.name for method in methods],
    )


def _ask(request: triage_service_pb2.DecideThemeRequest) -> Ask:
    if request.verdict not in _VERDICTS:
        raise InvalidValue("a verdict is needed", pointer="/verdict")
    return Ask(
        theme=request.theme,
        verdict=_VERDICTS[request.verdict],
        reason=request.reason,
        expected=parse_etag(request.etag, "/etag"),
    )


def _themes(view: ThemesView) -> triage_service_pb2.AssessmentThemes:
    return triage_service_pb2.AssessmentThemes(
        assessment_id=str(view.assessment_id),
        series=view.audience.series,
        party=view.audience.party,
        themes=[_assigned(one) for one in view.themes],
        removed=[_decision(one) for one in view.by_hand.decisions if one.verdict is Verdict.REMOVED],
        etag=etag(view.by_hand.version),
    )


def _assigned(assigned: AssignedTheme) -> triage_service_pb2.AssignedTheme:
    rule = assigned.rule
    message = triage_service_pb2.AssignedTheme(
        theme=assigned.theme,
        assigned_by=assigned.assigned_by,
        rule_id="" if rule is None else rule.rule_id,
        rules_version="" if rule is None else rule.rules_version,
    )
    if assigned.decision is not None:
        message.decision.CopyFrom(_decision(assigned.decision))
    return message


def _decision(decision: ThemeDecision) -> triage_service_pb2.ThemeDecision:
    message = triage_service_pb2.ThemeDecision(
        theme=decision.theme,
        verdict=triage_service_pb2.ThemeVerdict.Value(f"THEME_VERDICT_{decision.verdict.value}"),
        reason=decision.reason,
        official=decision.official,
    )
    message.decided_time.FromDatetime(decision.decided_at)
    return message
