"""A meeting's conclusion against a plain model: outcomes, wordings, clearances, signatures, sets."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.agenda.domain.conclusions import Conclusions, ConclusionsState, gather
from services.agenda.domain.legal_clearance import LegalClearance, require_cleared, word_on
from services.agenda.domain.outcome import Conclusion, Outcome, OutcomeContent, OutcomeState
from services.agenda.domain.outcome_kinds import OutcomeKind
from services.agenda.domain.quorum import Signatory
from services.agenda.domain.refusals import IllegalTransition
from services.kernel.canonical import content_hash
from services.kernel.refusals import Refusal
from tests.support.agenda import AGENDA_ID, AT, MEETING_ID, POLICY, tabled_item

ITEMS = [tabled_item(id=UUID(int=number), position=number) for number in (1, 2, 3)]
SERIES = replace(POLICY.get_series("uk-eu"), legal_clearance={"UK": ("FCDO",)})
SEATS = [Signatory(party, one) for party, needed in SERIES.quorum.items() for one in needed]
EVERYBODY = [*SEATS, Signatory("UK", "NCSC"), Signatory("US", "NSA"), Signatory("EU", "FCDO")]


def hash_of(number: int, version: int) -> str:
    return content_hash([number, version])


class Concluding(RuleBasedStateMachine):
    """The model keeps versions, who signed what, and what the adviser cleared and refused, in plain sets."""

    @initialize()
    def begin(self) -> None:
        self.outcomes: dict[int, Outcome] = {}
        self.sets: list[Conclusions] = []
        self.versions: dict[int, int] = {}
        self.signed: dict[int, set[Signatory]] = {}
        self.cleared: set[tuple[int, int]] = set()
        self.refused: set[tuple[int, int]] = set()
        self.once_cleared: set[tuple[int, int]] = set()
        self.set_signed: set[Signatory] = set()
        self.set_of: dict[int, int] | None = None
        self.done: set[int] = set()
        self.set_done = False

    @rule(number=strategies.integers(1, 3))
    def record(self, number: int) -> None:
        if number in self.outcomes:
            return
        self.outcomes[number] = Outcome(
            id=UUID(int=100 + number),
            meeting_id=MEETING_ID,
            agenda_id=AGENDA_ID,
            item_id=UUID(int=number),
            series="uk-eu",
            version=1,
            state=OutcomeState.PROPOSED,
            kind=OutcomeKind.CONCLUDED,
            conclusion="c",
            reason="",
            deferred_to=None,
            review_edition=None,
            commitments=(),
            theme="",
            action_id=None,
            action_reference=None,
            decision_reference=None,
            content_hash=hash_of(number, 1),
            payload=b"",
            agreed=(),
            proposed_at=AT,
            agreed_at=None,
            aggregate_version=1,
            traceparent=None,
        )
        self.versions[number], self.signed[number] = 1, set()

    @rule(number=strategies.integers(1, 3))
    def revise(self, number: int) -> None:
        outcome = self.outcomes.get(number)
        if outcome is None:
            return
        version = outcome.version + 1
        content = OutcomeContent(OutcomeKind.NOTED, "other words", "TLP:GREEN")
        conclusion = Conclusion(
            outcome.id, MEETING_ID, AGENDA_ID, outcome.item_id, "uk-eu", version, content, None, None
        )
        try:
            self.outcomes[number] = outcome.revise(conclusion, hash_of(number, version), b"", AT)
        except IllegalTransition:
            assert number in self.done
            return
        assert number not in self.done
        self.versions[number], self.signed[number] = version, set()

    @rule(number=strategies.integers(1, 3))
    def clear(self, number: int) -> None:
        if number in self.outcomes:
            text = (number, self.versions[number])
            self.cleared.add(text)
            self.once_cleared.add(text)
            self.refused.discard(text)

    @rule(number=strategies.integers(1, 3), behind=strategies.sampled_from([0, 0, 1]))
    def refuse(self, number: int, behind: int) -> None:
        outcome = self.outcomes.get(number)
        if outcome is None:
            return
        text = (number, self.versions[number] - behind)
        expected = "STALE_CONTENT_HASH" if behind else "ILLEGAL_TRANSITION" if number in self.done else ""
        found = ""
        try:
            word_on(outcome, "UK", "FCDO", hash_of(*text), "Not these words.")
        except Refusal as refusal:
            found = refusal.reason
        assert found == expected
        if not found:
            self.refused.add(text)
            self.cleared.discard(text)

    def _clearances(self) -> list[LegalClearance]:
        cleared = [LegalClearance("UK", "FCDO", hash_of(*one)) for one in self.cleared]
        return cleared + [LegalClearance("UK", "FCDO", hash_of(*one), "No.") for one in self.refused]

    @rule(
        number=strategies.integers(1, 3),
        who=strategies.sampled_from(EVERYBODY),
        behind=strategies.sampled_from([0, 0, 0, 1]),
    )
    def sign(self, number: int, who: Signatory, behind: int) -> None:
        outcome = self.outcomes.get(number)
        if outcome is None:
            return
        version = self.versions[number] - behind
        possible = who in SEATS and behind == 0 and (who.party != "UK" or (number, version) in self.cleared)
        try:
            agreed = outcome.agree(who, hash_of(number, version), SERIES.quorum, AT)
            require_cleared(SERIES, who.party, outcome.content_hash, self._clearances())
        except Refusal:
            assert not possible
            return
        assert possible
        self.outcomes[number] = agreed
        self.signed[number].add(who)
        if self.signed[number] == set(SEATS):
            self.done.add(number)

    def _payload(self) -> str:
        held = gather(ITEMS, self.outcomes.values())
        return content_hash([[str(one.id), one.version] for one in held])

    @rule()
    def put(self) -> None:
        whole = len(self.outcomes) == len(ITEMS)
        refused = ""
        try:
            payload = self._payload()
            if self.sets and not (self.set_done and payload != self.sets[-1].content_hash):
                self.sets[-1] = self.sets[-1].supersede()
        except Refusal as refusal:
            refused = refusal.reason
        if refused:
            assert refused == ("ILLEGAL_TRANSITION" if whole else "OUTCOMES_MISSING")
            assert not whole or self.set_done
            assert not whole or self.set_of == self.versions
            return
        assert whole
        self.sets.append(
            Conclusions(
                id=UUID(int=500 + len(self.sets)),
                meeting_id=MEETING_ID,
                version=len(self.sets) + 1,
                state=ConclusionsState.PUT,
                content_hash=payload,
                payload=b"",
                put_by="UK",
                put_at=AT,
                agreed=(),
                agreed_at=None,
                aggregate_version=1,
            )
        )
        self.set_signed, self.set_of, self.set_done = set(), dict(self.versions), False

    @rule()
    def all_is_recorded_and_cleared(self) -> None:
        for number in (1, 2, 3):
            self.record(number)
            self.clear(number)

    @rule(number=strategies.integers(1, 3))
    def seats_sign_one(self, number: int) -> None:
        for seat in SEATS:
            self.sign(number, seat, 0)

    @rule(missing=strategies.sampled_from([*SEATS, None, None]))
    def seats_sign_the_set(self, missing: Signatory | None) -> None:
        for seat in SEATS:
            if seat != missing:
                self.sign_set(seat)

    @rule(who=strategies.sampled_from(EVERYBODY))
    def sign_set(self, who: Signatory) -> None:
        if not self.sets:
            return
        newest = self.sets[-1]
        open_ones = [number for number in self.outcomes if number not in self.done]
        fresh = self.set_of == self.versions
        cleared = who.party != "UK" or all((one, self.versions[one]) in self.cleared for one in open_ones)
        possible = who in SEATS and cleared and (fresh or who in self.set_signed)
        try:
            agreed = newest.agree(who, newest.content_hash, self._payload(), SERIES.quorum, AT)
            for number in open_ones:
                require_cleared(SERIES, who.party, self.outcomes[number].content_hash, self._clearances())
        except Refusal:
            assert not possible
            return
        assert possible
        self.sets[-1] = agreed
        self.set_signed.add(who)
        if agreed.state is not ConclusionsState.AGREED or self.set_done:
            return
        self.set_done = True
        for number in open_ones:
            outcome = self.outcomes[number]
            for one in agreed.agreed:
                outcome = outcome.agree(one, outcome.content_hash, SERIES.quorum, AT + timedelta(days=1))
            self.outcomes[number] = outcome
            self.signed[number] = set(SEATS)
            self.done.add(number)

    @invariant()
    def an_outcome_is_agreed_exactly_when_every_seat_has_signed_its_words(self) -> None:
        for number, outcome in getattr(self, "outcomes", {}).items():
            assert set(outcome.agreed) == self.signed[number]
            assert outcome.version == self.versions[number]
            assert outcome.content_hash == hash_of(number, outcome.version)
            assert (outcome.state is OutcomeState.AGREED) is (number in self.done)
            assert (number in self.done) is (self.signed[number] == set(SEATS))
            if number in self.done:
                assert (number, outcome.version) in self.once_cleared

    @invariant()
    def one_set_at_most_is_on_the_table_and_an_agreed_one_has_every_seat(self) -> None:
        sets: list[Any] = getattr(self, "sets", [])
        assert sum(one.state is ConclusionsState.PUT for one in sets) <= 1
        for one in sets:
            if one.state is ConclusionsState.AGREED:
                assert set(one.agreed) == set(SEATS)
        if sets:
            assert set(sets[-1].agreed) == self.set_signed
            assert (sets[-1].state is ConclusionsState.AGREED) is self.set_done


TestConcluding = Concluding.TestCase
TestConcluding.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
