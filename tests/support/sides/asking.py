"""Every route and every method, found in an application and asked alike in two worlds."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol
from uuid import UUID, uuid5

import grpc
import httpx
from fastapi import APIRouter
from fastapi.routing import APIRoute
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message

from services.chassis.http.description import new_application
from tests.support.dialogue import Account
from tests.support.sides.values import ABSENT, Arguments, Vocabulary, bodies, values_for
from tests.support.worlds.at_work import NamedIds

CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KEYS: Final = UUID("8f0a40d6-54a5-4a43-92d8-63b8d37f1b5e")
_UNSENT: Final = frozenset({"date", "content-length"})
_MOST_PAGES: Final = 300


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
    streams: bool = False

    @property
    def changes(self) -> bool:
        if self.rpc is not None:
            return any(one.name == "request_id" for one in self.rpc.input_type.fields)
        return self.method in CHANGING


@dataclass(frozen=True)
class Application:
    """What an application answers to: its routes over REST, the full names of its services over gRPC, and
    with what it is asked.

    `streams` are routes that never end. They, and streams over gRPC, are read up to the notice that a stage
    has announced on each.
    """

    title: str
    routers: Sequence[APIRouter]
    services: Sequence[str]
    words: Vocabulary
    streams: frozenset[str] = frozenset()

    def routes(self) -> list[str]:
        """Every route, as `GET /v1/meetings`."""
        return sorted(
            f"{method} {route.path}"
            for router in self.routers
            for route in router.routes
            if isinstance(route, APIRoute)
            for method in route.methods or ()
        )

    def methods(self) -> list[MethodDescriptor]:
        """Every method of the services."""
        pool = descriptor_pool.Default()
        return [method for one in self.services for method in pool.FindServiceByName(one).methods]


class World(Protocol):
    """An application at work in one world. Over `client` it answers whole, over `streaming` as it goes on."""

    @property
    def ids(self) -> NamedIds: ...
    @property
    def client(self) -> httpx.AsyncClient: ...
    @property
    def streaming(self) -> httpx.AsyncClient: ...
    @property
    def channel(self) -> grpc.aio.Channel: ...
    @property
    def application(self) -> Application: ...
    def token(self, who: Account) -> str: ...


def questions(application: Application, arguments: Arguments) -> list[Question]:
    """Of every route and method the plain call, and one for each further value of each argument.

    Changes come last, so that they are made of what has been read. Raises `LookupError` for an argument that
    has no values.
    """
    found = [*over_rest(application, arguments), *_over_grpc(application, arguments)]
    return sorted(found, key=lambda one: one.changes)


def over_rest(application: Application, arguments: Arguments) -> Iterator[Question]:
    description = new_application(application.title, "v1", application.routers).openapi()
    schemas = description["components"]["schemas"]
    asked = []
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            asked.append(f"{method.upper()} {path}")
            yield from _of_route(method.upper(), path, operation, schemas, arguments, application)
    if sorted(asked) != application.routes():
        raise LookupError(f"routes without a description: {set(application.routes()) ^ set(asked)}")


def _of_route(
    method: str,
    path: str,
    operation: Mapping[str, Any],
    schemas: Mapping[str, Any],
    arguments: Arguments,
    application: Application,
) -> Iterator[Question]:
    place, words = f"{method} {path}", application.words
    values = {
        (one["in"], one["name"]): values_for(
            place,
            one["name"],
            arguments,
            words,
            one["schema"],
            schemas,
            required=one.get("required", False),
        )
        for one in operation.get("parameters", [])
    }
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    said = [ABSENT] if content is None else list(bodies(content["schema"], schemas, arguments, words))
    plain = {at: found[0] for at, found in values.items()}
    calls = [(plain, said[0])]
    calls += [({**plain, at: one}, said[0]) for at, found in values.items() for one in found[1:]]
    calls += [(plain, body) for body in said[1:]]
    for number, (call, body) in enumerate(calls):
        asked = _question(f"{place} #{number}", method, path, call, body)
        yield replace(asked, streams=place in application.streams)


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


def _over_grpc(application: Application, arguments: Arguments) -> Iterator[Question]:
    for rpc in application.methods():
        made = message_factory.GetMessageClass(rpc.input_type)
        values = {one.name: _values(rpc, one, arguments, application) for one in rpc.input_type.fields}
        plain = {name: found[0] for name, found in values.items()}
        calls = [plain, *({**plain, name: one} for name, found in values.items() for one in found[1:])]
        for number, call in enumerate(calls):
            said = {name: value for name, value in call.items() if value is not ABSENT}
            name = f"{rpc.full_name} #{number}"
            yield Question(name, message=made(**said), rpc=rpc, streams=rpc.server_streaming)


def _values(
    rpc: MethodDescriptor, one: FieldDescriptor, arguments: Arguments, application: Application
) -> Any:
    words = application.words
    if one.name == "request_id":
        return (str(uuid5(_KEYS, rpc.full_name)),)
    if one.name == "validate_only":
        # What a trial tells, the change itself tells too.
        return (False, True)[: arguments.most]
    if one.message_type is not None and one.message_type.full_name in words.messages:
        given = words.messages[one.message_type.full_name]
        return [[message] for message in given] if one.is_repeated else given
    if one.message_type is not None or (one.is_repeated and one.name not in words.values):
        return (ABSENT,)
    kinds = {FieldDescriptor.CPPTYPE_BOOL: (False, True), FieldDescriptor.CPPTYPE_ENUM: (0, 1)}
    found = kinds.get(one.cpp_type) or values_for(rpc.full_name, one.name, arguments, words, {}, {})
    return [[value] for value in found] if one.is_repeated else found


@dataclass(frozen=True)
class Asker:
    """A reader in one world."""

    stage: World
    reader: Account

    async def ask(self, question: Question) -> list[bytes]:
        """Everything that comes back, page after page where there are pages."""
        self.stage.ids.begin(question.name)
        if question.rpc is not None:
            asking = self._watch if question.streams else self._call
            return [await asking(question.rpc, question.message)]
        if question.streams:
            return [await self._listen(question)]
        return [page async for page in self._pages(question)]

    async def _pages(self, question: Question) -> AsyncIterator[bytes]:
        query = dict(question.query)
        for _ in range(_MOST_PAGES):
            answer = await self.stage.client.request(
                question.method,
                question.path,
                params=query,
                headers=self._headers(question),
                content=None if question.body is ABSENT else json.dumps(question.body),
            )
            yield _bytes_of(answer)
            following = _next_page(answer)
            if not following or "page_size" not in query:
                return
            query["page_token"] = following
        raise AssertionError(f"{question} has no last page")

    def _headers(self, question: Question) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self.stage.token(self.reader)}",
            "x-request-id": str(uuid5(_KEYS, f"{question.name} asked")),
            "content-type": "application/json",
            **question.headers,
        }

    async def _listen(self, question: Question) -> bytes:
        """What a stream says, up to the notice."""
        asking = self.stage.streaming.stream(
            question.method, question.path, params=question.query, headers=self._headers(question)
        )
        async with asking as answer:
            said = b""
            async for frame in answer.aiter_bytes():
                said += frame
                if b"\nevent: notice\n" in b"\n" + said:
                    break
            return _head_of(answer) + said

    async def _call(self, rpc: MethodDescriptor, message: Message | None) -> bytes:
        call = self.stage.channel.unary_unary(*means(rpc))
        try:
            answer = await call(message, metadata=self._metadata, timeout=20)
        except grpc.aio.AioRpcError as error:
            return _error(error)
        return bytes(answer.SerializeToString(deterministic=True))

    async def _watch(self, rpc: MethodDescriptor, message: Message | None) -> bytes:
        """What a stream says, up to the notice."""
        call = self.stage.channel.unary_stream(*means(rpc))(message, metadata=self._metadata, timeout=20)
        said = []
        try:
            async for answer in call:
                said.append(answer.SerializeToString(deterministic=True))
                if answer.HasField("notice"):
                    call.cancel()
                    break
        except grpc.aio.AioRpcError as error:
            said.append(_error(error))
        return b"\n".join(said)

    @property
    def _metadata(self) -> list[tuple[str, str]]:
        return [("authorization", f"Bearer {self.stage.token(self.reader)}")]


def means(rpc: MethodDescriptor) -> tuple[str, Any, Any]:
    """The path of a method, and how its messages become bytes and come from them."""
    asks, reads = (message_factory.GetMessageClass(one) for one in (rpc.input_type, rpc.output_type))
    return f"/{rpc.containing_service.full_name}/{rpc.name}", asks.SerializeToString, reads.FromString


def _error(error: grpc.aio.AioRpcError) -> bytes:
    trailing = sorted(repr(one) for one in error.trailing_metadata() or ())
    return repr((error.code(), error.details(), trailing)).encode()


def _bytes_of(answer: httpx.Response) -> bytes:
    return _head_of(answer) + answer.content


def _head_of(answer: httpx.Response) -> bytes:
    headers = [f"{name}: {value}" for name, value in answer.headers.items() if name not in _UNSENT]
    return "\n".join([str(answer.status_code), *sorted(headers), ""]).encode()


def _next_page(answer: httpx.Response) -> str:
    if answer.status_code != 200 or not answer.headers["content-type"].startswith("application/json"):
        return ""
    document = answer.json()
    return str(document.get("next_page_token", "")) if isinstance(document, dict) else ""
