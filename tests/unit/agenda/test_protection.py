"""A whole never grants more than its most restricted part."""

import pytest

from services.agenda.domain.protection import protects, require_joint
from services.agenda.domain.refusals import AboveCeiling, MarkingNotForAllParties
from services.kernel.markings.banner import parse
from tests.support.agenda import POLICY

SERIES = POLICY.get_series("uk-eu")


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


def test_what_is_joint_is_for_every_party_and_within_the_ceiling() -> None:
    require_joint(parse("UK OFFICIAL-SENSITIVE REL EU"), SERIES, POLICY, "/marking")
    with pytest.raises(AboveCeiling):
        require_joint(parse("UK SECRET"), SERIES, POLICY, "/marking")
    with pytest.raises(MarkingNotForAllParties):
        require_joint(parse("UK OFFICIAL - HMG USE ONLY"), SERIES, POLICY, "/marking")
    with pytest.raises(MarkingNotForAllParties):
        require_joint(parse("UK OFFICIAL-SENSITIVE - RECIPIENTS ONLY"), SERIES, POLICY, "/marking")
