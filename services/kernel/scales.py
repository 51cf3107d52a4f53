"""Scales of analytic judgement: the exact terms and bounds of each, never converted into one another.

Likelihood and confidence are independent: the one says how probable a statement is, the other how sound
its foundations are. What is absent is unspecified, and not a middle value.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from services.kernel.refusals import Refusal, RefusalKind


class TermUnknown(Refusal):
    """The scale has no such term, letter or digit; nothing is rounded to the nearest one."""

    kind = RefusalKind.INVALID
    reason = "TERM_UNKNOWN"


class LikelihoodScheme(StrEnum):
    """A scale of likelihood with its edition."""

    PHIA_2025 = "PHIA_2025"
    """UK Probability Yardstick of the PHIA, published 24 March 2025; its gaps are deliberate."""
    ICD203 = "ICD203"
    """US Intelligence Community Directive 203 (2015); neighbouring bands touch."""


class Confidence(StrEnum):
    """Analytic confidence: the UK rating (AnCR) and ICD 203 use the same three words."""

    LOW = "LOW"
    MODERATE = "MODERATE"
    HIGH = "HIGH"


class SourceReliability(StrEnum):
    """Reliability of a source on the Admiralty code. F says that nobody knows, not that it is worst."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"

    @property
    def words(self) -> str:
        """The words of the code."""
        return _RELIABILITY[self]


class InformationCredibility(StrEnum):
    """Credibility of information on the Admiralty code. 6 says that nobody knows."""

    ONE = "1"
    TWO = "2"
    THREE = "3"
    FOUR = "4"
    FIVE = "5"
    SIX = "6"

    @property
    def words(self) -> str:
        """The words of the code."""
        return _CREDIBILITY[self]


@dataclass(frozen=True, slots=True)
class Likelihood:
    """One term of one scale with its band in per cent.

    A band is a gloss for readers, and its middle is never data. Bounds belong to the band unless they are
    said to be exclusive.
    """

    scheme: LikelihoodScheme
    term: str
    lower: int
    upper: int
    lower_exclusive: bool = False
    upper_exclusive: bool = False

    def holds(self, percent: int) -> bool:
        """Whether a whole percentage lies in the band."""
        above = percent > self.lower if self.lower_exclusive else percent >= self.lower
        below = percent < self.upper if self.upper_exclusive else percent <= self.upper
        return above and below


_PHIA = LikelihoodScheme.PHIA_2025
_ICD = LikelihoodScheme.ICD203

PHIA_2025: tuple[Likelihood, ...] = (
    Likelihood(_PHIA, "Remote chance", 0, 5, lower_exclusive=True),
    Likelihood(_PHIA, "Highly unlikely", 10, 20),
    Likelihood(_PHIA, "Unlikely", 25, 35),
    Likelihood(_PHIA, "Realistic possibility", 40, 50, upper_exclusive=True),
    Likelihood(_PHIA, "Likely or probable", 55, 75),
    Likelihood(_PHIA, "Highly likely", 80, 90),
    Likelihood(_PHIA, "Almost certain", 95, 100, upper_exclusive=True),
)

ICD203: tuple[Likelihood, ...] = tuple(
    Likelihood(_ICD, term, lower, upper)
    for lower, upper, terms in (
        (1, 5, ("almost no chance", "remote")),
        (5, 20, ("very unlikely", "highly improbable")),
        (20, 45, ("unlikely", "improbable")),
        (45, 55, ("roughly even chance", "roughly even odds")),
        (55, 80, ("likely", "probable")),
        (80, 95, ("very likely", "highly probable")),
        (95, 99, ("almost certain", "nearly certain")),
    )
    for term in terms
)

_VARIANTS = {
    _PHIA: {
        "likely": "Likely or probable",
        "probable": "Likely or probable",
        "probably": "Likely or probable",
        "almost certainly": "Almost certain",
    },
    _ICD: {
        "improbably": "improbable",
        "probably": "probable",
        "almost certainly": "almost certain",
    },
}


def _index(terms: Iterable[Likelihood], variants: dict[str, str]) -> dict[str, Likelihood]:
    index = {entry.term.casefold(): entry for entry in terms}
    return index | {variant: index[term.casefold()] for variant, term in variants.items()}


_TERMS = {
    _PHIA: _index(PHIA_2025, _VARIANTS[_PHIA]),
    _ICD: _index(ICD203, _VARIANTS[_ICD]),
}

_RELIABILITY = {
    SourceReliability.A: "Completely reliable",
    SourceReliability.B: "Usually reliable",
    SourceReliability.C: "Fairly reliable",
    SourceReliability.D: "Not usually reliable",
    SourceReliability.E: "Unreliable",
    SourceReliability.F: "Reliability cannot be judged",
}

_CREDIBILITY = {
    InformationCredibility.ONE: "Confirmed by other sources",
    InformationCredibility.TWO: "Probably true",
    InformationCredibility.THREE: "Possibly true",
    InformationCredibility.FOUR: "Doubtful",
    InformationCredibility.FIVE: "Improbable",
    InformationCredibility.SIX: "Truth cannot be judged",
}


@lru_cache(maxsize=256)
def likelihood(term: str, scheme: str) -> Likelihood:
    """The band of a term, in any letter case and with the surface forms its scale admits.

    Raises `TermUnknown` for another scheme or term; a term of one scale is none of the other.
    """
    if scheme not in set(LikelihoodScheme):
        raise TermUnknown("unknown scale of likelihood", pointer="/scheme")
    found = _TERMS[LikelihoodScheme(scheme)].get(" ".join(term.casefold().split()))
    if found is None:
        raise TermUnknown(f"the scale {scheme} has no such term", pointer="/term")
    return found


def phia_term(percent: int) -> Likelihood:
    """The PHIA term whose band holds a percentage. Raises `TermUnknown` in a gap of the scale."""
    for entry in PHIA_2025:
        if entry.holds(percent):
            return entry
    raise TermUnknown("the scale PHIA_2025 has no term for this percentage")


def confidence(word: str) -> Confidence:
    """An analytic confidence rating, in any letter case. Raises `TermUnknown`."""
    if word.upper() not in set(Confidence):
        raise TermUnknown("analytic confidence is low, moderate or high")
    return Confidence(word.upper())


def source_reliability(letter: str) -> SourceReliability:
    """A letter A to F of the Admiralty code, in any letter case. Raises `TermUnknown`."""
    if letter.upper() not in set(SourceReliability):
        raise TermUnknown("source reliability is a letter from A to F")
    return SourceReliability(letter.upper())


def information_credibility(digit: str) -> InformationCredibility:
    """A digit 1 to 6 of the Admiralty code. Raises `TermUnknown`."""
    if digit not in set(InformationCredibility):
        raise TermUnknown("information credibility is a digit from 1 to 6")
    return InformationCredibility(digit)
