"""However revisions arrive while time passes, what has expired in the end is the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.threatfeed.domain.assessment import Assessment, Revision
from services.threatfeed.domain.revisions import NOTHING_HELD, decide
from services.threatfeed.domain.status import VALIDITY_ENDED, State
from services.threatfeed.store.histories import Standing
from services.threatfeed.usecases.standings import first_standing, restated
from tests.support.submissions import accepted, narrative, withdrawal

START = datetime(2030, 1, 1, tzinfo=UTC)
ENDS = (None, START + timedelta(days=1), START + timedelta(days=2), START + timedelta(days=3))
AFTERWARDS = START + timedelta(days=30)


def version(number: int, until: datetime | None, title: str = "A title") -> Revision:
    stated = None if until is None else until.isoformat()
    return accepted(narrative(version=number, title=title, valid_until=stated))


NOTICE = withdrawal({"id": "NCSC-2026-0001", "version": 9, "withdrawn": True, "reason": "Wrong."})
CHAINS: dict[str, list[Revision]] = {
    "the newest ends": [version(1, None), version(2, ENDS[1]), version(3, ENDS[2])],
    "the newest stays": [version(1, ENDS[1]), version(2, ENDS[3]), version(3, None)],
    "in dispute": [version(1, ENDS[1]), version(2, ENDS[1]), version(2, ENDS[2]), version(3, ENDS[1])],
    "disputed in the end": [version(1, ENDS[2]), version(2, ENDS[1]), version(2, None, "Else")],
    "withdrawn": [version(1, ENDS[1]), version(2, ENDS[2]), NOTICE],
}
ANY = st.lists(
    st.one_of(
        st.builds(version, st.integers(1, 4), st.sampled_from(ENDS), st.sampled_from(("One", "Other"))),
        st.just(NOTICE),
    ),
    min_size=1,
    max_size=7,
)


def expired(standing: Standing, at: datetime) -> Standing:
    """What the sweep makes of it."""
    due = standing.state == State.ACTIVE and standing.valid_until is not None and standing.valid_until <= at
    return replace(standing, state=State.EXPIRED.value, cause=VALIDITY_ENDED) if due else standing


def end(arrivals: list[Revision], pauses: list[int]) -> tuple[str, str | None, str | None]:
    """State, cause and current content, where so many hours pass before each arrival and a sweep at each."""
    history, standing, at = NOTHING_HELD, None, START
    for revision, hours in zip(arrivals, pauses, strict=True):
        at += timedelta(hours=hours)
        decision, history = decide(history, revision)
        standing = standing or first_standing(revision, "UK")
        if decision.changed:
            content = revision if isinstance(revision, Assessment) else None
            standing = restated(standing, decision.status, content, at)
        standing = expired(standing, at)
    assert standing is not None
    assert history.status is not None
    standing = expired(standing, AFTERWARDS)
    return standing.state, standing.cause, history.status.content_sha256


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("hours", [0, 13, 40, 100])
def test_every_permutation_of_a_chain_expires_alike(name: str, hours: int) -> None:
    chain = CHAINS[name]
    ends = {end(list(order), [hours] * len(chain)) for order in permutations(chain)}
    assert ends == {end(chain, [0] * len(chain))}


@given(ANY, st.data())
def test_any_revisions_at_any_times_expire_alike(revisions: list[Revision], data: st.DataObject) -> None:
    repeated = data.draw(st.lists(st.sampled_from(revisions), max_size=3))
    arrivals = data.draw(st.permutations([*revisions, *repeated]))
    pauses = data.draw(st.lists(st.integers(0, 30), min_size=len(arrivals), max_size=len(arrivals)))
    assert end(arrivals, pauses) == end(revisions, [0] * len(revisions))


def test_the_newest_version_tells_whether_it_has_expired() -> None:
    assert end([version(1, None), version(2, ENDS[1])], [0, 0])[:2] == ("EXPIRED", "VALIDITY_ENDED")
    assert end([version(1, ENDS[1]), version(2, None)], [0, 0])[:2] == ("ACTIVE", None)
