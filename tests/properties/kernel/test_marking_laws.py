"""Laws of markings: the roll-up is a lattice, and nothing is gained or lost in writing and reading."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.markings.banner import parse
from services.kernel.markings.capco import portion
from services.kernel.markings.composition import compose
from services.kernel.markings.foreign_disclosure import is_counted
from services.kernel.markings.levels import MarkingSystem
from services.kernel.markings.marking import Marking, NationalMarking
from services.kernel.markings.nations import EU_CODE, TRIGRAPHS
from services.kernel.markings.refusals import MarkingUnknown
from services.kernel.refusals import Refusal
from tests.support.laws import law
from tests.support.marking_strategies import SYSTEMS, banner_markings, banners, markings

WITHIN_A_LETTER_OF_EU = frozenset({"DEU", "ECU", "REU"})
LAWS = law(120)


@LAWS
@given(markings, markings, markings)
def test_the_roll_up_does_not_depend_on_grouping(a: Marking, b: Marking, c: Marking) -> None:
    assert compose([compose([a, b]), c]) == compose([a, compose([b, c])]) == compose([a, b, c])


@LAWS
@given(st.lists(markings, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_roll_up_does_not_depend_on_order(every: list[Marking], random: object) -> None:
    shuffled = list(every)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert compose(every) == compose(shuffled)


@LAWS
@given(markings)
def test_the_roll_up_of_a_marking_with_itself_is_itself(a: Marking) -> None:
    assert compose([a]) == compose([a, a]) == a


@LAWS
@given(markings, markings)
def test_the_roll_up_restricts_at_least_as_much_as_each_part(a: Marking, b: Marking) -> None:
    whole = compose([a, b])
    assert compose([whole, a]) == whole
    assert a.originators <= whole.originators
    if a.tlp is not None:
        assert whole.tlp is not None
        assert whole.tlp.order >= a.tlp.order
    for part in a.national:
        found = whole.of_system(part.system)
        assert found is not None
        assert found.classification.order >= part.classification.order
        assert part.national_caveats <= found.national_caveats
        assert part.codewords <= found.codewords
        assert part.handling_instructions - {"FOR PUBLIC RELEASE"} <= found.handling_instructions
        assert found.prefix in (None, part.prefix)
        if part.system is MarkingSystem.US_CAPCO:
            assert_restricts(found, part)
        else:
            assert found.dissem_controls >= part.dissem_controls
            assert found.rel_to <= part.rel_to or part.rel_to == {"ALL"}
        if part.embargo_until is not None:
            assert found.embargo_until is not None
            assert found.embargo_until >= part.embargo_until


def assert_restricts(whole: NationalMarking, part: NationalMarking) -> None:
    # Controls that only unclassified text carries are not controls of a classified whole; ORCON covers
    # ORCON-USGOV; a disclosure officer decides only where it is so for every part.
    permitted = {"RELIDO"} | ({"FOUO", "SBU", "SBU-NF"} if whole.level != "UNCLASSIFIED" else set())
    covered = {"ORCON-USGOV"} if "ORCON" in whole.dissem_controls else set()
    assert part.dissem_controls - permitted - covered <= whole.dissem_controls
    if is_counted(part):
        assert whole.rel_to <= part.rel_to
        assert whole.rel_to | whole.display_only <= part.rel_to | part.display_only


@LAWS
@given(st.sampled_from(list(SYSTEMS)).flatmap(lambda system: SYSTEMS[system]))
def test_a_marking_of_each_system_reads_back_from_what_is_written(national: NationalMarking) -> None:
    marking = Marking(national=(national,))
    assert parse(str(marking)) == marking
    if national.system is MarkingSystem.US_CAPCO:
        assert parse(portion(marking)) == marking


@LAWS
@given(banner_markings)
def test_a_banner_reads_back_to_the_marking_it_was_written_from(marking: Marking) -> None:
    assert parse(str(marking)) == marking
    assert str(parse(str(marking))) == str(marking)


@LAWS
@given(banner_markings, banner_markings)
def test_the_banner_of_a_roll_up_reads_back_to_it_or_is_refused(a: Marking, b: Marking) -> None:
    whole = compose([a, b])
    try:
        read = parse(str(whole))
    except Refusal:
        return
    assert read == whole


@LAWS
@given(markings)
def test_a_stored_marking_reads_back_equal(marking: Marking) -> None:
    assert Marking.from_document(marking.to_document()) == marking


@LAWS
@given(
    st.text(max_size=60) | banners.flatmap(lambda banner: st.builds(str.__add__, st.just(banner), st.text()))
)
def test_any_text_is_either_refused_or_read_exactly(text: str) -> None:
    try:
        marking = parse(text)
    except Refusal:
        return
    assert marking.original_text == text
    assert parse(str(marking)) == marking


@LAWS
@given(
    st.sampled_from(list(SYSTEMS)).flatmap(lambda system: SYSTEMS[system]),
    st.from_regex(r"X9[A-Z]{1,8}", fullmatch=True),
    st.sampled_from(["//{}", " - {}", "//{}//NOFORN"]),
)
def test_one_word_that_nobody_knows_makes_the_marking_unknown(
    national: NationalMarking, word: str, place: str
) -> None:
    banner = f"{national}{place.format(word)}"
    with pytest.raises(MarkingUnknown) as refused:
        parse(banner)
    assert word not in f"{refused.value.detail}{refused.value.metadata}"


def _meant(found: frozenset[str], written: frozenset[str]) -> frozenset[str]:
    """A nation that has lost the letter which tells it from the EU stands for itself."""
    lost = (written - found) & WITHIN_A_LETTER_OF_EU
    return found - {EU_CODE} | lost if EU_CODE in found - written else found


def test_the_eu_is_the_only_code_that_another_becomes_by_losing_a_letter() -> None:
    known = TRIGRAPHS | {EU_CODE}
    lost = {(code, code[:at] + code[at + 1 :]) for code in known for at in range(len(code))}
    becoming = {(code, rest) for code, rest in lost if rest in known}
    assert becoming == {(code, EU_CODE) for code in WITHIN_A_LETTER_OF_EU}


@LAWS
@given(banners, st.data())
def test_a_banner_with_one_character_lost_never_reads_as_more_permissive(
    banner: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(banner) - 1))
    try:
        damaged = parse(banner[:place] + banner[place + 1 :])
    except Refusal:
        return
    original = parse(banner)
    if damaged.tlp is not None and original.tlp is not None:
        assert damaged.tlp.order >= original.tlp.order
    for part in original.national:
        found = damaged.of_system(part.system)
        assert found is not None
        assert found.level == part.level
        assert _meant(found.rel_to, part.rel_to) <= part.rel_to
        assert _meant(found.display_only, part.display_only) <= part.display_only
        assert found.dissem_controls == part.dissem_controls
        assert len(found.national_caveats) == len(part.national_caveats)
