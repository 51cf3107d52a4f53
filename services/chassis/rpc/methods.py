"""What methods have in common: the parts of their api, and changes made once, however often asked for."""

from collections.abc import Awaitable, Callable
from typing import Any, Generic, Protocol, TypeVar

from google.protobuf.message import Message

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.once import Once
from services.chassis.rpc.requests import run_once

T = TypeVar("T")
M = TypeVar("M", bound=Message)


class Parts(Protocol):
    """What a change needs of the parts of an api."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...


P = TypeVar("P", bound=Parts)


class Methods(Generic[P]):
    """Methods over the parts of an api."""

    def __init__(self, parts: P) -> None:
        self._parts = parts

    async def _once(
        self,
        request: Any,
        use_case: Callable[[Once[T]], Awaitable[T]],
        encode: Callable[[T], M],
        response: type[M],
    ) -> M:
        """Of a request with `request_id` and `validate_only`. Raises as `run_once` and the use case do."""
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
