"""Every route and every method of the agenda, found in its application and asked alike in two worlds."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid5

import grpc
import httpx
from fastapi.routing import APIRoute
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message

from services.agenda.app import rpc_parts, rpc_services
from services.agenda.http.routes import routes
from services.chassis.http.description import new_application
from tests.support.dialogue import Account
from tests.support.sides.stage import Stage
from tests.support.sides.values import ABSENT, VALUES, Arguments, bodies, values_for

CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KEYS: Final = UUID("8f0a40d6-54a5-4a43-92d8-63b8d37f1b5e")
_UNSENT: Final = frozenset({"date", "content-length"})
_MOST_PAGES: Final = 50


@dataclass(frozen=True)
class Question:
    """One request: over REST its parts, over gRPC its message."""

    name: str
    method: str = ""
    path: str = ""
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    message: Message | None = None
    rpc: MethodDescriptor | None = None

    @property
    def changes(self) -> bool:
        if self.rpc is not None:
            return any(one.name == "request_id" for one in self.rpc.input_type.fields)
        return self.method in CHANGING


def routes_of() -> list[str]:
    """Every route of the agenda, as `GET /v1/meetings`."""
    return sorted(
        f"{method} {route.path}"
        for router in routes()
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    )


def methods_of(stage: Stage) -> list[MethodDescriptor]:
    """Every method of the registered services."""
    pool = descriptor_pool.Default()
    services = rpc_services(rpc_parts(stage.dialogue.parts))
    return [method for one in services for method in pool.FindServiceByName(one.name).methods]


def questions(stage: Stage, arguments: Arguments) -> list[Question]:
    """Of every route and method the plain call, and one for each further value of each argument.

    Changes come last, so that they are made of what has been read. Raises `LookupError` for an argument that
    has no values.
    """
    found = [*over_rest(arguments), *_over_grpc(stage, arguments)]
    return sorted(found, key=lambda one: one.changes)


def over_rest(arguments: Arguments) -> Iterator[Question]:
    description = new_application("agenda", "v1", routes()).openapi()
    schemas = description["components"]["schemas"]
    asked = []
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            asked.append(f"{method.upper()} {path}")
            yield from _of_route(method.upper(), path, operation, schemas, arguments)
    if sorted(asked) != routes_of():
        raise LookupError(f"routes without a description: {set(routes_of()) ^ set(asked)}")


def _of_route(
    method: str, path: str, operation: Mapping[str, Any], schemas: Mapping[str, Any], arguments: Arguments
) -> Iterator[Question]:
    place = f"{method} {path}"
    values = {
        (one["in"], one["name"]): values_for(
            place, one["name"], arguments, one["schema"], schemas, required=one.get("required", False)
        )
        for one in operation.get("parameters", [])
    }
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    said = [ABSENT] if content is None else list(bodies(content["schema"], schemas, arguments))
    plain = {at: found[0] for at, found in values.items()}
    calls = [(plain, said[0])]
    calls += [({**plain, at: one}, said[0]) for at, found in values.items() for one in found[1:]]
    calls += [(plain, body) for body in said[1:]]
    for number, (call, body) in enumerate(calls):
        yield _question(f"{place} #{number}", method, path, call, body)


def _question(name: str, method: str, path: str, call: Mapping[Any, Any], body: Any) -> Question:
    query, headers = {}, {}
    for (where, argument), value in call.items():
        if where == "path":
            path = path.replace(f"{{{argument}}}", str(value))
        elif value is not ABSENT and where == "query":
            query[argument] = value
        elif value is not ABSENT:
            headers[argument] = str(uuid5(_KEYS, name)) if argument == "idempotency-key" else str(value)
    return Question(name, method, path, query, headers, body)


def _over_grpc(stage: Stage, arguments: Arguments) -> Iterator[Question]:
    for rpc in methods_of(stage):
        made = message_factory.GetMessageClass(rpc.input_type)
        values = {one.name: _values(rpc, one, arguments) for one in rpc.input_type.fields}
        plain = {name: found[0] for name, found in values.items()}
        calls = [plain, *({**plain, name: one} for name, found in values.items() for one in found[1:])]
        for number, call in enumerate(calls):
            said = {name: value for name, value in call.items() if value is not ABSENT}
            yield Question(f"{rpc.full_name} #{number}", message=made(**said), rpc=rpc)


def _values(rpc: MethodDescriptor, one: FieldDescriptor, arguments: Arguments) -> Any:
    if one.name == "request_id":
        return (str(uuid5(_KEYS, rpc.full_name)),)
    if one.name not in VALUES and (one.is_repeated or one.message_type is not None):
        return (ABSENT,)
    kinds = {FieldDescriptor.CPPTYPE_BOOL: (False, True), FieldDescriptor.CPPTYPE_ENUM: (0, 1)}
    return kinds.get(one.cpp_type) or values_for(rpc.full_name, one.name, arguments, {}, {})


@dataclass(frozen=True)
class Asker:
    """A reader in one world."""

    stage: Stage
    reader: Account

    async def ask(self, question: Question) -> list[bytes]:
        """Everything that comes back, page after page where there are pages."""
        self.stage.ids.begin(question.name)
        if question.rpc is not None:
            return [await self._call(question.rpc, question.message)]
        return [page async for page in self._pages(question)]

    async def _pages(self, question: Question) -> AsyncIterator[bytes]:
        query = dict(question.query)
        for _ in range(_MOST_PAGES):
            answer = await self.stage.dialogue.client.request(
                question.method,
                question.path,
                params=query,
                headers={
                    "authorization": f"Bearer {self.stage.dialogue.token(self.reader)}",
                    "x-request-id": str(uuid5(_KEYS, f"{question.name} asked")),
                    "content-type": "application/json",
                    **question.headers,
                },
                content=None if question.body is ABSENT else json.dumps(question.body),
            )
            yield _bytes_of(answer)
            following = _next_page(answer)
            if not following or "page_size" not in query:
                return
            query["page_token"] = following
        raise AssertionError(f"{question} has no last page")

    async def _call(self, rpc: MethodDescriptor, message: Message | None) -> bytes:
        assert message is not None
        path = f"/{rpc.containing_service.full_name}/{rpc.name}"
        reads = message_factory.GetMessageClass(rpc.output_type).FromString
        metadata = [("authorization", f"Bearer {self.stage.dialogue.token(self.reader)}")]
        call = self.stage.channel.unary_unary(path, type(message).SerializeToString, reads)
        try:
            answer = await call(message, metadata=metadata, timeout=20)
        except grpc.aio.AioRpcError as error:
            trailing = sorted(repr(one) for one in error.trailing_metadata() or ())
            return repr((error.code(), error.details(), trailing)).encode()
        return bytes(answer.SerializeToString(deterministic=True))


def _bytes_of(answer: httpx.Response) -> bytes:
    headers = [f"{name}: {value}" for name, value in answer.headers.items() if name not in _UNSENT]
    return "\n".join([str(answer.status_code), *sorted(headers), ""]).encode() + answer.content


def _next_page(answer: httpx.Response) -> str:
    if answer.status_code != 200 or not answer.headers["content-type"].startswith("application/json"):
        return ""
    document = answer.json()
    return str(document.get("next_page_token", "")) if isinstance(document, dict) else ""
