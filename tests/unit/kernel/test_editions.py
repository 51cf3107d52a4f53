"""Past editions: quoted from public texts, held against the series, and what of them comes back."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.catalogue import Catalogue
from services.chassis.documents import read_documents
from services.kernel.editions import Edition, EditionItem, EditionSource, Recurrence, folded, recurring_items
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy
from services.kernel.sections import PolicyMalformed
from services.kernel.series import ItemKind, ItemPurpose
from tests.support.release import POLICY_FOLDER, shipped_policy
from tests.support.series import US_EU_FOLDER, three_series

DATA = Path(__file__).parents[2] / "data"
SEEDS = "seeds/000_71ce174448e55c41.txt"
TEXT_OF = {
    ("uk-eu", 2024): "dialogue/uk-eu-2024-12-05-eeas.json",
    ("uk-us-cmr", 2021): SEEDS,
    ("us-eu", 2017): "dialogue/us-eu-2017-11-14-state.json",
    ("us-eu", 2023): "dialogue/us-eu-2023-12-06-state.json",
}
SERIES = shipped_policy().get_series("uk-eu")


def text(name: str) -> str:
    content = (DATA / name).read_text("utf-8")
    return " ".join((json.loads(content)["text"] if name.endswith("json") else content).split())


def test_the_editions_that_public_texts_tell_of_are_there() -> None:
    assert {(entry.series, entry.year) for entry in three_series().editions} == set(TEXT_OF)


@pytest.mark.parametrize("edition", three_series().editions, ids=lambda entry: f"{entry.series}-{entry.year}")
def test_what_an_edition_concluded_is_quoted_word_for_word(edition: Edition) -> None:
    name = TEXT_OF[edition.series, edition.year]
    source = text(name)
    for item in edition.items:
        assert item.outcome in source
    if name != SEEDS:
        document = json.loads((DATA / name).read_text("utf-8"))
        assert (edition.source.title, edition.source.address) == (document["title"], document["url"])
        assert edition.source.complete is document["complete"]


@pytest.mark.parametrize(
    ("instrument", "edition"), [("us-eu-joint-elements-2017", 2017), ("us-eu-joint-statement-2023", 2023)]
)
def test_the_commitments_of_the_third_series_are_quoted_word_for_word(instrument: str, edition: int) -> None:
    source = text(TEXT_OF["us-eu", edition])
    for commitment in three_series().instrument(instrument).commitments:
        assert commitment.text in source


def test_a_third_series_is_added_by_laying_its_documents_beside_the_others() -> None:
    shipped, added = read_documents(POLICY_FOLDER), read_documents(US_EU_FOLDER)
    assert not set(shipped) & set(added)
    policy = three_series()
    assert set(policy.series) == {*shipped_policy().series, "us-eu"}
    chair = Reader("state-chair", "US", "STATE", frozenset({Role.CHAIR}))
    assert [entry.id for entry in policy.series_of(chair)] == ["us-eu"]
    for series in ("uk-eu", "uk-us-cmr"):
        assert policy.get_series(series) == shipped_policy().get_series(series)


def test_the_topics_of_a_third_series_follow_from_the_catalogue() -> None:
    catalogue = Catalogue.read(Path(__file__).parents[3] / "proto" / "topics.yaml")
    audiences = [audience.id for audience in three_series().audiences("us-eu")]
    topics = {topic.name for topic in catalogue.spread([], audiences)}
    assert {f"actions.status.us-eu.{party}.v1" for party in ("us", "eu")} <= topics
    assert {f"threatfeed.picture.us-eu.{party}.v1" for party in ("us", "eu")} <= topics


def _item(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        place: Any = document["items"][4]
        *way, last = path.split(".")
        for step in way:
            place = place[step]
        place[last] = value

    return change


@pytest.mark.parametrize(
    "damage",
    [
        lambda document: document.update(series="nowhere"),
        lambda document: document.update(series=7),
        lambda document: document.update(year=2025),
        lambda document: document.update(host="US"),
        lambda document: document.update(ends=date(2024, 12, 1)),
        lambda document: document.update(begins="soon"),
        lambda document: document.update(surprise=1),
        lambda document: document.pop("source"),
        lambda document: document["source"].update(surprise=1),
        lambda document: document["source"].update(complete="yes"),
        lambda document: document["items"].append(dict(document["items"][0])),
        lambda document: document.update(items="all"),
        _item("title", ""),
        _item("kind", "PARTY"),
        _item("outcome", ""),
        _item("commitments", ["S1"]),
        _item("themes", ["NOTHING"]),
        _item("recurs.minutes", 0),
        _item("recurs.purpose", "CHAT"),
        _item("recurs.lead", {"UK": ["FCDO"]}),
        _item("recurs.lead", {"UK": ["FCDO"], "EU": []}),
        _item("recurs.lead", {"UK": ["EEAS"], "EU": ["EEAS"]}),
        _item("recurs.lead", {"UK": ["NOBODY"], "EU": ["EEAS"]}),
    ],
)
def test_a_damaged_edition_is_refused(damage: Callable[[dict[str, Any]], None]) -> None:
    documents: dict[str, Any] = copy.deepcopy(dict(read_documents(POLICY_FOLDER)))
    damage(documents["editions/uk-eu-2024"])
    with pytest.raises(PolicyMalformed):
        Policy.from_documents(documents)


def test_an_edition_is_entered_once_and_an_organisation_listed_once() -> None:
    documents: dict[str, Any] = dict(read_documents(POLICY_FOLDER))
    with pytest.raises(PolicyMalformed):
        Policy.from_documents({**documents, "editions/again": documents["editions/uk-eu-2024"]})
    again = {"organisations": {"FCDO": {"party": "UK", "name": "Another"}}}
    with pytest.raises(PolicyMalformed):
        Policy.from_documents({**documents, "organisations/again": again})


def test_a_past_edition_does_not_move_the_version_on_which_release_is_decided() -> None:
    documents: dict[str, Any] = dict(read_documents(POLICY_FOLDER))
    del documents["editions/uk-eu-2024"]
    without = Policy.from_documents(documents)
    assert without.version == shipped_policy().version
    assert without.digest != shipped_policy().digest


def edition(year: int, *items: EditionItem) -> Edition:
    source = EditionSource("A statement", "A party", None, complete=True)
    day = date(year, 6, 1)
    return Edition("uk-eu", year, day, day, "UK", None, source, items)


def item(title: str, *themes: str, recurs: bool = True) -> EditionItem:
    back = Recurrence(ItemPurpose.DISCUSS, 10, {"UK": ("FCDO",), "EU": ("EEAS",)})
    return EditionItem(title, ItemKind.SUBSTANTIVE, (), themes, "said", back if recurs else None)


def test_the_latest_wording_of_an_item_comes_back_and_only_at_later_editions() -> None:
    editions = [
        edition(
            2021, item("Cyber skills", "CAPABILITY_DEVELOPMENT"), item("Maps"), item("Once", recurs=False)
        ),
        edition(2024, item("Skills and technology", "CAPABILITY_DEVELOPMENT"), item("MAPS ")),
    ]
    back = recurring_items(editions, SERIES, 2025)
    assert [(found.item.title, found.year) for found in back] == [
        ("Skills and technology", 2024),
        ("MAPS ", 2024),
    ]
    assert [found.item.title for found in recurring_items(editions, SERIES, 2024)] == ["Cyber skills", "Maps"]
    assert recurring_items(editions, SERIES, 2021) == ()
    assert recurring_items([replace(editions[0], series="another")], SERIES, 2025) == ()


TITLES = st.sampled_from(["Maps", "maps", " MAPS", "Skills", "Norms", "Opening and  adoption of the agenda"])
THEMES = st.lists(
    st.sampled_from(["CAPABILITY_DEVELOPMENT", "COMBINED_OPERATIONS", "COST_IMPOSITION"]),
    max_size=2,
    unique=True,
)
ITEMS = st.lists(
    st.builds(lambda title, themes, back: item(title, *themes, recurs=back), TITLES, THEMES, st.booleans())
)
EDITIONS = st.dictionaries(st.integers(2010, 2030), ITEMS, max_size=5).map(
    lambda found: [edition(year, *items) for year, items in found.items()]
)


@given(EDITIONS, st.integers(2010, 2031))
def test_whatever_recurred_is_on_the_next_agenda_exactly_once(editions: list[Edition], year: int) -> None:
    back = recurring_items(editions, SERIES, year)
    titles = [folded(entry.title) for entry in SERIES.standing_items]
    titles += [folded(found.item.title) for found in back]
    themes = {theme for entry in SERIES.standing_items for theme in entry.themes}
    themes |= {theme for found in back for theme in found.item.themes}
    assert len(set(titles)) == len(titles)
    for held in editions:
        for entry in held.items:
            if held.year < year and entry.recurs is not None:
                assert folded(entry.title) in titles or (entry.themes and set(entry.themes) <= themes)
    assert all(found.year < year and found.item.recurs is not None for found in back)
