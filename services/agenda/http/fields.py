"""The kinds of text that requests hold: bounded, and without control characters."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, StringConstraints

_PLAIN = r"^[^\x00-\x1f\x7f]*$"
_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
_CODE = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"

Line = Annotated[
    str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=300, pattern=_PLAIN)
]
Prose = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=4_000, pattern=_LINES),
]
OptionalProse = Annotated[
    str, StringConstraints(strict=True, strip_whitespace=True, max_length=4_000, pattern=_LINES)
]
Code = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=60, pattern=_CODE)]
OptionalCode = Annotated[str, StringConstraints(strict=True, max_length=60, pattern=r"^[A-Za-z0-9_.-]*$")]
Banner = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=512, pattern=_PLAIN)]
ContentHash = Annotated[str, StringConstraints(strict=True, pattern=r"^sha256:[0-9a-f]{64}$")]
Signature = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=2_048, pattern=_PLAIN)]

SeriesQuery = Annotated[str, Query(min_length=1, max_length=60, pattern=_CODE)]
ThemeQuery = Annotated[str, Query(max_length=60, pattern=r"^[A-Za-z0-9_.-]*$")]
TokenQuery = Annotated[str, Query(max_length=512, pattern=r"^[A-Za-z0-9_=+/.:-]*$")]
ThreadPath = Annotated[str, Path(min_length=1, max_length=120, pattern=r"^[A-Za-z0-9:._-]+$")]


class Body(BaseModel):
    """A request body: unknown members are refused."""

    model_config = ConfigDict(extra="forbid")
