"""The course of an action as it is told to the product and to the model, and what is to come of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.actions.domain.action import Action, Rag
from services.actions.domain.owners import Owner
from services.actions.domain.proposals import ProposalKind, Terms
from services.kernel.escalation import LadderStep
from services.kernel.parties import Reader, Role
from tests.support.actions import agreed, evidence, reader
from tests.support.escalation.tables import CLOCKS, FROM_HOUR, HOLIDAYS, OWNERS


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that becomes of an action; `due` belongs to a date that is moved."""

    at: datetime
    kind: str
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """One action from its agreement on."""

    action_id: UUID
    series: str
    owners: tuple[tuple[str, str], ...]
    marking: str
    opened: datetime
    due: date
    happenings: tuple[Happening, ...]

    def action(self) -> Action:
        return agreed(
            id=self.action_id,
            reference=f"R-{self.action_id}",
            outcome_id=str(self.action_id),
            series=self.series,
            owners=tuple(Owner(party, body, accountable=True) for party, body in self.owners),
            marking=self.marking,
            opened_at=self.opened,
            changed_at=self.opened,
            original_due_date=self.due,
            due_date=self.due,
            basis=(),
        )


@dataclass(frozen=True, slots=True, order=True)
class Telling:
    """One notice: which step of whose ladder, in which episode, and the instant of it."""

    action: UUID
    trigger: str
    episode: int
    party: str
    step: str
    at: datetime


def live(action: Action, story: Story, happening: Happening, identity: UUID) -> Action:
    """The product's own action after a happening."""
    party, body = story.owners[0]
    other = next(side for side, _ in OWNERS[story.series] if side != party)
    owner, at = reader(body, party), happening.at
    judge: Reader = reader(dict(OWNERS[story.series])[other], other, Role.OWNER)
    parties = [side for side, _ in OWNERS[story.series]]
    match happening.kind:
        case "accept":
            return action.accepted(owner, at)
        case "report":
            return action.reported(Rag.GREEN, "", owner, at)
        case "block":
            return action.blocked_by("The funds are frozen.", owner, at)
        case "unblock":
            return action.unblocked(owner, at)
        case "claim":
            shown = evidence(
                id=identity, party=party, organisation=body, submitted_by=owner.subject, submitted_at=at
            )
            return action.claimed([shown], "Done.", owner, at)
        case "reject":
            return action.rejected("Not so.", judge, parties, at)
        case "close":
            return action.confirmed(judge, parties, identity, at)
        case "move":
            terms = Terms(ProposalKind.MOVE_DUE_DATE, "More time is needed.", happening.due)
            proposed = action.proposed(terms, owner, parties, identity, at)
            return proposed.proposal_accepted(identity, judge, parties, at)
        case "reopen":
            terms = Terms(ProposalKind.REOPEN, "It did not last.")
            proposed = action.proposed(terms, owner, parties, identity, at)
            return proposed.proposal_accepted(identity, judge, parties, at)
    raise ValueError(happening.kind)


def check_table(found: Iterable[Telling]) -> None:
    """What must hold of notices whatever the ladders: nobody on a day off or by night, nobody twice, no two
    steps of one ladder on a day, and from the bottom up.
    """
    ladders: dict[tuple[UUID, str, int, str], list[Telling]] = {}
    for telling in sorted(found, key=lambda one: one.at):
        local = telling.at.astimezone(CLOCKS[telling.party])
        assert local.isoweekday() <= 5, telling
        assert local.date() not in HOLIDAYS[telling.party], telling
        assert local.hour >= FROM_HOUR, telling
        ladder = telling.action, telling.trigger, telling.episode, telling.party
        ladders.setdefault(ladder, []).append(telling)
    order = [step.value for step in LadderStep]
    for climbed in ladders.values():
        steps = [order.index(one.step) for one in climbed]
        assert steps == sorted(set(steps)), climbed
        days = [one.at.astimezone(CLOCKS[one.party]).date() for one in climbed]
        assert len(set(days)) == len(days), climbed
