"""Names are looked up and never merged: what is not exactly a known name stays as reported."""

import json
from typing import Any

import pytest

from services.kernel.sections import PolicyMalformed
from services.threatfeed.domain.sectors import sector_in, unclassified
from services.threatfeed.domain.subjects import (
    Actor,
    Location,
    LocationScheme,
    NameNote,
    Sector,
    SectorScheme,
    Technique,
    distinct_sectors,
    distinct_techniques,
    distinct_terms,
)
from services.threatfeed.domain.taxonomies import Taxonomies
from tests.support.submissions import HOSTILE, ROOT, accepted, narrative, real_taxonomies, reference

KNOWN = real_taxonomies()


def names(actor: Actor) -> list[str]:
    return [candidate.name for candidate in actor.candidates]


def test_a_name_has_the_entries_that_go_by_it_as_candidates() -> None:
    (candidate,) = KNOWN.actor("Fancy Bear").candidates
    assert (candidate.taxonomy, candidate.version) == ("misp-galaxy:threat-actor", "349")
    assert candidate.uuid == "5b4ee3ea-eee3-4c8e-8323-85ae32658754"
    assert (candidate.name, candidate.matched_alias) == ("APT28", "FANCY BEAR")


def test_a_name_that_several_entries_share_has_them_all_and_none_is_chosen() -> None:
    nobelium = KNOWN.actor("NOBELIUM")
    assert nobelium.name_as_reported == "NOBELIUM"
    assert len(nobelium.candidates) > 1
    assert len({candidate.uuid for candidate in nobelium.candidates}) == len(nobelium.candidates)


def test_two_names_of_one_entry_stay_two_actors() -> None:
    assessment = accepted(narrative(actors=["APT28", "Fancy Bear", "GREY HERON"]))
    assert [actor.name_as_reported for actor in assessment.actors] == ["APT28", "Fancy Bear", "GREY HERON"]
    assert [names(actor) for actor in assessment.actors] == [["APT28"], ["APT28"], []]


@pytest.mark.parametrize("spelling", ["apt28", "APT 28", "APT-28", "Apt28", " APT28 ", "APT\u201128"])
def test_letter_case_spaces_and_hyphens_do_not_count(spelling: str) -> None:
    assert names(KNOWN.actor(spelling)) == ["APT28"]
    assert KNOWN.actor(spelling).name_as_reported == spelling


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("\u202eAPT28", NameNote.HIDDEN_CHARACTERS),
        ("82TPA\u202d", NameNote.HIDDEN_CHARACTERS),
        ("\u2067APT28\u2069", NameNote.HIDDEN_CHARACTERS),
        ("APT\u200b28", NameNote.HIDDEN_CHARACTERS),
        ("APT\u00ad28", NameNote.HIDDEN_CHARACTERS),
        ("APT28\ufeff", NameNote.HIDDEN_CHARACTERS),
        ("APT28\u2028", NameNote.HIDDEN_CHARACTERS),
        ("APT28\ue000", NameNote.HIDDEN_CHARACTERS),
        ("\uff21\uff30\uff3428", NameNote.COMPATIBILITY_CHARACTERS),
        ("\U0001d400PT28", NameNote.COMPATIBILITY_CHARACTERS),
        ("APT\u00a028", NameNote.COMPATIBILITY_CHARACTERS),
        ("\u0410PT28", NameNote.MIXED_SCRIPTS),
        ("Turl\u0430", NameNote.MIXED_SCRIPTS),
        ("Fancy \u0392ear", NameNote.MIXED_SCRIPTS),
    ],
)
def test_a_name_that_does_not_read_as_it_looks_is_kept_and_has_no_candidate(
    name: str, note: NameNote
) -> None:
    assert KNOWN.actor(name) == Actor(name, (), note)


@pytest.mark.parametrize("name", ["\u72fc\u6bd2\u8349", "Ayy\u0131ld\u0131z Tim", "Asnar\u00f6k"])
def test_names_in_other_scripts_are_names(name: str) -> None:
    assert (len(KNOWN.actor(name).candidates), KNOWN.actor(name).note) == (1, None)


def test_a_name_wholly_in_another_script_is_another_name() -> None:
    assert KNOWN.actor("\u0410\u0420\u0422") == Actor("\u0410\u0420\u0422")


def test_naughty_names_are_looked_up_without_harm() -> None:
    for text in json.loads((HOSTILE / "naughty-strings.json").read_text("utf-8")):
        assert KNOWN.actor(text).name_as_reported == text
        assert KNOWN.location(text).as_reported == text


def test_the_reference_data_name_no_sponsor() -> None:
    text = (ROOT / "deploy" / "reference" / "threat-actors.json").read_text("utf-8").casefold()
    assert not any(word in text for word in ("country", "sponsor", "attribution"))


@pytest.mark.parametrize(
    ("words", "scheme", "code"),
    [
        ("GB", LocationScheme.ISO_3166_1, "GB"),
        ("gb", LocationScheme.ISO_3166_1, "GB"),
        ("GBR", LocationScheme.ISO_3166_1, "GB"),
        ("United Kingdom", LocationScheme.ISO_3166_1, "GB"),
        ("united kingdom", LocationScheme.ISO_3166_1, "GB"),
        ("150", LocationScheme.UN_M49, "150"),
        ("154 - Northern Europe", LocationScheme.UN_M49, "154"),
        ("northern-europe", LocationScheme.UN_M49, "154"),
        ("latin-america-caribbean", LocationScheme.UN_M49, "419"),
        ("Britain", LocationScheme.OTHER, None),
        ("nor", LocationScheme.OTHER, None),
        ("999 - Nowhere", LocationScheme.OTHER, None),
        ("United K\u0456ngdom", LocationScheme.OTHER, None),
    ],
)
def test_a_place_has_a_code_where_it_is_one_or_the_exact_name(
    words: str, scheme: LocationScheme, code: str | None
) -> None:
    assert KNOWN.location(words) == Location(words, scheme, code)


@pytest.mark.parametrize(
    ("scheme", "word", "expected"),
    [
        (
            SectorScheme.NIS2,
            "Waste-Water",
            Sector(SectorScheme.NIS2, "2022/2555", "waste-water", "Waste-Water"),
        ),
        (SectorScheme.UK_CNI, "defence", Sector(SectorScheme.UK_CNI, "2024-09-12", "defence", "defence")),
        (SectorScheme.STIX, "defense", Sector(SectorScheme.STIX, "2.1", "defense", "defense")),
        (SectorScheme.STIX, "defence", unclassified("defence")),
        (SectorScheme.NIS2, "defence", unclassified("defence")),
    ],
)
def test_a_sector_is_one_only_of_the_list_that_holds_it(
    scheme: SectorScheme, word: str, expected: Sector
) -> None:
    assert sector_in(scheme, word) == expected


def test_a_sector_is_looked_up_in_the_edition_that_is_stated() -> None:
    assert sector_in(SectorScheme.STIX, "defence", "2.0").version == "2.0"
    assert sector_in(SectorScheme.STIX, "defense", "2.0") == unclassified("defense")
    assert sector_in(SectorScheme.NIS2, "energy", "2016/1148") == unclassified("energy")


def test_a_narrative_states_the_scheme_of_a_sector_and_its_words_are_never_lost() -> None:
    stated: list[Any] = [
        {"scheme": "NIS2", "code": "energy"},
        {"scheme": "UK_CNI", "code": "energy"},
        {"scheme": "MISP", "code": "health"},
        {"scheme": "MISP", "code": "Telecoms", "version": "4"},
        {"scheme": "MISP", "code": "Wizardry"},
        "shipbuilding",
    ]
    assessment = accepted(narrative(sectors=stated))
    assert assessment.sectors == (
        Sector(SectorScheme.NIS2, "2022/2555", "energy", "energy"),
        Sector(SectorScheme.UK_CNI, "2024-09-12", "energy", "energy"),
        Sector(SectorScheme.MISP, "6", "Health", "health"),
        Sector(SectorScheme.MISP, "4", "Telecoms", "Telecoms"),
        unclassified("Wizardry"),
        unclassified("shipbuilding"),
    )
    assert distinct_terms(assessment.sectors) == ("energy", "health", "telecoms", "wizardry", "shipbuilding")


def test_rules_ask_for_a_sector_by_its_word_whatever_its_scheme() -> None:
    for sector in ("energy", {"scheme": "NIS2", "code": "energy"}, {"scheme": "MISP", "code": "Energy"}):
        themes = {theme.theme for theme in accepted(narrative(sectors=[sector])).themes}
        assert {"CNI_PRIVATE_SECTOR", "CNI_INTERDEPENDENCY"} <= themes, sector


def test_what_states_less_gives_way_to_what_states_more() -> None:
    bare, versioned = Technique("T1566"), Technique("T1566", "17.1")
    other = Technique("T1566", "18.1")
    assert distinct_techniques([bare, versioned, bare, Technique("T1078")]) == (versioned, Technique("T1078"))
    assert distinct_techniques([versioned, other]) == (versioned, other)
    tagged, attached = (Sector(SectorScheme.MISP, version, "Health", "Health") for version in (None, "4"))
    assert distinct_sectors([tagged, attached]) == (attached,)


@pytest.mark.parametrize("name", ["threat-actors", "countries", "regions", "sectors"])
def test_incomplete_reference_data_are_refused(name: str) -> None:
    documents = reference()
    del documents[name]
    with pytest.raises(PolicyMalformed):
        Taxonomies.from_documents(documents)
