"""Channels to peers: every call has a deadline, carries the caller's token, and fails as a refusal."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import grpc
from opentelemetry.instrumentation.grpc import aio_client_interceptors

from services.chassis.identity import current_principal
from services.chassis.rpc.statuses import refusal_of
from services.chassis.telemetry import Telemetry

Request = TypeVar("Request")
Response = TypeVar("Response")

DEADLINE = 10.0
_SERVICE_CONFIG = """{"methodConfig": [{"name": [{}], "retryPolicy": {
  "maxAttempts": 3, "initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 2,
  "retryableStatusCodes": ["UNAVAILABLE"]}}]}"""


@asynccontextmanager
async def open_channel(target: str, telemetry: Telemetry) -> AsyncIterator[grpc.aio.Channel]:
    """A channel that connects when it is used. Only reads and idempotent calls go over it."""
    channel = grpc.aio.insecure_channel(
        target,
        interceptors=aio_client_interceptors(tracer_provider=telemetry.provider),
        options=[
            ("grpc.service_config", _SERVICE_CONFIG),
            ("grpc.max_receive_message_length", 8 * 1024 * 1024),
        ],
    )
    try:
        yield channel
    finally:
        await channel.close()


async def call(
    method: Callable[..., Awaitable[Response]], request: Any, *, deadline: float = DEADLINE
) -> Response:
    """Calls a peer for the current principal. Raises the peer's refusal, or one of kind UNAVAILABLE."""
    metadata = [("authorization", f"Bearer {current_principal.get().token}")]
    try:
        return await method(request, timeout=deadline, metadata=metadata)
    except grpc.aio.AioRpcError as error:
        raise refusal_of(error) from error
