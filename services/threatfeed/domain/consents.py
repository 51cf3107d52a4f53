"""Originators' consents: recorded by them, counted until they end, withdrawn by them.

A consent is one organisation's, on one text, to one party, in one mode, for one meeting: those members
are its identity, so that the same consent given again is the same consent, standing again.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.kernel.identifiers import consent_id
from services.kernel.refusals import InvalidValue, Refusal, RefusalKind
from services.kernel.release_terms import Consent

LONGEST = timedelta(days=3_660)
LONGEST_WORDS = 4_000

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class ConsentEndsTooEarly(Refusal):
    """A consent that would have ended before it was recorded."""

    kind = RefusalKind.INVALID
    reason = "CONSENT_ENDS_TOO_EARLY"


class ConsentEndsTooLate(Refusal):
    """Consent is asked for again from time to time: none is given for more than ten years."""

    kind = RefusalKind.INVALID
    reason = "CONSENT_ENDS_TOO_LATE"


class ConsentStands(Refusal):
    """The same consent stands already. To change its end it is withdrawn first."""

    kind = RefusalKind.ALREADY_EXISTS
    reason = "CONSENT_STANDS"


class ConsentEnded(Refusal):
    """What was withdrawn or has expired cannot be withdrawn."""

    kind = RefusalKind.CONFLICT
    reason = "CONSENT_ENDED"


class ConsentStale(Refusal):
    """Somebody changed the consent since the caller read it."""

    kind = RefusalKind.STALE
    reason = "CONSENT_STALE"


class MeetingWithoutSeries(Refusal):
    """A meeting is one of a series, and use outside any meeting is in none."""

    kind = RefusalKind.INVALID
    reason = "MEETING_WITHOUT_SERIES"


class ConsentState(StrEnum):
    """Whether a consent counts. One whose end has passed no longer counts, whatever its state."""

    STANDING = "STANDING"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Who took a consent back, when and why."""

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedConsent:
    """A consent with the record of it. `series` is empty where `terms.meeting` is None."""

    terms: Consent
    series: str
    originator_party: str
    statement: str
    recorded_by: str
    recorded_at: datetime
    state: ConsentState = ConsentState.STANDING
    withdrawn: Withdrawn | None = None
    aggregate_version: int = 1

    def __post_init__(self) -> None:
        check_words(self.statement, "/statement")
        if bool(self.series) is (self.terms.meeting is None):
            raise MeetingWithoutSeries("a meeting is named with its series", pointer="/use/series")

    @property
    def id(self) -> UUID:
        """Derived from what is consented to."""
        terms = self.terms
        return consent_id(
            terms.originator,
            str(terms.assessment_id),
            terms.revision,
            terms.rendition.value,
            terms.party,
            terms.mode.value,
            str(terms.meeting or ""),
        )

    def after(self, former: "RecordedConsent | None") -> "RecordedConsent":
        """This record in the place of a former one of the same consent.

        Raises `ConsentStands`, `ConsentEndsTooEarly` or `ConsentEndsTooLate`.
        """
        expires_at, at = self.terms.expires_at, self.recorded_at
        if expires_at <= at:
            raise ConsentEndsTooEarly("the end of the consent has passed", pointer="/expires_time")
        if expires_at > at + LONGEST:
            raise ConsentEndsTooLate("no consent is for more than ten years", pointer="/expires_time")
        if former is None:
            return self
        if former.state is ConsentState.STANDING and former.terms.expires_at > at:
            raise ConsentStands("the same consent stands already", consent_id=str(former.id))
        return replace(self, aggregate_version=former.aggregate_version + 1)

    def withdraw(self, by: str, at: datetime, reason: str, expected: int) -> "RecordedConsent":
        """Raises `ConsentStale` or `ConsentEnded`."""
        if expected != self.aggregate_version:
            raise ConsentStale("the consent has changed since it was read", pointer="/etag")
        check_words(reason, "/reason")
        if self.state is not ConsentState.STANDING or self.terms.expires_at <= at:
            raise ConsentEnded("the consent has ended")
        return replace(
            self,
            state=ConsentState.WITHDRAWN,
            withdrawn=Withdrawn(by, at, reason),
            aggregate_version=self.aggregate_version + 1,
        )

    def expire(self) -> "RecordedConsent":
        """Notes that the end has passed. Raises `ConsentEnded` for one that does not stand."""
        if self.state is not ConsentState.STANDING:
            raise ConsentEnded("the consent has ended")
        return replace(self, state=ConsentState.EXPIRED, aggregate_version=self.aggregate_version + 1)


def check_words(words: str, pointer: str, longest: int = LONGEST_WORDS) -> None:
    """Raises `InvalidValue` for words that say nothing, are too long, or command a terminal."""
    if not words.strip() or len(words) > longest:
        raise InvalidValue(f"between 1 and {longest} characters are needed", pointer=pointer)
    if _CONTROL.search(words):
        raise InvalidValue("control characters are not kept", pointer=pointer)
