"""However an action is handled, no party closes it by itself, and never without evidence."""

from hypothesis import given
from hypothesis import strategies as st

from services.actions.domain.action import Action, Rag
from services.actions.domain.closure import Closure
from services.actions.domain.owners import Owner
from services.actions.domain.states import State
from services.kernel.parties import Reader, Role
from services.kernel.refusals import Refusal
from tests.support.actions import AT, CLOSURE_ID, agreed, evidence

PARTIES = ("UK", "EU", "US")
OFFICIALS = [
    Reader(f"{party}-{number}".lower(), party, f"{party}-ORG", frozenset({Role.OWNER}))
    for party in PARTIES
    for number in (1, 2)
]
OWNERS = st.sets(st.sampled_from(PARTIES), min_size=1).map(
    lambda parties: tuple(Owner(party, f"{party}-ORG", accountable=True) for party in sorted(parties))
)
MOVES = st.lists(
    st.tuples(
        st.sampled_from(["accept", "report", "claim", "confirm", "reject"]), st.sampled_from(OFFICIALS)
    ),
    max_size=60,
)


def move(action: Action, name: str, by: Reader) -> Action:
    match name:
        case "accept":
            return action.accepted(by, AT)
        case "report":
            return action.reported(Rag.AMBER, "Slow.", by, AT)
        case "claim":
            return action.claimed([evidence()], "", by, AT)
        case "confirm":
            return action.confirmed(by, PARTIES, CLOSURE_ID, AT)
        case _:
            return action.rejected("Not yet.", by, PARTIES, AT)


@given(owners=OWNERS, moves=MOVES)
def test_a_closed_action_was_shown_done_and_found_done_by_others(
    owners: tuple[Owner, ...], moves: list[tuple[str, Reader]]
) -> None:
    action = agreed(owners=owners)
    for name, by in moves:
        before = action
        try:
            action = move(action, name, by)
        except Refusal:
            assert action is before
            continue
        assert action.version == before.version + 1
        assert (action.text, action.original_due_date) == (before.text, before.original_due_date)
        confirmers = {entry.party for entry in action.confirmations}
        if action.claim is not None:
            assert action.claim.party not in confirmers
            assert action.claim.official not in {entry.official for entry in action.confirmations}
        if action.state is State.CLOSED:
            assert action.claim is not None
            assert action.evidence
            assert confirmers
            assert {owner.party for owner in owners} - {action.claim.party} <= confirmers
        assert (action.closure_id is not None) == (action.state is State.CLOSED)


@given(
    claimant=st.sampled_from(PARTIES),
    owning=st.sets(st.sampled_from(PARTIES)),
    confirmed=st.sets(st.sampled_from(PARTIES)),
)
def test_an_incomplete_claim_always_awaits_somebody_else(
    claimant: str, owning: set[str], confirmed: set[str]
) -> None:
    closure = Closure.of(claimant, owning=owning | {claimant}, series=PARTIES, confirmed=confirmed)
    assert bool(closure.awaited) is not closure.complete
    assert claimant not in closure.awaited
    assert not closure.awaited & confirmed
