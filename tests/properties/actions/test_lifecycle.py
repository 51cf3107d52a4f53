"""However an action is handled, it goes the ways of a plain model, and what is agreed stays as agreed."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid5

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.actions.domain.action import Action, Rag
from services.actions.domain.owners import Owner
from services.actions.domain.planning import Milestone, progress
from services.actions.domain.proposals import ProposalKind, Terms
from services.actions.domain.states import State
from services.kernel.parties import Reader, Role
from services.kernel.refusals import Refusal
from tests.support.actions import AT, CLOSURE_ID, agreed, evidence, expected

PARTIES = ("UK", "EU", "US")
PEOPLE = {party: Reader(f"{party}-one", party, f"{party}-ORG", frozenset({Role.OWNER})) for party in PARTIES}
WHO = st.sampled_from(PARTIES)
SPACE = UUID("0b7d4a52-2b0c-5a55-9a53-3d1f0a8c7eff")


class Lifecycle(RuleBasedStateMachine):
    """The model holds a state's name, the due date, who is asked, and the shares of a plan; no class of ours.

    UK and EU own the action; all three parties belong to the series.
    """

    def __init__(self) -> None:
        super().__init__()
        owners = (Owner("UK", "UK-ORG", accountable=True), Owner("EU", "EU-ORG", accountable=True))
        self.action: Action = agreed(owners=owners)
        self.state = "AGREED"
        self.due = self.action.due_date
        self.moves = 0
        self.claimant = ""
        self.shown = False
        self.expected: set[UUID] = set()
        self.answered: set[UUID] = set()
        self.confirmed: set[str] = set()
        self.pending: dict[str, tuple[UUID, date | None, set[str]]] = {}
        self.plan: dict[UUID, tuple[int, bool]] = {}
        self.count = 0

    def attempt(self, allowed: bool, change: "Action | Refusal") -> bool:
        """Whether the change was made; it must have been exactly where the model allows it."""
        if isinstance(change, Refusal):
            assert not allowed, change
            return False
        assert allowed
        assert change.version == self.action.version + 1
        self.action = change
        return True

    def tried(self, name: str, *arguments: object) -> "Action | Refusal":
        try:
            result: Action = getattr(self.action, name)(*arguments)
        except Refusal as refusal:
            return refusal
        return result

    @rule(who=WHO)
    def accept(self, who: str) -> None:
        if self.attempt(who != "US" and self.state == "AGREED", self.tried("accepted", PEOPLE[who], AT)):
            self.state = "ASSIGNED"

    @rule(who=WHO)
    def decline(self, who: str) -> None:
        change = self.tried("declined_by", "Not ours.", PEOPLE[who], AT)
        self.attempt(who != "US" and self.state == "AGREED", change)

    @rule(who=WHO, rag=st.sampled_from(Rag), words=st.sampled_from(["", "Slow."]))
    def report(self, who: str, rag: Rag, words: str) -> None:
        working = self.state in {"ASSIGNED", "IN_PROGRESS", "BLOCKED"}
        said = rag is Rag.GREEN or bool(words)
        change = self.tried("reported", rag, words, PEOPLE[who], AT)
        if self.attempt(who != "US" and working and said, change) and self.state == "ASSIGNED":
            self.state = "IN_PROGRESS"

    @rule(who=WHO)
    def block(self, who: str) -> None:
        change = self.tried("blocked_by", "The law is missing.", PEOPLE[who], AT)
        if self.attempt(who != "US" and self.state in {"ASSIGNED", "IN_PROGRESS"}, change):
            self.state = "BLOCKED"

    @rule(who=WHO)
    def unblock(self, who: str) -> None:
        if self.attempt(who != "US" and self.state == "BLOCKED", self.tried("unblocked", PEOPLE[who], AT)):
            self.state = "IN_PROGRESS"

    @rule(weights=st.lists(st.integers(-1, 5), max_size=4), keep=st.booleans())
    def lay_out(self, weights: list[int], keep: bool) -> None:
        kept = [one for one in self.action.plan if one.reached_at is not None] if keep else []
        fresh = []
        for weight in weights:
            self.count += 1
            fresh.append(
                Milestone(uuid5(SPACE, str(self.count)), "Step", weight, AT.date() + timedelta(days=9))
            )
        wanted = [*(replace(one, reached_at=None) for one in kept), *fresh]
        done = {identity for identity, (_, reached) in self.plan.items() if reached}
        allowed = (
            self.state in {"ASSIGNED", "IN_PROGRESS", "BLOCKED"}
            and all(weight >= 1 for weight in weights)
            and done <= {one.id for one in wanted}
        )
        if self.attempt(allowed, self.tried("planned", wanted, PEOPLE["UK"], AT)):
            self.plan = {one.id: (one.weight, one.id in done) for one in wanted}

    @precondition(lambda self: self.plan)
    @rule(data=st.data())
    def reach(self, data: st.DataObject) -> None:
        identity = data.draw(st.sampled_from(sorted(self.plan)))
        weight, reached = self.plan[identity]
        allowed = not reached and self.state in {"ASSIGNED", "IN_PROGRESS", "BLOCKED"}
        if self.attempt(allowed, self.tried("milestone_reached", identity, PEOPLE["EU"], AT)):
            self.plan[identity] = (weight, True)

    @rule(who=WHO, shown=st.booleans(), full=st.booleans())
    def claim(self, who: str, shown: bool, full: bool) -> None:
        answers = tuple(sorted(self.expected)) if full else ()
        change = self.tried("claimed", [evidence(answers=answers)] if shown else [], "", PEOPLE[who], AT)
        self.shown = self.shown or (shown and not isinstance(change, Refusal))
        if shown and not isinstance(change, Refusal):
            self.answered |= set(answers)
        allowed = self.shown and self.expected <= self.answered
        if self.attempt(who != "US" and self.state == "IN_PROGRESS" and allowed, change):
            self.state, self.claimant, self.confirmed = "COMPLETION_CLAIMED", who, set()
            self.pending.pop("MOVE_DUE_DATE", None)
            self.pending.pop("EXPECT_EVIDENCE", None)

    @rule(who=WHO)
    def confirm(self, who: str) -> None:
        other = {"UK": "EU", "EU": "UK"}.get(self.claimant)
        change = self.tried("confirmed", PEOPLE[who], PARTIES, CLOSURE_ID, AT)
        if self.attempt(self.state == "COMPLETION_CLAIMED" and who == other, change):
            self.state, self.pending = "CLOSED", {}

    @rule(who=WHO)
    def reject(self, who: str) -> None:
        other = {"UK": "EU", "EU": "UK"}.get(self.claimant)
        change = self.tried("rejected", "Not yet.", PEOPLE[who], PARTIES, AT)
        if self.attempt(self.state == "COMPLETION_CLAIMED" and who == other, change):
            self.state, self.claimant = "IN_PROGRESS", ""

    def may_be_proposed(self, kind: str) -> bool:
        if kind in {"MOVE_DUE_DATE", "EXPECT_EVIDENCE"}:
            return self.state in {"AGREED", "ASSIGNED", "IN_PROGRESS", "BLOCKED"}
        if kind == "REOPEN":
            return self.state == "CLOSED"
        return self.state in {"AGREED", "ASSIGNED", "IN_PROGRESS", "BLOCKED", "COMPLETION_CLAIMED"}

    @rule(who=WHO, kind=st.sampled_from(ProposalKind), days=st.integers(-400, 400))
    def propose(self, who: str, kind: ProposalKind, days: int) -> None:
        self.count += 1
        identity = uuid5(SPACE, f"p{self.count}")
        day = self.due + timedelta(days=days) if kind is ProposalKind.MOVE_DUE_DATE else None
        allowed = (
            self.may_be_proposed(kind.value)
            and kind.value not in self.pending
            and (day is None or (day > AT.date() and day != self.due))
        )
        expecting = kind is ProposalKind.EXPECT_EVIDENCE
        wanted = (expected(id=uuid5(SPACE, f"e{self.count}")),) if expecting else ()
        terms = Terms(kind, "It must be.", day, expected=wanted)
        if self.attempt(allowed, self.tried("proposed", terms, PEOPLE[who], PARTIES, identity, AT)):
            self.pending[kind.value] = (identity, day, set(PARTIES) - {who})

    @precondition(lambda self: self.pending)
    @rule(who=WHO, data=st.data())
    def agree(self, who: str, data: st.DataObject) -> None:
        kind = data.draw(st.sampled_from(sorted(self.pending)))
        identity, day, awaited = self.pending[kind]
        allowed = who in awaited and self.may_be_proposed(kind)
        if not self.attempt(allowed, self.tried("proposal_accepted", identity, PEOPLE[who], PARTIES, AT)):
            return
        awaited.discard(who)
        if awaited:
            return
        if kind == "MOVE_DUE_DATE" and day is not None:
            del self.pending[kind]
            self.due, self.moves = day, self.moves + 1
            return
        if kind == "EXPECT_EVIDENCE":
            del self.pending[kind]
            self.expected = {one.id for one in self.action.expected}
            assert len(self.expected) == 1
            return
        self.pending = {}
        endings = {"SUPERSEDE": "SUPERSEDED", "WITHDRAW": "WITHDRAWN", "REOPEN": "IN_PROGRESS"}
        self.state = endings.get(kind, "CLOSED_NOT_IMPLEMENTED")
        self.claimant = "" if kind == "REOPEN" else self.claimant

    @precondition(lambda self: self.pending)
    @rule(who=WHO, data=st.data())
    def refuse(self, who: str, data: st.DataObject) -> None:
        kind = data.draw(st.sampled_from(sorted(self.pending)))
        identity, _, awaited = self.pending[kind]
        proposer = self.action.proposal(identity).by.party
        change = self.tried("proposal_refused", identity, PEOPLE[who], PARTIES, AT)
        if self.attempt(who == proposer or who in awaited, change):
            del self.pending[kind]

    @invariant()
    def the_model_holds(self) -> None:
        action = self.action
        assert action.state.value == self.state
        assert (action.due_date, len(action.due_date_changes)) == (self.due, self.moves)
        assert action.original_due_date == agreed().original_due_date
        assert action.text == agreed().text
        assert {proposal.terms.kind.value for proposal in action.proposals} == set(self.pending)
        total = sum(weight for weight, _ in self.plan.values())
        done = sum(weight for weight, reached in self.plan.values() if reached)
        assert progress(action.plan) == (100 * done // total if total else None)
        assert (action.closed_at is not None) == (not action.is_open)
        assert (action.closure_id is not None) == (action.state is State.CLOSED)
        assert (action.blocked is not None) == (action.state is State.BLOCKED) or not action.is_open


Lifecycle.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestLifecycle = Lifecycle.TestCase
