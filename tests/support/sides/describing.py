"""Calls drawn from the description of an application, by somebody in every role; answers held against it."""

from collections.abc import Mapping
from itertools import cycle
from typing import Any, Final, Protocol

import httpx
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.cli.accounts import ACCOUNTS
from tests.support.dialogue import Account

IN_EVERY_ROLE: Final = [
    Account(one.name, one.party, one.organisation, tuple(role.value for role in one.roles))
    for one in {role: one for one in ACCOUNTS.values() for role in one.roles}.values()
]
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
DRAWN: Final = settings(
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


class Described(Protocol):
    """An application at work, and the ids that were met in its answers."""

    @property
    def client(self) -> httpx.AsyncClient: ...
    @property
    def met(self) -> Mapping[str, Mapping[str, None]]: ...
    def token(self, who: Account) -> str: ...


async def check(stage: Described, case: Case, who: Account) -> None:
    sent = case.as_transport_kwargs(base_url=str(stage.client.base_url).rstrip("/"))
    headers = {
        name: str(value) for name, value in dict(sent["headers"]).items() if name.lower() != "authorization"
    }
    response = await stage.client.request(
        sent["method"],
        sent["url"],
        params=sent.get("params"),
        headers={**headers, "authorization": f"Bearer {stage.token(who)}"},
        json=sent.get("json"),
        content=sent.get("data"),
    )
    case.validate_response(response, checks=CHECKS)


def cases(stage: Described, operation: Any, mode: GenerationMode, count: int) -> list[Case]:
    """Calls of one operation, always the same ones: such as fit its description, or such as do not.

    Every other one that fits is about something that there is.
    """
    drawn: list[Case] = []

    @given(operation.as_strategy(mode))
    @settings(DRAWN, max_examples=count, derandomize=True)
    def draw(case: Case) -> None:
        drawn.append(case)

    draw()
    if mode is GenerationMode.POSITIVE:
        for number, case in enumerate(drawn[::2]):
            for name in case.path_parameters:
                if ids := list(stage.met.get(name, ())):
                    case.path_parameters[name] = ids[number % len(ids)]
    return drawn


async def check_operation(stage: Described, operation: Any, count: int) -> None:
    """By turns as somebody in every role."""
    drawn = [
        *cases(stage, operation, GenerationMode.POSITIVE, count),
        *cases(stage, operation, GenerationMode.NEGATIVE, 2),
    ]
    for case, who in zip(drawn, cycle(IN_EVERY_ROLE), strict=False):
        await check(stage, case, who)
