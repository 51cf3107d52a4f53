"""Anticipated refusals: the one exception tree that an edge may translate for a caller.

Anything that is not a `Refusal` is a defect and must crash loudly.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

_REASON = re.compile(r"[A-Z][A-Z0-9_]{0,61}[A-Z0-9]")


class RefusalKind(StrEnum):
    """What a refusal means to its caller; each edge maps every kind once."""

    INVALID = "INVALID"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    CONFLICT = "CONFLICT"
    """An illegal transition: HTTP 409, gRPC FAILED_PRECONDITION."""
    STALE = "STALE"
    """A lost race or a stale etag: HTTP 412, gRPC ABORTED."""
    TOO_LARGE = "TOO_LARGE"
    UNSUPPORTED = "UNSUPPORTED"
    EXHAUSTED = "EXHAUSTED"
    UNAVAILABLE = "UNAVAILABLE"


class Refusal(Exception):
    """Base of every anticipated refusal.

    `reason` is a stable UPPER_SNAKE_CASE code of at most 63 characters (AIP-193), `detail` a
    sentence for the caller, `pointer` an RFC 6901 JSON pointer to the offending input and
    `metadata` further strings. A subclass must set `kind` and `reason`.
    """

    kind: ClassVar[RefusalKind]
    reason: ClassVar[str]

    def __init__(self, detail: str, *, pointer: str | None = None, **metadata: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer
        self.metadata = metadata

    def members(self) -> Mapping[str, object]:
        """What a problem document holds beside reason and detail: the metadata, and what is no string."""
        return self.metadata

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        reason = getattr(cls, "reason", None)
        if reason is not None and not _REASON.fullmatch(reason):
            raise TypeError(f"{cls.__name__}.reason must be UPPER_SNAKE_CASE, at most 63 characters")


class InvalidValue(Refusal):
    """A value that does not fit its type, format or bounds."""

    kind = RefusalKind.INVALID
    reason = "INVALID_VALUE"


class NoAccess(Refusal):
    """The caller may not see or do this, or it does not exist: the answer never tells which
    (AIP-211).
    """

    kind = RefusalKind.FORBIDDEN
    reason = "NO_ACCESS"

    def __init__(self, resource: str) -> None:
        super().__init__(f"permission denied on {resource} (or it might not exist)")
