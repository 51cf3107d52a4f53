"""However the versions of another format arrive, each assessment ends in the same state."""

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.identifiers import assessment_id
from services.threatfeed.domain.assessment import Assessment, Revision, Withdrawal
from services.threatfeed.domain.revisions import Outcome
from services.threatfeed.domain.status import State
from services.threatfeed.formats.csaf_versions import read_csaf_version
from tests.support.arrivals import Arrivals, hash_after, hash_after_releases
from tests.support.formats import csaf, event, kev, kev_entry
from tests.support.submissions import accepted, withdrawal

PARTS = st.integers(0, 12) | st.integers(0, 2**19 - 1)
SEMANTIC = st.tuples(st.integers(1, 2**25 - 1) | st.integers(1, 12), PARTS, PARTS)
NUMBERS = ("1", "1.0.1", "1.2.0", "1.10.0", "2", "3.0.0", "10")
DOCUMENTS = [accepted(csaf(version)) for version in NUMBERS]
SUPERSEDED = withdrawal(csaf("11", category="csaf_superseded"))
EVENTS = [accepted(event(timestamp=str(1772614800 + later), info=f"Text {later}")) for later in range(6)]
DELETED = withdrawal(event(timestamp="1772614810", deleted=True))


@given(SEMANTIC, SEMANTIC)
def test_semantic_versions_are_ordered_by_their_parts(
    one: tuple[int, int, int], other: tuple[int, int, int]
) -> None:
    keys = [read_csaf_version(".".join(map(str, parts)), "").key for parts in (one, other)]
    assert keys[0].newer_than(keys[1]) is (one > other)
    assert (keys[0] == keys[1]) is (one == other)
    assert all(0 < key.ordinal < 2**63 for key in keys)


@given(st.data(), st.sampled_from([(DOCUMENTS, SUPERSEDED), (EVENTS, DELETED)]))
def test_documents_and_events(data: st.DataObject, chain: tuple[list[Assessment], Withdrawal]) -> None:
    contents, notice = chain
    published: list[Revision] = [*contents, *data.draw(st.lists(st.just(notice), max_size=1))]
    repeated = data.draw(st.lists(st.sampled_from(published)))
    assert hash_after(data.draw(st.permutations([*published, *repeated]))) == hash_after(published)


CVES = ("CVE-2026-0001", "CVE-2026-0002", "CVE-2026-0003")
spellings = st.dictionaries(st.sampled_from(CVES), st.sampled_from("AB"))
releases_of_catalogue = st.lists(spellings.filter(bool), min_size=1, max_size=6)


def release(day: int, products: dict[str, str], **members: object) -> dict[str, object]:
    entries = [kev_entry(cve, product=product) for cve, product in products.items()]
    return kev(*entries, day=day, **members)


@given(st.data(), releases_of_catalogue)
def test_releases_of_a_catalogue(data: st.DataObject, held: list[dict[str, str]]) -> None:
    published = [release(day, products) for day, products in enumerate(held, 1)]
    repeated = data.draw(st.lists(st.sampled_from(published), max_size=3))
    shuffled = data.draw(st.permutations([*published, *repeated]))
    assert hash_after_releases(shuffled) == hash_after_releases(published)


@given(st.data(), st.lists(st.tuples(st.integers(1, 3), spellings.filter(bool)), min_size=1, max_size=6))
def test_releases_that_were_published_twice_with_other_entries(
    data: st.DataObject, held: list[tuple[int, dict[str, str]]]
) -> None:
    published = [release(day, products) for day, products in held]
    shuffled = data.draw(st.permutations(published))
    assert hash_after_releases(shuffled) == hash_after_releases(published)


@given(st.data(), releases_of_catalogue)
def test_releases_with_entries_that_cannot_be_read_or_told(
    data: st.DataObject, held: list[dict[str, str]]
) -> None:
    published = []
    for day, products in enumerate(held, 1):
        bad = data.draw(st.lists(st.sampled_from([7, {}, kev_entry(CVES[0], dueDate="never")]), max_size=1))
        entries = [kev_entry(cve, product=product) for cve, product in products.items()]
        published.append(kev(*entries, *bad, day=day))
    shuffled = data.draw(st.permutations(published))
    assert hash_after_releases(shuffled) == hash_after_releases(published)


@given(st.data(), releases_of_catalogue)
def test_an_entry_stands_as_the_newest_release_says(data: st.DataObject, held: list[dict[str, str]]) -> None:
    published = [release(day, products) for day, products in enumerate(held, 1)]
    arrivals = Arrivals()
    for document in data.draw(st.permutations(published)):
        arrivals.take_release(document)
    states = {state.assessment_id: state for state in arrivals.states()}
    for cve in set().union(*held):
        state = states[assessment_id("cisa", f"cisa-kev--{cve}")]
        listed = cve in held[-1]
        assert (state.state, state.cause) == (("ACTIVE", None) if listed else ("WITHDRAWN", "REMOVED"))


def test_an_entry_that_is_listed_again_stands_again_with_the_number_it_had() -> None:
    arrivals = Arrivals()
    for day, products in enumerate(({CVES[0]: "A"}, {CVES[1]: "A"}, {CVES[0]: "A", CVES[1]: "A"}), 1):
        arrivals.take_release(release(day, products))
    identity = assessment_id("cisa", f"cisa-kev--{CVES[0]}")
    decided = [one for one in arrivals.decisions if one.incoming.assessment_id == identity]
    assert [one.outcome for one in decided] == [Outcome.ACCEPTED, Outcome.WITHDRAWN, Outcome.REVISED]
    assert [one.revision for one in decided] == [1, None, 1]


def test_what_a_newer_release_lacks_never_stands() -> None:
    arrivals = Arrivals()
    arrivals.take_release(release(2, {CVES[1]: "A"}))
    arrivals.take_release(release(1, {CVES[0]: "A", CVES[1]: "A"}))
    assert not any(
        decision.changed and decision.status.state is State.ACTIVE
        for decision in arrivals.decisions
        if decision.incoming.source.object_id.endswith(CVES[0])
    )
