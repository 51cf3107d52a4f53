"""Markings of the EU and of NATO: both languages, abbreviations, LIMITE and releasability tails."""

import pytest

from services.kernel.markings.banner import parse
from services.kernel.markings.composition import compose
from services.kernel.markings.refusals import MarkingMalformed, MarkingUnknown

R = "RESTREINT UE/EU RESTRICTED"
TS = "TRÈS SECRET UE/EU TOP SECRET"


@pytest.mark.parametrize(
    ("banner", "written"),
    [
        ("EU UNCLASSIFIED", "EU UNCLASSIFIED"),
        ("LIMITE", "LIMITE"),
        (R, R),
        ("RESTREINT UE", R),
        ("EU RESTRICTED", R),
        ("R-UE/EU-R", R),
        ("C-UE/EU-C", "CONFIDENTIEL UE/EU CONFIDENTIAL"),
        ("EU SECRET", "SECRET UE/EU SECRET"),
        ("SECRET UE/EU SECRET", "SECRET UE/EU SECRET"),
        (TS, TS),
        ("TRES SECRET UE/EU TOP SECRET", TS),
        ("TS-UE/EU-TS", TS),
        (f"{R} RELEASABLE TO UK", f"{R} RELEASABLE TO UK"),
        (f"{R} - RELEASABLE TO US, UK", f"{R} RELEASABLE TO UK, US"),
        ("LIMITE RELEASABLE TO UK", "LIMITE RELEASABLE TO UK"),
        ("NATO UNCLASSIFIED", "NATO UNCLASSIFIED"),
        ("NR", "NATO RESTRICTED"),
        ("NC", "NATO CONFIDENTIAL"),
        ("NATO SECRET ATOMAL", "NATO SECRET ATOMAL"),
        ("CTS", "COSMIC TOP SECRET"),
        ("COSMIC TOP SECRET BOHEMIA", "COSMIC TOP SECRET BOHEMIA"),
        ("NATO RESTRICTED RELEASABLE TO EU", "NATO RESTRICTED RELEASABLE TO EU"),
    ],
)
def test_a_banner_is_read_and_written_in_one_form(banner: str, written: str) -> None:
    assert str(parse(banner)) == written
    assert parse(written) == parse(banner)


@pytest.mark.parametrize(
    "banner",
    [
        "EU OFFICIAL",
        "RESTREINT",
        "RESTREINT UE/EU SECRET",
        "NATO OFFICIAL",
        "COSMIC SECRET",
        "NATO TOP SECRET",
        f"{R} RELEASABLE TO MARS",
        f"{R} RELEASABLE TO UK,US",
        f"{R} RELEASABLE TO ",
        f"{R} -",
        f"{R} - UK EYES ONLY",
        f"{R} LIMITE",
        "LIMITE - LIMITE",
    ],
)
def test_what_is_not_known_is_refused_as_unknown(banner: str) -> None:
    with pytest.raises(MarkingUnknown):
        parse(banner)


@pytest.mark.parametrize(
    "banner",
    [f"{R} RELEASABLE TO UK, UK", "NATO RESTRICTED ATOMAL", "NATO SECRET BOHEMIA", "CTS ATOMAL ATOMAL"],
)
def test_what_is_repeated_or_not_legal_at_its_level_is_malformed(banner: str) -> None:
    with pytest.raises(MarkingMalformed):
        parse(banner)


@pytest.mark.parametrize(
    ("banners", "rolled_up"),
    [
        ([R, "EU SECRET"], "SECRET UE/EU SECRET"),
        ([f"{R} RELEASABLE TO UK, US", f"{R} RELEASABLE TO UK"], f"{R} RELEASABLE TO UK"),
        ([f"{R} RELEASABLE TO UK", "EU UNCLASSIFIED"], R),
        (["NATO SECRET ATOMAL", "CTS"], "COSMIC TOP SECRET ATOMAL"),
        (["NR", R, "UK SECRET", "SECRET//NOFORN"], f"{R}//NATO RESTRICTED//UK SECRET//SECRET//NOFORN"),
    ],
)
def test_institution_markings_roll_up(banners: list[str], rolled_up: str) -> None:
    whole = compose(parse(banner) for banner in banners)
    assert str(whole) == rolled_up
    assert parse(rolled_up) == whole
