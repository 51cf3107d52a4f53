"""What is said of a text on the scales of analytic judgement: five axes, none turned into another.

Absent is unspecified, and not a middle value; F and 6 of the Admiralty code say that nobody knows.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from services.kernel.scales import Confidence, InformationCredibility, Likelihood, SourceReliability

T = TypeVar("T")


class Scale(StrEnum):
    """A scale with its edition."""

    PHIA_2025 = "PHIA_2025"
    """UK Probability Yardstick of the PHIA, published 24 March 2025."""
    ICD203 = "ICD203"
    """US Intelligence Community Directive 203 (2015), for likelihood and for analytic confidence."""
    ANCR = "ANCR"
    """UK Analytical Confidence Rating."""
    ADMIRALTY_RELIABILITY = "ADMIRALTY_RELIABILITY"
    """Reliability of the source, A to F of the Admiralty code."""
    ADMIRALTY_CREDIBILITY = "ADMIRALTY_CREDIBILITY"
    """Credibility of the information, 1 to 6 of the Admiralty code."""
    STIX_CONFIDENCE = "STIX_CONFIDENCE"
    """Confidence in the correctness of the data, 0 to 100 (STIX 2.1, section 3.2 and appendix A)."""
    UNSTATED = "UNSTATED"
    """The source used the words of more than one scale and did not say which it meant."""


@dataclass(frozen=True, slots=True)
class Rated(Generic[T]):
    """A value on a scale, with the words in which it was received."""

    scale: Scale
    value: T
    as_reported: str


@dataclass(frozen=True, slots=True)
class Ratings:
    """The five axes. None of them is derived: each holds what the source itself stated on it."""

    likelihood: Rated[Likelihood] | None = None
    analytic_confidence: Rated[Confidence] | None = None
    source_reliability: Rated[SourceReliability] | None = None
    info_credibility: Rated[InformationCredibility] | None = None
    stix_confidence: Rated[int] | None = None


UNRATED = Ratings()
