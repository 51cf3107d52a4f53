"""Asks everything that can be read of a running system, as one account after another, and looks for words.

What there is to ask is read from the services' own descriptions: their OpenAPI documents and the
descriptors of their gRPC services. What it is asked about are the ids that answers hold, so that a new route
is asked by itself.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice, product
from pathlib import Path
from typing import Any, Final

import grpc
import httpx
from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor, ServiceDescriptor
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

from services.actions import app as actions
from services.agenda import app as agenda
from services.cli.accounts import account
from services.cli.clients.rest import token_of
from services.cli.record import Access
from services.threatfeed import app as threatfeed
from tests.support.idle import idle_threatfeed

_CALLS: Final = 40
"""Of one route as one account: the combinations of the values of its arguments."""
_AT_ONCE: Final = 8
_STREAMED: Final = 1.5
"""Seconds that a stream is read: it begins with all that it holds."""
_PATIENCE: Final = 20.0
_SAID: Final[Mapping[str, Sequence[str]]] = {
    "series": ("uk-eu", "uk-us-cmr"),
    "audience": ("uk-eu.uk", "uk-eu.eu", "uk-us-cmr.uk", "uk-us-cmr.us"),
    "form": ("csv", "stix", "jsonl"),
    "section": ("OPENING",),
    "selection": ("ALL",),
    "which": ("ALL",),
    "standing": ("ALL",),
    "revision": ("0", "1", "2"),
    "from_revision": ("1",),
    "to_revision": ("2",),
    "before": ("1",),
    "after": ("2",),
    "words": ("ransomware",),
    "agency": ("ncsc",),
    "page_size": ("200",),
    "group": ("threatfeed.ingest",),
    "partition": ("0",),
    "edition": ("2026",),
    "topic": ("threatfeed.submission.ncsc.v1",),
}
"""What an argument that is no id is asked with. Optional ones without values are left out."""

Surface = tuple[str, str]
"""An account, and the route or method."""


@dataclass(slots=True)
class Found:
    """Which of the words were met on which surface, and what was asked at all."""

    words: dict[Surface, set[str]] = field(default_factory=dict)
    asked: dict[Surface, int] = field(default_factory=dict)
    answered: set[Surface] = field(default_factory=set)

    def surfaces(self) -> set[str]:
        return {surface for _, surface in self.words}


@dataclass(slots=True)
class Crawler:
    """`words` are looked for in every byte of every answer. `known` holds ids by the names of arguments."""

    access: Access
    words: Sequence[str]
    known: dict[str, dict[str, None]]
    most: int = 3
    """Ids of one kind that are asked about."""
    rounds: int = 2
    """The second asks about what the first has found."""
    found: Found = field(default_factory=Found)
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def crawl(self, accounts: Sequence[str]) -> Found:
        self.found = Found()
        async with _client() as client, _channels(self.access) as channels:
            documents = {
                name: (await client.get(f"{address.rest}/openapi.json")).json()
                for name, address in self.access.services.items()
            }
            for _ in range(self.rounds):
                for name in accounts:
                    await self._as_account(client, channels, documents, name)
        return self.found

    async def _as_account(
        self,
        client: httpx.AsyncClient,
        channels: Mapping[str, grpc.aio.Channel],
        documents: Mapping[str, Any],
        name: str,
    ) -> None:
        bearer = f"Bearer {token_of(self.access.keys, account(name))}"
        calls = [
            *(
                self._get(client, service, route, operation, path, query, name, bearer)
                for service, document in documents.items()
                for route, operation in reads_of(document)
                for path, query in self._asked(route, operation)
            ),
            *(
                self._call(channels[service], method, values, name, bearer)
                for service, methods in rpc_reads().items()
                for method in methods
                for values in self._said(method)
            ),
        ]
        await asyncio.gather(*calls)

    # --- REST -----------------------------------------------------------------------------------------------

    def _asked(self, route: str, operation: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
        parameters = [one for one in operation.get("parameters", []) if one["in"] in ("path", "query")]
        values: dict[str, Sequence[str | None]] = {}
        for one in parameters:
            held: Sequence[str | None] = self._values(one["name"])
            if not held and one.get("required", False):
                held = ["11111111-1111-4111-8111-111111111111"]
            values[one["name"]] = held or [None]
        names = list(values)
        for chosen in islice(product(*values.values()), _CALLS):
            path, query = route, {}
            for parameter, name, value in zip(parameters, names, chosen, strict=True):
                if parameter["in"] == "path":
                    path = path.replace(f"{{{name}}}", str(value))
                elif value is not None:
                    query[name] = value
            yield path, query

    async def _get(
        self,
        client: httpx.AsyncClient,
        service: str,
        route: str,
        operation: Mapping[str, Any],
        path: str,
        query: Mapping[str, str],
        name: str,
        bearer: str,
    ) -> None:
        address = f"{self.access.services[service].rest}{path}"
        streams = "text/event-stream" in operation["responses"].get("200", {}).get("content", {})
        headers = {"authorization": bearer}
        if route.startswith("/taxii2"):
            headers["accept"] = "application/taxii+json;version=2.1"
        async with self._gate:
            answer, body = await _read_again(client, address, query, headers, streams)
        self._note((name, f"{service} GET {route}"), body, ok=answer == 200)

    # --- gRPC -----------------------------------------------------------------------------------------------

    def _said(self, method: MethodDescriptor) -> Iterator[dict[str, Any]]:
        groups: dict[str, list[tuple[str, Any]]] = {}
        for one in method.input_type.fields:
            held: Sequence[Any] = self._values(one.name)
            if one.name == "occasion":
                held = [{"series": "uk-eu", "usedAt": "2026-12-31T09:00:00Z"}]
            elif one.cpp_type == FieldDescriptor.CPPTYPE_INT32:
                held = [int(value) for value in held]
            elif one.cpp_type != FieldDescriptor.CPPTYPE_STRING or one.is_repeated:
                continue
            group = one.name if one.containing_oneof is None else one.containing_oneof.name
            if held:
                groups.setdefault(group, []).extend((one.name, value) for value in held)
        for chosen in islice(product(*groups.values()), _CALLS):
            yield dict(chosen)

    async def _call(
        self,
        channel: grpc.aio.Channel,
        method: MethodDescriptor,
        values: Mapping[str, Any],
        name: str,
        bearer: str,
    ) -> None:
        request = json_format.ParseDict(dict(values), message_factory.GetMessageClass(method.input_type)())
        answers = message_factory.GetMessageClass(method.output_type)
        path = f"/{method.containing_service.full_name}/{method.name}"
        metadata = [("authorization", bearer)]
        body, ok = b"", False
        async with self._gate:
            try:
                if method.server_streaming:
                    stream = channel.unary_stream(path, type(request).SerializeToString, answers.FromString)(
                        request, metadata=metadata, timeout=_STREAMED
                    )
                    async for step in stream:
                        body, ok = body + step.SerializeToString(), True
                else:
                    call = channel.unary_unary(path, type(request).SerializeToString, answers.FromString)
                    answer = await call(request, metadata=metadata, timeout=_PATIENCE)
                    body, ok = answer.SerializeToString(), True
                    self._learn(json_format.MessageToDict(answer, preserving_proto_field_name=True))
            except grpc.aio.AioRpcError as error:
                body += (error.details() or "").encode()
        self._note((name, f"{method.containing_service.name}/{method.name}"), body, ok=ok)

    # --- What is known, and what was found ------------------------------------------------------------------

    def _values(self, name: str) -> Sequence[str]:
        if name in _SAID:
            return _SAID[name]
        held = self.known.get(name, {})
        return list(islice(held, self.most))

    def _note(self, surface: Surface, body: bytes, *, ok: bool) -> None:
        self.found.asked[surface] = self.found.asked.get(surface, 0) + 1
        if ok:
            self.found.answered.add(surface)
        met = {word for word in self.words if word.encode() in body}
        if met:
            self.found.words.setdefault(surface, set()).update(met)
        if ok and body[:1] in (b"{", b"["):
            try:
                self._learn(json.loads(body))
            except ValueError:
                return

    def _learn(self, document: Any, name: str = "") -> None:
        """Ids by the name of the member, and `id` by the name of what holds it."""
        if isinstance(document, list):
            for one in document:
                self._learn(one, name)
        elif isinstance(document, dict):
            for key, value in document.items():
                if isinstance(value, str) and (key == "id" or key.endswith("_id")) and value:
                    kind = key if key != "id" else f"{name.removesuffix('s')}_id"
                    self.known.setdefault(kind, {})[value] = None
                elif isinstance(value, dict | list):
                    self._learn(value, key)


async def _read_again(
    client: httpx.AsyncClient,
    address: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    streams: bool,
) -> tuple[int, bytes]:
    """A kept connection may be closed just when it is used again."""
    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type(httpx.TransportError), stop=stop_after_attempt(5), reraise=True
    ):
        with attempt:
            return await _read(client, address, query, headers, streams)
    raise AssertionError("unreachable")


async def _read(
    client: httpx.AsyncClient,
    address: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    streams: bool,
) -> tuple[int, bytes]:
    body = b""
    status = 0
    try:
        async with asyncio.timeout(_STREAMED if streams else _PATIENCE):
            async with client.stream("GET", address, params=dict(query), headers=dict(headers)) as response:
                status = response.status_code
                body += repr(sorted(response.headers.items())).encode() if streams else b""
                async for chunk in response.aiter_bytes():
                    body += chunk
    except TimeoutError:
        if not streams:
            raise
    return status, body


def reads_of(document: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Every route of a service that reads."""
    return [
        (path, operations["get"]) for path, operations in document["paths"].items() if "get" in operations
    ]


def rpc_reads() -> dict[str, list[MethodDescriptor]]:
    """By service, the methods that read: what changes something carries the id of its request."""
    pool = descriptor_pool.Default()
    # The services are described without the parts of a running process.
    named = {
        "threatfeed": threatfeed.rpc_services(idle_threatfeed()),
        "agenda": agenda.rpc_services(None),  # type: ignore[arg-type]
        "actions": actions.rpc_services(None),  # type: ignore[arg-type]
    }
    found: dict[str, list[MethodDescriptor]] = {}
    for name, services in named.items():
        described: list[ServiceDescriptor] = [pool.FindServiceByName(one.name) for one in services]
        found[name] = [
            method
            for service in described
            for method in service.methods
            if not any(one.name == "request_id" for one in method.input_type.fields)
        ]
    return found


@asynccontextmanager
async def _client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=httpx.Timeout(_PATIENCE)) as client:
        yield client


@asynccontextmanager
async def _channels(access: Access) -> AsyncIterator[dict[str, grpc.aio.Channel]]:
    channels = {name: grpc.aio.insecure_channel(address.rpc) for name, address in access.services.items()}
    try:
        yield channels
    finally:
        for channel in channels.values():
            await channel.close()


async def words_in_figures(access: Access, words: Sequence[str]) -> set[str]:
    """The processes whose metrics, probes or descriptions hold any of the words."""
    found = set()
    async with _client() as client:
        for name, address in access.services.items():
            for kind in ("api", "worker", "picture", "views", "relay"):
                port = address.probes(kind)
                if not port:
                    continue
                for path in ("metrics", "readyz", "livez"):
                    answer = await client.get(f"http://127.0.0.1:{port}/{path}")
                    if any(word.encode() in answer.content for word in words):
                        found.add(f"{name}-{kind} /{path}")
    return found


def words_in_files(folder: Path, words: Sequence[str]) -> set[str]:
    """The files of a folder that hold any of the words."""
    return {
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(word.encode() in path.read_bytes() for word in words)
    }
