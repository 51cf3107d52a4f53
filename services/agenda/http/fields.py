"""The kinds of text that requests hold: bounded, and without control characters."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, StringConstraints

from services.agenda.domain.wording import (
    CODE,
    CONTENT_HASH,
    LINES,
    LONGEST_BANNER,
    LONGEST_CODE,
    LONGEST_ID,
    LONGEST_LINE,
    LONGEST_PROSE,
    LONGEST_SIGNATURE,
    LONGEST_TOKEN,
    PLAIN,
    THREAD_ID,
    TOKEN,
)

Line = Annotated[
    str,
    StringConstraints(
        strict=True, strip_whitespace=True, min_length=1, max_length=LONGEST_LINE, pattern=PLAIN
    ),
]
Prose = Annotated[
    str,
    StringConstraints(
        strict=True, strip_whitespace=True, min_length=1, max_length=LONGEST_PROSE, pattern=LINES
    ),
]
OptionalProse = Annotated[
    str, StringConstraints(strict=True, strip_whitespace=True, max_length=LONGEST_PROSE, pattern=LINES)
]
Code = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=LONGEST_CODE, pattern=CODE)]
OptionalCode = Annotated[
    str, StringConstraints(strict=True, max_length=LONGEST_CODE, pattern=r"^[A-Za-z0-9_.-]*$")
]
Banner = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=LONGEST_BANNER, pattern=PLAIN)
]
ContentHash = Annotated[str, StringConstraints(strict=True, pattern=CONTENT_HASH)]
Signature = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=LONGEST_SIGNATURE, pattern=PLAIN)
]

SeriesQuery = Annotated[str, Query(min_length=1, max_length=LONGEST_CODE, pattern=CODE)]
ThemeQuery = Annotated[str, Query(max_length=LONGEST_CODE, pattern=r"^[A-Za-z0-9_.-]*$")]
SizeQuery = Annotated[int, Query(ge=1, le=200)]
TokenQuery = Annotated[str, Query(max_length=LONGEST_TOKEN, pattern=TOKEN)]
ThreadPath = Annotated[str, Path(min_length=1, max_length=LONGEST_ID, pattern=THREAD_ID)]


class Body(BaseModel):
    """A request body: unknown members are refused."""

    model_config = ConfigDict(extra="forbid")
