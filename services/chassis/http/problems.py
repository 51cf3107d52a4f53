"""Refusals as problem documents (RFC 9457), in one place for every route."""

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from services.chassis.database import TRANSIENT, DatabaseUnavailable
from services.chassis.http.description import PROBLEM
from services.chassis.once import Repeated
from services.kernel.refusals import Refusal, RefusalKind

STATUS: Mapping[RefusalKind, int] = {
    RefusalKind.INVALID: 400,
    RefusalKind.UNAUTHENTICATED: 401,
    RefusalKind.FORBIDDEN: 403,
    RefusalKind.NOT_FOUND: 404,
    RefusalKind.ALREADY_EXISTS: 409,
    RefusalKind.CONFLICT: 409,
    RefusalKind.STALE: 412,
    RefusalKind.TOO_LARGE: 413,
    RefusalKind.UNSUPPORTED: 415,
    RefusalKind.EXHAUSTED: 429,
    RefusalKind.UNAVAILABLE: 503,
}
# 400: a body that is not even text, or nested too deeply, never reaches validation.
_REASONS = {400: "INVALID_REQUEST", 404: "NO_SUCH_ROUTE", 405: "METHOD_NOT_ALLOWED"}


def problem(
    request: Request,
    status: int,
    reason: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> Response:
    document = {
        "type": f"urn:entente:problem:{reason.lower().replace('_', '-')}",
        "title": reason.replace("_", " ").capitalize(),
        "status": status,
        "reason": reason,
        "detail": detail,
        "instance": f"urn:uuid:{request.state.request_id}",
        **members,
    }
    return JSONResponse(document, status, headers=headers, media_type=PROBLEM)


async def _refused(request: Request, refusal: Exception) -> Response:
    if not isinstance(refusal, Refusal):
        raise refusal
    structlog.get_logger("http").info(
        "refused", reason=refusal.reason, pointer=refusal.pointer, path=request.url.path
    )
    members: dict[str, Any] = dict(refusal.members())
    if refusal.pointer is not None:
        members["errors"] = [{"pointer": refusal.pointer, "detail": refusal.detail}]
    headers = None
    if refusal.kind is RefusalKind.UNAUTHENTICATED:
        headers = {"WWW-Authenticate": "Bearer"}
    return problem(request, STATUS[refusal.kind], refusal.reason, refusal.detail, headers, **members)


async def _malformed(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    errors = [
        {
            "pointer": "/" + "/".join(str(part) for part in item["loc"][1:]),
            "in": str(item["loc"][0]),
            "detail": item["msg"],
        }
        for item in error.errors()
    ]
    return problem(request, 400, "INVALID_REQUEST", "the request does not fit its schema", errors=errors)


async def _http_exception(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    reason = _REASONS.get(error.status_code, "REFUSED")
    return problem(request, error.status_code, reason, str(error.detail), error.headers)


async def _repeated(_: Request, repeated: Exception) -> Response:
    if not isinstance(repeated, Repeated):
        raise repeated
    answer = repeated.answer
    headers = {**answer.headers, "Idempotent-Replayed": "true"}
    return Response(answer.body, answer.status, headers, answer.content_type)


async def _database_lost(request: Request, error: Exception) -> Response:
    """Whether the change was made is not known here: the caller asks again under its key."""
    structlog.get_logger("http").warning("database lost", error=type(error).__name__, path=request.url.path)
    lost = DatabaseUnavailable("the database does not answer; ask again shortly, under the same key")
    return problem(request, STATUS[lost.kind], lost.reason, lost.detail, {"Retry-After": "1"})


async def crashed(request: Request, error: Exception) -> Response:
    structlog.get_logger("http").error("request crashed", exc_info=error, path=request.url.path)
    return problem(request, 500, "INTERNAL", "the request could not be served")


def install(app: FastAPI) -> None:
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(Repeated, _repeated)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http_exception)
    for transient in TRANSIENT:
        app.add_exception_handler(transient, _database_lost)
