"""What the readers of other people's formats share: content hashes, distinct values, rejections."""

import hashlib
from collections.abc import Iterable
from typing import Final

import orjson

from services.kernel.refusals import Refusal
from services.threatfeed.domain.submission import Rejection
from services.threatfeed.formats.json_text import Json

LONGEST_CLAIM: Final = 128
"""Characters of an agency's own id or version that a rejection repeats."""


def content_sha256(content: Json) -> str:
    """The hex digest of a JSON value without its layout: white space and the order of names do not count."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def distinct(values: Iterable[str]) -> tuple[str, ...]:
    """The values in the order met, each once."""
    return tuple(dict.fromkeys(values))


def rejection(object_id: Json, version: Json, refusals: tuple[Refusal, ...]) -> Rejection:
    """The rejection of an assessment, with as much of its id and version as can be named."""
    return Rejection(_claim(object_id), _claim(version), refusals)


def _claim(value: Json) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value)[:LONGEST_CLAIM]
