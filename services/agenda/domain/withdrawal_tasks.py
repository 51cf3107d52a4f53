"""What a secretariat has to do where something rests on a text that no longer stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.agenda.domain.references import ReferenceState
from services.kernel.refusals import Refusal, RefusalKind


class TaskClosed(Refusal):
    """The party has closed the task, or there is nothing to do any more."""

    kind = RefusalKind.CONFLICT
    reason = "TASK_CLOSED"


class TaskKind(StrEnum):
    """What rests on the text. An action's and an agenda's task is every party's, the others one party's."""

    AGENDA_ITEM = "AGENDA_ITEM"
    DRAFT_ITEM = "DRAFT_ITEM"
    PROPOSAL = "PROPOSAL"
    ACTION = "ACTION"


class TaskState(StrEnum):
    OPEN = "OPEN"
    DONE = "DONE"
    LAPSED = "LAPSED"
    """The text stands again, or what rested on it does no longer."""


class TaskSelection(StrEnum):
    OPEN = "OPEN"
    DONE = "DONE"
    ALL = "ALL"


@dataclass(frozen=True, slots=True)
class Subject:
    """What rests on texts. `party` is whose it is, None for what is joint."""

    kind: TaskKind
    id: UUID
    series: str
    party: str | None
    meeting_id: UUID | None


@dataclass(frozen=True, slots=True)
class Fallen:
    """A text under a subject that does not stand, and how it does not."""

    item_id: UUID | None
    assessment_id: UUID
    revision: int
    cause: ReferenceState


@dataclass(frozen=True, slots=True)
class Closing:
    """What was done, by whom and when."""

    note: str
    official: str
    at: datetime


@dataclass(frozen=True, slots=True)
class WithdrawalTask:
    """A task as one party sees it: with its own closing, never another's."""

    id: UUID
    subject: Subject
    fallen: Fallen
    opened_at: datetime
    lapsed_at: datetime | None = None
    closing: Closing | None = None

    @property
    def state(self) -> TaskState:
        if self.closing is not None:
            return TaskState.DONE
        return TaskState.OPEN if self.lapsed_at is None else TaskState.LAPSED

    def closed(self, closing: Closing) -> "WithdrawalTask":
        """Raises `TaskClosed`."""
        if self.state is not TaskState.OPEN:
            raise TaskClosed("there is nothing to close")
        return replace(self, closing=closing)


def lapsing(tasks: Iterable[WithdrawalTask], fallen: Sequence[Fallen]) -> tuple[WithdrawalTask, ...]:
    """The tasks of a subject, not lapsed yet, for which there is no reason any more."""
    return tuple(task for task in tasks if task.lapsed_at is None and task.fallen not in fallen)


def opening(tasks: Iterable[WithdrawalTask], fallen: Sequence[Fallen]) -> tuple[Fallen, ...]:
    """What has fallen and no task says yet. One that was done stays done while nothing changes."""
    said = [task.fallen for task in tasks if task.lapsed_at is None]
    return tuple(one for one in dict.fromkeys(fallen) if one not in said)


def to_do(kind: TaskKind, cause: ReferenceState, *, agreed: bool) -> str:
    """In words. `agreed` is of an agenda that both sides have signed: its text stays as it is."""
    fate = "was withdrawn" if cause is ReferenceState.WITHDRAWN else "no longer stands as it was used"
    match kind:
        case TaskKind.AGENDA_ITEM if agreed:
            deed = (
                "the agreed agenda stays valid and is marked; tell the delegation, and settle with the other"
                " side whether the item is taken without it or another version is tabled"
            )
        case TaskKind.AGENDA_ITEM:
            deed = "take it or the item off, or refer to what stands, and table another version"
        case TaskKind.DRAFT_ITEM:
            deed = "take it off the draft or refer to what stands before the draft is tabled"
        case TaskKind.PROPOSAL:
            deed = "take it off the proposal, refer to what stands, or withdraw the proposal"
        case TaskKind.ACTION:
            deed = (
                "the agreed text stays valid and is marked; consider with the owners whether the action"
                " still has a reason, and propose its end or another date if not"
            )
    return f"a text that this rests on {fate}: {deed}"
