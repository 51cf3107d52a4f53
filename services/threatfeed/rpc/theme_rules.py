"""ThemeRulesService over gRPC."""

from typing import Any

from entente.threatfeed.v1 import theme_rules_service_pb2, theme_rules_service_pb2_grpc

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.ids import IdSource
from services.chassis.rpc.requests import run_once
from services.chassis.rpc.server import Service
from services.kernel.parties import Role
from services.kernel.policy import Policy
from services.kernel.themes import ThemeAssignment
from services.threatfeed.domain.paging import page_size, page_token, read_page_token
from services.threatfeed.rpc.arguments import reader_of_call
from services.threatfeed.store.theme_rules import RulesRun
from services.threatfeed.usecases.apply_theme_rules import Applying, ask_to_apply, read_rules
from services.threatfeed.usecases.report_theme_rules import WouldChange, list_rule_changes, report_rules

NAME = "entente.threatfeed.v1.ThemeRulesService"
_REPORTED_TO = frozenset({Role.SECRETARIAT, Role.OPERATOR})
ACCESS = {
    "GetThemeRules": _REPORTED_TO,
    "ReportThemeRules": _REPORTED_TO,
    "ListThemeChanges": _REPORTED_TO,
    "ApplyThemeRules": frozenset({Role.OPERATOR}),
}


class ThemeRulesServicer(theme_rules_service_pb2_grpc.ThemeRulesServiceServicer):
    """Maps messages to use cases and back."""

    def __init__(self, database: Database, policy: Policy, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock
        self._ids = ids

    async def GetThemeRules(  # noqa: N802 the name is the contract's
        self, _request: theme_rules_service_pb2.GetThemeRulesRequest, _: Any
    ) -> theme_rules_service_pb2.GetThemeRulesResponse:
        standing = await read_rules(self._database, reader_of_call(), policy=self._policy)
        message = theme_rules_service_pb2.GetThemeRulesResponse(
            applied_version=standing.applied or "", deployed_version=standing.deployed
        )
        if standing.run is not None:
            message.run.CopyFrom(_run(standing.run))
        return message

    async def ReportThemeRules(  # noqa: N802 the name is the contract's
        self, _request: theme_rules_service_pb2.ReportThemeRulesRequest, _: Any
    ) -> theme_rules_service_pb2.ReportThemeRulesResponse:
        report = await report_rules(self._database, reader_of_call(), policy=self._policy, at=self._clock())
        message = theme_rules_service_pb2.ReportThemeRulesResponse(
            applied_version=report.applied or "",
            deployed_version=report.deployed,
            examined=report.examined,
            changed=report.changed,
        )
        for one in report.by_rule:
            message.rules.add(rule_id=one.rule_id, theme=one.theme, added=one.added, removed=one.removed)
        return message

    async def ListThemeChanges(  # noqa: N802 the name is the contract's
        self, request: theme_rules_service_pb2.ListThemeChangesRequest, _: Any
    ) -> theme_rules_service_pb2.ListThemeChangesResponse:
        reader = reader_of_call()
        asked = f"{reader.subject}|theme-changes|{self._policy.themes.version}"
        page, position = await list_rule_changes(
            self._database,
            reader,
            after=read_page_token(request.page_token, asked),
            size=page_size(request.page_size),
            policy=self._policy,
            at=self._clock(),
        )
        return theme_rules_service_pb2.ListThemeChangesResponse(
            changes=[_change(one) for one in page],
            next_page_token=page_token(position, asked),
        )

    async def ApplyThemeRules(  # noqa: N802 the name is the contract's
        self, request: theme_rules_service_pb2.ApplyThemeRulesRequest, _: Any
    ) -> theme_rules_service_pb2.ApplyThemeRulesResponse:
        reader, applying = reader_of_call(), Applying(request.version, request.replaces)
        return await run_once(
            lambda once: ask_to_apply(
                once, reader, applying, policy=self._policy, clock=self._clock, ids=self._ids
            ),
            lambda run: theme_rules_service_pb2.ApplyThemeRulesResponse(run=_run(run)),
            theme_rules_service_pb2.ApplyThemeRulesResponse,
            request=request,
            request_id=request.request_id,
            database=self._database,
            clock=self._clock,
        )


def theme_rules_service(servicer: ThemeRulesServicer) -> Service:
    methods = theme_rules_service_pb2.DESCRIPTOR.services_by_name["ThemeRulesService"].methods
    return Service(
        name=NAME,
        add=lambda server: theme_rules_service_pb2_grpc.add_ThemeRulesServiceServicer_to_server(
            servicer, server
        ),
        access=ACCESS,
        methods=[method.name for method in methods],
    )


def _run(run: RulesRun) -> theme_rules_service_pb2.ThemeRulesRun:
    """How many assessments a run has been through is not told: some of them its reader may not see."""
    message = theme_rules_service_pb2.ThemeRulesRun(
        run_id=str(run.run_id),
        version=run.version,
        replaces=run.replaces,
        state=theme_rules_service_pb2.ThemeRulesRunState.Value(f"THEME_RULES_RUN_STATE_{run.state.value}"),
        requested_by=run.requested_by,
    )
    message.requested_time.FromDatetime(run.requested_at)
    if run.finished_at is not None:
        message.finished_time.FromDatetime(run.finished_at)
    return message


def _change(one: WouldChange) -> theme_rules_service_pb2.ThemeChange:
    message = theme_rules_service_pb2.ThemeChange(
        assessment_id=str(one.rendered.held.content.assessment_id),
        title=one.title,
        added=[_rule_theme(entry) for entry in one.change.added],
        removed=[_rule_theme(entry) for entry in one.change.removed],
    )
    for entry in one.change.reassigned:
        message.reassigned.add(
            theme=entry.after.theme,
            rule_id_before=entry.before.rule_id,
            rule_id_after=entry.after.rule_id,
        )
    return message


def _rule_theme(assignment: ThemeAssignment) -> theme_rules_service_pb2.RuleTheme:
    return theme_rules_service_pb2.RuleTheme(theme=assignment.theme, rule_id=assignment.rule_id)
