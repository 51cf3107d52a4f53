"""How an assessment stands: a function of the set of what is held of it, so that no order of arrival counts.

A version is contested while more than one content is held under it and no human has chosen among all of
them. What is contested is denied: an assessment stands again when its originator publishes a newer version,
or when a human has chosen.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Generic, TypeVar

from services.threatfeed.domain.assessment import VersionKey, VersionScheme, WithdrawalCause

T = TypeVar("T")


class State(StrEnum):
    """Whether an assessment stands, as its readers are told."""

    ACTIVE = "ACTIVE"
    SUPERSEDED = "SUPERSEDED"
    """The originator says that another document has taken its place."""
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    """Its `valid_until` has passed; a revision brings it back."""
    CONFLICTED = "CONFLICTED"
    """Its originator says two things at once: nothing is current until a human has chosen."""


class ConflictCause(StrEnum):
    """Why an assessment is conflicted."""

    CONTENT = "CONTENT"
    """One version with more than one content."""
    VERSION_SCHEME = "VERSION_SCHEME"
    """Versions counted in two ways, between which no order holds."""


VALIDITY_ENDED: Final = "VALIDITY_ENDED"
"""The cause of what has expired."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A content that is held, or a notice. `revision` is our number: None where it never was the newest."""

    content_sha256: str
    revision: int | None
    notice: WithdrawalCause | None = None

    @property
    def is_final(self) -> bool:
        """Whether it ends the assessment for good."""
        return self.notice is not None and self.notice.is_final


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """What a human chose, and among what: something else that comes later was not chosen among."""

    chosen: T
    among: frozenset[T]


Versions = Mapping[VersionKey, tuple[Recorded, ...]]


@dataclass(frozen=True, slots=True)
class Choices:
    """What humans have chosen: a content for a version, a way of counting versions."""

    contents: Mapping[VersionKey, Choice[str]] = field(default_factory=dict)
    scheme: Choice[VersionScheme] | None = None


NO_CHOICES: Final = Choices()


@dataclass(frozen=True, slots=True)
class Status:
    """How an assessment stands. `version` and `content_sha256` are of what is current, None where nothing is.

    `cause` says why it does not stand; None while it does.
    """

    state: State
    cause: WithdrawalCause | ConflictCause | None = None
    version: VersionKey | None = None
    content_sha256: str | None = None

    def stands_as(self, other: "Status | None") -> bool:
        """Whether readers would see no difference: that a version moved on is none."""
        return other is not None and (self.state, self.cause, self.content_sha256) == (
            other.state,
            other.cause,
            other.content_sha256,
        )


def standing_content(contents: tuple[Recorded, ...], choice: Choice[str] | None) -> Recorded | None:
    """The content of a version that stands; None while the version is contested."""
    if len(contents) == 1:
        return contents[0]
    if choice is None or not choice.among.issuperset(entry.content_sha256 for entry in contents):
        return None
    return next(entry for entry in contents if entry.content_sha256 == choice.chosen)


def status_of(versions: Versions, choices: Choices = NO_CHOICES) -> Status | None:
    """How an assessment stands of which this is held; None where nothing is.

    A notice that is final ends it, whatever its version. Else the newest version decides, unless it is
    contested, or a version is contested of which one content is a final notice.
    """
    schemes = {version.scheme for version in versions}
    if len(schemes) > 1:
        choice = choices.scheme
        if choice is None or not choice.among.issuperset(schemes):
            return Status(State.CONFLICTED, ConflictCause.VERSION_SCHEME)
        versions = {version: held for version, held in versions.items() if version.scheme is choice.chosen}
    return _status_in_order(versions, choices.contents) if versions else None


def _status_in_order(versions: Versions, choices: Mapping[VersionKey, Choice[str]]) -> Status:
    newest = max(versions, key=lambda version: version.ordinal)
    standing = {
        version: standing_content(contents, choices.get(version)) for version, contents in versions.items()
    }
    final = [
        (version.ordinal, entry.notice)
        for version, entry in standing.items()
        if entry is not None and entry.notice is not None and entry.is_final
    ]
    if final:
        _, cause = max(final, key=lambda entry: entry[0])
        return Status(State.SUPERSEDED if cause is WithdrawalCause.SUPERSEDED else State.WITHDRAWN, cause)
    latest = standing[newest]
    if latest is None or _contested_ends(versions, standing):
        return Status(State.CONFLICTED, ConflictCause.CONTENT)
    if latest.notice is not None:
        return Status(State.WITHDRAWN, latest.notice)
    return Status(State.ACTIVE, None, newest, latest.content_sha256)


def _contested_ends(versions: Versions, standing: Mapping[VersionKey, Recorded | None]) -> bool:
    return any(
        entry.is_final
        for version, contents in versions.items()
        if standing[version] is None
        for entry in contents
    )


def contested_versions(versions: Versions, choices: Choices) -> Iterator[VersionKey]:
    """The versions on which a human has still to choose."""
    for version, contents in versions.items():
        if standing_content(contents, choices.contents.get(version)) is None:
            yield version
