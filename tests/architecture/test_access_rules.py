"""Every way into a service says who may use it."""

from collections.abc import Iterator, Mapping

import pytest
from entente.actions.v1 import action_service_pb2
from entente.agenda.v1 import agenda_service_pb2
from entente.threatfeed.v1 import (
    assessment_service_pb2,
    consent_service_pb2,
    correlation_service_pb2,
    feed_service_pb2,
    picture_service_pb2,
    policy_service_pb2,
    quarantine_service_pb2,
    theme_rules_service_pb2,
    triage_service_pb2,
)
from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from google.protobuf.descriptor import ServiceDescriptor

from services.actions.http import routes as action_routes
from services.actions.http import stream as action_stream
from services.actions.rpc import service as action_service
from services.agenda import rpc as agenda_rpc
from services.agenda.http.routes import routes as agenda_routes
from services.chassis.health import Health
from services.chassis.http.application import OPEN_PATHS, probes
from services.chassis.http.requests import Mutation, Permission, mutation
from services.kernel.parties import Role
from services.threatfeed.http.routes import routes as threatfeed_routes
from services.threatfeed.rpc import assessments as assessments_rpc
from services.threatfeed.rpc import consents as consents_rpc
from services.threatfeed.rpc import correlations as correlations_rpc
from services.threatfeed.rpc import feeds as feeds_rpc
from services.threatfeed.rpc import pictures as pictures_rpc
from services.threatfeed.rpc import policies as policies_rpc
from services.threatfeed.rpc import quarantine as quarantine_rpc
from services.threatfeed.rpc import theme_rules as theme_rules_rpc
from services.threatfeed.rpc import triage as triage_rpc
from tests.support.processes import Traces

ROUTERS: Mapping[str, tuple[APIRouter, ...]] = {
    "threatfeed": tuple(threatfeed_routes()),
    "agenda": tuple(agenda_routes()),
    "actions": (action_routes.routes(), action_stream.routes()),
}
ROLES = {role.value for role in Role}


def routes() -> list[tuple[str, APIRoute]]:
    return [
        (f"{service} {' '.join(sorted(route.methods or ()))} {route.path}", route)
        for service, routers in ROUTERS.items()
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
    ]


def dependencies(dependant: Dependant) -> Iterator[object]:
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from dependencies(dependency)


def permissions(route: APIRoute) -> list[Permission]:
    return [call for call in dependencies(route.dependant) if isinstance(call, Permission)]


def test_each_service_answers_over_http() -> None:
    for service, routers in ROUTERS.items():
        assert [route for router in routers for route in router.routes], service
        assert all(isinstance(route, APIRoute) for router in routers for route in router.routes), service


@pytest.mark.parametrize("route", [pytest.param(route, id=name) for name, route in routes()])
def test_every_route_says_which_roles_may_use_it(route: APIRoute) -> None:
    (permission,) = permissions(route)
    assert permission.roles
    assert permission.roles <= ROLES


@pytest.mark.parametrize("route", [pytest.param(route, id=name) for name, route in routes()])
def test_every_route_that_changes_something_can_be_repeated(route: APIRoute) -> None:
    if (route.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}:
        assert mutation in dependencies(route.dependant), Mutation.__doc__


def test_without_a_token_only_probes_and_the_description_answer() -> None:
    open_routes = probes(Health(), Traces.kept_in_memory().telemetry).routes
    assert {route.path for route in open_routes if isinstance(route, APIRoute)} <= OPEN_PATHS
    assert not {route.path for _, route in routes()} & OPEN_PATHS


def test_only_release_officers_record_and_withdraw_consents() -> None:
    officers = frozenset({Role.RELEASE_OFFICER})
    assert {consents_rpc.ACCESS[name] for name in ("RecordConsent", "WithdrawConsent")} == {officers}
    changing = [
        permissions(route)[0].roles
        for name, route in routes()
        if "/v1/consents" in name and (route.methods or set()) & {"POST"}
    ]
    assert changing == [officers, officers]


def services() -> list[tuple[ServiceDescriptor, Mapping[str, frozenset[str]]]]:
    return [
        (
            assessment_service_pb2.DESCRIPTOR.services_by_name["AssessmentService"],
            assessments_rpc.assessment_service(None).access,  # type: ignore[arg-type]
        ),
        (
            picture_service_pb2.DESCRIPTOR.services_by_name["PictureService"],
            pictures_rpc.picture_service(None).access,  # type: ignore[arg-type]
        ),
        (
            quarantine_service_pb2.DESCRIPTOR.services_by_name["QuarantineService"],
            quarantine_rpc.quarantine_service(None).access,  # type: ignore[arg-type]
        ),
        (
            consent_service_pb2.DESCRIPTOR.services_by_name["ConsentService"],
            consents_rpc.consent_service(None).access,  # type: ignore[arg-type]
        ),
        (
            policy_service_pb2.DESCRIPTOR.services_by_name["PolicyService"],
            policies_rpc.policy_service(None).access,  # type: ignore[arg-type]
        ),
        (
            correlation_service_pb2.DESCRIPTOR.services_by_name["CorrelationService"],
            correlations_rpc.ACCESS,
        ),
        (triage_service_pb2.DESCRIPTOR.services_by_name["TriageService"], triage_rpc.ACCESS),
        (
            theme_rules_service_pb2.DESCRIPTOR.services_by_name["ThemeRulesService"],
            theme_rules_rpc.ACCESS,
        ),
        (
            feed_service_pb2.DESCRIPTOR.services_by_name["FeedService"],
            feeds_rpc.feed_service(None).access,  # type: ignore[arg-type]
        ),
        (
            agenda_service_pb2.DESCRIPTOR.services_by_name["AgendaService"],
            agenda_rpc.agenda_service(None).access,  # type: ignore[arg-type]
        ),
        (action_service_pb2.DESCRIPTOR.services_by_name["ActionService"], action_service.ACCESS),
    ]


@pytest.mark.parametrize(
    ("descriptor", "access"), [pytest.param(*one, id=one[0].full_name) for one in services()]
)
def test_every_method_says_which_roles_may_call_it(
    descriptor: ServiceDescriptor, access: Mapping[str, frozenset[str]]
) -> None:
    assert set(access) == {method.name for method in descriptor.methods}
    for method, roles in access.items():
        assert roles, method
        assert roles <= ROLES, method
