"""What an API says of itself (OpenAPI 3.1): its routes, and the refusals that each can answer."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

PROBLEM: Final = "application/problem+json"
_EVENTS: Final = "text/event-stream"
EVENT_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Server-sent events, until the reader or the process ends",
        "content": {_EVENTS: {"schema": {"type": "string"}}},
    }
}
"""The responses of a route that streams."""
_ALWAYS: Final[Mapping[int, str]] = {
    400: "The request is malformed or cannot be meant",
    401: "No valid token",
    403: "Not for this caller, whether or not it exists",
    404: "There is no such thing in what the caller may know",
    409: "What is there does not allow it",
    503: "A part that is needed does not answer",
}
_OF_CHANGES: Final[Mapping[int, str]] = {
    412: "The caller has seen an older version",
    413: "The body is too large",
    415: "What is sent is of no kind that is read",
}
_OF_STREAMS: Final[Mapping[int, str]] = {429: "Too many readers"}
_CHANGES: Final = frozenset({"post", "put", "patch", "delete"})
_PROBLEM_SCHEMA: Final = {
    "type": "object",
    "title": "Problem",
    "description": "A refusal (RFC 9457). `reason` is stable; texts may change.",
    "required": ["type", "title", "status", "reason", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "reason": {"type": "string"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {"type": "string"},
                    "in": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


class Application(FastAPI):
    """A FastAPI application that describes itself with its refusals."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = _describe(self)
        return self.openapi_schema


def new_application(title: str, version: str, routers: Sequence[APIRouter]) -> FastAPI:
    """An application with these routes that describes itself."""
    app = Application(
        title=title,
        version=version,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    for router in routers:
        app.include_router(router)
    return app


def _describe(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    # What does not fit its schema is refused as a problem like anything else.
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM_SCHEMA
    for operations in document["paths"].values():
        for method, operation in operations.items():
            responses = operation["responses"]
            responses.pop("422", None)
            for status, meaning in _refusals(method, responses).items():
                responses.setdefault(str(status), _problem(meaning))
    return document


def _refusals(method: str, responses: Mapping[str, Any]) -> Mapping[int, str]:
    streams = any(_EVENTS in response.get("content", {}) for response in responses.values())
    return {**_ALWAYS, **(_OF_CHANGES if method in _CHANGES else {}), **(_OF_STREAMS if streams else {})}


def _problem(meaning: str) -> dict[str, Any]:
    return {
        "description": meaning,
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
