"""However the versions of another format arrive, each assessment ends in the same state."""

import json
from typing import NamedTuple
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.threatfeed.domain.assessment import Assessment, Revision, VersionKey, Withdrawal
from services.threatfeed.domain.revisions import History, decide_all
from services.threatfeed.formats.csaf_versions import read_csaf_version
from services.threatfeed.formats.kev import read_catalogue, removed_entries
from tests.support.formats import csaf, event, kev, kev_entry
from tests.support.submissions import accepted, read, real_policy, withdrawal

CISA = real_policy().agency("cisa")
PARTS = st.integers(0, 12) | st.integers(0, 2**19 - 1)
SEMANTIC = st.tuples(st.integers(1, 2**25 - 1) | st.integers(1, 12), PARTS, PARTS)
NUMBERS = ("1", "1.0.1", "1.2.0", "1.10.0", "2", "3.0.0", "10")
DOCUMENTS = [accepted(csaf(version)) for version in NUMBERS]
SUPERSEDED = withdrawal(csaf("11", category="csaf_superseded"))
EVENTS = [accepted(event(timestamp=str(1772614800 + later), info=f"Text {later}")) for later in range(6)]
DELETED = withdrawal(event(timestamp="1772614810", deleted=True))


class State(NamedTuple):
    """What a reader of the record can tell: what stands, in which words, and which words are known."""

    withdrawn: bool
    current: VersionKey | None
    content: str | None
    known: frozenset[str]


def state(history: History) -> State:
    current = None if history.withdrawn else history.current
    return State(
        history.withdrawn,
        current,
        None if current is None else history.recorded[current].content_sha256,
        frozenset(record.content_sha256 for record in history.recorded.values()),
    )


def after(revisions: list[Revision]) -> dict[UUID, State]:
    return {key: state(history) for key, history in decide_all({}, revisions)[1].items()}


def release(day: int, spellings: dict[str, str]) -> list[Assessment]:
    entries = [kev_entry(cve, product=spelling) for cve, spelling in spellings.items()]
    readings = read(json.dumps(kev(*entries, day=day)).encode(), agency="cisa")
    return [reading for reading in readings if isinstance(reading, Assessment)]


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
    assert after(data.draw(st.permutations([*published, *repeated]))) == after(published)


@given(
    st.data(),
    st.lists(
        st.dictionaries(
            st.sampled_from(["CVE-2026-0001", "CVE-2026-0002"]), st.sampled_from("AB"), min_size=1
        ),
        min_size=1,
        max_size=5,
    ),
)
def test_releases_of_a_catalogue(data: st.DataObject, releases: list[dict[str, str]]) -> None:
    read_releases = [release(day, spellings) for day, spellings in enumerate(releases, 1)]
    in_order: list[Revision] = [entry for entries in read_releases for entry in entries]
    shuffled = data.draw(st.permutations(read_releases))
    assert after([entry for entries in shuffled for entry in entries]) == after(in_order)


@given(st.data(), st.integers(1, 5), st.integers(1, 5))
def test_an_entry_that_was_removed_for_good_is_withdrawn_however_its_releases_arrive(
    data: st.DataObject, held: int, without: int
) -> None:
    cve = "CVE-2026-0001"
    days = list(range(1, held + without + 1))
    revisions: list[Revision] = []
    for day in data.draw(st.permutations(days)):
        entries = [kev_entry(cve)] if day <= held else []
        catalogue = read_catalogue(kev(*entries, day=day))
        history = next(iter(decide_all({}, revisions)[1].values()), History())
        standing = {} if history.current is None else {f"cisa-kev--{cve}": history.current}
        revisions += release(day, {cve: "Gateway"}) if entries else []
        revisions += removed_entries(standing, catalogue, agency=CISA)
    # A release without the entry that came first knew nothing of it: the newest release is asked again.
    newest = read_catalogue(kev(day=days[-1]))
    (history,) = decide_all({}, revisions)[1].values()
    assert history.current is not None
    revisions += removed_entries({f"cisa-kev--{cve}": history.current}, newest, agency=CISA)
    (history,) = decide_all({}, revisions)[1].values()
    assert history.withdrawn
