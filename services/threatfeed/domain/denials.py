"""What operators have decided that this deployment does not take in, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never
from uuid import UUID

from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue, Refusal, RefusalKind
from services.threatfeed.domain import limits
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.refusals import SourceDenied
from services.threatfeed.domain.submission import Reading, Rejection

MOST_DENIALS: Final = 1_000
"""In force at once: every batch is held against all of them."""


class SourceAlreadyDenied(Refusal):
    """Such a denial is in force."""

    kind = RefusalKind.ALREADY_EXISTS
    reason = "SOURCE_ALREADY_DENIED"


class DenialLifted(Refusal):
    """A denial that is no longer in force."""

    kind = RefusalKind.CONFLICT
    reason = "DENIAL_LIFTED"


class DenyListFull(Refusal):
    """As many denials are in force as there may be: a rule for more belongs into the policy."""

    kind = RefusalKind.CONFLICT
    reason = "DENY_LIST_FULL"


class DeniedKind(StrEnum):
    """What a denial names."""

    OBJECT = "OBJECT"
    """One assessment, by its agency and that agency's own id."""
    AGENCY = "AGENCY"
    """All that an agency submits."""
    REPORTER = "REPORTER"
    """An author whom payloads name, whichever agency passes it on; without regard to case."""


@dataclass(frozen=True, slots=True)
class DeniedSource:
    """What is denied. `agency` is empty for a reporter, `value` for an agency."""

    kind: DeniedKind
    agency: str = ""
    value: str = ""

    @classmethod
    def of(cls, kind: DeniedKind, agency: str, value: str, policy: Policy) -> "DeniedSource":
        """Raises `UnknownAgency`, and `InvalidValue` where the parts are not those of the kind."""
        for text, wanted, pointer in (
            (agency, kind is not DeniedKind.REPORTER, "/agency"),
            (value, kind is not DeniedKind.AGENCY, "/value"),
        ):
            if bool(text.strip()) is not wanted:
                meant = "is needed for" if wanted else "must be empty for"
                raise InvalidValue(f"{pointer[1:]} {meant} {kind.value}", pointer=pointer)
        if len(value) > limits.NAME_LENGTH or not (value.isprintable() and value == value.strip()):
            raise InvalidValue(
                f"at most {limits.NAME_LENGTH} printable characters, no blanks around", pointer="/value"
            )
        if agency:
            policy.agency(agency)
        return cls(kind, agency, value.casefold() if kind is DeniedKind.REPORTER else value)


@dataclass(frozen=True, slots=True)
class Denial:
    """A decision of an operator. One that was lifted stays, with who lifted it and why."""

    denial_id: UUID
    source: DeniedSource
    reason: str
    denied_by: str
    denied_at: datetime
    lifted_by: str | None = None
    lifted_at: datetime | None = None
    lift_reason: str | None = None


@dataclass(frozen=True, slots=True)
class DenyList:
    """The numbers of the denials in force, by what they name. Every reading is held against them."""

    agencies: Mapping[str, str]
    objects: Mapping[tuple[str, str], str]
    reporters: Mapping[str, str]

    @classmethod
    def of(cls, denials: Iterable[tuple[DeniedSource, str]]) -> "DenyList":
        agencies: dict[str, str] = {}
        objects: dict[tuple[str, str], str] = {}
        reporters: dict[str, str] = {}
        for source, number in denials:
            match source.kind:
                case DeniedKind.AGENCY:
                    agencies[source.agency] = number
                case DeniedKind.OBJECT:
                    objects[source.agency, source.value] = number
                case DeniedKind.REPORTER:
                    reporters[source.value] = number
                case _:
                    assert_never(source.kind)
        return cls(agencies, objects, reporters)

    def __bool__(self) -> bool:
        return bool(self.agencies or self.objects or self.reporters)

    def check(self, reading: Reading) -> Reading:
        """The reading, or its rejection where its source is denied.

        A withdrawal passes: it only takes away, and what is held of the source must not outlive it.
        """
        if not isinstance(reading, Assessment):
            return reading
        denial = self._denial(reading)
        if denial is None:
            return reading
        # The reason is the operators' own: an agency is told that there is one, and its number.
        refusal = SourceDenied("this deployment does not take in this source", denial=denial)
        return Rejection(reading.source.object_id, reading.source.version.text, (refusal,))

    def _denial(self, reading: Assessment) -> str | None:
        agency, author = reading.originator, reading.reported_by
        found = self.agencies.get(agency) or self.objects.get((agency, reading.source.object_id))
        if found is None and author is not None and self.reporters:
            return self.reporters.get(author.casefold())
        return found
