"""What a newly arrived revision does to an assessment. Pure: the store carries the decision out.

Everything that arrives is recorded, and `status_of` decides how the assessment stands: whatever the order of
arrival, the same revisions end in the same state. Only an originator's own feed can revise, since the
identity of an assessment includes its originator.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.threatfeed.domain.assessment import (
    Assessment,
    Revision,
    SourceFormat,
    VersionKey,
    VersionScheme,
    Withdrawal,
)
from services.threatfeed.domain.refusals import RevisionConflict, VersionSchemeChanged
from services.threatfeed.domain.status import (
    NO_CHOICES,
    Choices,
    ConflictCause,
    Recorded,
    State,
    Status,
    standing_content,
    status_of,
)


class Outcome(StrEnum):
    """What became of a revision."""

    ACCEPTED = "ACCEPTED"
    """The first content of an assessment."""
    REVISED = "REVISED"
    """Replaces older content, or brings the assessment back."""
    OLDER = "OLDER"
    """Kept in the history: newer content, or a withdrawal, was already held."""
    DUPLICATE = "DUPLICATE"
    UNCHANGED = "UNCHANGED"
    """A newer version of a catalogue holds the current content again: only the version moves on."""
    WITHDRAWN = "WITHDRAWN"
    CONFLICT = "CONFLICT"
    """The same version with other content, or a version that cannot be ordered: kept for a human."""


@dataclass(frozen=True, slots=True)
class History:
    """What is held of one assessment.

    `recorded` needs to hold the newest content, every notice and those versions that are about to arrive;
    where there ever was a conflict, all. `revision` counts the contents that were the newest when they came,
    `latest_sha256` is the last of them. `status` is that of what is recorded: None where nothing is.
    """

    recorded: Mapping[VersionKey, tuple[Recorded, ...]] = field(default_factory=dict)
    revision: int = 0
    latest_sha256: str | None = None
    choices: Choices = NO_CHOICES
    status: Status | None = None

    @classmethod
    def of(
        cls,
        recorded: Mapping[VersionKey, tuple[Recorded, ...]],
        revision: int,
        latest_sha256: str | None,
        choices: Choices = NO_CHOICES,
    ) -> "History":
        """The history with the status that follows from it."""
        return cls(recorded, revision, latest_sha256, choices, status_of(recorded, choices))

    def newest_content(self, scheme: VersionScheme) -> VersionKey | None:
        """The newest version of that scheme with content; None where there is none."""
        versions = (
            version
            for version, contents in self.recorded.items()
            if version.scheme is scheme and any(entry.notice is None for entry in contents)
        )
        return max(versions, key=lambda version: version.ordinal, default=None)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with one revision, and what to answer.

    `revision` is the number that its content has, None where it never was the newest; `number` is set where
    the number is new.
    `status` is how the assessment stands afterwards, and `changed` says that its readers must hear of it: it
    stands otherwise, or its newest content is another, which can be read although it does not stand.
    `recorded` says that the revision gets a row of its own, `newest` that it is content above all that was
    held, and `others` counts the contents that were held under its version.
    """

    incoming: Revision
    outcome: Outcome
    status: Status
    revision: int | None = None
    number: int | None = None
    changed: bool = False
    recorded: bool = True
    newest: bool = False
    others: int = 0
    refusal: RevisionConflict | VersionSchemeChanged | None = None

    @property
    def conflict(self) -> ConflictCause | None:
        """What a human has to look at since this revision came; None for nothing."""
        if self.outcome is not Outcome.CONFLICT or not self.recorded:
            return None
        return (
            ConflictCause.VERSION_SCHEME
            if isinstance(self.refusal, VersionSchemeChanged)
            else ConflictCause.CONTENT
        )


NOTHING_HELD: Final = History()


def decide(history: History, incoming: Revision) -> tuple[Decision, History]:
    """The decision on one revision, and the history after it."""
    if history is NOTHING_HELD and isinstance(incoming, Assessment):
        return _first(incoming)
    source = incoming.source
    held = history.recorded.get(source.version, ())
    known = next((entry for entry in held if entry.content_sha256 == source.content_sha256), None)
    if known is not None and history.status is not None:
        return _repeated(history, history.status, incoming, known), history
    newest = _is_newest(history, incoming)
    unchanged = newest and source.content_sha256 == history.latest_sha256 and _is_of_catalogue(incoming)
    number = history.revision + 1 if newest and not unchanged else None
    notice = incoming.cause if isinstance(incoming, Withdrawal) else None
    after = _after(history, source.version, Recorded(source.content_sha256, number, notice))
    status = after.status
    if status is None:
        raise AssertionError("what is recorded has a status")
    refusal = _refusal(history, incoming)
    decision = Decision(
        incoming,
        Outcome.CONFLICT if refusal is not None else _outcome(history, incoming, status),
        status,
        revision=history.revision if unchanged else number,
        number=number,
        changed=number is not None or not status.stands_as(history.status),
        newest=newest,
        others=len(held),
        refusal=refusal,
    )
    return decision, after


def _first(incoming: Assessment) -> tuple[Decision, History]:
    """What `decide` comes to for the first that is held of an assessment, which ingest meets most."""
    source = incoming.source
    status = Status(State.ACTIVE, None, source.version, source.content_sha256)
    recorded = {source.version: (Recorded(source.content_sha256, 1),)}
    decision = Decision(incoming, Outcome.ACCEPTED, status, 1, 1, changed=True, newest=True)
    return decision, History(recorded, 1, source.content_sha256, status=status)


def decide_all(
    histories: Mapping[UUID, History], incoming: Iterable[Revision]
) -> tuple[tuple[Decision, ...], dict[UUID, History]]:
    """Decides revisions in their order, several of one assessment included.

    An assessment missing from `histories` is one of which nothing is held. Returns the decisions in the
    order given and the histories that they lead to, of the assessments that were met.
    """
    decisions: list[Decision] = []
    after: dict[UUID, History] = {}
    for revision in incoming:
        key = revision.assessment_id
        history = after.get(key) or histories.get(key, NOTHING_HELD)
        decision, after[key] = decide(history, revision)
        decisions.append(decision)
    return tuple(decisions), after


def _is_of_catalogue(incoming: Revision) -> bool:
    """Whether it is an entry of a catalogue: these have no versions of their own."""
    return incoming.source.format is SourceFormat.KEV


def _is_newest(history: History, incoming: Revision) -> bool:
    """Whether it is content of a version above those of all contents held."""
    if isinstance(incoming, Withdrawal):
        return False
    version = incoming.source.version
    schemes = {held.scheme for held in history.recorded} | {version.scheme}
    chosen = history.choices.scheme
    if len(schemes) > 1 and (chosen is None or chosen.chosen is not version.scheme):
        return False
    newest = history.newest_content(version.scheme)
    return newest is None or version.newer_than(newest)


def _outcome(history: History, incoming: Revision, status: Status) -> Outcome:
    if isinstance(incoming, Withdrawal):
        return Outcome.WITHDRAWN
    if status.state is not State.ACTIVE or status.version != incoming.source.version:
        return Outcome.OLDER
    if history.newest_content(incoming.source.version.scheme) is None:
        return Outcome.ACCEPTED
    return Outcome.UNCHANGED if status.stands_as(history.status) else Outcome.REVISED


def _refusal(history: History, incoming: Revision) -> RevisionConflict | VersionSchemeChanged | None:
    source = incoming.source
    held = history.recorded.get(source.version)
    if held:
        return _conflict(incoming, held[0])
    schemes = {version.scheme for version in history.recorded}
    if not schemes or schemes == {source.version.scheme}:
        return None
    choice = history.choices.scheme
    if choice is not None and source.version.scheme in choice.among:
        return None
    return VersionSchemeChanged(
        f"version {source.version.text!r} is a {source.version.scheme.lower()}, "
        f"versions held are {' and '.join(sorted(scheme.lower() for scheme in schemes))}s"
    )


def _conflict(incoming: Revision, held: Recorded) -> RevisionConflict:
    source = incoming.source
    return RevisionConflict(
        f"version {source.version.text} of {source.object_id} is held with other content",
        held_sha256=held.content_sha256,
        received_sha256=source.content_sha256,
    )


def _repeated(history: History, status: Status, incoming: Revision, known: Recorded) -> Decision:
    """A repeat of what is contested is told so again."""
    version = incoming.source.version
    contents = history.recorded[version]
    if standing_content(contents, history.choices.contents.get(version)) is None:
        other = next(entry for entry in contents if entry is not known)
        refusal = _conflict(incoming, other)
        return Decision(incoming, Outcome.CONFLICT, status, known.revision, recorded=False, refusal=refusal)
    return Decision(incoming, Outcome.DUPLICATE, status, known.revision, recorded=False)


def _after(history: History, version: VersionKey, entry: Recorded) -> History:
    recorded = dict(history.recorded)
    recorded[version] = (*recorded.get(version, ()), entry)
    numbered = entry.revision is not None
    return History(
        recorded=recorded,
        revision=entry.revision or history.revision,
        latest_sha256=entry.content_sha256 if numbered else history.latest_sha256,
        choices=history.choices,
        status=status_of(recorded, history.choices),
    )
