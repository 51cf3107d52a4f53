"""Entity tags: the version of what a caller has seen, the same over REST and gRPC."""

from services.kernel.refusals import Refusal, RefusalKind


class EtagMissing(Refusal):
    """A change names the version that it changes."""

    kind = RefusalKind.INVALID
    reason = "ETAG_MISSING"


class EtagMalformed(Refusal):
    """The etag is none that was given out here."""

    kind = RefusalKind.INVALID
    reason = "ETAG_MALFORMED"


def etag(version: int) -> str:
    return f'"{version}"'


def parse_etag(text: str, pointer: str) -> int:
    """The version in a tag. Raises `EtagMissing` for an empty one, or `EtagMalformed`."""
    if not text:
        raise EtagMissing("the etag of what is changed must be given", pointer=pointer)
    digits = text.strip().removeprefix('"').removesuffix('"')
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise EtagMalformed("the etag was not given out here", pointer=pointer)
    return int(digits)
