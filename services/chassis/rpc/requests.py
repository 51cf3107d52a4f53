"""Mutations over gRPC: the request id names one, and its repeat gets the first answer."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from google.protobuf.message import Message

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.identity import current_principal
from services.chassis.once import Answer, Once, Repeated, fingerprint
from services.kernel.refusals import Refusal, RefusalKind

T = TypeVar("T")
M = TypeVar("M", bound=Message)
PROTOBUF = "application/protobuf"


class RequestIdMissing(Refusal):
    """A change carries a request id, so that its repeat gets the first answer."""

    kind = RefusalKind.INVALID
    reason = "REQUEST_ID_MISSING"


async def run_once(
    use_case: Callable[[Once[T]], Awaitable[T]],
    encode: Callable[[T], M],
    response: type[M],
    *,
    request: Message,
    request_id: str,
    database: Database,
    clock: Clock,
    rehearsed: bool = False,
) -> M:
    """Runs the use case once for the current principal and gives its response, or the first one; where it is
    `rehearsed`, all of it is undone and no request id is used up.

    Raises `RequestIdMissing`, and `RequestKeyReused` for another request under the same id.
    """
    once: Once[T] = Once(
        database,
        principal=current_principal.get().subject,
        key=read_request_id(request_id),
        request=fingerprint(
            request.DESCRIPTOR.full_name.encode(), request.SerializeToString(deterministic=True)
        ),
        at=clock(),
        encode=lambda result: Answer(0, encode(result).SerializeToString(), PROTOBUF),
        rehearsed=rehearsed,
    )
    try:
        await once.answered_before()
        return encode(await use_case(once))
    except Repeated as repeated:
        return response.FromString(repeated.answer.body)


def read_request_id(request_id: str) -> str:
    """The key of a mutation. Raises `RequestIdMissing`."""
    try:
        return str(UUID(request_id))
    except ValueError as error:
        raise RequestIdMissing("request_id must be a UUID of this request", pointer="/request_id") from error
