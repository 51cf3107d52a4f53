"""Figures and lists of actions as plain Python finds them in what happened: the oracle of the SQL."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median_low

from services.actions.domain.action import Action, Rag
from services.actions.domain.filters import ActionFilter, Archived, Order
from services.actions.domain.rating import Rating, rate_in
from services.actions.domain.states import FINAL, State
from services.actions.domain.visibility import joint_view
from services.kernel.policy import Policy
from tests.support.action_histories import SEEN_BY_EU, Record

Numbers = dict[str, tuple[int, dict[str, int]]]
"""By the name of a figure: its population, and what is counted by key."""


def found(
    record: Record, party: str, wanted: ActionFilter, policy: Policy, at: datetime
) -> list[tuple[Action, Rating]]:
    """The actions that a party may see and that are wanted, as they stood, with what is computed of them."""
    rated = [
        (action, rate_in(policy.get_series("uk-eu"), joint_view(action, policy, at), at.date()))
        for action in record.standing(at)
    ]
    return [
        (action, rating)
        for action, rating in rated
        if (party == "UK" or action.marking in SEEN_BY_EU) and _holds(wanted, action, rating, policy, at)
    ]


def _holds(wanted: ActionFilter, action: Action, rating: Rating, policy: Policy, at: datetime) -> bool:
    accountable = {owner.organisation for owner in action.owners if owner.accountable}
    helping = {owner.organisation for owner in action.owners if not owner.accountable}
    is_open = action.state not in FINAL
    instrument = policy.instruments.get(wanted.instrument)
    return all(
        [
            not wanted.states or action.state in wanted.states,
            not wanted.claimed or action.rag in wanted.claimed,
            not wanted.computed or rating.computed in wanted.computed,
            not wanted.open_only or is_open,
            wanted.contradicted is None or rating.contradicted is wanted.contradicted,
            not wanted.owner or wanted.owner in accountable,
            not wanted.supporting or wanted.supporting in helping,
            not wanted.party or wanted.party in {owner.party for owner in action.owners},
            not wanted.commitment or action.commitment == wanted.commitment,
            instrument is None or action.commitment in {one.id for one in instrument.commitments},
            wanted.edition is None or f"-{wanted.edition}-" in action.reference,
            not wanted.meeting_id or action.meeting_id == wanted.meeting_id,
            wanted.overdue is None or (is_open and action.due_date < at.date()) is wanted.overdue,
            wanted.blocked is None or (action.state is State.BLOCKED) is wanted.blocked,
            wanted.standing is None or action.reviewed_yearly is wanted.standing,
            wanted.due_from is None or action.due_date >= wanted.due_from,
            wanted.due_to is None or action.due_date <= wanted.due_to,
            wanted.archived in (None, Archived.ALL)
            or (action.archived_on is not None) is (wanted.archived is Archived.ONLY),
            wanted.text.lower() in action.text.lower(),
        ]
    )


def in_order(actions: Iterable[Action], order: Order, *, descending: bool) -> list[Action]:
    keys = {
        Order.ORIGINAL_DUE_DATE: lambda action: (action.original_due_date, action.reference),
        Order.DUE_DATE: lambda action: (action.due_date, action.reference),
        Order.OPENED_AT: lambda action: (action.opened_at, action.reference),
        Order.REFERENCE: lambda action: (action.reference,),
    }
    return sorted(actions, key=keys[order], reverse=descending)


def numbers(record: Record, shown: Sequence[tuple[Action, Rating]], at: datetime) -> Numbers:
    today = at.date()
    every = [action for action, _ in shown]
    opened = [(action, rating) for action, rating in shown if action.state not in FINAL]
    dated = [action for action in every if not action.reviewed_yearly]
    slips = [(action.due_date - action.original_due_date).days for action in dated]
    due_in = [(action.due_date - today).days for action, _ in opened]
    ages = [(today - action.opened_at.date()).days for action, _ in opened]
    resting = [(today - record.in_state_since(action.id, at).date()).days for action, _ in opened]
    summary = {
        "moved": sum(bool(action.due_date_changes) for action in dated),
        "moves": sum(len(action.due_date_changes) for action in dated),
    }
    if slips:
        summary |= {
            "least days": min(slips),
            "median days": median_low(slips),
            "most days": max(slips),
        }
    owners = Counter(
        owner.organisation for action, _ in opened for owner in action.owners if owner.accountable
    )
    helpers = Counter(
        organisation
        for action, _ in opened
        for organisation in {owner.organisation for owner in action.owners if not owner.accountable}
    )
    parties = Counter(party for action, _ in opened for party in action.owning_parties)
    return {
        "STATE": (
            len(every),
            {state.value: sum(action.state is state for action in every) for state in State},
        ),
        "CLAIMED_RAG": (
            len(opened),
            {
                **{rag.value: sum(action.rag is rag for action, _ in opened) for rag in Rag},
                "NONE": sum(action.rag is None for action, _ in opened),
            },
        ),
        "COMPUTED_RAG": (
            len(opened),
            {rag.value: sum(rating.computed is rag for _, rating in opened) for rag in Rag},
        ),
        "OWNER": (len(opened), dict(owners)),
        "SUPPORTING": (len(opened), dict(helpers)),
        "PARTY": (len(opened), dict(parties)),
        "COMMITMENT": (len(opened), dict(Counter(action.commitment or "NONE" for action, _ in opened))),
        "AGE": (len(opened), _ages(ages)),
        "TIME_IN_STATE": (len(opened), _ages(resting)),
        "SLIPPAGE": (
            len(dated),
            {
                "earlier": sum(days < 0 for days in slips),
                "as agreed": sum(days == 0 for days in slips),
                "1-30 days": sum(1 <= days <= 30 for days in slips),
                "31-90 days": sum(31 <= days <= 90 for days in slips),
                "91-180 days": sum(91 <= days <= 180 for days in slips),
                "over 180 days": sum(days > 180 for days in slips),
            },
        ),
        "SLIP_SUMMARY": (len(dated), summary),
        "ARCHIVED": (
            len(every) - len(opened),
            {
                "archived": sum(action.archived_on is not None for action in every),
                "not archived": sum(action.archived_on is None and action.state in FINAL for action in every),
            },
        ),
        "DUE": (
            len(opened),
            {
                "overdue": sum(days < 0 for days in due_in),
                **{f"in {ahead} days": sum(0 <= days <= ahead for days in due_in) for ahead in (30, 60, 90)},
            },
        ),
    }


def _ages(days: Sequence[int]) -> dict[str, int]:
    return {
        "0-30 days": sum(one <= 30 for one in days),
        "31-90 days": sum(31 <= one <= 90 for one in days),
        "91-180 days": sum(91 <= one <= 180 for one in days),
        "181-365 days": sum(181 <= one <= 365 for one in days),
        "over 365 days": sum(one > 365 for one in days),
    }
