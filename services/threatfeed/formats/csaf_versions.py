"""Version numbers of CSAF documents: whole numbers or semantic versions (CSAF 2.0 section 3.1.11)."""

import re
from dataclasses import dataclass
from typing import Final

from services.threatfeed.domain.assessment import VersionKey, VersionScheme
from services.threatfeed.domain.refusals import FieldInvalid

CSAF_VERSION: Final = (
    r"^(0|[1-9][0-9]*)$"
    r"|^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
    r"(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$"
)
"""The pattern of the standard's schema."""

_PARTS: Final = re.compile(r"([0-9]+)(?:\.([0-9]+)\.([0-9]+)(-[^+]*)?(?:\+.*)?)?")
# Together 63 bits. Some producers write dates: 25 bits hold eight digits of one up to the year 3355.
_MAJOR_BITS: Final = 25
_LESSER_BITS: Final = 19
_LONGEST_PART: Final = 10


@dataclass(frozen=True, slots=True)
class CsafVersion:
    """One version number; a whole number N has the parts (N, 0, 0)."""

    text: str
    parts: tuple[int, int, int]
    is_whole: bool
    is_prerelease: bool

    @property
    def is_initial(self) -> bool:
        """Whether it is 0 or 0.y.z, which only drafts have."""
        return self.parts[0] == 0

    @property
    def key(self) -> VersionKey:
        """The version key. Build metadata does not count (semver section 10), so that 1.0.0+a and 1.0.0+b are
        one version; producers that turned from 1.0.0 to whole numbers stay in order.
        """
        major, minor, patch = self.parts
        ordinal = (major << 2 * _LESSER_BITS) | (minor << _LESSER_BITS) | patch
        return VersionKey(VersionScheme.SEMANTIC, ordinal, self.text)


def read_csaf_version(text: str, pointer: str) -> CsafVersion:
    """A version number that matches `CSAF_VERSION`.

    Raises `FieldInvalid` for a part beyond 33,554,431 (the first) or 524,287 (the others): it could not be
    ordered.
    """
    match = _PARTS.fullmatch(text)
    if match is None:
        raise FieldInvalid("not a version number", pointer=pointer)
    digits = (match[1], match[2] or "0", match[3] or "0")
    bounds = (1 << _MAJOR_BITS, 1 << _LESSER_BITS, 1 << _LESSER_BITS)
    if any(
        len(part) > _LONGEST_PART or int(part) >= bound for part, bound in zip(digits, bounds, strict=True)
    ):
        raise FieldInvalid("a part of the version number is too large to be ordered", pointer=pointer)
    major, minor, patch = map(int, digits)
    return CsafVersion(text, (major, minor, patch), match[2] is None, match[4] is not None)
