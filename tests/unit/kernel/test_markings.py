"""Banners: what is read, what is refused, and with which reason."""

from datetime import UTC, datetime

import pytest

from services.kernel.markings.banner import LONGEST_BANNER, parse, parse_marking
from services.kernel.markings.composition import compose
from services.kernel.markings.levels import LEVELS, Level, MarkingSystem
from services.kernel.markings.marking import Marking, NationalMarking
from services.kernel.markings.refusals import MarkingMalformed, MarkingMissing, MarkingUnknown
from services.kernel.markings.tlp import Tlp, TlpLabel, TlpVersion
from services.kernel.refusals import Refusal


@pytest.mark.parametrize(
    ("banner", "version", "label"),
    [
        ("TLP:WHITE", TlpVersion.V1, TlpLabel.WHITE),
        ("TLP:CLEAR", TlpVersion.V2, TlpLabel.CLEAR),
        ("TLP:GREEN", TlpVersion.V2, TlpLabel.GREEN),
        ("tlp:amber", TlpVersion.V2, TlpLabel.AMBER),
        ("TLP:AMBER+STRICT", TlpVersion.V2, TlpLabel.AMBER_STRICT),
        ("  TLP:RED\n", TlpVersion.V2, TlpLabel.RED),
    ],
)
def test_tlp_labels_are_read(banner: str, version: TlpVersion, label: TlpLabel) -> None:
    marking = parse(banner)
    assert (marking.tlp, marking.national) == (Tlp(version, label), ())
    assert marking.original_text == banner


def test_a_full_gscp_banner_is_read() -> None:
    marking = parse(
        "UK SECRET - RECIPIENTS ONLY - EMBARGOED UNTIL 2026-12-01T10:00+01:00 - COMMERCIAL - LPP"
        " - BOATHOUSE - UK/US EYES ONLY"
    )
    assert marking.national == (
        NationalMarking(
            system=MarkingSystem.UK_GSCP,
            level="SECRET",
            prefix="UK",
            handling_instructions=frozenset({"RECIPIENTS ONLY"}),
            descriptors=frozenset({"COMMERCIAL", "LEGAL PROFESSIONAL PRIVILEGE"}),
            codewords=frozenset({"BOATHOUSE"}),
            national_caveats=frozenset({"UK/US EYES ONLY"}),
            embargo_until=datetime(2026, 12, 1, 9, 0, tzinfo=UTC),
        ),
    )


def test_both_markings_are_read_in_either_order_or_apart() -> None:
    wanted = parse("TLP:AMBER+STRICT//UK OFFICIAL-SENSITIVE REL EU")
    assert wanted.tlp == Tlp(TlpVersion.V2, TlpLabel.AMBER_STRICT)
    assert str(wanted.national[0]) == "UK OFFICIAL-SENSITIVE REL EU"
    assert parse("UK OFFICIAL-SENSITIVE REL EU//TLP:AMBER+STRICT") == wanted
    assert parse_marking("TLP:AMBER+STRICT", "UK OFFICIAL-SENSITIVE REL EU") == wanted
    assert parse_marking(None, "UK OFFICIAL") == parse("UK OFFICIAL")
    assert parse_marking("TLP:RED", None) == parse("TLP:RED")


@pytest.mark.parametrize(
    "banner",
    [
        "TLP:PURPLE",
        "TLP:AMBER-STRICT",
        "UNMARKED",
        "official",
        "OFFICIAL SENSITIVE",
        "UK  OFFICIAL",
        "CONFIDENTIAL",
        "UK RESTRICTED",
        "UK SECRET REL NATO",
        "UK SECRET - NOFORN",
        "UK SECRET - NATO EYES ONLY",
        "UK SECRET \u2013 UK EYES ONLY",
        "HMG USE ONLY",
        "UK OFFICIAL//UK OFFICIAL",
        "UK OFFICIAL - EMBARGOED",
        "UK OFFICIAL - EMBARGOED UNTIL 2026-12-01",
        "TLP:RED//",
    ],
)
def test_what_is_not_known_is_refused_as_unknown(banner: str) -> None:
    with pytest.raises(MarkingUnknown):
        parse(banner)


@pytest.mark.parametrize(
    "banner",
    [
        "TLP: AMBER",
        "TLP:AMBER STRICT",
        "TLP:RED//TLP:RED",
        "UK OFFICIAL-SENSITIVE - FOR PUBLIC RELEASE",
        "UK OFFICIAL - RECIPIENTS ONLY",
        "UK TOP SECRET - HMG USE ONLY",
        "UK SECRET - LEGAL",
        "UK OFFICIAL - BOATHOUSE",
        "UK OFFICIAL-SENSITIVE - UK EYES ONLY",
        "UK SECRET REL EU - UK EYES ONLY",
        "UK OFFICIAL REL EU - HMG USE ONLY",
        "UK SECRET - UK EYES ONLY - BOATHOUSE",
        "UK SECRET - COMMERCIAL - RECIPIENTS ONLY",
        "UK SECRET - COMMERCIAL - COMMERCIAL",
        "UK OFFICIAL - FOR PUBLIC RELEASE - HMG USE ONLY",
        "UK TOP SECRET - EMBARGOED UNTIL 2026-12-01T10:00Z",
        "UK OFFICIAL - EMBARGOED UNTIL 2026-02-30T10:00Z",
        "UK OFFICIAL" + " - COMMERCIAL" * LONGEST_BANNER,
    ],
)
def test_known_elements_that_break_the_grammar_are_malformed(banner: str) -> None:
    with pytest.raises(MarkingMalformed):
        parse(banner)


@pytest.mark.parametrize("banner", ["", "   "])
def test_an_empty_banner_is_a_missing_marking(banner: str) -> None:
    with pytest.raises(MarkingMissing):
        parse(banner)


def test_neither_marking_is_a_missing_marking() -> None:
    with pytest.raises(MarkingMissing):
        parse_marking(None, None)
    with pytest.raises(MarkingMissing):
        Marking()


@pytest.mark.parametrize(
    ("tlp", "national", "pointer"),
    [
        ("TLP:MAUVE", "UK OFFICIAL", "/tlp"),
        ("TLP:RED", "UK UNOFFICIAL", "/national"),
        ("UK OFFICIAL", None, "/tlp"),
        (None, "TLP:RED", "/national"),
        ("TLP:RED//UK OFFICIAL", None, "/tlp"),
        (None, "", "/national"),
    ],
)
def test_of_two_markings_the_wrong_one_is_pointed_at(
    tlp: str | None, national: str | None, pointer: str
) -> None:
    with pytest.raises(Refusal) as refused:
        parse_marking(tlp, national)
    assert refused.value.pointer == pointer


def test_a_refusal_never_repeats_the_banner() -> None:
    with pytest.raises(MarkingUnknown) as refused:
        parse("UK SECRET - BOATHOUSE - MARS EYES ONLY")
    assert refused.value.metadata == {"element": "3"}
    assert "BOATHOUSE" not in f"{refused.value.detail}{refused.value.metadata}"


@pytest.mark.parametrize("document", ["tlp", "national"])
def test_a_stored_marking_with_an_unknown_member_is_refused(document: str) -> None:
    stored = parse("TLP:RED//UK OFFICIAL").to_document()
    for broken in (
        {**stored, "colour": "blue"},
        {name: value for name, value in stored.items() if name != document},
        {**stored, document: "RED"},
    ):
        with pytest.raises(MarkingMalformed):
            Marking.from_document(broken)


def test_a_stored_marking_of_an_unknown_system_or_level_is_refused() -> None:
    stored = parse("UK OFFICIAL").national[0].to_document()
    for broken in ({**stored, "system": "MARS"}, {**stored, "level": "RESTRICTED"}):
        with pytest.raises(MarkingUnknown):
            Marking.from_document(
                {"tlp": None, "national": [broken], "originators": [], "original_text": None}
            )


def test_every_level_has_one_name_that_reads_back() -> None:
    levels = [Level(system, name) for system, names in LEVELS.items() for name in names]
    assert [Level.parse(str(level)) for level in levels] == levels
    with pytest.raises(MarkingUnknown):
        Level.parse("SECRET")


@pytest.mark.parametrize(
    ("banners", "rolled_up"),
    [
        (["TLP:GREEN", "TLP:RED", "TLP:CLEAR"], "TLP:RED"),
        (["TLP:WHITE", "TLP:CLEAR"], "TLP:CLEAR"),
        (["TLP:AMBER", "UK OFFICIAL"], "TLP:AMBER//UK OFFICIAL"),
        (["UK OFFICIAL REL EU", "UK SECRET REL EU"], "UK SECRET REL EU"),
        (["UK OFFICIAL REL EU", "UK OFFICIAL-SENSITIVE"], "UK OFFICIAL-SENSITIVE"),
        (["UK OFFICIAL", "OFFICIAL-SENSITIVE"], "OFFICIAL-SENSITIVE"),
        (["UK OFFICIAL - FOR PUBLIC RELEASE", "UK OFFICIAL"], "UK OFFICIAL"),
        (
            ["UK SECRET - UK/US EYES ONLY", "UK SECRET - FIVE EYES ONLY"],
            "UK SECRET - FIVE EYES ONLY - UK/US EYES ONLY",
        ),
        (
            ["UK OFFICIAL - HMG USE ONLY", "UK SECRET - BOATHOUSE"],
            "UK SECRET - HMG USE ONLY - BOATHOUSE",
        ),
    ],
)
def test_a_roll_up_keeps_every_restriction_and_only_shared_permissions(
    banners: list[str], rolled_up: str
) -> None:
    assert str(compose(parse(banner) for banner in banners)) == rolled_up


def test_a_roll_up_takes_the_later_embargo_and_asks_every_originator() -> None:
    one = parse("UK OFFICIAL - EMBARGOED UNTIL 2026-12-01T10:00Z").with_originators({"NCSC"})
    other = parse("UK OFFICIAL - EMBARGOED UNTIL 2026-11-01T10:00Z").with_originators({"GCHQ"})
    rolled = compose([one, other])
    assert rolled.national[0].embargo_until == datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
    assert rolled.originators == {"NCSC", "GCHQ"}


def test_nothing_rolls_up_to_nothing() -> None:
    with pytest.raises(MarkingMissing):
        compose([])


def test_a_banner_that_comes_again_is_not_read_again() -> None:
    banner = "TOP SECRET//SI//REL TO USA, FVEY"
    assert parse(banner) is parse(banner)


def test_markings_of_several_systems_stand_in_one_banner() -> None:
    marking = parse("TLP:AMBER//RESTREINT UE/EU RESTRICTED//UK OFFICIAL-SENSITIVE//SECRET//NOFORN")
    assert [entry.system.value for entry in marking.national] == ["EUCI", "UK_GSCP", "US_CAPCO"]
    assert parse_marking("TLP:AMBER", "SECRET//NOFORN") == parse("TLP:AMBER//SECRET//NOFORN")
