"""Histories of the actions of uk-eu as they may happen, told plainly and stored as the service does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from services.actions.domain.action import Action, Rag
from services.actions.domain.archive import archivable, archived, restored
from services.actions.domain.owners import Owner
from services.actions.domain.planning import Dependency, Milestone
from services.actions.domain.proposals import ProposalKind, Terms
from services.actions.domain.refusals import NotArchived
from services.actions.domain.states import State
from services.actions.store.actions import find, insert, update
from services.actions.usecases.publication import Publication
from services.chassis.audit import AuditEntry
from services.chassis.database import Database
from services.kernel.refusals import Refusal
from tests.support.actions import BOTH_OWN, CNECT, DSIT, UK_EU, UK_OWNS, agreed, evidence

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
MARKINGS = ("TLP:CLEAR", "UK OFFICIAL", "UK OFFICIAL REL EU")
SEEN_BY_EU = {"TLP:CLEAR", "UK OFFICIAL REL EU"}
KINDS = (
    "accept",
    "decline",
    "report",
    "block",
    "unblock",
    "claim",
    "confirm",
    "reject",
    "move",
    "withdraw",
    "wait",
    "plan",
    "review",
    "archive",
    "restore",
)
_OWNERS = (BOTH_OWN, UK_OWNS, (Owner("EU", "CNECT", accountable=True),))


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody tries with one of the actions, `after` days from the step before; negative, a clock
    went back.
    """

    which: int
    after: int
    kind: str
    number: int


@dataclass(frozen=True, slots=True)
class History:
    opened: tuple[Action, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """An action from an instant on. `kind` is that of its audit entry."""

    at: datetime
    kind: str
    action: Action


@dataclass(slots=True)
class Record:
    """Every version in the order in which they were stored."""

    versions: list[Version] = field(default_factory=list)

    def of(self, identity: UUID) -> list[Version]:
        return [version for version in self.versions if version.action.id == identity]

    def told(self, identity: UUID) -> list[Version]:
        """The versions that tell something: what waits for the same as before, or reports the same in the
        same instant, changes nothing that anybody is shown.
        """
        versions = self.of(identity)
        shown = [
            replace(
                version.action,
                version=0,
                changed_at=START,
                depends_on=tuple(
                    Dependency(one.action_id, State.AGREED, START.date()) for one in version.action.depends_on
                ),
            )
            for version in versions
        ]
        return [
            version
            for place, version in enumerate(versions)
            if place == 0 or shown[place] != shown[place - 1]
        ]

    def standing(self, at: datetime) -> list[Action]:
        """The actions as they stood, each waiting for the others as those stood then."""
        known: dict[UUID, Action] = {}
        for identity in {version.action.id for version in self.versions}:
            reached = datetime.min.replace(tzinfo=UTC)
            for version in self.of(identity):
                reached = max(reached, version.at)
                if reached <= at:
                    known[identity] = version.action
        return [
            replace(
                action,
                depends_on=tuple(
                    Dependency(other.action_id, known[other.action_id].state, known[other.action_id].due_date)
                    for other in action.depends_on
                ),
            )
            for action in known.values()
        ]

    def in_state_since(self, identity: UUID, at: datetime) -> datetime:
        """When the state that it was in then began."""
        reached, since, state = datetime.min.replace(tzinfo=UTC), START, None
        for version in self.of(identity):
            reached = max(reached, version.at)
            if reached > at:
                break
            if version.action.state is not state:
                since, state = reached, version.action.state
        return since


def uuid(kind: int, number: int) -> UUID:
    return UUID(int=kind * 10**6 + number)


@st.composite
def histories(draw: st.DrawFn) -> History:
    opened = []
    for number in range(draw(st.integers(1, 5))):
        due = START.date() + timedelta(days=draw(st.integers(5, 400)))
        standing = draw(st.booleans())
        opened.append(
            agreed(
                id=uuid(1, number),
                reference=f"UKEU-{draw(st.sampled_from([2025, 2026]))}-A{number:02}",
                meeting_id=draw(st.sampled_from(["first", "second"])),
                text=draw(st.sampled_from(["Publish joint guidance.", "Exercise 100% of_sectors."])),
                owners=draw(st.sampled_from(_OWNERS)),
                marking=draw(st.sampled_from(MARKINGS)),
                commitment=draw(st.sampled_from(["C1", "C5"] if standing else ["C3", "C4", ""])),
                reviewed_yearly=standing,
                original_due_date=due,
                due_date=due,
                opened_at=START,
                changed_at=START,
                basis=(),
            )
        )
    step = st.builds(
        Step,
        which=st.integers(0, len(opened) - 1),
        after=st.sampled_from([0, 0, 1, 3, 20, 45, 100, -2]),
        kind=st.sampled_from(KINDS),
        number=st.integers(0, 200),
    )
    taken_on = [Step(which, 1, "accept", 0) for which in range(draw(st.integers(0, len(opened))))]
    return History(tuple(opened), (*taken_on, *draw(st.lists(step, max_size=18))))


def _moves(step: Step, place: int, at: datetime) -> Callable[[Action, Sequence[Action]], Action]:
    identity, day = uuid(2, place), at.date() + timedelta(days=step.number)

    def owner(action: Action) -> Any:
        return DSIT if "UK" in action.owning_parties else CNECT

    def other(action: Action) -> Any:
        return CNECT if owner(action) is DSIT else DSIT

    def agree(action: Action, terms: Terms) -> Action:
        proposed = action.proposed(terms, DSIT, UK_EU, identity, at)
        return proposed.proposal_accepted(identity, CNECT, UK_EU, at) if step.number % 3 else proposed

    def wait(action: Action, others: Sequence[Action]) -> Action:
        wanted = [one for one in others if one.id != action.id][: 1 + step.number % 2]
        edges = {one.id: [each.action_id for each in one.depends_on] for one in others}
        known = [Dependency(one.id, one.state, one.due_date) for one in wanted]
        return action.waiting_for(known, edges, owner(action), at)

    def archive(action: Action) -> Action:
        if not archivable(action, at.date(), 0):
            raise NotArchived("it is not left alone")
        return archived(action, at.date())

    shown = evidence(id=identity, marking=MARKINGS[step.number % 3], submitted_at=at)
    steps = [Milestone(identity, f"Draft {place}", 1 + step.number % 3, max(day, date(2026, 1, 6)))]
    rag = list(Rag)[step.number % 3]
    moves: dict[str, Callable[[Action, Sequence[Action]], Action]] = {
        "accept": lambda action, _: action.accepted(owner(action), at),
        "decline": lambda action, _: action.declined_by(f"Not ours {place}.", owner(action), at),
        "report": lambda action, _: action.reported(rag, f"So {step.number}.", owner(action), at),
        "block": lambda action, _: action.blocked_by("No money.", owner(action), at),
        "unblock": lambda action, _: action.unblocked(owner(action), at),
        "claim": lambda action, _: action.claimed([shown], "Done.", owner(action), at),
        "confirm": lambda action, _: action.confirmed(other(action), UK_EU, identity, at),
        "reject": lambda action, _: action.rejected("No.", other(action), UK_EU, at),
        "move": lambda action, _: agree(action, Terms(ProposalKind.MOVE_DUE_DATE, "Late.", day)),
        "withdraw": lambda action, _: agree(action, Terms(ProposalKind.WITHDRAW, "Void.")),
        "wait": wait,
        "plan": lambda action, _: action.planned(steps, owner(action), at),
        "review": lambda action, _: action.reviewed("Good.", owner(action), at),
        "archive": lambda action, _: archive(action),
        "restore": lambda action, _: restored(action, at),
    }
    return moves[step.kind]


async def store_history(
    database: Database,
    history: History,
    publication: Publication,
    after_each: Callable[[datetime], Any],
) -> tuple[Record, datetime]:
    """Stores the actions and every move that is allowed; gives all versions, and when the last came."""
    record, at = Record(), START
    async with database.transaction() as tx:
        for action in history.opened:
            await insert(tx, action, _audit("action.opened", action, at))
            record.versions.append(Version(at, "action.opened", action))
        await publication.publish(tx, history.opened, at)
    latest = at
    for place, step in enumerate(history.steps):
        at = max(at + timedelta(days=step.after), START)
        async with database.transaction() as tx:
            found = [await find(tx, action.id) for action in history.opened]
            actions = [action for action in found if action is not None]
            before = actions[step.which]
            try:
                after = _moves(step, place, at)(before, actions)
            except Refusal:
                continue
            kind = f"action.{step.kind}"
            await update(tx, before, after, _audit(kind, after, at))
            await publication.publish(tx, [after], at)
        record.versions.append(Version(at, kind, after))
        latest = max(latest, at)
        await after_each(at)
    return record, latest


def _audit(kind: str, action: Action, at: datetime) -> AuditEntry:
    return AuditEntry(
        action=kind,
        actor="somebody",
        party="UK",
        subject_kind="action",
        subject_id=str(action.id),
        at=at,
    )
