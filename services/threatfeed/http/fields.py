"""The kinds of text that requests hold: bounded, and without control characters."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, StringConstraints

_CODE = r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$"

Code = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=80, pattern=_CODE)]
Prose = Annotated[
    str,
    StringConstraints(
        strict=True,
        strip_whitespace=True,
        min_length=1,
        max_length=2_000,
        pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$",
    ),
]
SeriesQuery = Annotated[
    str, Query(min_length=1, max_length=60, pattern=_CODE, description="Whose view, with the caller's party")
]
SizeQuery = Annotated[int, Query(ge=0, description="0 for 50; at most 200 are given")]
TokenQuery = Annotated[str, Query(max_length=1_000)]


class Body(BaseModel):
    """A request body: unknown members are refused."""

    model_config = ConfigDict(extra="forbid")
