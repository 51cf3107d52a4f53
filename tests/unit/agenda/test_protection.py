"""A whole never grants more than its most restricted part."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.agenda.domain.protection import protects, require_joint
from services.agenda.domain.refusals import AboveCeiling, MarkingNotForAllParties
from services.kernel.markings.banner import parse
from tests.support.agenda import POLICY

SERIES = POLICY.get_series("uk-eu")
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
TEXT = UUID("0d1f3c52-95a1-4d0b-8a0c-2f6f0f4f7a11")


@pytest.mark.parametrize(
    ("whole", "part", "holds"),
    [
        ("TLP:GREEN", "TLP:CLEAR", True),
        ("TLP:GREEN", "TLP:AMBER", False),
        ("UK OFFICIAL", "TLP:CLEAR", True),
        ("UK OFFICIAL", "TLP:GREEN", False),
        ("TLP:AMBER", "UK OFFICIAL", False),
        ("UK OFFICIAL-SENSITIVE", "UK OFFICIAL", True),
        ("UK OFFICIAL", "UK OFFICIAL-SENSITIVE", False),
        ("UK OFFICIAL REL EU", "UK OFFICIAL", False),
        ("UK OFFICIAL", "UK OFFICIAL REL EU", True),
        ("UK OFFICIAL-SENSITIVE REL EU", "UK OFFICIAL REL EU", True),
        ("TLP:AMBER//UK OFFICIAL REL EU", "TLP:AMBER", True),
        ("UK SECRET", "UK SECRET - UK EYES ONLY", False),
    ],
)
def test_what_protects_what(whole: str, part: str, holds: bool) -> None:
    assert protects(parse(whole), parse(part)) is holds


def require(banner: str) -> None:
    require_joint(parse(banner), SERIES, POLICY, "/marking", at=AT, text=TEXT)


@pytest.mark.parametrize("banner", ["UK OFFICIAL-SENSITIVE REL EU", "TLP:CLEAR", "TLP:GREEN", "TLP:AMBER"])
def test_joint_text_is_marked_for_every_party(banner: str) -> None:
    require(banner)


def test_joint_text_stays_within_the_ceiling_of_its_series() -> None:
    with pytest.raises(AboveCeiling):
        require("UK SECRET")


@pytest.mark.parametrize(
    "banner",
    [
        "UK OFFICIAL",
        "UK OFFICIAL - HMG USE ONLY",
        "UK OFFICIAL-SENSITIVE - RECIPIENTS ONLY",
        "TLP:RED",
        "TLP:AMBER+STRICT",
        "TLP:RED//UK OFFICIAL REL EU",
    ],
)
def test_a_marking_that_keeps_a_party_away_cannot_be_joint(banner: str) -> None:
    with pytest.raises(MarkingNotForAllParties):
        require(banner)
