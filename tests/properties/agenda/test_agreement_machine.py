"""No path makes an agenda agreed without every party's quorum on the hash that is on the table."""

from dataclasses import replace
from uuid import UUID

from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.agenda.domain.agenda import Agenda, AgendaState
from services.agenda.domain.quorum import Signatory
from services.agenda.domain.references import AssessmentStanding, AssessmentState, ReferenceState
from services.kernel.canonical import content_hash
from services.kernel.refusals import Refusal
from tests.support.agenda import ASSESSMENT_ID, AT, POLICY, tabled

SERIES = [POLICY.get_series("uk-eu"), POLICY.get_series("uk-us-cmr")]
PARTIES = ["UK", "EU", "US"]
ORGANISATIONS = sorted(POLICY.organisations)


class Table(RuleBasedStateMachine):
    """A meeting's table: versions put on it, officials who agree, news that arrives, in any order."""

    @initialize(series=strategies.sampled_from(SERIES))
    def begin(self, series: "object") -> None:
        self.series = next(one for one in SERIES if one is series)
        self.versions: list[Agenda] = []
        # The model: who has validly agreed to each version, counted without looking at the agenda.
        self.given: dict[int, set[Signatory]] = {}
        self.revision = 1
        self.withdrawn = False
        self.put_on_table()

    @rule()
    def put_on_table(self) -> None:
        if self.withdrawn:
            return
        if self.versions:
            self.versions[-1] = self.versions[-1].supersede()
            self.given[len(self.versions)] = set()
        number = len(self.versions) + 1
        fresh = tabled(
            id=UUID(int=number),
            version=number,
            series=self.series.id,
            content_hash=content_hash([number]),
        )
        (held,) = fresh.references
        current = replace(held, reference=replace(held.reference, revision=self.revision))
        self.versions.append(
            tabled(
                id=fresh.id,
                version=number,
                series=fresh.series,
                content_hash=fresh.content_hash,
                references=(current,),
            )
        )
        self.given[number] = set()

    @rule(
        party=strategies.sampled_from(PARTIES),
        organisation=strategies.sampled_from(ORGANISATIONS),
        version=strategies.integers(1, 4),
        hashed=strategies.integers(1, 4),
    )
    def agree(self, party: str, organisation: str, version: int, hashed: int) -> None:
        self._agree(Signatory(party, organisation), version, hashed)

    @rule(
        seat=strategies.integers(0, 3),
        behind=strategies.integers(0, 1),
        hash_behind=strategies.sampled_from([0, 0, 0, 1]),
    )
    def a_chair_agrees(self, seat: int, behind: int, hash_behind: int) -> None:
        seats = [Signatory(party, one) for party, needed in self.series.quorum.items() for one in needed]
        number = len(self.versions)
        self._agree(seats[seat], max(1, number - behind), number - hash_behind)

    def _agree(self, signatory: Signatory, version: int, hashed: int) -> None:
        if version > len(self.versions):
            return
        agenda = self.versions[version - 1]
        try:
            agreed = agenda.agree(signatory, content_hash([hashed]), self.series.quorum, AT)
        except Refusal:
            return
        assert version == hashed == len(self.versions)
        assert signatory.organisation in self.series.quorum[signatory.party]
        fresh = signatory not in self.given[version]
        assert fresh is (agreed is not agenda)
        if fresh:
            assert agenda.references[0].state is ReferenceState.CURRENT
        self.given[version].add(signatory)
        self.versions[version - 1] = agreed

    @rule()
    def revise(self) -> None:
        if not self.withdrawn:
            self.revision += 1
            self._tell(AssessmentState.ACTIVE)

    @rule()
    def withdraw(self) -> None:
        self.withdrawn = True
        self._tell(AssessmentState.WITHDRAWN)

    def _tell(self, state: AssessmentState) -> None:
        news = AssessmentStanding(ASSESSMENT_ID, state, self.revision, self.revision)
        self.versions[-1] = self.versions[-1].note(news)

    @invariant()
    def only_a_whole_quorum_on_the_table_is_agreed(self) -> None:
        for number, agenda in enumerate(getattr(self, "versions", []), start=1):
            needed = {
                Signatory(party, one)
                for party, organisations in self.series.quorum.items()
                for one in organisations
            }
            assert set(agenda.agreed) == self.given[number]
            if number < len(self.versions):
                assert agenda.state is AgendaState.SUPERSEDED
                assert not agenda.agreed
            else:
                assert (agenda.state is AgendaState.AGREED) is (self.given[number] == needed)


TestTable = Table.TestCase
TestTable.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
