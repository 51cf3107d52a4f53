"""What a deployment may hold at all: its host is a party to which the text is released."""

import pytest

from services.kernel.markings.banner import parse
from services.kernel.markings.levels import Level
from services.kernel.markings.marking import Marking
from services.kernel.releasability import HoldingRefused, check_holding
from tests.support.release import NOW, shipped_policy


def hold(
    marking: Marking, *, originator: str = "UK", home: str = "UK", ceiling: str = "UK OFFICIAL-SENSITIVE"
) -> None:
    check_holding(
        marking,
        originator_party=originator,
        home_party=home,
        ceiling=Level.parse(ceiling),
        policy=shipped_policy(),
        now=NOW,
    )


@pytest.mark.parametrize("banner", ["TLP:RED", "UK OFFICIAL-SENSITIVE - HMG USE ONLY", "OFFICIAL"])
def test_a_deployment_holds_what_its_accreditation_covers(banner: str) -> None:
    hold(parse(banner))


def test_a_deployment_refuses_what_is_above_its_accreditation() -> None:
    with pytest.raises(HoldingRefused) as refused:
        hold(parse("UK SECRET"))
    assert refused.value.metadata == {"rule": "ABOVE_OCCASION_CEILING"}


@pytest.mark.parametrize(
    ("banner", "rule"),
    [
        ("UK OFFICIAL", "REL_MISSING"),
        ("OFFICIAL REL EU", "PREFIX_MISSING"),
        ("UK OFFICIAL - HMG USE ONLY", "HMG_USE_ONLY"),
    ],
)
def test_a_foreign_host_is_a_party_like_any_other(banner: str, rule: str) -> None:
    with pytest.raises(HoldingRefused) as refused:
        hold(parse(banner), home="EU")
    assert refused.value.metadata == {"rule": rule}


@pytest.mark.parametrize(
    ("banner", "rule"),
    [
        ("SECRET//NOFORN", "NOFORN"),
        ("UNCLASSIFIED//LES-NF", "NOFORN"),
        ("SECRET//DISPLAY ONLY GBR", "DISPLAY_ONLY"),
        ("SECRET//REL TO USA, AUS/DISPLAY ONLY GBR", "DISPLAY_ONLY"),
        ("SECRET//REL TO USA, AUS", "REL_MISSING"),
        ("SECRET//RELIDO", "REL_MISSING"),
        ("US SECRET", "REL_MISSING"),
        ("TOP SECRET//REL TO USA, FVEY", "ABOVE_OCCASION_CEILING"),
        ("ACS UNCLASSIFIED", "REL_MISSING"),
        ("ACS UNCLASSIFIED SHAREDEFAULT-DENY PERMITTED ALL", "DISSEM_CONTROL"),
    ],
)
def test_a_british_host_holds_no_us_text_of_which_it_may_keep_no_copy(banner: str, rule: str) -> None:
    with pytest.raises(HoldingRefused) as refused:
        hold(parse(banner), originator="US", ceiling="UK SECRET")
    assert refused.value.metadata == {"rule": rule}
    assert "SECRET" not in refused.value.detail


@pytest.mark.parametrize(
    ("banner", "originator"),
    [
        ("SECRET//REL TO USA, FVEY", "US"),
        ("SECRET//ORCON/REL TO USA, GBR", "US"),
        ("UNCLASSIFIED//REL TO USA, GBR/DISPLAY ONLY CAN", "US"),
        ("ACS UNCLASSIFIED PERMITTED ALL", "US"),
        ("CONFIDENTIEL UE/EU CONFIDENTIAL", "EU"),
        ("LIMITE", "EU"),
    ],
)
def test_a_british_host_holds_what_was_given_to_it(banner: str, originator: str) -> None:
    hold(parse(banner), originator=originator, ceiling="UK SECRET")


def test_a_level_that_the_host_s_system_lacks_is_held_as_the_next_higher_one() -> None:
    with pytest.raises(HoldingRefused) as refused:
        hold(parse("CONFIDENTIEL UE/EU CONFIDENTIAL"), originator="EU", ceiling="UK OFFICIAL-SENSITIVE")
    assert refused.value.metadata == {"rule": "ABOVE_OCCASION_CEILING"}


def test_a_bare_secret_of_a_us_agency_does_not_pass_for_british() -> None:
    with pytest.raises(HoldingRefused):
        hold(parse("SECRET"), originator="US")


@pytest.mark.parametrize("banner", ["NATO UNCLASSIFIED", "COSMIC TOP SECRET ATOMAL"])
def test_a_marking_system_that_the_policy_gives_to_nobody_is_not_held(banner: str) -> None:
    with pytest.raises(HoldingRefused):
        hold(parse(banner), ceiling="UK TOP SECRET")
