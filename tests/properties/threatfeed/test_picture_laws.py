"""Laws of the picture: order and repeats do not matter, and what is hidden leaves no trace."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.envelope import Event
from services.kernel.identifiers import assessment_id
from services.kernel.release_terms import Rendition
from services.threatfeed.domain.picture import pictures
from services.threatfeed.domain.visibility import Sight
from services.threatfeed.picture.records import picture_event
from services.threatfeed.picture.told import Reader, state_after
from tests.support.picture import AUDIENCES, NOW, told
from tests.support.submissions import real_policy

MARKINGS = (
    "TLP:CLEAR",
    "TLP:GREEN",
    "TLP:AMBER",
    "TLP:RED",
    "UK OFFICIAL",
    "UK OFFICIAL REL EU",
    "RESTREINT UE/EU RESTRICTED",
    "UK OFFICIAL-SENSITIVE - HMG USE ONLY",
)
AGENCIES = (("ncsc", "UK"), ("enisa", "EU"), ("cisa", "US"))


@st.composite
def histories(draw: st.DrawFn, names: str = "ABCDEF") -> list[Event]:
    """The changes of a few assessments, each with its versions in order."""
    events: list[Event] = []
    for name in names[: draw(st.integers(0, len(names)))]:
        agency, party = draw(st.sampled_from(AGENCIES))
        for version in range(1, draw(st.integers(1, 3)) + 1):
            event = told(
                name,
                agency=agency,
                party=party,
                version=version,
                revision=version,
                state=draw(st.sampled_from(("ACTIVE", "ACTIVE", "WITHDRAWN"))),
                days_ago=draw(st.integers(-1, 200)),
                marking=draw(st.sampled_from(MARKINGS)),
                tear_line=draw(st.one_of(st.none(), st.sampled_from(MARKINGS))),
                themes=tuple(draw(st.sets(st.sampled_from(("T1", "T2"))))),
                sectors=tuple(draw(st.sets(st.sampled_from(("s1", "s2"))))),
            )
            events += [event]
    return events


def table_of(events: Sequence[Event]) -> dict[bytes, bytes]:
    """What the worker's handler makes of records."""
    table: dict[bytes, bytes] = {}
    for event in events:
        key = event.subject.encode()
        headers = {name: text.encode() for name, text in event.headers().items()}
        state = state_after(table.get(key), key, headers, event.data)
        if state is not None:
            table[key] = state
    return table


def records_of(events: Sequence[Event], at: datetime = NOW) -> dict[str, tuple[bytes, dict[str, str]]]:
    found = pictures(Reader().read(table_of(events).items()), real_policy(), at)
    return {name: (event.data, event.headers()) for name, event in _events(found).items()}


def _events(found: dict[str, object]) -> dict[str, Event]:
    return {name: picture_event(picture) for name, picture in found.items()}  # type: ignore[arg-type]


@given(histories(), st.randoms(use_true_random=False), st.integers(0, 10))
@settings(max_examples=60, deadline=None)
def test_any_order_and_any_repeats_give_the_same_picture(
    events: list[Event], chance: object, more: int
) -> None:
    delivered = [*events, *(chance.choice(events) for _ in range(more) if events)]  # type: ignore[attr-defined]
    chance.shuffle(delivered)  # type: ignore[attr-defined]
    assert records_of(delivered) == records_of(events)


@given(histories())
@settings(max_examples=60, deadline=None)
def test_what_compaction_leaves_gives_the_same_picture(events: list[Event]) -> None:
    latest = list({event.subject: event for event in events}.values())
    assert records_of(latest) == records_of(events)


@given(histories("ABCDEF"), histories("UVWXYZ"), st.sampled_from(AUDIENCES), st.integers(-3, 3))
@settings(max_examples=100, deadline=None)
def test_two_worlds_that_differ_only_in_what_is_hidden_show_the_same(
    common: list[Event], others: list[Event], audience: str, days: int
) -> None:
    """Byte for byte, the headers of the record included."""
    at = NOW + timedelta(days=days)
    party = audience.rpartition(".")[2].upper()
    everything = Reader().read(table_of([*common, *others]).items())
    sight = Sight(party, everything, real_policy(), at)
    seen = {str(key) for key, one in everything.items() if sight.rendition(one) is not None}
    hidden = [event for event in others if event.subject not in seen]
    assert records_of([*common, *hidden], at)[audience] == records_of(common, at)[audience]


@given(histories("A"), st.sampled_from(MARKINGS), st.sampled_from(MARKINGS))
@settings(max_examples=60, deadline=None)
def test_what_lies_behind_a_tear_line_does_not_show(events: list[Event], one: str, another: str) -> None:
    """Other themes, sectors and markings of the whole text look the same to who has a tear line only."""
    worlds = [
        [*events, told("T", marking=marking, tear_line="TLP:CLEAR", themes=(theme,), sectors=(theme,))]
        for marking, theme in ((one, "T1"), (another, "T2"))
    ]
    for audience in AUDIENCES:
        party = audience.rpartition(".")[2].upper()
        renditions = set()
        for world in worlds:
            held = Reader().read(table_of(world).items())
            sight = Sight(party, held, real_policy(), NOW)
            renditions.add(sight.rendition(held[assessment_id("ncsc", "T")]))
        if renditions == {Rendition.TEAR_LINE}:
            assert records_of(worlds[0])[audience] == records_of(worlds[1])[audience]
