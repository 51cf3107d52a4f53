"""No path makes an agenda agreed without every party: each item accepted by each, each quorum on one hash.

The model keeps what lies on the table as plain pairs of item and words, and what each party said of those
words; it never looks at the agenda to know what should be.
"""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.agenda.domain.agenda import Agenda, AgendaState
from services.agenda.domain.answers import Answer, Proposal, answers_on_tabling, item_hashes
from services.agenda.domain.quorum import Signatory
from services.agenda.domain.references import AssessmentStanding, AssessmentState, ReferenceState
from services.agenda.statements import Statement, tabled_agenda
from services.kernel.canonical import content_hash
from services.kernel.refusals import Refusal
from tests.support.agenda import ASSESSMENT_ID, AT, POLICY, accepted, meeting, tabled, tabled_item

SERIES = [POLICY.get_series("uk-eu"), POLICY.get_series("uk-us-cmr")]
PARTIES = ["UK", "EU", "US"]
ORGANISATIONS = sorted(POLICY.organisations)
ANSWERS = strategies.sampled_from([Answer.ACCEPTED, Answer.ACCEPTED, Answer.AMENDED, Answer.DECLINED])
PLACES = strategies.integers(0, 3)


def outcome(call: Callable[[], Agenda]) -> tuple[Agenda, str]:
    """What becomes of the agenda, and the reason where it is refused."""
    try:
        return call(), ""
    except Refusal as refusal:
        return tabled(), refusal.reason


class Table(RuleBasedStateMachine):
    """A meeting's table: versions put on it, items answered, officials who agree, news, in any order."""

    @initialize(series=strategies.sampled_from(SERIES))
    def begin(self, series: "object") -> None:
        self.series = next(one for one in SERIES if one is series)
        self.versions: list[Agenda] = []
        self.lines: list[tuple[int, str]] = [(1, "one"), (2, "two"), (3, "three")]
        self.said: dict[tuple[str, int], Answer] = {}
        self.tabler = ""
        self.given: set[Signatory] = set()
        self.agreed = False
        self.revision = 1
        self.stale = False
        self.withdrawn = False
        self._table(self.lines, self.series.parties[0])

    # What lies on the table

    @precondition(lambda self: not self.withdrawn)
    @rule(place=PLACES, words=strategies.sampled_from(["one", "two", "<b>three</b>"]), side=PLACES)
    def one_item_is_rewritten(self, place: int, words: str, side: int) -> None:
        place %= len(self.lines)
        lines = [(one, words if at == place else held) for at, (one, held) in enumerate(self.lines)]
        before = dict(self.said)
        rewritten, kept = self.lines[place][0], self.lines[place][1] == words
        self._table(lines, self._side(side))
        for (party, item), answer in before.items():
            if item != rewritten or kept:
                assert self.said[party, item] in (answer, Answer.ACCEPTED)
            elif party != self.tabler:
                assert (party, item) not in self.said

    @precondition(lambda self: not self.withdrawn)
    @rule(side=PLACES)
    def the_items_change_their_order(self, side: int) -> None:
        said = dict(self.said)
        self._table([*self.lines[1:], self.lines[0]], self._side(side))
        assert said.keys() <= self.said.keys()

    @precondition(lambda self: not self.withdrawn and len(self.lines) < 5)
    @rule(side=PLACES)
    def an_item_is_added(self, side: int) -> None:
        self._table([(1 + max(one for one, _ in self.lines), "more"), *self.lines], self._side(side))

    @precondition(lambda self: not self.withdrawn and len(self.lines) > 1)
    @rule(place=PLACES, side=PLACES)
    def an_item_is_taken_off(self, place: int, side: int) -> None:
        taken = self.lines[place % len(self.lines)]
        self._table([line for line in self.lines if line != taken], self._side(side))

    def _side(self, number: int) -> str:
        return self.series.parties[number % len(self.series.parties)]

    def _table(self, lines: list[tuple[int, str]], tabler: str) -> None:
        former = self.versions[-1] if self.versions else None
        statement = self._statement(lines, tabler)
        hashes = item_hashes(statement.payload)
        if former is not None:
            self.versions[-1] = former.supersede()
        (held,) = tabled().references
        self.versions.append(
            tabled(
                id=UUID(int=len(self.versions) + 1),
                version=len(self.versions) + 1,
                series=self.series.id,
                tabled_by=tabler,
                content_hash=statement.content_hash,
                payload=statement.payload,
                item_ids=tuple(hashes),
                references=(replace(held, reference=replace(held.reference, revision=self.revision)),),
                answers=answers_on_tabling(
                    hashes,
                    former.answers if former is not None else (),
                    tabled_by=tabler,
                    organisation="",
                    version=len(self.versions) + 1,
                    now=AT,
                ),
            )
        )
        words = dict(self.lines) if former is not None else {}
        self.said = {
            (party, item): answer
            for (party, item), answer in self.said.items()
            if (item, words.get(item)) in lines
        }
        self.said |= {(tabler, item): Answer.ACCEPTED for item, _ in lines}
        self.lines, self.tabler, self.stale = lines, tabler, False
        self.given, self.agreed = set(), False

    def _statement(self, lines: list[tuple[int, str]], tabler: str) -> Statement:
        return tabled_agenda(
            agenda_id=UUID(int=len(self.versions) + 1),
            meeting=meeting(series=self.series.id),
            version=len(self.versions) + 1,
            tabled_by=tabler,
            items=tuple(
                tabled_item(id=UUID(int=item), position=position, title=words)
                for position, (item, words) in enumerate(lines, start=1)
            ),
            marking="TLP:GREEN",
        )

    # What the parties say

    @rule(party=strategies.sampled_from(PARTIES), place=PLACES, answer=ANSWERS)
    def an_item_is_answered(self, party: str, place: int, answer: Answer) -> None:
        item, _ = self.lines[place % len(self.lines)]
        agenda = self.versions[-1]
        fresh = accepted(
            UUID(int=item),
            party,
            answer=answer,
            proposal=Proposal("better") if answer is Answer.AMENDED else Proposal(),
            item_hash=item_hashes(agenda.payload)[UUID(int=item)],
        )
        answered, reason = outcome(lambda: agenda.answer(party, [fresh], self.series.parties))
        expected = ""
        if party not in self.series.parties:
            expected = "NOT_A_PARTY"
        elif party == self.tabler:
            expected = "ANSWERS_OWN_VERSION"
        elif self.agreed:
            expected = "ILLEGAL_TRANSITION"
        assert reason == expected
        if reason:
            return
        self.said[party, item] = answer
        self.versions[-1] = answered

    @precondition(lambda self: not self.agreed)
    @rule()
    def the_others_accept_everything(self) -> None:
        for party in self.series.parties:
            if party != self.tabler:
                for place in range(len(self.lines)):
                    self.an_item_is_answered(party, place, Answer.ACCEPTED)

    @rule(party=strategies.sampled_from(PARTIES), other=strategies.sampled_from(PARTIES))
    def nobody_answers_for_another(self, party: str, other: str) -> None:
        if party != other:
            words = [accepted(UUID(int=self.lines[0][0]), other)]
            _, reason = outcome(lambda: self.versions[-1].answer(party, words, PARTIES))
            assert reason in {"NOT_A_PARTY", "ANSWERS_OWN_VERSION", "ILLEGAL_TRANSITION"}

    # Who agrees

    @rule(
        party=strategies.sampled_from(PARTIES),
        organisation=strategies.sampled_from(ORGANISATIONS),
        version=strategies.integers(1, 4),
    )
    def somebody_agrees(self, party: str, organisation: str, version: int) -> None:
        if version <= len(self.versions):
            self._agree(Signatory(party, organisation), version, self.versions[version - 1].content_hash)

    @rule(seat=PLACES, behind=strategies.sampled_from([0, 0, 0, 1]), other_hash=strategies.booleans())
    def a_chair_agrees(self, seat: int, behind: int, other_hash: bool) -> None:
        seats = [Signatory(party, one) for party, needed in self.series.quorum.items() for one in needed]
        number = max(1, len(self.versions) - behind)
        hashed = content_hash(["other"]) if other_hash else self.versions[number - 1].content_hash
        self._agree(seats[seat], number, hashed)

    @rule()
    def every_chair_agrees(self) -> None:
        for seat in range(4):
            self.a_chair_agrees(seat, 0, other_hash=False)

    def _agree(self, signatory: Signatory, version: int, hashed: str) -> None:
        agenda = self.versions[version - 1]
        current = version == len(self.versions) and hashed == agenda.content_hash
        seated = signatory.organisation in self.series.quorum.get(signatory.party, ())
        accepted_by_all = all(
            self.said.get((party, item)) is Answer.ACCEPTED
            for party in self.series.parties
            for item, _ in self.lines
        )
        repeated = seated and current and signatory in self.given
        agreed, reason = outcome(lambda: agenda.agree(signatory, hashed, self.series.quorum, AT))
        expected = {
            "NOT_IN_QUORUM": not seated,
            "STALE_CONTENT_HASH": not current,
            "REFERENCE_STALE": self.stale and not repeated,
            "ITEMS_OPEN": not accepted_by_all and not repeated,
        }
        assert reason in {name for name, holds in expected.items() if holds} or (
            reason == "" and not any(expected.values())
        )
        if reason:
            return
        if signatory in self.given:
            assert agreed is agenda
            return
        assert agenda.references[0].state is ReferenceState.CURRENT
        self.given.add(signatory)
        needed = {Signatory(party, one) for party, many in self.series.quorum.items() for one in many}
        self.agreed = self.given == needed
        self.versions[-1] = agreed

    # What becomes of the texts

    @precondition(lambda self: not self.withdrawn)
    @rule()
    def the_source_is_revised(self) -> None:
        self.revision += 1
        self._tell(AssessmentState.ACTIVE)

    @rule()
    def the_source_is_withdrawn(self) -> None:
        self.withdrawn = True
        self._tell(AssessmentState.WITHDRAWN)

    def _tell(self, state: AssessmentState) -> None:
        news = AssessmentStanding(ASSESSMENT_ID, state, self.revision, self.revision)
        self.versions[-1] = self.versions[-1].note(news)
        self.stale = True

    @invariant()
    def the_agenda_is_as_the_model_says(self) -> None:
        for number, agenda in enumerate(getattr(self, "versions", []), start=1):
            if number < len(self.versions):
                assert agenda.state is AgendaState.SUPERSEDED
                assert not agenda.agreed
                continue
            assert set(agenda.agreed) == self.given
            assert (agenda.state is AgendaState.AGREED) is self.agreed
            held = {(one.party, one.item_id.int): one.answer for one in agenda.answers}
            assert held == self.said
            assert len(agenda.answers) == len(held)


TestTable = Table.TestCase
TestTable.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
