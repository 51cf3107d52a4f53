"""What every method does: it has the parts, and makes a change once however often it is called."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from google.protobuf.message import Message

from services.agenda.rpc.parts import RpcParts
from services.chassis.once import Once
from services.chassis.rpc.requests import run_once

T = TypeVar("T")
M = TypeVar("M", bound=Message)


class Methods:
    """Methods over the parts of the agenda's api."""

    def __init__(self, parts: RpcParts) -> None:
        self._parts = parts

    async def _once(
        self,
        request: Any,
        use_case: Callable[[Once[T]], Awaitable[T]],
        encode: Callable[[T], M],
        response: type[M],
    ) -> M:
        return await run_once(
            use_case,
            encode,
            response,
            request=request,
            request_id=request.request_id,
            database=self._parts.database,
            clock=self._parts.clock,
            rehearsed=request.validate_only,
        )
