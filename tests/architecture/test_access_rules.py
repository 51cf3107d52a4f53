"""Every way into a service says who may use it."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping

import entente
import pytest
from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from google.protobuf import descriptor_pool

from services.actions import app as actions
from services.agenda import app as agenda
from services.agenda.domain.permissions import Command
from services.agenda.http.routes import routes as agenda_routes
from services.agenda.rpc import drafts, meetings, outcomes, own_side, proposals
from services.agenda.rpc import service as negotiated
from services.chassis.health import Health
from services.chassis.http.application import OPEN_PATHS, probes
from services.chassis.http.requests import Mutation, Permission, mutation, rehearsable
from services.chassis.rpc.server import Service
from services.kernel.parties import Role
from services.threatfeed import app as threatfeed
from services.threatfeed.http.routes import routes as threatfeed_routes
from tests.architecture.faces import ACTIONS, AGENDA, OVER_GRPC_ONLY, OVER_REST_ONLY
from tests.support.idle import idle_threatfeed
from tests.support.processes import Traces

ROUTERS: Mapping[str, tuple[APIRouter, ...]] = {
    "threatfeed": tuple(threatfeed_routes()),
    "agenda": tuple(agenda_routes()),
    "actions": tuple(actions.routers()),
}
ROLES = {role.value for role in Role}
FACES = {"agenda": AGENDA, "actions": ACTIONS}
AGENDA_COMMANDS = tuple(
    module.COMMANDS for module in (negotiated, drafts, proposals, own_side, meetings, outcomes)
)


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


def test_every_change_of_agenda_and_actions_can_be_tried_without_being_made() -> None:
    """A sweep of quarantined records, and what operators do, write in more than one transaction."""
    plumbing = ("/v1/quarantine", "/v1/consumers")
    untried = [
        name
        for name, route in routes()
        if name.startswith(("agenda ", "actions "))
        and not route.path.startswith(plumbing)
        and mutation in dependencies(route.dependant)
        and rehearsable not in dependencies(route.dependant)
    ]
    assert untried == []


def test_without_a_token_only_probes_and_the_description_answer() -> None:
    open_routes = probes(Health(), Traces.kept_in_memory().telemetry).routes
    assert {route.path for route in open_routes if isinstance(route, APIRoute)} <= OPEN_PATHS
    assert not {route.path for _, route in routes()} & OPEN_PATHS


SERVICES = {
    service.name: service
    for services in (
        threatfeed.rpc_services(idle_threatfeed()),
        # Their methods work with parts that only a running process has; the services are described without.
        agenda.rpc_services(None),  # type: ignore[arg-type]
        actions.rpc_services(None),  # type: ignore[arg-type]
    )
    for service in services
}


def of_service(service: str) -> list[tuple[str, APIRoute]]:
    """Routes with a method and a path, but those that are over REST only."""
    return [
        (name.removeprefix(f"{service} "), route)
        for name, route in routes()
        if name.startswith(f"{service} ") and not any(route.path.startswith(one) for one in OVER_REST_ONLY)
    ]


@pytest.mark.parametrize(("service", "faces"), FACES.items(), ids=list(FACES))
def test_what_is_done_over_rest_is_done_over_grpc_by_the_same_roles(
    service: str, faces: Mapping[str, str]
) -> None:
    """The one method that tells what is signed to agree is for all who agree to something."""
    assert {name for name, _ in of_service(service)} == set(faces)
    methods = {
        f"{full_name.rpartition('.')[2]}.{method}": roles
        for full_name, one in SERVICES.items()
        if full_name.startswith(f"entente.{service}.")
        for method, roles in one.access.items()
    }
    assert set(methods) - set(OVER_GRPC_ONLY) == set(faces.values())
    for name, route in of_service(service):
        assert permissions(route)[0].roles == methods[faces[name]], name
        owner, _, method = faces[name].partition(".")
        asked = descriptor_pool.Default().FindServiceByName(f"entente.{service}.v1.{owner}")
        fields = asked.methods_by_name[method].input_type.fields_by_name
        changes = mutation in dependencies(route.dependant)
        assert [one in fields for one in ("request_id", "validate_only")] == [changes, changes], name


def test_everything_that_may_be_done_with_the_agenda_can_be_done_over_grpc() -> None:
    allowed = [commands for face in AGENDA_COMMANDS for commands in face.values()]
    assert {command for commands in allowed for command in commands} == set(Command)


def test_what_is_over_rest_only_is_there() -> None:
    for path in OVER_REST_ONLY:
        assert any(route.path.startswith(path) for _, route in routes()), path


def test_only_release_officers_record_and_withdraw_consents() -> None:
    officers = frozenset({Role.RELEASE_OFFICER})
    access = SERVICES["entente.threatfeed.v1.ConsentService"].access
    assert {access[name] for name in ("RecordConsent", "WithdrawConsent")} == {officers}
    changing = [
        permissions(route)[0].roles
        for name, route in routes()
        if "/v1/consents" in name and (route.methods or set()) & {"POST"}
    ]
    assert changing == [officers, officers]


def test_only_secretariats_ask_for_clearance_and_only_release_officers_answer() -> None:
    asker, officer = frozenset({Role.SECRETARIAT}), frozenset({Role.RELEASE_OFFICER})
    expected = {
        "state_request": ("StateConsentRequest", asker),
        "state_answer": ("StateConsentAnswer", officer),
        "ask": ("AskClearance", asker),
        "withdraw": ("WithdrawClearance", asker),
        "grant": ("GrantClearance", officer),
        "refuse": ("RefuseClearance", officer),
        "offer": ("OfferTearLine", officer),
    }
    changing = {
        route.name: permissions(route)[0].roles
        for name, route in routes()
        if "/v1/clearances" in name and (route.methods or set()) & {"POST"}
    }
    assert changing == {name: roles for name, (_, roles) in expected.items()}
    access = SERVICES["entente.threatfeed.v1.ClearanceService"].access
    assert all(access[method] == roles for method, roles in expected.values())


def test_every_service_that_is_declared_is_served() -> None:
    modules = [module.name for module in pkgutil.walk_packages(entente.__path__, "entente.")]
    declared = {
        service.full_name
        for module in modules
        if module.endswith("_pb2")
        for service in importlib.import_module(module).DESCRIPTOR.services_by_name.values()
    }
    assert set(SERVICES) == declared


@pytest.mark.parametrize("service", SERVICES.values(), ids=list(SERVICES))
def test_every_method_says_which_roles_may_call_it(service: Service) -> None:
    descriptor = descriptor_pool.Default().FindServiceByName(service.name)
    assert set(service.access) == {method.name for method in descriptor.methods}
    for method, roles in service.access.items():
        assert roles, method
        assert roles <= ROLES, method
