"""What every route uses: who calls and may, which version is meant, and whether it is a repeat."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from fastapi.responses import Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.etags import etag, parse_etag
from services.chassis.identity import Principal, TokenVerifier, bearer_token, current_principal
from services.chassis.once import Answer, Once, fingerprint
from services.kernel.refusals import Refusal, RefusalKind

T = TypeVar("T")
JSON = "application/json"
_VALIDATE_ONLY = "validate_only"


class RequestKeyMissing(Refusal):
    """A change carries an Idempotency-Key, so that its repeat gets the first answer."""

    kind = RefusalKind.INVALID
    reason = "REQUEST_KEY_MISSING"


class ValidateOnlyUnavailable(Refusal):
    """The change cannot be tried without being made."""

    kind = RefusalKind.INVALID
    reason = "VALIDATE_ONLY_UNAVAILABLE"


class Permission:
    """A dependency that lets only some roles pass; every route has one, and a test enumerates them."""

    def __init__(self, roles: frozenset[str]) -> None:
        self.roles = roles

    async def __call__(
        self,
        request: Request,
        _: Annotated[object, Depends(HTTPBearer(auto_error=False, bearerFormat="JWT"))],
    ) -> Principal:
        verifier: TokenVerifier = request.app.state.verifier
        principal = await verifier.verify(bearer_token(request.headers.get("authorization")))
        current_principal.set(principal)
        principal.require_any(self.roles)
        return principal


def permit(*roles: str) -> Permission:
    return Permission(frozenset(roles))


def expected_version(
    if_match: Annotated[str | None, Header(description="The ETag of what is changed")] = None,
) -> int:
    """The version that the caller has seen. Raises `EtagMissing` or `EtagMalformed`."""
    return parse_etag(if_match or "", "/if-match")


ExpectedVersion = Annotated[int, Depends(expected_version)]


class Mutation:
    """A request that changes something, or only tries to: named by its Idempotency-Key, answered once."""

    def __init__(self, request: Request, key: str, body: bytes, *, rehearsed: bool = False) -> None:
        self._request = request
        self.key = key
        self._body = body
        self._rehearsed = rehearsed

    def rehearsal(self) -> "Mutation":
        """The same request, only tried."""
        return Mutation(self._request, self.key, self._body, rehearsed=True)

    async def run(
        self,
        use_case: Callable[[Once[T]], Awaitable[T]],
        encode: Callable[[T], "Encoded"],
    ) -> Response:
        """Runs the use case once; a repeat gets the first answer. Where only validation is asked for, all of
        it is undone before it is answered.
        """
        state = self._request.app.state
        database: Database = state.database
        clock: Clock = state.clock
        principal = current_principal.get()
        once: Once[T] = Once(
            database,
            principal=principal.subject,
            key=self.key,
            request=fingerprint(
                self._request.method.encode(),
                self._request.url.path.encode(),
                self._request.url.query.encode(),
                self._request.headers.get("if-match", "").encode(),
                self._body,
            ),
            at=clock(),
            encode=lambda result: encode(result).answer(),
            rehearsed=self._rehearsed,
        )
        await once.answered_before()
        await use_case(once)
        if once.encoded is None:
            raise RuntimeError("the use case did not answer its request")
        answer = once.encoded
        return Response(answer.body, answer.status, dict(answer.headers), answer.content_type)


class Encoded:
    """A result as the caller sees it: a pydantic model, a status, an ETag, a location."""

    def __init__(
        self, model: BaseModel, *, status: int = 200, version: int | None = None, location: str = ""
    ) -> None:
        self._model = model
        self._status = status
        self._version = version
        self._location = location

    def answer(self) -> Answer:
        headers: dict[str, str] = {}
        if self._version is not None:
            headers["ETag"] = etag(self._version)
        if self._location:
            headers["Location"] = self._location
        return Answer(self._status, self._model.model_dump_json().encode(), JSON, headers)

    def response(self) -> Response:
        answer = self.answer()
        return Response(answer.body, answer.status, dict(answer.headers), answer.content_type)


async def mutation(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(description="UUID of this request; a repeat gets the first answer")
    ] = None,
) -> Mutation:
    """Raises `RequestKeyMissing`."""
    if idempotency_key is None:
        raise RequestKeyMissing("Idempotency-Key must name this request", pointer="/idempotency-key")
    try:
        key = str(UUID(idempotency_key.strip('"')))
    except ValueError as error:
        raise RequestKeyMissing("Idempotency-Key is not a UUID", pointer="/idempotency-key") from error
    return Mutation(request, key, await request.body())


_Asked = Annotated[Mutation, Depends(mutation)]


async def never_rehearsed(request: Request, asked: _Asked) -> Mutation:
    """A mutation that is never only tried. Raises `ValidateOnlyUnavailable`."""
    if _VALIDATE_ONLY in request.query_params:
        raise ValidateOnlyUnavailable(
            "the request cannot be tried without being made", pointer=f"/{_VALIDATE_ONLY}"
        )
    return asked


MutationDependency = Annotated[Mutation, Depends(never_rehearsed)]


async def rehearsable(
    asked: _Asked,
    validate_only: Annotated[
        bool, Query(description="Check everything and answer as if it were done, and keep nothing of it")
    ] = False,
) -> Mutation:
    """A mutation whose use case writes in its one transaction and nowhere else."""
    return asked.rehearsal() if validate_only else asked


RehearsableMutation = Annotated[Mutation, Depends(rehearsable)]

__all__ = [
    "Encoded",
    "ExpectedVersion",
    "Mutation",
    "MutationDependency",
    "Permission",
    "RehearsableMutation",
    "RequestKeyMissing",
    "ValidateOnlyUnavailable",
    "etag",
    "parse_etag",
    "permit",
]
