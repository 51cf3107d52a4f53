"""Who may see, and who may open, what nobody could read."""

from dataclasses import replace

import pytest

from services.kernel.clearance import DEPLOYMENT, Clearing, OperatorSight
from services.kernel.markings.levels import Level
from services.kernel.parties import Reader, Role
from tests.support.release import shipped_policy

OF_AGENCIES = {"ncsc": "UK", "enisa": "EU", "cisa": "US"}


def sight(
    party: str, organisation: str, *roles: Role, ceiling: str = "UK OFFICIAL-SENSITIVE"
) -> OperatorSight:
    clearing = Clearing(shipped_policy(), "UK", Level.parse(ceiling), OF_AGENCIES.get)
    return clearing.of(Reader("somebody", party, organisation, frozenset(roles)))


@pytest.mark.parametrize(
    ("party", "organisation", "topic", "sees", "opens"),
    [
        ("UK", "DSIT", "ncsc", True, True),
        ("UK", "DSIT", "enisa", True, False),
        ("UK", "DSIT", "unknown", True, True),
        ("EU", "CNECT", "enisa", True, True),
        ("EU", "CNECT", "ncsc", False, False),
        ("EU", "CNECT", "unknown", False, False),
        ("US", "NSA", "enisa", False, False),
        ("UK", "FCDO", "ncsc", False, False),
        ("UK", "NCSC", "ncsc", False, False),
    ],
)
def test_a_record_stays_with_its_party_and_the_host_sees_that_it_waits(
    party: str, organisation: str, topic: str, sees: bool, opens: bool
) -> None:
    seen = sight(party, organisation, Role.OPERATOR)
    assert (seen.may_see(topic, DEPLOYMENT), seen.may_open(topic, DEPLOYMENT)) == (sees, opens)


def test_clearance_must_reach_the_ceiling() -> None:
    seen = sight("UK", "DSIT", Role.OPERATOR, ceiling="UK SECRET")
    assert not seen.may_open("ncsc", DEPLOYMENT)
    assert not seen.may_open("ncsc", "UK TOP SECRET")
    assert seen.may_open("ncsc", "UK OFFICIAL-SENSITIVE")
    assert seen.may_see("ncsc", "UK SECRET")


def test_a_token_without_the_role_opens_nothing_whatever_the_entitlement() -> None:
    assert not sight("UK", "DSIT", Role.SECRETARIAT).may_see("ncsc", DEPLOYMENT)
    auditor = sight("UK", "DSIT", Role.AUDITOR)
    assert (auditor.may_see("ncsc", DEPLOYMENT), auditor.may_open("ncsc", DEPLOYMENT)) == (True, False)


def test_without_a_clearance_in_the_policy_nothing_is_opened() -> None:
    seen = sight("UK", "DSIT", Role.OPERATOR)
    policy = seen.clearing.policy
    dsit = replace(policy.organisations["DSIT"], clearance=None)
    bare = replace(policy, organisations={**policy.organisations, "DSIT": dsit})
    assert not replace(seen.clearing, policy=bare).of(seen.reader).may_open("ncsc", "UK OFFICIAL")
