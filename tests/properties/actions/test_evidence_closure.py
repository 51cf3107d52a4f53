"""However evidence is shown, changed and lost, an action is closed only when every owning party has found it
done on the evidence that stands, and no state is skipped on the way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypeAlias
from uuid import UUID, uuid5

from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.actions.domain.action import Action, Rag
from services.actions.domain.evidence import (
    Evidence,
    evidence_digest,
    revised,
    standing,
    submitted,
    withdrawn,
)
from services.actions.domain.owners import Owner
from services.actions.domain.states import Move
from services.kernel.parties import Reader, Role
from services.kernel.refusals import Refusal
from tests.support.actions import AT, CLOSURE_ID, agreed, evidence

PARTIES = ("UK", "EU", "US")
SPACE = UUID("0b7d4a52-2b0c-5a55-9a53-3d1f0a8c7efe")
STEPS = {
    ("AGREED", "ASSIGNED"),
    ("ASSIGNED", "IN_PROGRESS"),
    ("IN_PROGRESS", "COMPLETION_CLAIMED"),
    ("COMPLETION_CLAIMED", "IN_PROGRESS"),
    ("COMPLETION_CLAIMED", "CLOSED"),
}


def person(party: str, desk: str) -> Reader:
    return Reader(f"{party}-{desk}", party, f"{party}-{desk}", frozenset({Role.OWNER}))


WHO = st.builds(person, st.sampled_from(PARTIES), st.sampled_from(["LEAD", "AIDE", "DESK"]))
"""The LEAD is accountable and the AIDE supports where the party owns; the DESK only judges."""
ENDS = st.one_of(st.none(), st.integers(1, 40))
Stand: TypeAlias = frozenset[tuple[UUID, int]]
"""What counts: ids with their revisions."""


@dataclass(slots=True)
class Item:
    """What the model knows of an item: `ends` is the first day on which it counts no more."""

    organisation: str
    joint: bool
    ends: int | None
    revision: int = 1
    gone: bool = False

    def counts(self, day: int) -> bool:
        return self.joint and not self.gone and (self.ends is None or day < self.ends)


class Proof(RuleBasedStateMachine):
    """The model holds a state's name, a day, the items, and what each party has signed; no class of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.action: Action = agreed()
        self.owning: set[str] = set()
        self.items: dict[UUID, Item] = {}
        self.state, self.day = "AGREED", 0
        self.claimant: Reader | None = None
        self.claimed: Stand = frozenset()
        self.signed: dict[str, Stand] = {}
        self.path = ["AGREED"]

    @initialize(owning=st.sets(st.sampled_from(PARTIES), min_size=1), under_way=st.booleans())
    def agree(self, owning: set[str], under_way: bool) -> None:
        self.owning = owning
        self.action = agreed(
            owners=tuple(
                Owner(party, f"{party}-{desk}", accountable=desk == "LEAD")
                for party in sorted(owning)
                for desk in ("LEAD", "AIDE")
            )
        )
        if under_way:
            self.accept(person(min(owning), "LEAD"))
            self.report(person(min(owning), "LEAD"))
            self.submit(person(min(owning), "AIDE"), None, joint=True)
            self.claim(person(min(owning), "LEAD"))

    @property
    def at(self) -> datetime:
        return AT + timedelta(days=self.day)

    @property
    def shown(self) -> set[UUID]:
        return {one for one, item in self.items.items() if item.joint}

    def stands(self) -> Stand:
        return frozenset((one, item.revision) for one, item in self.items.items() if item.counts(self.day))

    def awaited(self) -> set[str]:
        assert self.claimant is not None
        now = self.stands()
        holding = {party for party, signed in self.signed.items() if signed == now}
        others = self.owning - {self.claimant.party}
        if others:
            return others - holding
        return set() if holding else set(PARTIES) - {self.claimant.party}

    def accountable(self, who: Reader) -> bool:
        return who.party in self.owning and who.organisation.endswith("LEAD")

    def attempt(self, allowed: bool, change: Callable[[Action], Action]) -> bool:
        """Whether the change was made; it must have been exactly where the model allows it."""
        refused = None
        try:
            changed = change(self.action)
        except Refusal as refusal:
            refused = refusal
        assert allowed is (refused is None), refused
        if refused is None:
            self.action = changed
        return allowed

    def enter(self, state: str) -> None:
        self.state = state
        if self.path[-1] != state:
            self.path.append(state)

    @rule(days=st.integers(1, 20))
    def time_passes(self, days: int) -> None:
        self.day += days

    @rule(who=WHO)
    def accept(self, who: Reader) -> None:
        allowed = self.accountable(who) and self.state == "AGREED"
        if self.attempt(allowed, lambda action: action.accepted(who, self.at)):
            self.enter("ASSIGNED")

    @rule(who=WHO)
    def report(self, who: Reader) -> None:
        allowed = self.accountable(who) and self.state in {"ASSIGNED", "IN_PROGRESS"}
        if self.attempt(allowed, lambda action: action.reported(Rag.GREEN, "", who, self.at)):
            self.enter("IN_PROGRESS")

    def provided(self, who: Reader, days: int | None, **more: object) -> Evidence:
        return evidence(
            party=who.party,
            organisation=who.organisation,
            submitted_by=who.subject,
            submitted_at=self.at,
            expires_on=None if days is None else self.at.date() + timedelta(days=days),
            **more,
        )

    @rule(who=WHO, days=ENDS, joint=st.booleans())
    def submit(self, who: Reader, days: int | None, joint: bool) -> None:
        given = self.provided(who, days, id=uuid5(SPACE, str(len(self.items))))
        allowed = (
            who.party in self.owning
            and not who.organisation.endswith("DESK")
            and self.state not in {"AGREED", "CLOSED"}
        )

        def change(action: Action) -> Action:
            more = submitted(action.evidence, given, action.owners, set(self.items))
            return action.evidenced(more, Move.SUBMIT_EVIDENCE, self.at, told=joint)

        before = self.action
        if self.attempt(allowed, change):
            # What one party keeps to itself is neither counted nor timed.
            told = (before.version + 1, self.at) if joint else (before.version, before.changed_at)
            assert (self.action.version, self.action.changed_at) == told
            ends = None if days is None else self.day + days
            self.items[given.id] = Item(who.organisation, joint, ends)

    @precondition(lambda self: self.items)
    @rule(who=WHO, data=st.data(), days=ENDS)
    def revise(self, who: Reader, data: st.DataObject, days: int | None) -> None:
        identity = data.draw(st.sampled_from(sorted(self.items)))
        item = self.items[identity]
        given = self.provided(who, days, id=identity, revision=item.revision + 1)
        own = item.organisation == who.organisation and not item.gone

        def change(action: Action) -> Action:
            return action.evidenced(
                revised(action.evidence, given, set(self.items)),
                Move.REVISE_EVIDENCE,
                self.at,
                told=item.joint,
            )

        if self.attempt(own and self.state not in {"AGREED", "CLOSED"}, change):
            item.revision += 1
            item.ends = None if days is None else self.day + days

    @precondition(lambda self: self.items)
    @rule(who=WHO, data=st.data())
    def withdraw(self, who: Reader, data: st.DataObject) -> None:
        identity = data.draw(st.sampled_from(sorted(self.items)))
        item = self.items[identity]

        def change(action: Action) -> Action:
            left = withdrawn(action.evidence, identity, "Wrong file.", who, self.at)
            return action.evidenced(left, Move.WITHDRAW_EVIDENCE, self.at, told=item.joint)

        if self.attempt(item.organisation == who.organisation and not item.gone, change):
            item.gone = True

    @rule(who=WHO)
    def claim(self, who: Reader) -> None:
        allowed = self.accountable(who) and self.state == "IN_PROGRESS" and bool(self.stands())
        if self.attempt(allowed, lambda action: action.claimed([], "", who, self.at, shown=self.shown)):
            self.enter("COMPLETION_CLAIMED")
            self.claimant, self.claimed, self.signed = who, self.stands(), {}

    @rule(who=WHO, looked=st.sampled_from(["not", "now", "wrong"]))
    def confirm(self, who: Reader, looked: str) -> None:
        now = self.stands()
        seen = {
            "not": "",
            "wrong": "sha256:" + "f" * 64,
            "now": evidence_digest(standing(self.action.evidence, self.at.date(), self.shown)),
        }[looked]
        allowed = (
            self.state == "COMPLETION_CLAIMED"
            and who.party in self.awaited()
            and bool(now)
            and who.organisation not in {self.items[one].organisation for one, _ in now}
            and (looked == "now" or (looked == "not" and now == self.claimed))
        )

        def change(action: Action) -> Action:
            return action.confirmed(
                who, PARTIES, CLOSURE_ID, self.at, seen=seen, shown=self.shown, review_on=self.at.date()
            )

        if self.attempt(allowed, change):
            self.signed[who.party] = now
            if not self.awaited():
                self.enter("CLOSED")
                event(f"closed after {len(self.signed)} signatures, {now != self.claimed}")

    @rule(who=WHO)
    def reject(self, who: Reader) -> None:
        allowed = self.state == "COMPLETION_CLAIMED" and who.party in self.awaited()
        if self.attempt(
            allowed, lambda action: action.rejected("Not yet.", who, PARTIES, self.at, shown=self.shown)
        ):
            self.enter("IN_PROGRESS")

    @precondition(lambda self: self.state == "CLOSED")
    @rule(who=WHO, sustained=st.booleans())
    def review(self, who: Reader, sustained: bool) -> None:
        allowed = self.accountable(who) and not self.action.closure_reviews
        self.attempt(
            allowed, lambda action: action.closure_reviewed("Looked.", who, self.at, sustained=sustained)
        )

    @invariant()
    def the_model_holds(self) -> None:
        action = self.action
        assert action.state.value == self.state
        assert set(pairwise(self.path)) <= STEPS
        assert [(item.id, item.revision) for item in action.evidence] == [
            (one, item.revision) for one, item in self.items.items()
        ]
        if self.state == "CLOSED":
            assert action.claim is not None
            confirmed = {entry.party for entry in action.confirmations}
            assert confirmed >= self.owning - {action.claim.party}
            assert confirmed - {action.claim.party}
            assert len({entry.evidence for entry in action.confirmations}) == 1
            assert action.confirmations[0].evidence


Proof.TestCase.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
TestProof = Proof.TestCase
