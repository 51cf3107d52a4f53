"""The gRPC server: who may call is a table, errors are mapped once, every call has a deadline."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import grpc
import structlog
from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_status import rpc_status
from opentelemetry.instrumentation.grpc import aio_server_interceptor

from services.chassis.database import TRANSIENT, DatabaseUnavailable
from services.chassis.health import Health
from services.chassis.identity import TokenVerifier, bearer_token, current_principal
from services.chassis.rpc.statuses import status_of
from services.chassis.settings import ListenerSettings
from services.chassis.telemetry import Telemetry
from services.kernel.refusals import Refusal, RefusalKind

_DEFAULT_DEADLINE = 30.0
_HEALTH = "/grpc.health.v1.Health/"
_LARGEST_MESSAGE = 8 * 1024 * 1024

Handler = Callable[[Any, Any], Any]
Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Service:
    """One gRPC service: its full name, how it is added to a server, and who may call each method."""

    name: str
    add: Callable[[grpc.aio.Server], None]
    access: Mapping[str, frozenset[str]]
    methods: Sequence[str]

    def check(self) -> None:
        """Raises when a method does not say who may call it, or a rule has no method."""
        if set(self.methods) != set(self.access):
            difference = sorted(set(self.methods) ^ set(self.access))
            raise ValueError(f"{self.name}: methods and access rules differ in {difference}")


class MessageMalformed(Refusal):
    """The bytes are no message of the method."""

    kind = RefusalKind.INVALID
    reason = "MESSAGE_MALFORMED"


class _Unread:
    """Stands for a message that could not be read: who may call is decided before that is told."""


def _attempt(read: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    def attempt(content: bytes) -> Any:
        try:
            return read(content)
        except DecodeError:
            return _Unread()

    return attempt


def _require_read(request: Any) -> None:
    if isinstance(request, _Unread):
        raise MessageMalformed("the bytes are no message of this method")


class _Frame(grpc.aio.ServerInterceptor):
    """Authenticates, permits, limits the time and maps refusals, for every method but health."""

    def __init__(self, verifier: TokenVerifier, access: Mapping[str, frozenset[str]]) -> None:
        self._verifier = verifier
        self._access = access
        self._log = structlog.get_logger("rpc")

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        details: grpc.HandlerCallDetails,
    ) -> Any:
        handler = await continuation(details)
        if handler is None or details.method.startswith(_HEALTH):
            return handler
        roles = self._access[details.method]
        if handler.unary_unary is not None:
            return grpc.unary_unary_rpc_method_handler(
                self._unary(handler.unary_unary, details, roles),
                _attempt(handler.request_deserializer),
                handler.response_serializer,
            )
        if handler.unary_stream is not None:
            return grpc.unary_stream_rpc_method_handler(
                self._stream(handler.unary_stream, details, roles),
                _attempt(handler.request_deserializer),
                handler.response_serializer,
            )
        raise TypeError(f"{details.method} streams requests, which nothing here does")

    def _unary(self, method: Handler, details: grpc.HandlerCallDetails, roles: frozenset[str]) -> Handler:
        async def call(request: Any, context: Context) -> Any:
            try:
                await self._authenticate(details, roles)
                _require_read(request)
                remaining = context.time_remaining()
                limit = _DEFAULT_DEADLINE if remaining is None else min(remaining, _DEFAULT_DEADLINE)
                return await asyncio.wait_for(method(request, context), limit)
            except Refusal as refusal:
                await self._refuse(context, details.method, refusal)
            except TRANSIENT as error:
                await self._lost(context, details.method, error)
            except TimeoutError:
                await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "the deadline has passed")
            except grpc.aio.AbortError:
                raise
            except Exception:  # noqa: BLE001 logged and answered as a defect
                await self._crash(context, details.method)

        return call

    def _stream(self, method: Handler, details: grpc.HandlerCallDetails, roles: frozenset[str]) -> Handler:
        async def call(request: Any, context: Context) -> AsyncIterator[Any]:
            try:
                await self._authenticate(details, roles)
                _require_read(request)
                # Closed at once when the caller leaves, or its reader would be counted until collected.
                async with aclosing(method(request, context)) as responses:
                    async for response in responses:
                        yield response
            except Refusal as refusal:
                await self._refuse(context, details.method, refusal)
            except TRANSIENT as error:
                await self._lost(context, details.method, error)
            except grpc.aio.AbortError:
                raise
            except Exception:  # noqa: BLE001 logged and answered as a defect
                await self._crash(context, details.method)

        return call

    async def _authenticate(self, details: grpc.HandlerCallDetails, roles: frozenset[str]) -> None:
        authorization = dict(details.invocation_metadata).get("authorization")
        token = bearer_token(authorization if isinstance(authorization, str) else None)
        principal = await self._verifier.verify(token)
        current_principal.set(principal)
        principal.require_any(roles)

    async def _refuse(self, context: Context, method: str, refusal: Refusal) -> None:
        self._log.info("refused", reason=refusal.reason, pointer=refusal.pointer, method=method)
        await context.abort_with_status(rpc_status.to_status(status_of(refusal)))

    async def _lost(self, context: Context, method: str, error: Exception) -> None:
        self._log.warning("database lost", error=type(error).__name__, method=method)
        lost = DatabaseUnavailable("the database does not answer; ask again shortly, under the same key")
        await context.abort_with_status(rpc_status.to_status(status_of(lost)))

    async def _crash(self, context: Context, method: str) -> None:
        self._log.exception("call crashed", method=method)
        await context.abort(grpc.StatusCode.INTERNAL, "the call could not be served")


class RpcServer:
    """Serves services until told to stop; calls under way get `grace` seconds to end."""

    def __init__(
        self,
        services: Sequence[Service],
        settings: ListenerSettings,
        *,
        verifier: TokenVerifier,
        health: Health,
        telemetry: Telemetry,
        grace: float = 5.0,
    ) -> None:
        access: dict[str, frozenset[str]] = {}
        for service in services:
            service.check()
            access.update({f"/{service.name}/{method}": roles for method, roles in service.access.items()})
        self._grace = grace
        self._health = health
        self._status = health_aio.HealthServicer()
        self._server = grpc.aio.server(
            interceptors=[
                aio_server_interceptor(tracer_provider=telemetry.provider),
                _Frame(verifier, access),
            ],
            options=[
                ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
                ("grpc.so_reuseport", 0),
                ("grpc.keepalive_time_ms", 30_000),
                ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
            ],
        )
        for service in services:
            service.add(self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._status, self._server)
        self.port = self._server.add_insecure_port(f"{settings.host}:{settings.port}")

    async def run(self, stop: asyncio.Event) -> None:
        await self._server.start()
        while not stop.is_set():
            ready = not await self._health.not_ready()
            await self._set_status(serving=ready)
            try:
                await asyncio.wait_for(stop.wait(), 1.0)
            except TimeoutError:
                continue
        await self._set_status(serving=False)
        await self._server.stop(self._grace)

    async def _set_status(self, *, serving: bool) -> None:
        code = health_pb2.HealthCheckResponse
        await self._status.set("", code.SERVING if serving else code.NOT_SERVING)
