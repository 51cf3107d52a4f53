"""US release lists against an oracle that is written apart: who is named, to be given or only shown."""

from collections.abc import Iterable
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.markings.banner import parse
from services.kernel.markings.composition import compose
from services.kernel.markings.levels import Level
from services.kernel.releasability import HoldingRefused, Mode, check_holding, decide
from tests.support.laws import law
from tests.support.release import NOW, consents, occasion, shipped_policy, text

LAWS = law(150)
NATIONS = ("AUS", "CAN", "DEU", "FRA", "GBR", "NZL")
GROUPS = ("ACGU", "EU", "FVEY", "KFOR", "TEYE")
SPELLED = {
    "FVEY": "AUS CAN GBR NZL USA",
    "ACGU": "AUS CAN GBR USA",
    "TEYE": "AUS GBR USA",
}
WANTED = {"UK": "GBR", "EU": "EU"}


@dataclass(frozen=True)
class Portion:
    """A portion as its author would think of it: two lists, or a word."""

    level: str
    given: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    word: str = ""

    @property
    def mark(self) -> str:
        lists = [self.word] if self.word else []
        if self.given:
            lists.append("REL TO " + ", ".join(("USA", *self.given)))
        if self.shown:
            lists.append("DISPLAY ONLY " + ", ".join(self.shown))
        return f"({self.level}//{'/'.join(lists)})" if lists else f"({self.level})"

    @property
    def counts(self) -> bool:
        return self.level != "U" or bool(self.given or self.shown or self.word)


def spelled(codes: Iterable[str]) -> set[str]:
    return {nation for code in codes for nation in SPELLED.get(code, code).split()}


def may_have(portion: Portion, party: str, mode: Mode) -> bool:
    named = spelled(portion.given) | (spelled(portion.shown) if mode is Mode.DISCLOSE else set())
    return WANTED[party] in named


def _ordered(codes: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(codes & set(NATIONS))) + tuple(sorted(codes & set(GROUPS)))


lists = st.frozensets(st.sampled_from(NATIONS + GROUPS), max_size=3).map(_ordered)
levels = st.sampled_from(["U", "C", "S"])
portions = st.one_of(
    st.builds(Portion, levels, word=st.sampled_from(["NF", "RELIDO", ""])),
    st.builds(Portion, levels, lists),
    st.builds(Portion, levels, shown=lists),
    st.builds(Portion, levels, lists, lists),
).filter(lambda p: not spelled(p.given) & spelled(p.shown))
foreigners = st.sampled_from(["UK", "EU"])
modes = st.sampled_from(list(Mode))


def allowed(marks: list[str], party: str, mode: Mode, *, asked: bool = False) -> bool:
    marking = compose(parse(mark) for mark in marks)
    given_consents = consents("CISA", party, mode=mode) if asked else ()
    subject = text(marking, party="US", organisation="CISA")
    room = occasion("UK", "EU", "US")
    return decide(
        subject, party, room, mode, policy=shipped_policy(), consents=given_consents, now=NOW
    ).allowed


@LAWS
@given(portions, foreigners, modes, st.booleans())
def test_a_portion_goes_to_whom_its_lists_name(portion: Portion, party: str, mode: Mode, asked: bool) -> None:
    assert allowed([portion.mark], party, mode, asked=asked) is may_have(portion, party, mode)


@LAWS
@given(st.lists(portions, min_size=1, max_size=5), foreigners, modes)
def test_a_document_goes_to_whom_every_portion_that_counts_may_go(
    every: list[Portion], party: str, mode: Mode
) -> None:
    counted = [portion for portion in every if portion.counts]
    wanted = bool(counted) and all(may_have(portion, party, mode) for portion in counted)
    assert allowed([portion.mark for portion in every], party, mode) is wanted


@LAWS
@given(portions)
def test_what_may_not_be_kept_by_a_nation_is_not_held_on_its_soil(portion: Portion) -> None:
    policy = shipped_policy()
    try:
        check_holding(
            parse(portion.mark),
            originator_party="US",
            home_party="UK",
            ceiling=Level.parse("UK SECRET"),
            policy=policy,
            now=NOW,
        )
    except HoldingRefused:
        held = False
    else:
        held = True
    assert held is may_have(portion, "UK", Mode.RELEASE)
