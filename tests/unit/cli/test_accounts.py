"""Role accounts agree with the policy that is deployed."""

import pytest

from services.cli.accounts import ACCOUNTS, Account, account, officials
from services.cli.commands.people import leader_of
from services.cli.failures import CommandFailed
from services.cli.layout import deployment, read_policy
from services.kernel.parties import Reader
from services.kernel.policy import Policy


@pytest.fixture(scope="module")
def policy() -> Policy:
    return read_policy()


@pytest.mark.parametrize("one", ACCOUNTS.values(), ids=lambda one: one.name)
def test_every_account_holds_its_roles_in_some_series(one: Account, policy: Policy) -> None:
    assert policy.organisation(one.organisation).party == one.party
    reader = Reader(one.name, one.party, one.organisation, frozenset(one.roles))
    for role in one.roles:
        assert any(policy.entitled(reader, role, series) for series in policy.series)


def test_every_quorum_can_be_met_with_keys(policy: Policy) -> None:
    signers = {(one.party, one.organisation) for one in ACCOUNTS.values() if "chair" in one.roles}
    for series in policy.series.values():
        for party, organisations in series.quorum.items():
            assert {(party, organisation) for organisation in organisations} <= signers
    assert {one.subject for one in officials()} >= {"fcdo-chair", "nsa-chair"}


def test_every_audience_has_a_leader(policy: Policy) -> None:
    for audience in deployment().audiences:
        leader = leader_of(policy, audience)
        assert leader.party.lower() == audience.rpartition(".")[2]


def test_an_unknown_account_is_refused_with_the_known_ones() -> None:
    with pytest.raises(CommandFailed, match="fcdo-secretariat"):
        account("nobody")
