"""What only a human can settle: one version with several contents, versions that cannot be ordered."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.kernel.refusals import Refusal, RefusalKind
from services.threatfeed.domain.assessment import Revision, VersionKey
from services.threatfeed.domain.status import ConflictCause


class ConflictChanged(Refusal):
    """Something else has come, or was chosen, since the caller looked."""

    kind = RefusalKind.STALE
    reason = "CONFLICT_CHANGED"


class ConflictSettled(Refusal):
    """The choice was made."""

    kind = RefusalKind.CONFLICT
    reason = "CONFLICT_SETTLED"


class AlternativeUnknown(Refusal):
    """The choice is none of what there is to choose from."""

    kind = RefusalKind.INVALID
    reason = "ALTERNATIVE_UNKNOWN"


class ConflictState(StrEnum):
    """Whether a human has still to choose."""

    OPEN = "OPEN"
    RESOLVED = "RESOLVED"


@dataclass(frozen=True, slots=True)
class ConflictChoice:
    """What an official chooses and why; `expected` is the version of the conflict that was looked at."""

    chosen: str
    reason: str
    expected: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something of one assessment that a human has to settle, or has settled.

    `chosen` is the digest of a content, or a way of counting versions; `among` is what it was chosen from.
    """

    id: UUID
    assessment_id: UUID
    agency: str
    party: str
    object_id: str
    cause: ConflictCause
    version: VersionKey
    state: ConflictState
    opened_at: datetime
    chosen: str | None
    among: tuple[str, ...]
    reason: str | None
    resolved_by: str | None
    resolved_at: datetime | None
    aggregate_version: int

    def resolved(
        self, choice: ConflictChoice, alternatives: Iterable[str], official: str, at: datetime
    ) -> "Conflict":
        """As an official settled it. What comes later was not chosen among, and opens it again.

        Raises `ConflictChanged`, `ConflictSettled` or `AlternativeUnknown`.
        """
        if choice.expected != self.aggregate_version:
            raise ConflictChanged("the conflict has changed since it was looked at")
        if self.state is not ConflictState.OPEN:
            raise ConflictSettled("the conflict is settled")
        among = tuple(sorted(set(alternatives)))
        if choice.chosen not in among:
            raise AlternativeUnknown("this is none of the alternatives", pointer="/choice")
        return replace(
            self,
            state=ConflictState.RESOLVED,
            chosen=choice.chosen,
            among=among,
            reason=choice.reason,
            resolved_by=official,
            resolved_at=at,
            aggregate_version=self.aggregate_version + 1,
        )


@dataclass(frozen=True, slots=True)
class Alternative:
    """One of the contents or notices between which a human chooses."""

    content: Revision
    sha256: str
    received_at: datetime

    def choice(self, cause: ConflictCause) -> str:
        """What names it in a choice."""
        if cause is ConflictCause.VERSION_SCHEME:
            return self.content.source.version.scheme.value
        return self.sha256
