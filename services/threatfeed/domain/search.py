"""What a reader looks for among the assessments that they may read."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.kernel.refusals import InvalidValue

LONGEST_WORDS: Final = 500
LONGEST_VALUE: Final = 200
MOST_VALUES: Final = 20


class Kind(StrEnum):
    """What a search can be narrowed to. Values are compared without regard to case."""

    PARTY = "party"
    AGENCY = "agency"
    THEME = "theme"
    ACTOR = "actor"
    TECHNIQUE = "technique"
    CVE = "cve"
    SECTOR = "sector"
    """A word as `energy`, or a scheme and its code as `NIS2 energy`."""
    MARKING = "marking"
    """A TLP label as `TLP:AMBER`, or a system and level as `UK_GSCP OFFICIAL`."""


@dataclass(frozen=True, slots=True)
class Search:
    """Assessments that hold the words and meet every condition; of one kind, any value will do.

    `words` is written as for a web search: quotes for a phrase, `or`, and `-` for what must not be there.
    The period is that of publication, `until` excluded.
    """

    words: str = ""
    values: Mapping[Kind, tuple[str, ...]] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def of(
        cls,
        words: str,
        values: Mapping[Kind, Sequence[str]],
        since: datetime | None,
        until: datetime | None,
    ) -> "Search":
        """Raises `InvalidValue` for what cannot be looked for, with its pointer."""
        kept = {
            kind: tuple(sorted({_text(value, LONGEST_VALUE, f"/{kind.value}").casefold() for value in given}))
            for kind, given in values.items()
            if given
        }
        for kind, found in kept.items():
            if len(found) > MOST_VALUES or "" in found:
                raise InvalidValue(f"1 to {MOST_VALUES} values that are not empty", pointer=f"/{kind.value}")
        for moment, pointer in ((since, "/since"), (until, "/until")):
            if moment is not None and moment.tzinfo is None:
                raise InvalidValue("a time needs a time zone", pointer=pointer)
        return cls(_text(words, LONGEST_WORDS, "/words"), kept, since, until)

    def facts(self) -> list[list[str]]:
        """For each kind the facts of which one must be there, as they are kept with the views."""
        return [[f"{kind.value}:{value}" for value in found] for kind, found in sorted(self.values.items())]

    def question(self) -> str:
        """What is asked, in one form: a page token holds for the same question only."""
        period = [moment.isoformat() if moment else "" for moment in (self.since, self.until)]
        return "|".join([self.words, *(",".join(found) for found in self.facts()), *period])


def _text(text: str, longest: int, pointer: str) -> str:
    if len(text) > longest:
        raise InvalidValue(f"at most {longest} characters", pointer=pointer)
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise InvalidValue("control characters and lone surrogates cannot be looked for", pointer=pointer)
    return text.strip()
