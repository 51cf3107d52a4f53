"""Every route and every method of threatfeed, found in its application and asked alike in two worlds.

Which there are is read from the composed services; what they are asked with is in `values`. Streams are
read to the end of what is held.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import grpc
import httpx
from entente.threatfeed.v1.assessment_service_pb2 import WatchAssessmentsResponse
from fastapi.routing import APIRoute
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message

from services.threatfeed.app import ApiParts, http_api, rpc_services
from services.threatfeed.http.routes import routes
from tests.support.signing import signed_as
from tests.support.worlds.at_work import Loaded
from tests.support.worlds.values import ABSENT, Arguments, request_key, values_for

CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KEYS: Final = {"idempotency-key", "request_id"}
_FILTERS: Final = "AssessmentFilter"
_SINGULAR: Final = {
    "parties": "party",
    "agencies": "agency",
    "themes": "theme",
    "actors": "actor",
    "techniques": "technique",
    "vulnerabilities": "cve",
    "sectors": "sector",
    "markings": "marking",
    "published_since": "since",
    "published_before": "until",
}
_PAGES: Final = {"page_size": "page_token", "size": "token", "limit": "next"}
_CLEARANCE: Final = "POST /v1/clearances/{clearance_id}"
_SIGNED: Final[Mapping[str, Callable[[Any], Any]]] = {
    "POST /v1/clearances": lambda body: body,
    f"{_CLEARANCE}/grant": lambda body: {
        "kind": "GRANTED",
        "words": body.get("statement"),
        "expires_time": body.get("expires_time"),
    },
    f"{_CLEARANCE}/refuse": lambda body: {"kind": "REFUSED", "words": body.get("reason")},
    f"{_CLEARANCE}/offer-tear-line": lambda body: {
        "kind": "TEAR_LINE_OFFERED",
        "words": body.get("reason"),
        "tear_line": body.get("tear_line"),
    },
    "POST /v1/withdrawal-notices/{notice_id}/acknowledge": lambda body: {
        name: body.get(name) for name in ("handling", "words")
    },
}
"""What is signed, and what to ask for the statement with."""
_PAGED: Final = ("application/json", "application/taxii+json")
_UNSENT: Final = frozenset({"date", "content-length"})


@dataclass(frozen=True)
class Question:
    """One request: over REST its parts, over gRPC its message."""

    place: str
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


def routes_of() -> list[str]:
    """Every route of threatfeed, as `GET /v1/assessments`."""
    return sorted(
        f"{method} {route.path}"
        for router in routes()
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    )


def methods_of(parts: ApiParts) -> list[MethodDescriptor]:
    """Every method of the registered services."""
    pool = descriptor_pool.Default()
    services = [pool.FindServiceByName(service.name) for service in rpc_services(parts)]
    return [method for service in services for method in service.methods]


def questions(parts: ApiParts, arguments: Arguments) -> list[Question]:
    """Of every route and method the plain call, and one for each further value of each argument.

    Changes come last, so that they are made of what has been read. Raises `LookupError` for an argument that
    has no values.
    """
    found = [*_over_rest(parts, arguments), *_over_grpc(parts, arguments)]
    return sorted(found, key=lambda one: one.changes)


# --- REST ---------------------------------------------------------------------------------------------------


def _over_rest(parts: ApiParts, arguments: Arguments) -> Iterator[Question]:
    description = http_api(parts).openapi()
    schemas = description["components"]["schemas"]
    asked = []
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            place = f"{method.upper()} {path}"
            asked.append(place)
            yield from _of_route(place, operation, schemas, arguments)
    if sorted(asked) != routes_of():
        raise LookupError(f"routes without a description: {set(routes_of()) ^ set(asked)}")


def _of_route(
    place: str, operation: Mapping[str, Any], schemas: Mapping[str, Any], arguments: Arguments
) -> Iterator[Question]:
    parameters = operation.get("parameters", [])
    leaves = [((one["in"], one["name"]), one["name"]) for one in parameters]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None:
        leaves += [(("body", *path), path[-1]) for path in _properties(content["schema"], schemas)]
    plain = {at: values_for(place, name, arguments).plain for at, name in leaves}
    streams = "text/event-stream" in operation["responses"].get("200", {}).get("content", {})
    for number, values in enumerate(_calls(place, leaves, plain, arguments)):
        yield _rest_question(place, f"{place} #{number}", values, streams=streams)


def _calls(
    place: str, leaves: Iterable[tuple[Any, str]], plain: Mapping[Any, Any], arguments: Arguments
) -> Iterator[Mapping[Any, Any]]:
    yield plain
    for at, name in leaves:
        for value in values_for(place, name, arguments).further:
            yield {**plain, at: value}


def _properties(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The paths of the members of a body that hold a value."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    for name, member in schema["properties"].items():
        inner = schemas.get(member.get("$ref", "").rpartition("/")[2], {})
        if "properties" in inner:
            yield from ((name, *rest) for rest in _properties(member, schemas))
        else:
            yield (name,)


def _rest_question(place: str, name: str, values: Mapping[Any, Any], *, streams: bool) -> Question:
    method, path = place.split(" ")
    query, headers, body = {}, {}, None
    for (where, *at), value in values.items():
        if where == "body":
            body = body or {}
            if value is not ABSENT:
                _put(body, at, value)
        elif where == "path":
            path = path.replace(f"{{{at[0]}}}", str(value))
        elif value is not ABSENT:
            told = request_key(name) if at[0] in _KEYS else value
            if where == "query":
                query[at[0]] = told
            else:
                headers[at[0]] = str(told)
    return Question(place, name, method, path, query, headers, body, streams=streams)


def _put(document: dict[str, Any], path: list[str], value: Any) -> None:
    for name in path[:-1]:
        document = document.setdefault(name, {})
    document[path[-1]] = value


# --- gRPC ---------------------------------------------------------------------------------------------------


def _over_grpc(parts: ApiParts, arguments: Arguments) -> Iterator[Question]:
    for rpc in methods_of(parts):
        leaves = [(path, _name(path)) for path in _fields(rpc.input_type.fields)]
        plain = {path: _plain(rpc.name, path, name, arguments) for path, name in leaves}
        for number, values in enumerate(_calls(rpc.name, leaves, plain, arguments)):
            name = f"{rpc.full_name} #{number}"
            message = message_factory.GetMessageClass(rpc.input_type)()
            for path, value in values.items():
                if value is not ABSENT:
                    _set(message, path, request_key(name) if path[-1].name in _KEYS else value)
            yield Question(rpc.name, name, message=message, rpc=rpc, streams=bool(rpc.server_streaming))


def _plain(place: str, path: tuple[FieldDescriptor, ...], name: str, arguments: Arguments) -> Any:
    """Filters are left out of a plain call."""
    if any(one.containing_type.name in (_FILTERS, "QuarantineFilter") for one in path):
        return ABSENT
    return values_for(place, name, arguments).plain


def _name(path: tuple[FieldDescriptor, ...]) -> str:
    return _SINGULAR.get(path[-1].name, path[-1].name)


def _fields(fields: Iterable[FieldDescriptor]) -> Iterator[tuple[FieldDescriptor, ...]]:
    """The paths of the fields that hold a value."""
    for one in fields:
        if one.message_type is None or one.message_type.full_name.startswith("google.protobuf."):
            yield (one,)
        else:
            yield from ((one, *rest) for rest in _fields(one.message_type.fields))


def _set(message: Message, path: tuple[FieldDescriptor, ...], value: Any) -> None:
    for one in path[:-1]:
        inner = getattr(message, one.name)
        message = (inner[0] if inner else inner.add()) if one.is_repeated else inner
    last = path[-1]
    if last.message_type is not None:
        getattr(message, last.name).FromDatetime(datetime.fromisoformat(value))
        return
    if last.enum_type is not None:
        value = _number(last, str(value))
    elif last.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        value = value.encode() if last.type == FieldDescriptor.TYPE_BYTES else str(value)
    if last.is_repeated:
        getattr(message, last.name).append(value)
    else:
        setattr(message, last.name, value)


def _number(one: FieldDescriptor, value: str) -> int:
    """Of the value of an enumeration whose name ends so. Raises `LookupError`."""
    for entry in one.enum_type.values:
        if entry.name.endswith(f"_{value}"):
            return int(entry.number)
    raise LookupError(f"{one.full_name} has no value {value}: say another in tests/support/worlds/values.py")


# --- Answers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asker:
    """A reader in one world."""

    loaded: Loaded
    token: str
    subject: str

    async def ask(self, question: Question) -> list[bytes]:
        """Everything that comes back, page after page where there are pages."""
        self.loaded.ids.begin(question.name)
        if question.rpc is not None:
            return await self._over_grpc(question)
        if question.streams:
            return [await self._stream(question)]
        return [page async for page in self._pages(question)]

    def _headers(self, question: Question) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self.token}",
            "x-request-id": request_key(f"{question.name} asked"),
            "content-type": "application/json",
            **question.headers,
        }

    async def _signed(self, question: Question) -> Any:
        """The body, signed by the reader as it would sign it, where it comes without a signature."""
        body = question.body
        if question.place not in _SIGNED or "jws" in body:
            return body
        stating = _SIGNED[question.place]
        asked = question.place.partition("{")[2]
        here = question.path.rpartition("/")[0] if asked else question.path
        answer = await self.loaded.client.post(
            f"{here}/statement",
            headers={**self._headers(question), "idempotency-key": request_key(f"{question.name} stated")},
            content=json.dumps(stating(body)),
        )
        if answer.status_code != 200:
            return body
        stated = answer.json()
        jws = signed_as(self.loaded.platform.keys, self.subject, stated["payload"].encode())
        return {**body, "stated_time": stated["stated_time"], "jws": jws}

    async def _pages(self, question: Question) -> AsyncIterator[bytes]:
        query, body = dict(question.query), await self._signed(question)
        while True:
            answer = await self.loaded.client.request(
                question.method,
                question.path,
                params=query,
                headers=self._headers(question),
                content=None if body is None else json.dumps(body),
            )
            yield _bytes_of(answer, answer.content)
            following = _next_page(answer)
            sized = next((size for size in _PAGES if size in query), None)
            if not following or sized is None:
                return
            query[_PAGES[sized]] = following

    async def _stream(self, question: Question) -> bytes:
        """What a stream gives up to the end of what is held; a client would wait for more."""
        async with (
            asyncio.timeout(60),
            httpx.AsyncClient(base_url=self.loaded.address, trust_env=False, timeout=60) as client,
            client.stream(
                question.method, question.path, params=question.query, headers=self._headers(question)
            ) as answer,
            aclosing(answer.aiter_lines()) as lines,
        ):
            held: list[str] = []
            async for line in lines:
                held.append(line)
                if "snapshot-complete" in held[-4:] or line.startswith("event: snapshot-complete"):
                    break
            return _bytes_of(answer, "\n".join(held).encode())

    async def _over_grpc(self, question: Question) -> list[bytes]:
        rpc, message = question.rpc, question.message
        assert rpc is not None
        assert message is not None
        found: list[bytes] = []
        message = type(message).FromString(message.SerializeToString())
        while True:
            try:
                answer = await self._call(rpc, message)
            except grpc.aio.AioRpcError as error:
                found.append(_refusal(error))
                return found
            found.append(
                answer if isinstance(answer, bytes) else answer.SerializeToString(deterministic=True)
            )
            token = getattr(answer, "next_page_token", "")
            if not token or not getattr(message, "page_size", 0):
                return found
            message.page_token = token  # type: ignore[attr-defined]

    async def _call(self, rpc: MethodDescriptor, message: Message) -> Any:
        path = f"/{rpc.containing_service.full_name}/{rpc.name}"
        reads = message_factory.GetMessageClass(rpc.output_type).FromString
        metadata = [("authorization", f"Bearer {self.token}")]
        channel = self.loaded.channel
        if not rpc.server_streaming:
            call = channel.unary_unary(path, type(message).SerializeToString, reads)
            return await call(message, metadata=metadata, timeout=20)
        stream = channel.unary_stream(path, type(message).SerializeToString, reads)(
            message, metadata=metadata, timeout=20
        )
        held: list[bytes] = []
        async for step in stream:
            held.append(step.SerializeToString(deterministic=True))
            if isinstance(step, WatchAssessmentsResponse) and step.HasField("snapshot_complete"):
                stream.cancel()
                break
        return b"\n".join(held)


def _bytes_of(answer: httpx.Response, content: bytes) -> bytes:
    headers = [f"{name}: {value}" for name, value in answer.headers.items() if name not in _UNSENT]
    return "\n".join([str(answer.status_code), *sorted(headers), ""]).encode() + content


def _next_page(answer: httpx.Response) -> str:
    kind = answer.headers["content-type"].partition(";")[0]
    if answer.status_code != 200 or kind not in _PAGED:
        return ""
    document = answer.json()
    if not isinstance(document, dict):
        return ""
    return str(document.get("next_page_token") or document.get("next") or "")


def _refusal(error: grpc.aio.AioRpcError) -> bytes:
    trailing = [(key, value) for key, value in error.trailing_metadata() or ()]
    return repr((error.code(), error.details(), sorted(map(repr, trailing)))).encode()
