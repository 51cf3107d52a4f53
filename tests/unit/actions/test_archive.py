"""When an action that has ended is archived, and what takes it out of the archive."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from services.actions.domain.action import Action
from services.actions.domain.archive import archivable, archived, restored
from services.actions.domain.basis import AssessmentStanding, Standing
from services.actions.domain.evidence import Evidence
from services.actions.domain.history import changes
from services.actions.domain.proposals import ProposalKind, Terms
from services.actions.domain.refusals import NotArchived
from services.actions.domain.states import Move, State
from services.actions.usecases.archive_actions import changed_before
from tests.support.actions import (
    ACTION_ID,
    ASSESSMENT_ID,
    AT,
    CLOSURE_ID,
    CNECT,
    DSIT,
    EEAS,
    FCDO,
    UK_EU,
    agreed,
    claimed,
    status_of,
)
from tests.support.release import shipped_policy

TODAY = AT.date()
DAYS = 365
LAST = TODAY + timedelta(days=DAYS)
"""The last day on which what was changed at `AT` is not archived."""
LATER = AT + timedelta(days=DAYS + 1)
REVIEW_ON = TODAY + timedelta(days=300)


def closed(**changes: object) -> Action:
    return replace(claimed().confirmed(CNECT, UK_EU, CLOSURE_ID, AT), **changes)  # type: ignore[arg-type]


def ended(kind: ProposalKind, action: Action) -> Action:
    terms = Terms(kind, "Void.", successor="UKEU-2026-A02" if kind is ProposalKind.SUPERSEDE else "")
    proposed = action.proposed(terms, FCDO, UK_EU, CLOSURE_ID, AT)
    return proposed.proposal_accepted(CLOSURE_ID, EEAS, UK_EU, AT)


@pytest.mark.parametrize(
    "action",
    [
        closed(),
        ended(ProposalKind.WITHDRAW, agreed()),
        ended(ProposalKind.SUPERSEDE, agreed()),
        ended(ProposalKind.CLOSE_NOT_IMPLEMENTED, agreed()),
    ],
)
def test_what_has_ended_is_archived_from_the_day_after_the_last_allowed(
    action: Action,
) -> None:
    assert not archivable(action, LAST, DAYS)
    assert archivable(action, LAST + timedelta(days=1), DAYS)
    away = archived(action, LATER.date())
    assert (away.state, away.version, away.changed_at) == (action.state, action.version + 1, AT)
    assert not archivable(away, LATER.date() + timedelta(days=9999), DAYS)


@pytest.mark.parametrize("action", [agreed(), claimed(), claimed().rejected("No.", CNECT, UK_EU, AT)])
def test_what_is_open_is_never_archived_however_long_it_is_dormant(action: Action) -> None:
    assert not archivable(action, TODAY + timedelta(days=9999), DAYS)


def test_what_still_waits_for_somebody_is_not_archived() -> None:
    awaiting = closed(review_on=REVIEW_ON)
    assert not archivable(awaiting, LATER.date(), DAYS)
    looked = awaiting.closure_reviewed("Looked.", DSIT, AT + timedelta(days=300), sustained=True)
    assert not archivable(looked, LATER.date(), DAYS)
    assert archivable(looked, LATER.date() + timedelta(days=300), DAYS)
    undone = awaiting.closure_reviewed("Undone.", DSIT, AT + timedelta(days=300), sustained=False)
    assert not archivable(undone, LATER.date() + timedelta(days=9999), DAYS)
    asked = closed().proposed(Terms(ProposalKind.REOPEN, "Undone."), FCDO, UK_EU, ACTION_ID, AT)
    assert not archivable(asked, LATER.date(), DAYS)


def _evidence_gone(action: Action) -> Action:
    gone: tuple[Evidence, ...] = ()
    return action.evidenced(gone, Move.WITHDRAW_EVIDENCE, LATER, told=True)


@pytest.mark.parametrize(
    "change",
    [
        lambda action: restored(action, LATER),
        lambda action: action.proposed(Terms(ProposalKind.REOPEN, "So."), FCDO, UK_EU, ACTION_ID, LATER),
        _evidence_gone,
        lambda action: action.rebased(
            {ASSESSMENT_ID: AssessmentStanding(ASSESSMENT_ID, Standing.WITHDRAWN, 2, 4)}, LATER
        ),
    ],
)
def test_any_change_takes_it_out_of_the_archive_and_its_time_runs_anew(
    change: Callable[[Action], Action],
) -> None:
    away = archived(closed(), LATER.date())
    back = change(away)
    assert (back.archived_on, back.changed_at, back.version) == (None, LATER, away.version + 1)
    assert not archivable(back, LATER.date() + timedelta(days=DAYS), DAYS)


def test_what_one_party_keeps_to_itself_leaves_the_archive_alone() -> None:
    away = archived(closed(), LATER.date())
    assert away.evidenced((), Move.WITHDRAW_EVIDENCE, LATER, told=False).archived_on == LATER.date()
    assert away.expiries_noted(LATER + timedelta(days=1), ()).archived_on == LATER.date()


def test_only_what_is_archived_is_restored() -> None:
    with pytest.raises(NotArchived):
        restored(closed(), LATER)


def test_the_history_and_the_status_feed_tell_of_the_archive() -> None:
    before, after = closed(), archived(closed(), LATER.date())
    (told,) = changes(before, after)
    assert (told.field, told.before, told.after) == ("archived_on", (), (LATER.date().isoformat(),))
    assert (status_of(before).archived, status_of(after).archived) == (False, True)
    assert after.state is State.CLOSED


def test_days_are_those_of_each_series_and_a_series_may_archive_nothing() -> None:
    policy = shipped_policy()
    series = {name: replace(one, archive_after_days=None) for name, one in policy.series.items()}
    series["uk-eu"] = replace(series["uk-eu"], archive_after_days=DAYS)
    (since,) = changed_before(replace(policy, series=series), LAST + timedelta(days=1)).items()
    name, before = since
    midnight = AT.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    assert (name, before) == ("uk-eu", midnight)
