"""What came after its deadline: items after drafts were exchanged, amendments after the agenda was due."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from uuid import UUID

from services.agenda.domain.answers import Answer, ItemAnswer
from services.agenda.domain.deadlines import Deadline
from services.agenda.domain.meeting import Meeting, MeetingState
from services.kernel.editions import Edition, recurring_items
from services.kernel.identifiers import recurring_item_id, template_item_id
from services.kernel.series import DeadlineStep, Series

_WITHOUT_DATE = frozenset({MeetingState.CANCELLED, MeetingState.POSTPONED})


@dataclass(frozen=True, slots=True)
class MissedDeadline:
    """The deadline that something came after, and the working day on which it was."""

    name: str
    due: date


@dataclass(frozen=True, slots=True)
class Dues:
    """By when what is prepared for a meeting has to be there. `plan` is that of the date it now has: with
    another date it is told anew what is late. `kept` are the lines that the meeting has of itself, from the
    template or from earlier editions: nobody proposes them, so they are never late. Days are those of the
    meeting's place.
    """

    plan: Sequence[Deadline]
    zone: tzinfo
    kept: frozenset[UUID] = frozenset()

    def closes(self, step: DeadlineStep) -> Deadline | None:
        """The deadline of a step; None where no plan has it."""
        return next((entry for entry in self.plan if entry.step is step), None)

    def missed(self, step: DeadlineStep, came_at: datetime) -> MissedDeadline | None:
        """What came on the day itself is in time."""
        due = self.closes(step)
        if due is None or came_at.astimezone(self.zone).date() <= due.due:
            return None
        return MissedDeadline(due.name, due.due)

    def late_items(self, came: Mapping[UUID, datetime]) -> dict[UUID, MissedDeadline]:
        """Of items with the instants at which they came, the late ones."""
        return {
            item_id: missed
            for item_id, at in came.items()
            if item_id not in self.kept
            and (missed := self.missed(DeadlineStep.EXCHANGE_DRAFTS, at)) is not None
        }

    def late_amendments(self, answers: Iterable[ItemAnswer]) -> dict[tuple[UUID, str], MissedDeadline]:
        """Of answers that would have an item otherwise, the late ones by item and party."""
        return {
            (answer.item_id, answer.party): missed
            for answer in answers
            if answer.answer is Answer.AMENDED
            and (missed := self.missed(DeadlineStep.AGREE_AGENDA, answer.given_at)) is not None
        }


def plan_in_force(meeting: Meeting, plan: Sequence[Deadline]) -> Sequence[Deadline]:
    """No deadline is missed while a meeting has no date."""
    return () if meeting.state in _WITHOUT_DATE else plan


def lines_of_itself(
    meeting: Meeting, series: Series, editions: Iterable[Edition], returning: Iterable[UUID]
) -> frozenset[UUID]:
    """The lines that every party's draft of a meeting has: of the template, recurring, and coming back."""
    return frozenset(
        (
            *(template_item_id(meeting.id, line.position) for line in series.standing_items),
            *(
                recurring_item_id(meeting.id, line.year, line.item.title)
                for line in recurring_items(editions, series, meeting.edition)
            ),
            *returning,
        )
    )
