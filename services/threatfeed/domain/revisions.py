"""What a newly arrived revision does to an assessment. Pure: the store carries the decision out.

Whatever the order of arrival, revisions that do not conflict end in the same state: the newest content
stands, everything is recorded, and a withdrawal is final. Only an originator's own feed can revise,
since the identity of an assessment includes its originator.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.threatfeed.domain.assessment import Revision, SourceFormat, VersionKey, Withdrawal
from services.threatfeed.domain.refusals import RevisionConflict, VersionSchemeChanged


class Outcome(StrEnum):
    """What became of a revision."""

    ACCEPTED = "ACCEPTED"
    """The first content of an assessment."""
    REVISED = "REVISED"
    """Replaces older content."""
    OLDER = "OLDER"
    """Kept in the history: newer content, or a withdrawal, was already held."""
    DUPLICATE = "DUPLICATE"
    UNCHANGED = "UNCHANGED"
    """A newer version of a catalogue holds the current content again: only the version moves on."""
    WITHDRAWN = "WITHDRAWN"
    CONFLICT = "CONFLICT"
    """The same version with other content, or a version that cannot be ordered. Nothing is recorded."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A version that is held. `revision` is ours: None where the version never was current."""

    content_sha256: str
    revision: int | None


@dataclass(frozen=True, slots=True)
class History:
    """What is held of one assessment.

    `recorded` needs to hold the current version and those that are about to arrive, not all of them.
    `revision` counts the revisions that ever were current. `current` is the version that is, or that was
    when the assessment was withdrawn.
    """

    recorded: Mapping[VersionKey, Recorded] = field(default_factory=dict)
    revision: int = 0
    current: VersionKey | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with one revision, and what to answer.

    `revision` is the number that it got, or has (for a duplicate); None where it never was current.
    `changed` says that the assessment stands differently afterwards, which its readers must hear of.
    """

    incoming: Revision
    outcome: Outcome
    revision: int | None = None
    changed: bool = False
    refusal: RevisionConflict | VersionSchemeChanged | None = None

    @property
    def recorded(self) -> bool:
        """Whether the revision gets a row of its own in the record."""
        return self.outcome not in (Outcome.DUPLICATE, Outcome.UNCHANGED, Outcome.CONFLICT)

    @property
    def becomes_current(self) -> bool:
        """Whether the revision replaces what was current."""
        return self.outcome in (Outcome.ACCEPTED, Outcome.REVISED)

    @property
    def moves_version(self) -> bool:
        """Whether the revision's version is the current one afterwards."""
        return self.becomes_current or self.outcome is Outcome.UNCHANGED


NOTHING_HELD: Final = History()


def decide(history: History, incoming: Revision) -> tuple[Decision, History]:
    """The decision on one revision, and the history after it."""
    version = incoming.source.version
    held = history.recorded.get(version)
    if held is not None:
        return _repeated(held, incoming), history
    if isinstance(incoming, Withdrawal):
        decision = Decision(incoming, Outcome.WITHDRAWN, changed=not history.withdrawn)
    elif history.withdrawn:
        decision = Decision(incoming, Outcome.OLDER)
    elif history.current is None:
        decision = Decision(incoming, Outcome.ACCEPTED, history.revision + 1, changed=True)
    else:
        try:
            newer = version.newer_than(history.current)
        except VersionSchemeChanged as refusal:
            return Decision(incoming, Outcome.CONFLICT, refusal=refusal), history
        if newer and _says_the_same(history, incoming):
            decision = Decision(incoming, Outcome.UNCHANGED, history.revision)
        elif newer:
            decision = Decision(incoming, Outcome.REVISED, history.revision + 1, changed=True)
        else:
            decision = Decision(incoming, Outcome.OLDER)
    return decision, _after(history, decision)


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


def _says_the_same(history: History, incoming: Revision) -> bool:
    """Whether a catalogue's entry, which has no version of its own, stands in a new release as it did."""
    if incoming.source.format is not SourceFormat.KEV or history.current is None:
        return False
    current = history.recorded.get(history.current)
    return current is not None and current.content_sha256 == incoming.source.content_sha256


def _repeated(held: Recorded, incoming: Revision) -> Decision:
    source = incoming.source
    if held.content_sha256 == source.content_sha256:
        return Decision(incoming, Outcome.DUPLICATE, held.revision)
    refusal = RevisionConflict(
        f"version {source.version.text} of {source.object_id} is held with other content",
        held_sha256=held.content_sha256,
        received_sha256=source.content_sha256,
    )
    return Decision(incoming, Outcome.CONFLICT, refusal=refusal)


def _after(history: History, decision: Decision) -> History:
    source = decision.incoming.source
    recorded = dict(history.recorded)
    recorded[source.version] = Recorded(source.content_sha256, decision.revision)
    return History(
        recorded=recorded,
        revision=decision.revision or history.revision,
        current=source.version if decision.moves_version else history.current,
        withdrawn=history.withdrawn or decision.outcome is Outcome.WITHDRAWN,
    )
