"""However a set of revisions arrives, the assessment ends in the same state."""

from dataclasses import replace
from itertools import chain, pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from services.threatfeed.domain.assessment import Assessment, Revision, VersionKey, Withdrawal
from services.threatfeed.domain.revisions import Decision, History, Outcome, decide, decide_all
from services.threatfeed.domain.status import (
    NO_CHOICES,
    Choice,
    Choices,
    State,
    contested_versions,
    status_of,
)
from tests.support.arrivals import Arrivals, hash_after
from tests.support.formats import csaf, event
from tests.support.submissions import accepted, bundle, narrative, report, withdrawal

NUMBERS = range(1, 7)
CONTENT = {number: accepted(narrative(version=number)) for number in NUMBERS}
CHANGED = {number: accepted(narrative(version=number, title="Something else")) for number in NUMBERS}
NOTICES = {
    number: withdrawal({"id": "NCSC-2026-0001", "version": number, "withdrawn": True, "reason": "Wrong."})
    for number in NUMBERS
}
IDENTITY = CONTENT[1].assessment_id
THEIRS = accepted(narrative(version=3, title="Theirs"), agency="enisa")

CHAINS: dict[str, list[Revision]] = {
    "revise, conflict, another originator": [*(CONTENT[n] for n in (1, 2, 3)), CHANGED[2], THEIRS],
    "conflict of the newest": [CONTENT[1], CONTENT[2], CHANGED[2], CHANGED[1]],
    "revoke and come back": [CONTENT[1], NOTICES[2], CONTENT[3], NOTICES[4]],
    "a notice under the version of a text": [CONTENT[1], CONTENT[2], NOTICES[2], CONTENT[3]],
    "a notice beside two texts": [CONTENT[1], CHANGED[1], NOTICES[1], NOTICES[3]],
    "a STIX report that is revoked": [
        accepted(bundle(report())),
        accepted(bundle(report(modified="2026-03-05T09:00:00.000Z", name="Later"))),
        withdrawal(bundle(report(modified="2026-03-06T09:00:00.000Z", revoked=True))),
        accepted(bundle(report(modified="2026-03-07T09:00:00.000Z", name="Back"))),
    ],
    "a MISP event that is deleted": [
        accepted(event(timestamp="1772614801")),
        accepted(event(timestamp="1772614801", info="Other words")),
        withdrawal(event(timestamp="1772614802", deleted=True)),
        accepted(event(timestamp="1772614803")),
    ],
    "a CSAF document that is superseded, then withdrawn": [
        accepted(csaf("1")),
        accepted(csaf("1.1.0")),
        withdrawal(csaf("2", category="csaf_superseded")),
        withdrawal(csaf("3", category="csaf_withdrawn")),
    ],
}


def numbers_of(decisions: list[Decision]) -> list[int]:
    return [decision.number for decision in decisions if decision.number is not None]


def answer(decision: Decision) -> Decision:
    """The decision without its refusal, which is an exception and equal to no other."""
    return replace(decision, refusal=None)


any_revisions = st.lists(
    st.one_of(*(st.sampled_from(list(kind.values())) for kind in (CONTENT, CHANGED, NOTICES))), min_size=1
)


@pytest.mark.parametrize("name", CHAINS)
def test_every_permutation_of_a_chain_ends_in_the_same_state(name: str) -> None:
    assert len({hash_after(order) for order in permutations(CHAINS[name])}) == 1


@given(st.data())
def test_chains_that_arrive_through_each_other_with_repeats_end_in_the_same_state(
    data: st.DataObject,
) -> None:
    published = list(chain.from_iterable(CHAINS.values()))
    repeated = data.draw(st.lists(st.sampled_from(published), max_size=10))
    assert hash_after(data.draw(st.permutations([*published, *repeated]))) == hash_after(published)


@given(any_revisions, st.data())
def test_every_order_of_arrival_ends_in_the_same_state(
    revisions: list[Revision], data: st.DataObject
) -> None:
    repeated = data.draw(st.lists(st.sampled_from(revisions)))
    assert hash_after(data.draw(st.permutations([*revisions, *repeated]))) == hash_after(revisions)


@given(any_revisions)
def test_the_newest_content_stands_unless_the_assessment_ended_or_is_contested(
    revisions: list[Revision],
) -> None:
    history = decide_all({}, revisions)[1][IDENTITY]
    contents: dict[VersionKey, set[Revision]] = {}
    for revision in revisions:
        contents.setdefault(revision.source.version, set()).add(revision)
    assert history.status is not None
    doubted = {version for version, held in contents.items() if len(held) > 1}
    ended = {version for version, held in contents.items() if any(isinstance(r, Withdrawal) for r in held)}
    newest = max(contents, key=lambda version: version.ordinal)
    if ended - doubted:
        assert history.status.state is State.WITHDRAWN
    elif newest in doubted or ended:
        assert history.status.state is State.CONFLICTED
    else:
        (content,) = contents[newest]
        assert history.status.content_sha256 == content.source.content_sha256


@given(any_revisions)
def test_every_revision_gets_one_decision_and_numbers_only_grow(revisions: list[Revision]) -> None:
    decisions, histories = decide_all({}, revisions)
    assert [decision.incoming for decision in decisions] == revisions
    numbers = numbers_of(list(decisions))
    assert numbers == list(range(1, len(numbers) + 1))
    numbered = [decision.incoming.source.version for decision in decisions if decision.number is not None]
    assert all(later.newer_than(earlier) for earlier, later in pairwise(numbered))
    held = [entry for contents in histories[IDENTITY].recorded.values() for entry in contents]
    assert sum(decision.recorded for decision in decisions) == len(held) == len(set(revisions))


@given(any_revisions, st.data())
def test_batches_do_not_matter(revisions: list[Revision], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(revisions)))
    whole, histories = decide_all({}, revisions)
    first, held = decide_all({}, revisions[:cut])
    second, continued = decide_all(held, revisions[cut:])
    assert [answer(decision) for decision in (*first, *second)] == [answer(decision) for decision in whole]
    assert held | continued == histories


@given(any_revisions, st.sampled_from([*CONTENT.values(), *CHANGED.values(), *NOTICES.values()]))
def test_where_an_assessment_stands_undisputed_its_newest_content_and_what_arrives_tell_all(
    revisions: list[Revision], incoming: Revision
) -> None:
    history = decide_all({}, revisions)[1][IDENTITY]
    disputed = any(len(contents) > 1 for contents in history.recorded.values())
    if disputed or history.status is None or history.status.version is None:
        return
    known = {
        version: contents
        for version, contents in history.recorded.items()
        if version in (history.status.version, incoming.source.version)
    }
    part = History.of(known, history.revision, history.latest_sha256)
    assert answer(decide(part, incoming)[0]) == answer(decide(history, incoming)[0])


@given(any_revisions, any_revisions, st.data())
def test_what_comes_after_a_human_chose_ends_as_if_it_had_come_before(
    revisions: list[Revision], later: list[Revision], data: st.DataObject
) -> None:
    before = decide_all({}, revisions)[1][IDENTITY]
    contents: dict[VersionKey, Choice[str]] = {}
    for version in contested_versions(before.recorded, NO_CHOICES):
        held = sorted(entry.content_sha256 for entry in before.recorded[version])
        contents[version] = Choice(data.draw(st.sampled_from(held)), frozenset(held))
    choices = Choices(contents)
    chosen = History.of(before.recorded, before.revision, before.latest_sha256, choices)
    assert not list(contested_versions(chosen.recorded, choices))
    after = decide_all({IDENTITY: chosen}, later)[1][IDENTITY]
    everything = decide_all({}, [*later, *revisions])[1][IDENTITY].recorded
    assert after.status == status_of(everything, choices)


class Feed(RuleBasedStateMachine):
    """Two feeds get the same revisions: one at once, the other late, in another order and twice."""

    published = Bundle("published")

    def __init__(self) -> None:
        super().__init__()
        self.prompt, self.late = Arrivals(), Arrivals()
        self.waiting: list[Revision] = []

    @rule(
        target=published,
        number=st.sampled_from(NUMBERS),
        kind=st.sampled_from(["content", "content", "changed", "notice"]),
    )
    def publish(self, number: int, kind: str) -> Revision:
        revision = {"content": CONTENT, "changed": CHANGED, "notice": NOTICES}[kind][number]
        self.prompt.take(revision)
        self.waiting.append(revision)
        return revision

    @rule(revision=published)
    def publish_again(self, revision: Revision) -> None:
        self.waiting.append(revision)

    @rule(data=st.data())
    def deliver_one(self, data: st.DataObject) -> None:
        if self.waiting:
            place = data.draw(st.integers(0, len(self.waiting) - 1))
            self.late.take(self.waiting.pop(place))

    @invariant()
    def what_stands_is_content_that_was_published(self) -> None:
        for arrivals in (self.prompt, self.late):
            for state in arrivals.states():
                current = state.state == State.ACTIVE
                assert (state.content_sha256 is not None) is current

    @invariant()
    def numbers_only_grow(self) -> None:
        for arrivals in (self.prompt, self.late):
            numbers = numbers_of(arrivals.decisions)
            assert numbers == list(range(1, len(numbers) + 1))

    def teardown(self) -> None:
        self.late.take(*reversed(self.waiting))
        assert self.late.hash() == self.prompt.hash()


TestFeed = Feed.TestCase
TestFeed.settings = settings(max_examples=40, stateful_step_count=20)


def test_the_state_hash_tells_states_apart() -> None:
    states = [
        [CONTENT[1]],
        [CONTENT[2]],
        [CHANGED[1]],
        [CONTENT[1], CONTENT[2]],
        [CONTENT[1], CHANGED[1]],
        [NOTICES[1]],
        [CONTENT[1], NOTICES[2]],
        [THEIRS],
        [CONTENT[1], THEIRS],
    ]
    assert len({hash_after(revisions) for revisions in states}) == len(states)


def test_nobody_but_the_originator_touches_an_assessment() -> None:
    arrivals = Arrivals()
    arrivals.take(CONTENT[1])
    alone = next(arrivals.states())
    decided = len(arrivals.decisions)
    for claimed in (NOTICES[6], CONTENT[6], CHANGED[1]):
        document = narrative(version=claimed.source.version.ordinal, title="Theirs")
        if isinstance(claimed, Assessment):
            arrivals.take(accepted(document, agency="enisa"))
        else:
            notice = {"id": document["id"], "version": 6, "withdrawn": True, "reason": "Not ours."}
            arrivals.take(withdrawal(notice, agency="enisa"))
    assert next(arrivals.states()) == alone
    assert all(decision.outcome is not Outcome.DUPLICATE for decision in arrivals.decisions[decided:])
