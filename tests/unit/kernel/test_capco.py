"""US banners and portions: what is read, what is refused, and how portions roll up to a banner."""

import pytest

from services.kernel.markings.banner import parse
from services.kernel.markings.capco import portion
from services.kernel.markings.composition import compose
from services.kernel.markings.levels import MarkingSystem
from services.kernel.markings.marking import Marking, NationalMarking
from services.kernel.markings.refusals import MarkingMalformed, MarkingUnknown

FVEY = {"AUS", "CAN", "GBR", "NZL", "USA"}


def us(banner: str) -> NationalMarking:
    found = parse(banner).of_system(MarkingSystem.US_CAPCO)
    assert found is not None
    return found


def test_a_full_banner_is_read() -> None:
    marking = us(
        "TOP SECRET//HCS-P/SI-G ABCD/TK//SAR-BP/GB//RD-SIGMA 14//FGI CAN NATO"
        "//RSEN/ORCON/IMCON/PROPIN/REL TO USA, GBR/DSEN/FISA/DISPLAY ONLY AUS//LIMDIS/LES"
    )
    assert marking == NationalMarking(
        system=MarkingSystem.US_CAPCO,
        level="TOP SECRET",
        codewords=frozenset(
            {"HCS-P", "SI-G ABCD", "TK", "SAR-BP", "SAR-GB", "RD-SIGMA 14", "FGI CAN", "FGI NATO"}
        ),
        rel_to=frozenset({"USA", "GBR"}),
        display_only=frozenset({"AUS"}),
        dissem_controls=frozenset({"RSEN", "ORCON", "IMCON", "PROPIN", "DSEN", "FISA", "LIMDIS", "LES"}),
    )


@pytest.mark.parametrize(
    ("banner", "mark"),
    [
        ("US UNCLASSIFIED", "(U)"),
        ("UNCLASSIFIED//FOUO", "(U//FOUO)"),
        ("SECRET//NOFORN", "(S//NF)"),
        ("SECRET//REL TO USA, GBR", "(S//REL TO USA, GBR)"),
        ("SECRET//REL TO USA, FVEY", "(S//REL TO USA, FVEY)"),
        ("CONFIDENTIAL//REL TO USA, AUS/RELIDO", "(C//REL TO USA, AUS/RELIDO)"),
        ("SECRET//REL TO USA, GBR/DISPLAY ONLY AUS, CAN", "(S//REL TO USA, GBR/DISPLAY ONLY AUS, CAN)"),
        ("TOP SECRET//SI/TK//ORCON/NOFORN", "(TS//SI/TK//OC/NF)"),
        ("SECRET//ORCON-USGOV/IMCON/PROPIN", "(S//OC-USGOV/IMC/PR)"),
        ("SECRET//LIMDIS/EXDIS", "(S//DS/XD)"),
        ("SECRET//FGI//NOFORN", "(S//FGI//NF)"),
        ("SECRET//FRD//RELIDO", "(S//FRD//RELIDO)"),
    ],
)
def test_a_banner_and_its_portion_mark_mean_the_same(banner: str, mark: str) -> None:
    assert str(parse(banner)) == banner
    assert portion(parse(banner)) == mark
    assert parse(mark) == parse(banner)


@pytest.mark.parametrize(
    ("banner", "same"),
    [
        ("SECRET//NOT RELEASABLE TO FOREIGN NATIONALS", "SECRET//NOFORN"),
        ("UNCLASSIFIED//FOR OFFICIAL USE ONLY", "UNCLASSIFIED//FOUO"),
        ("US SECRET//NOFORN", "SECRET//NOFORN"),
        ("UNCLASSIFIED", "US UNCLASSIFIED"),
        ("SECRET//USA/AUS/GBR EYES ONLY", "SECRET//REL TO USA, AUS, GBR"),
        ("SECRET//REL TO USA, AUS, CAN, GBR, NZL", "SECRET//REL TO USA, FVEY"),
        ("SECRET//REL TO USA, TEYE", "SECRET//REL TO USA, AUS, GBR"),
        ("SECRET//REL TO USA, DEU, ACGU", "SECRET//REL TO USA, AUS, CAN, DEU, GBR"),
        ("UNCLASSIFIED//SBU-NF", "UNCLASSIFIED//NOFORN//SBU-NF"),
    ],
)
def test_other_words_for_the_same_are_read_and_never_written(banner: str, same: str) -> None:
    assert parse(banner) == parse(same)
    assert str(parse(banner)) == same


def test_the_five_eyes_are_expanded_and_no_other_group_is() -> None:
    assert us("SECRET//REL TO USA, FVEY").rel_to == FVEY
    assert us("SECRET//REL TO USA, KFOR").rel_to == {"USA", "KFOR"}
    assert us("SECRET//DISPLAY ONLY FVEY").display_only == FVEY - {"USA"}


@pytest.mark.parametrize(
    "banner",
    [
        "SECRET//",
        "SECRET//NOFORN//",
        "SECRET//FUN",
        "SECRET//ORCON/FUN",
        "SECRET//SI/FUN",
        "SECRET//REL TO USA, XQZ",
        "SECRET//REL TO USA,GBR",
        "SECRET//REL TO USA, UK",
        "SECRET//DISPLAY ONLY",
        "SECRET//FGI XQZ",
        "SECRET//NF",
        "SECRET//SAR-BP/NOFORN",
        "(S//SAR-BP/OC)",
        "secret//noforn",
        "(SECRET//NF)",
        "(S//NOFORN)",
        "(S)(U)",
        "(R)",
        "()",
        "//NS",
        "//JOINT SECRET GBR USA",
        "//GBR SECRET",
        "RESTRICTED//NOFORN",
        "CONFIDENTIAL",
        "US OFFICIAL",
        "SECRET//TLP:AMBER//NOFORN",
        "SECRET//NOFORN//SECRET//NOFORN",
    ],
)
def test_what_the_register_does_not_have_is_unknown(banner: str) -> None:
    with pytest.raises(MarkingUnknown):
        parse(banner)


@pytest.mark.parametrize(
    "banner",
    [
        "SECRET//NOFORN/REL TO USA, GBR",
        "SECRET//NOFORN/RELIDO",
        "SECRET//NOFORN/DISPLAY ONLY GBR",
        "SECRET//NOFORN/NOFORN",
        "SECRET//REL TO USA",
        "SECRET//REL TO GBR",
        "SECRET//REL TO GBR, USA",
        "SECRET//REL TO USA, GBR, AUS",
        "SECRET//REL TO USA, FVEY, DEU",
        "SECRET//REL TO USA, GBR, GBR",
        "SECRET//REL TO USA, GBR/REL TO USA, AUS",
        "SECRET//REL TO USA, GBR/DISPLAY ONLY GBR",
        "SECRET//REL TO USA, FVEY/DISPLAY ONLY GBR",
        "SECRET//DISPLAY ONLY USA",
        "SECRET//DISPLAY ONLY GBR/DISPLAY ONLY AUS",
        "SECRET//ORCON/RELIDO",
        "SECRET//ORCON/ORCON-USGOV",
        "SECRET//FOUO",
        "SECRET//SBU",
        "UNCLASSIFIED//ORCON",
        "UNCLASSIFIED//SI//NOFORN",
        "UNCLASSIFIED//REL TO USA, GBR//SBU-NF",
        "SECRET//NOFORN//SI",
        "SECRET//SI//TK//NOFORN",
        "SECRET//SI/SI//NOFORN",
        "SECRET//LIMDIS//NOFORN",
        "SECRET//FGI GBR CAN//NOFORN",
    ],
)
def test_known_words_that_break_the_grammar_are_malformed(banner: str) -> None:
    with pytest.raises(MarkingMalformed):
        parse(banner)


def test_only_us_text_has_a_portion_mark() -> None:
    with pytest.raises(MarkingUnknown):
        portion(parse("UK SECRET"))


def test_a_bare_secret_is_british_and_says_so() -> None:
    assert [m.system for m in parse("SECRET").national] == [MarkingSystem.UK_GSCP]
    assert [m.system for m in parse("US SECRET").national] == [MarkingSystem.US_CAPCO]
    both = parse("SECRET//SECRET//NOFORN")
    assert [m.system for m in both.national] == [MarkingSystem.UK_GSCP, MarkingSystem.US_CAPCO]


# Table 3 of the register: the number of the rule, the portions, the banner.
ROLL_UP = [
    ("1", ["(S//NF)"], "SECRET//NOFORN"),
    ("2", ["(S//NF)", "(S//REL TO USA, GBR)"], "SECRET//NOFORN"),
    ("3", ["(S//NF)", "(S//RELIDO)", "(S)"], "SECRET//NOFORN"),
    ("4", ["(U//SBU-NF)", "(S//REL TO USA, GBR)"], "SECRET//NOFORN"),
    ("5", ["(U//LES-NF)", "(C)"], "CONFIDENTIAL//NOFORN//LES-NF"),
    ("6", ["(S//NF)", "(S//DISPLAY ONLY GBR)"], "SECRET//NOFORN"),
    ("7", ["(U//SBU-NF)", "(S//RELIDO)"], "SECRET//NOFORN"),
    ("8", ["(U//LES-NF)", "(S//DISPLAY ONLY GBR)"], "SECRET//NOFORN//LES-NF"),
    ("9", ["(S//REL TO USA, GBR)", "(S//REL TO USA, AUS)"], "SECRET//NOFORN"),
    ("10", ["(S//REL TO USA, GBR)", "(S//RELIDO)"], "SECRET//NOFORN"),
    ("11", ["(S//REL TO USA, GBR)", "(S//DISPLAY ONLY AUS)"], "SECRET//NOFORN"),
    ("12", ["(S//REL TO USA, GBR)", "(S)"], "SECRET//NOFORN"),
    ("13", ["SECRET//USA/AUS EYES ONLY", "(S//REL TO USA, GBR)"], "SECRET//NOFORN"),
    ("14", ["(U//SBU-NF)", "(U//LES-NF)"], "UNCLASSIFIED//NOFORN//SBU-NF/LES-NF"),
    ("15", ["(U//SBU-NF)", "(U)"], "UNCLASSIFIED//NOFORN//SBU-NF"),
    ("16", ["(S//REL TO USA, GBR/RELIDO)", "(S)"], "SECRET//NOFORN"),
    ("17", ["(S//RELIDO)", "(S)"], "SECRET//NOFORN"),
    ("18", ["(S//DISPLAY ONLY GBR)", "(S//RELIDO)"], "SECRET//NOFORN"),
    ("19", ["(S//DISPLAY ONLY GBR)", "(S)"], "SECRET//NOFORN"),
    ("20", ["(S//DISPLAY ONLY GBR)", "(S//DISPLAY ONLY AUS)"], "SECRET//NOFORN"),
    ("21", ["(S//REL TO USA, AUS, GBR)", "(C//REL TO USA, CAN, GBR)"], "SECRET//REL TO USA, GBR"),
    ("22", ["SECRET//USA/AUS/GBR EYES ONLY", "(S//REL TO USA, GBR)"], "SECRET//REL TO USA, GBR"),
    ("23", ["(S//REL TO USA, FVEY)", "(S//REL TO USA, DEU, GBR)"], "SECRET//REL TO USA, GBR"),
    ("23 TEYE", ["(S//REL TO USA, FVEY)", "(S//REL TO USA, TEYE)"], "SECRET//REL TO USA, AUS, GBR"),
    ("23 opaque", ["(S//REL TO USA, GBR)", "(S//REL TO USA, KFOR)"], "SECRET//NOFORN"),
    ("24", ["(S//RELIDO)", "(C//RELIDO)"], "SECRET//RELIDO"),
    ("25", ["(S//DISPLAY ONLY AUS, GBR)", "(S//DISPLAY ONLY GBR)"], "SECRET//DISPLAY ONLY GBR"),
    ("26", ["(S//DISPLAY ONLY AUS, GBR)", "(S//REL TO USA, GBR)"], "SECRET//DISPLAY ONLY GBR"),
    (
        "27",
        ["(S//REL TO USA, AUS, GBR/DISPLAY ONLY CAN)", "(S//REL TO USA, GBR/DISPLAY ONLY CAN, NZL)"],
        "SECRET//REL TO USA, GBR/DISPLAY ONLY CAN",
    ),
    ("unclassified, not counted", ["(U)", "(S//REL TO USA, GBR)"], "SECRET//REL TO USA, GBR"),
    ("unclassified, caveated", ["(U//FOUO)", "(S//REL TO USA, GBR)"], "SECRET//NOFORN"),
    ("nothing marked", ["(U)", "(S)", "(C)"], "US SECRET"),
    ("foreign information unmarked", ["(S//FGI DEU)", "(S//REL TO USA, GBR)"], "SECRET//FGI DEU//NOFORN"),
    ("all left to the officer", ["(S//REL TO USA, GBR/RELIDO)"] * 2, "SECRET//REL TO USA, GBR/RELIDO"),
    ("the stronger control", ["(S//OC)", "(S//OC-USGOV)"], "SECRET//ORCON"),
    ("a control of unclassified text", ["(U//FOUO)", "(S//NF)"], "SECRET//NOFORN"),
]


@pytest.mark.parametrize(
    ("portions", "banner"), [row[1:] for row in ROLL_UP], ids=[row[0] for row in ROLL_UP]
)
def test_portions_roll_up_as_the_register_says(portions: list[str], banner: str) -> None:
    assert str(compose(parse(mark) for mark in portions)) == banner
    assert str(compose(parse(mark) for mark in reversed(portions))) == banner


def test_a_stored_list_that_names_only_the_usa_releases_to_nobody() -> None:
    stored = parse("SECRET//REL TO USA, GBR").to_document()
    entry = stored["national"][0]  # type: ignore[index]
    read = Marking.from_document({**stored, "national": [{**entry, "rel_to": ["USA"]}]})
    assert read.national[0].rel_to == frozenset()
