"""However a set of revisions arrives, the assessment ends in the same state."""

from itertools import pairwise
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from services.threatfeed.domain.assessment import Revision, VersionKey
from services.threatfeed.domain.revisions import Decision, History, Outcome, decide_all
from tests.support.submissions import accepted, narrative, withdrawal

NUMBERS = range(1, 7)
CONTENT = {number: accepted(narrative(version=number)) for number in NUMBERS}
CHANGED = {number: accepted(narrative(version=number, title="Something else")) for number in NUMBERS}
NOTICES = {
    number: withdrawal({"id": "NCSC-2026-0001", "version": number, "withdrawn": True, "reason": "Wrong."})
    for number in NUMBERS
}
IDENTITY = CONTENT[1].assessment_id


class State(NamedTuple):
    """What any reader of the record can tell of it."""

    withdrawn: bool
    current: VersionKey | None
    held: frozenset[tuple[VersionKey, str]]


def state(history: History) -> State:
    return State(
        withdrawn=history.withdrawn,
        current=None if history.withdrawn else history.current,
        held=frozenset((key, record.content_sha256) for key, record in history.recorded.items()),
    )


def after(revisions: list[Revision]) -> State:
    return state(decide_all({}, revisions)[1].get(IDENTITY, History()))


def answer(decision: Decision) -> tuple[Outcome, int | None, bool]:
    return decision.outcome, decision.revision, decision.changed


one_kind_a_version = st.dictionaries(st.sampled_from(NUMBERS), st.booleans(), min_size=1)
any_revisions = st.lists(
    st.one_of(*(st.sampled_from(list(kind.values())) for kind in (CONTENT, CHANGED, NOTICES))), min_size=1
)


@given(one_kind_a_version, st.data())
def test_every_order_of_arrival_ends_in_the_same_state(kinds: dict[int, bool], data: st.DataObject) -> None:
    published = [CONTENT[number] if content else NOTICES[number] for number, content in kinds.items()]
    in_order: list[Revision] = sorted(published, key=lambda revision: revision.source.version.ordinal)
    repeated = data.draw(st.lists(st.sampled_from(in_order)))
    shuffled = data.draw(st.permutations([*in_order, *repeated]))
    assert after(shuffled) == after(in_order)


@given(any_revisions)
def test_the_newest_content_stands_unless_the_assessment_is_withdrawn(revisions: list[Revision]) -> None:
    _, histories = decide_all({}, revisions)
    history = histories[IDENTITY]
    first_of_each: dict[VersionKey, Revision] = {}
    for revision in revisions:
        first_of_each.setdefault(revision.source.version, revision)
    assert {key: entry.content_sha256 for key, entry in history.recorded.items()} == {
        key: revision.source.content_sha256 for key, revision in first_of_each.items()
    }
    withdrawn = any(revision in NOTICES.values() for revision in first_of_each.values())
    assert history.withdrawn is withdrawn
    if not withdrawn:
        assert history.current == max(first_of_each, key=lambda key: key.ordinal)


@given(any_revisions)
def test_every_revision_gets_one_decision_and_numbers_only_grow(revisions: list[Revision]) -> None:
    decisions, _ = decide_all({}, revisions)
    assert [decision.incoming for decision in decisions] == revisions
    numbers = [decision.revision for decision in decisions if decision.becomes_current]
    assert numbers == list(range(1, len(numbers) + 1))
    currents = [decision.incoming.source.version for decision in decisions if decision.becomes_current]
    assert all(later.newer_than(earlier) for earlier, later in pairwise(currents))
    recorded = sum(decision.recorded for decision in decisions)
    refused = sum(decision.outcome in (Outcome.DUPLICATE, Outcome.CONFLICT) for decision in decisions)
    assert recorded + refused == len(revisions)


@given(any_revisions, st.data())
def test_batches_do_not_matter(revisions: list[Revision], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(revisions)))
    whole, histories = decide_all({}, revisions)
    first, held = decide_all({}, revisions[:cut])
    second, continued = decide_all(held, revisions[cut:])
    assert [answer(decision) for decision in (*first, *second)] == [answer(decision) for decision in whole]
    assert held | continued == histories
