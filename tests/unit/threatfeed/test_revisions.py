"""What a revision does to an assessment that is already known."""

from dataclasses import replace

import pytest

from services.threatfeed.domain.assessment import (
    Assessment,
    Revision,
    VersionKey,
    VersionScheme,
    Withdrawal,
    WithdrawalCause,
)
from services.threatfeed.domain.refusals import VersionSchemeChanged
from services.threatfeed.domain.revisions import NOTHING_HELD, Decision, History, Outcome, decide, decide_all
from services.threatfeed.domain.status import Choice, Choices, ConflictCause, State, Status
from services.threatfeed.domain.submission import ResultKind, result_of_decision
from tests.support.submissions import accepted, narrative, withdrawal


def version(number: int, **members: object) -> Assessment:
    return accepted(narrative(version=number, **members))


def withdrawn(number: int) -> Withdrawal:
    return withdrawal({"id": "NCSC-2026-0001", "version": number, "withdrawn": True, "reason": "Wrong."})


def standing_on(revision: Revision) -> Status:
    return Status(State.ACTIVE, None, revision.source.version, revision.source.content_sha256)


def arriving(*revisions: Revision) -> tuple[list[Decision], History]:
    decisions, histories = decide_all({}, revisions)
    return list(decisions), histories[revisions[0].assessment_id]


def outcomes(*revisions: Revision) -> list[Outcome]:
    return [decision.outcome for decision in arriving(*revisions)[0]]


def test_the_first_content_is_decided_as_any_other() -> None:
    """`NOTHING_HELD` itself is met most and decided by a shorter way; an equal history goes the long one."""
    shorter, longer = decide(NOTHING_HELD, version(3)), decide(History(), version(3))
    assert shorter == longer


def test_the_first_content_is_accepted_and_newer_content_revises_it() -> None:
    decisions, history = arriving(version(1), version(2), version(5))
    assert [d.outcome for d in decisions] == [Outcome.ACCEPTED, Outcome.REVISED, Outcome.REVISED]
    assert [d.revision for d in decisions] == [1, 2, 3]
    assert all(d.changed and d.recorded and d.newest for d in decisions)
    assert history.status == standing_on(version(5))


def test_older_content_is_kept_and_never_replaces_newer() -> None:
    (_, decision), history = arriving(version(2), version(1))
    assert decision.outcome is Outcome.OLDER
    assert decision.recorded
    assert not decision.changed
    assert decision.revision is None
    assert history.status == standing_on(version(2))


def test_the_same_content_again_is_a_duplicate_with_the_number_it_has() -> None:
    (_, _, decision), history = arriving(version(1), version(2), version(1))
    assert decision.outcome is Outcome.DUPLICATE
    assert decision.revision == 1
    assert not decision.recorded
    assert history.revision == 2


def test_the_same_version_with_other_content_is_a_conflict_that_keeps_both_and_stops_both() -> None:
    first, second = version(1), version(1, title="Something else")
    (_, decision), history = arriving(first, second)
    assert decision.outcome is Outcome.CONFLICT
    assert decision.conflict is ConflictCause.CONTENT
    assert decision.refusal is not None
    assert decision.refusal.reason == "REVISION_CONFLICT"
    assert decision.recorded
    assert decision.changed
    assert history.status == Status(State.CONFLICTED, ConflictCause.CONTENT)
    held = [entry.content_sha256 for entry in history.recorded[first.source.version]]
    assert held == [first.source.content_sha256, second.source.content_sha256]


def test_a_repeat_of_what_is_contested_is_told_again_and_recorded_once() -> None:
    first, second = version(1), version(1, title="Something else")
    (*_, again, other), history = arriving(first, second, first, second)
    for decision in (again, other):
        assert decision.outcome is Outcome.CONFLICT
        assert not decision.recorded
        assert decision.conflict is None
    assert history == arriving(first, second)[1]


def test_a_newer_version_ends_the_doubt_about_an_older_one() -> None:
    *_, decision = arriving(version(1), version(1, title="Else"), version(2))[0]
    assert decision.outcome is Outcome.REVISED
    assert decision.status == standing_on(version(2))


def test_a_conflict_of_an_older_version_leaves_the_newest_standing() -> None:
    (*_, decision), history = arriving(version(2), version(1), version(1, title="Else"))
    assert decision.outcome is Outcome.CONFLICT
    assert not decision.changed
    assert history.status == standing_on(version(2))


def test_a_notice_and_a_text_of_one_version_stop_all_until_a_human_has_chosen() -> None:
    _, history = arriving(version(1), withdrawn(1), version(2))
    assert history.status == Status(State.CONFLICTED, ConflictCause.CONTENT)


def chosen(history: History, revision: Revision) -> History:
    """The history after a human has chosen the revision among the contents of its version."""
    version = revision.source.version
    among = frozenset(entry.content_sha256 for entry in history.recorded[version])
    choices = Choices({version: Choice(revision.source.content_sha256, among)})
    return History.of(history.recorded, history.revision, history.latest_sha256, choices)


def test_a_human_chooses_which_content_stands() -> None:
    first, second, notice = version(1), version(1, title="Else"), withdrawn(1)
    for revision in (first, second):
        assert chosen(arriving(first, second)[1], revision).status == standing_on(revision)
    ended = chosen(arriving(first, notice)[1], notice).status
    assert ended == Status(State.WITHDRAWN, WithdrawalCause.WITHDRAWN)


def test_a_content_that_comes_after_the_choice_was_not_chosen_among() -> None:
    settled = chosen(arriving(version(1), version(1, title="Else"))[1], version(1))
    decision, history = decide(settled, version(1, title="A third"))
    assert decision.outcome is Outcome.CONFLICT
    assert decision.changed
    assert history.status == Status(State.CONFLICTED, ConflictCause.CONTENT)
    assert decide(settled, version(1))[0].outcome is Outcome.DUPLICATE


def test_a_withdrawal_is_final() -> None:
    decisions, history = arriving(version(1), withdrawn(2), version(3), withdrawn(4), version(1))
    assert [d.outcome for d in decisions] == [
        Outcome.ACCEPTED,
        Outcome.WITHDRAWN,
        Outcome.OLDER,
        Outcome.WITHDRAWN,
        Outcome.DUPLICATE,
    ]
    assert [d.changed for d in decisions] == [True, True, True, False, False]
    assert history.status == Status(State.WITHDRAWN, WithdrawalCause.WITHDRAWN)


def test_a_withdrawal_that_comes_first_holds_for_what_comes_after() -> None:
    decisions, history = arriving(withdrawn(2), version(1), version(3))
    assert [d.outcome for d in decisions] == [Outcome.WITHDRAWN, Outcome.OLDER, Outcome.OLDER]
    assert history.status == Status(State.WITHDRAWN, WithdrawalCause.WITHDRAWN)
    assert [d.revision for d in decisions] == [None, 1, 2]


def test_the_same_id_of_another_agency_is_another_assessment() -> None:
    ours, theirs = version(1), accepted(narrative(title="Theirs"), agency="enisa")
    assert [d.outcome for d in decide_all({}, [ours, theirs])[0]] == [Outcome.ACCEPTED, Outcome.ACCEPTED]


def test_a_batch_continues_from_what_is_held() -> None:
    _, history = arriving(version(1))
    decisions, after = decide_all({version(1).assessment_id: history}, [version(1), version(2)])
    assert [d.outcome for d in decisions] == [Outcome.DUPLICATE, Outcome.REVISED]
    assert after[version(1).assessment_id].revision == 2


def test_a_history_needs_only_the_current_version_and_those_arriving() -> None:
    _, history = arriving(version(1), version(2), version(3))
    known = {key: value for key, value in history.recorded.items() if key.ordinal == 3}
    decision, after = decide(History.of(known, history.revision, history.latest_sha256), version(4))
    assert (decision.outcome, decision.revision, after.revision) == (Outcome.REVISED, 4, 4)


def test_versions_that_cannot_be_ordered_are_kept_and_none_stands() -> None:
    first = version(1)
    at_an_instant = VersionKey(VersionScheme.TIMESTAMP, 5, "1970-01-01T00:00:00.000005Z")
    with pytest.raises(VersionSchemeChanged):
        at_an_instant.newer_than(first.source.version)
    turned = replace(first, source=replace(first.source, version=at_an_instant))
    (_, decision), history = arriving(first, turned)
    assert decision.outcome is Outcome.CONFLICT
    assert decision.conflict is ConflictCause.VERSION_SCHEME
    assert history.status == Status(State.CONFLICTED, ConflictCause.VERSION_SCHEME)
    settled = History.of(
        history.recorded,
        history.revision,
        history.latest_sha256,
        Choices(scheme=Choice(VersionScheme.NUMBER, frozenset(VersionScheme))),
    )
    assert settled.status == standing_on(first)
    assert decide(settled, version(2))[0].outcome is Outcome.REVISED
    assert decision.refusal is not None
    assert decision.refusal.reason == "VERSION_SCHEME_CHANGED"


@pytest.mark.parametrize(
    ("cause", "state", "comes_back"),
    [
        (WithdrawalCause.WITHDRAWN, State.WITHDRAWN, False),
        (WithdrawalCause.REVOKED, State.WITHDRAWN, False),
        (WithdrawalCause.DELETED, State.WITHDRAWN, False),
        (WithdrawalCause.SUPERSEDED, State.SUPERSEDED, False),
        (WithdrawalCause.REMOVED, State.WITHDRAWN, True),
    ],
)
def test_only_what_a_catalogue_removed_comes_back(
    cause: WithdrawalCause, state: State, comes_back: bool
) -> None:
    notice = replace(withdrawn(2), cause=cause)
    assert arriving(version(1), notice)[1].status == Status(state, cause)
    after = arriving(version(1), notice, version(3))[1].status
    assert after == (standing_on(version(3)) if comes_back else Status(state, cause))


def test_of_two_notices_the_newest_says_why() -> None:
    superseded, gone = replace(withdrawn(2), cause=WithdrawalCause.SUPERSEDED), withdrawn(3)
    for order in ((superseded, gone), (gone, superseded)):
        assert arriving(*order)[1].status == Status(State.WITHDRAWN, WithdrawalCause.WITHDRAWN)


@pytest.mark.parametrize(
    ("arriving_revisions", "kind"),
    [
        ([version(1)], ResultKind.ACCEPTED),
        ([version(1), version(2)], ResultKind.REVISED),
        ([version(2), version(1)], ResultKind.OLDER),
        ([version(1), version(1)], ResultKind.DUPLICATE),
        ([version(1), version(1, title="Else")], ResultKind.REVISION_CONFLICT),
        ([version(1), withdrawn(2)], ResultKind.WITHDRAWN),
    ],
)
def test_the_agency_is_told_what_became_of_it(arriving_revisions: list[Revision], kind: ResultKind) -> None:
    decision = arriving(*arriving_revisions)[0][-1]
    result = result_of_decision(decision)
    assert result.kind is kind
    assert result.object_id == "NCSC-2026-0001"
    assert result.assessment_id == decision.incoming.assessment_id
    assert result.version == decision.incoming.source.version.text
    assert bool(result.refusals) is (kind is ResultKind.REVISION_CONFLICT)
