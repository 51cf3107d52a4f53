"""Evidence in revisions: what stands, what a signature rests on, and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from services.actions.domain.action import Action
from services.actions.domain.anniversaries import months_after
from services.actions.domain.dormancy import dormant
from services.actions.domain.evidence import (
    MOST_EVIDENCE_OF_ACTION,
    MOST_REVISIONS,
    Change,
    Evidence,
    changes_since,
    check_expiry,
    evidence_digest,
    revised,
    standing,
    submitted,
    withdrawn,
)
from services.actions.domain.refusals import (
    ClosureReviewNotDue,
    EvidenceByConfirmer,
    EvidenceChanged,
    EvidenceDuplicated,
    EvidenceLapsed,
    EvidenceMissing,
    EvidenceWithdrawn,
    ExpiryWrong,
    NotAnOwner,
    NotTheProvider,
)
from services.actions.domain.states import Move, State
from services.kernel.refusals import InvalidValue, Refusal
from tests.support.actions import (
    AT,
    BOTH_OWN,
    CLOSURE_ID,
    CNECT,
    DSIT,
    EEAS,
    UK_EU,
    UK_OWNS,
    agreed,
    claimed,
    evidence,
    in_progress,
    reader,
)

FIRST, SECOND = (UUID(int=number) for number in (1, 2))
TODAY = AT.date()
TOMORROW = AT + timedelta(days=1)


def item(identity: UUID = FIRST, **changes: object) -> Evidence:
    return evidence(id=identity, **changes)


def holding(*items: Evidence, at: datetime = AT) -> Action:
    """Under a claim of DSIT that rests on these items."""
    return in_progress().claimed(items, "", DSIT, at)


def confirm(action: Action, by: object = EEAS, at: datetime = AT, **more: object) -> Action:
    return action.confirmed(by, UK_EU, CLOSURE_ID, at, **more)  # type: ignore[arg-type]


def evidenced(action: Action, items: tuple[Evidence, ...]) -> Action:
    return action.evidenced(items, Move.REVISE_EVIDENCE, AT, told=True)


def test_evidence_counts_until_the_day_on_which_it_expires() -> None:
    held = [item(expires_on=TODAY + timedelta(days=1)), item(SECOND)]
    assert [one.id for one in standing(held, TODAY)] == [FIRST, SECOND]
    assert [one.id for one in standing(held, TODAY + timedelta(days=1))] == [SECOND]
    assert [one.id for one in standing(held, TODAY, {FIRST})] == [FIRST]


def test_the_digest_names_exactly_the_revisions_that_stand() -> None:
    held = (item(), item(SECOND))
    one = evidence_digest(standing(held, TODAY))
    assert one == evidence_digest(standing(reversed(held), TODAY))
    others = [
        (item(revision=2), item(SECOND)),
        (item(digest="sha256:" + "b" * 64), item(SECOND)),
        (item(),),
        (),
    ]
    assert len({one, *(evidence_digest(standing(other, TODAY)) for other in others)}) == 5


def test_what_became_of_evidence_is_said_item_by_item() -> None:
    ids = [UUID(int=number) for number in range(1, 6)]
    then = standing([item(one) for one in ids[:4]], TODAY)
    now = (
        item(ids[0], revision=2),
        item(ids[1], expires_on=TODAY),
        *withdrawn((item(ids[2]),), ids[2], "Wrong file.", DSIT, AT),
        item(ids[3]),
        item(ids[4]),
    )
    found = changes_since(then, now, TODAY, set(ids) - {ids[3]})
    assert [(entry.id, entry.change) for entry in found] == list(
        zip(
            ids,
            (Change.REVISED, Change.EXPIRED, Change.WITHDRAWN, Change.NOT_SHOWN, Change.ADDED),
            strict=True,
        )
    )


@pytest.mark.parametrize(
    ("changed", "change"),
    [
        ((item(revision=2), item(SECOND)), "REVISED"),
        ((item(expires_on=TODAY), item(SECOND)), "EXPIRED"),
        ((*withdrawn((item(),), FIRST, "Wrong.", DSIT, AT), item(SECOND)), "WITHDRAWN"),
    ],
)
def test_changed_evidence_is_confirmed_only_by_one_who_says_what_was_looked_at(
    changed: tuple[Evidence, ...], change: str
) -> None:
    action = evidenced(holding(item(), item(SECOND)), changed)
    now = evidence_digest(standing(changed, TODAY))
    for seen in ("", evidence_digest(standing([item(), item(SECOND)], TODAY)), "sha256:" + "0" * 64):
        with pytest.raises(EvidenceChanged) as refused:
            confirm(action, seen=seen)
        assert refused.value.metadata == {"evidence_digest": now, "changes": f"{FIRST} {change}"}
    assert confirm(action, seen=now).state is State.CLOSED


def test_a_confirmation_counts_only_while_its_evidence_stands() -> None:
    parties = ("UK", "EU", "US")
    owners = (*BOTH_OWN, replace(BOTH_OWN[0], party="US", organisation="CISA"))
    cisa = reader("CISA", "US")
    held = item(expires_on=TOMORROW.date()), item(SECOND)
    action = in_progress(owners=owners).claimed(held, "", DSIT, AT)
    action = action.confirmed(EEAS, parties, CLOSURE_ID, AT)
    now = evidence_digest(standing(held, TOMORROW.date()))
    action = action.confirmed(cisa, parties, CLOSURE_ID, TOMORROW, seen=now)
    assert action.state is State.COMPLETION_CLAIMED
    assert {entry.party for entry in action.confirmations} == {"EU", "US"}
    action = action.confirmed(EEAS, parties, CLOSURE_ID, TOMORROW, seen=now)
    assert action.state is State.CLOSED
    assert {entry.at for entry in action.confirmations} == {TOMORROW}


def test_nothing_is_confirmed_once_all_evidence_has_lapsed() -> None:
    action = holding(item(expires_on=TOMORROW.date()))
    with pytest.raises(EvidenceLapsed):
        confirm(action, at=TOMORROW)
    assert action.rejected("Show it anew.", EEAS, UK_EU, TOMORROW).state is State.IN_PROGRESS


def test_nobody_confirms_on_evidence_of_the_own_organisation() -> None:
    own = item(SECOND, party="EU", organisation="CNECT")
    action = holding(item(), own)
    with pytest.raises(EvidenceByConfirmer):
        confirm(action, CNECT)
    assert confirm(action, EEAS).state is State.CLOSED
    taken_back = withdrawn(action.evidence, SECOND, "Not needed.", CNECT, AT)
    without = evidenced(action, taken_back)
    assert confirm(without, CNECT, seen=evidence_digest(standing(taken_back, TODAY))).state is State.CLOSED


def test_a_claim_rests_on_what_every_party_may_read() -> None:
    with pytest.raises(EvidenceMissing):
        in_progress().claimed([item()], "", DSIT, AT, shown=set())
    both = in_progress().claimed([item(), item(SECOND)], "", DSIT, AT, shown={SECOND})
    assert both.claim is not None
    assert [entry.id for entry in both.claim.evidence] == [SECOND]


def many(count: int, **changes: object) -> tuple[Evidence, ...]:
    return tuple(item(UUID(int=number), **changes) for number in range(10, 10 + count))


def same(other: Evidence) -> tuple[Evidence, ...]:
    return submitted((other,), item(digest="sha256:" + "a" * 64), UK_OWNS, {SECOND})


COPY = item(SECOND, digest="sha256:" + "a" * 64)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda: submitted((), item(organisation="FCDO"), UK_OWNS, ()), NotAnOwner),
        (lambda: submitted((), item(party="EU", organisation="DSIT"), UK_OWNS, ()), NotAnOwner),
        (lambda: submitted(many(MOST_EVIDENCE_OF_ACTION), item(), UK_OWNS, ()), InvalidValue),
        (lambda: same(COPY), EvidenceDuplicated),
        (lambda: revised((item(),), item(revision=2, organisation="NCSC"), ()), NotTheProvider),
        (lambda: revised((item(revision=MOST_REVISIONS),), item(), ()), InvalidValue),
        (
            lambda: revised((item(), COPY), item(revision=2, digest=COPY.digest), {SECOND}),
            EvidenceDuplicated,
        ),
        (lambda: withdrawn((item(),), FIRST, "So.", CNECT, AT), NotTheProvider),
        (lambda: withdrawn((item(),), FIRST, " ", DSIT, AT), InvalidValue),
        (
            lambda: withdrawn(withdrawn((item(),), FIRST, "So.", DSIT, AT), FIRST, "So.", DSIT, AT),
            EvidenceWithdrawn,
        ),
        (lambda: check_expiry(TODAY, AT, "/expires_on"), ExpiryWrong),
        (lambda: check_expiry(date(1, 1, 1), AT, "/expires_on"), ExpiryWrong),
    ],
)
def test_evidence_that_cannot_be_is_refused(change: Callable[[], object], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        change()


def test_a_duplicate_of_what_the_provider_may_not_read_gives_nothing_away() -> None:
    assert same(replace(COPY, id=UUID(int=9)))[-1].id == FIRST
    (gone,) = withdrawn((COPY,), SECOND, "Wrong file.", DSIT, AT)
    assert same(gone)[-1].id == FIRST


def test_a_closure_is_reviewed_once_from_its_day_on() -> None:
    due = months_after(TODAY, 12)
    closed = confirm(claimed(), review_on=due)
    on_time = datetime.combine(due, AT.timetz())
    with pytest.raises(ClosureReviewNotDue):
        closed.closure_reviewed("It lasts.", DSIT, on_time - timedelta(days=1), sustained=True)
    reviewed = closed.closure_reviewed("It was undone.", DSIT, on_time, sustained=False)
    assert (reviewed.state, reviewed.review_on) == (State.CLOSED, None)
    assert [(review.due, review.sustained) for review in reviewed.closure_reviews] == [(due, False)]
    with pytest.raises(ClosureReviewNotDue):
        reviewed.closure_reviewed("Again.", CNECT, on_time, sustained=True)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 1, 15), 25, date(2028, 2, 15)),
    ],
)
def test_a_day_some_months_later_is_the_same_day_or_the_last(day: date, months: int, expected: date) -> None:
    assert months_after(day, months) == expected


def test_an_open_action_without_any_change_is_dormant() -> None:
    action = agreed()
    assert not dormant(action, TODAY + timedelta(days=120), 120)
    assert dormant(action, TODAY + timedelta(days=121), 120)
    assert not dormant(confirm(claimed()), TODAY + timedelta(days=999), 120)
    woken = action.accepted(DSIT, AT + timedelta(days=100))
    assert not dormant(woken, TODAY + timedelta(days=121), 120)
