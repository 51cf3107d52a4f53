"""No feed can lower a marking: what a STIX report says of the whole never frees a part, nor the reverse."""

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.markings.composition import compose
from services.kernel.markings.marking import Marking
from services.kernel.markings.stix import STIX_TLP
from services.kernel.markings.stix_granular import StixMarkings
from tests.support.laws import law
from tests.support.marking_strategies import markings

LAWS = law(150)
SELECTORS = ("name", "description", "labels", "labels.[0]", "labels.[1]", "refs", "refs.[0].url", "refs.[0]")

references = st.sampled_from(sorted(STIX_TLP))
entries = st.lists(
    st.tuples(references, st.lists(st.sampled_from(SELECTORS), min_size=1, max_size=3)), max_size=4
)


def read(stated: list[str], granular: list[tuple[str, list[str]]]) -> StixMarkings:
    content: dict[str, object] = {
        "name": "n",
        "description": "d",
        "labels": ["a", "b"],
        "refs": [{"url": "u"}],
        "object_marking_refs": stated,
        "granular_markings": [{"marking_ref": ref, "selectors": places} for ref, places in granular],
    }
    return StixMarkings.read(content, {})


def order(marking: Marking | None) -> tuple[int, str]:
    assert marking is not None
    assert marking.tlp is not None
    return marking.tlp.order


@LAWS
@given(st.lists(references, min_size=1, max_size=2), entries, st.sampled_from(SELECTORS))
def test_no_part_is_freer_than_the_object_and_the_whole_no_freer_than_a_part(
    stated: list[str], granular: list[tuple[str, list[str]]], selector: str
) -> None:
    found = read(stated, granular)
    assert order(found.whole) >= order(found.at(selector)) >= order(found.stated)
    for reference, places in granular:
        assert order(found.whole) >= STIX_TLP[reference].order
        if selector in places:
            assert order(found.at(selector)) >= STIX_TLP[reference].order


@LAWS
@given(st.lists(references, min_size=1, max_size=2), entries, entries, st.sampled_from(SELECTORS))
def test_one_more_marking_never_frees_anything(
    stated: list[str],
    granular: list[tuple[str, list[str]]],
    more: list[tuple[str, list[str]]],
    selector: str,
) -> None:
    before, after = read(stated, granular), read(stated, granular + more)
    assert order(after.whole) >= order(before.whole)
    assert order(after.at(selector)) >= order(before.at(selector))


@LAWS
@given(markings, st.lists(markings, max_size=4))
def test_a_whole_that_is_marked_lower_than_a_part_is_raised_to_it(
    whole: Marking, parts: list[Marking]
) -> None:
    rolled = compose([whole, *parts])
    for part in (whole, *parts):
        assert compose([rolled, part]) == rolled
