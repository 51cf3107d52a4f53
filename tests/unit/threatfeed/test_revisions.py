"""What a revision does to an assessment that is already known."""

from dataclasses import replace

import pytest

from services.threatfeed.domain.assessment import Assessment, Revision, VersionKey, VersionScheme, Withdrawal
from services.threatfeed.domain.refusals import VersionSchemeChanged
from services.threatfeed.domain.revisions import Decision, History, Outcome, decide, decide_all
from services.threatfeed.domain.submission import ResultKind, result_of_decision
from tests.support.submissions import accepted, narrative, withdrawal


def version(number: int, **members: object) -> Assessment:
    return accepted(narrative(version=number, **members))


def withdrawn(number: int) -> Withdrawal:
    return withdrawal({"id": "NCSC-2026-0001", "version": number, "withdrawn": True, "reason": "Wrong."})


def arriving(*revisions: Revision) -> tuple[list[Decision], History]:
    decisions, histories = decide_all({}, revisions)
    return list(decisions), histories[revisions[0].assessment_id]


def outcomes(*revisions: Revision) -> list[Outcome]:
    return [decision.outcome for decision in arriving(*revisions)[0]]


def test_the_first_content_is_accepted_and_newer_content_revises_it() -> None:
    decisions, history = arriving(version(1), version(2), version(5))
    assert [d.outcome for d in decisions] == [Outcome.ACCEPTED, Outcome.REVISED, Outcome.REVISED]
    assert [d.revision for d in decisions] == [1, 2, 3]
    assert all(d.changed and d.recorded and d.becomes_current for d in decisions)
    assert history.current == version(5).source.version


def test_older_content_is_kept_and_never_replaces_newer() -> None:
    (_, decision), history = arriving(version(2), version(1))
    assert decision.outcome is Outcome.OLDER
    assert decision.recorded
    assert not decision.changed
    assert decision.revision is None
    assert history.current == version(2).source.version


def test_the_same_content_again_is_a_duplicate_with_the_number_it_has() -> None:
    (_, _, decision), history = arriving(version(1), version(2), version(1))
    assert decision.outcome is Outcome.DUPLICATE
    assert decision.revision == 1
    assert not decision.recorded
    assert history.revision == 2


def test_the_same_version_with_other_content_is_a_conflict_and_the_first_stays() -> None:
    (_, decision), history = arriving(version(1), version(1, title="Something else"))
    assert decision.outcome is Outcome.CONFLICT
    assert decision.refusal is not None
    assert decision.refusal.reason == "REVISION_CONFLICT"
    assert not decision.recorded
    assert history == arriving(version(1))[1]


def test_a_withdrawal_is_final() -> None:
    decisions, history = arriving(version(1), withdrawn(2), version(3), withdrawn(4), version(1))
    assert [d.outcome for d in decisions] == [
        Outcome.ACCEPTED,
        Outcome.WITHDRAWN,
        Outcome.OLDER,
        Outcome.WITHDRAWN,
        Outcome.DUPLICATE,
    ]
    assert [d.changed for d in decisions] == [True, True, False, False, False]
    assert history.withdrawn
    assert history.revision == 1


def test_a_withdrawal_that_comes_first_holds_for_what_comes_after() -> None:
    decisions, history = arriving(withdrawn(2), version(1), version(3))
    assert [d.outcome for d in decisions] == [Outcome.WITHDRAWN, Outcome.OLDER, Outcome.OLDER]
    assert history.withdrawn
    assert history.current is None


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
    decision, after = decide(replace(history, recorded=known), version(4))
    assert (decision.outcome, decision.revision, after.revision) == (Outcome.REVISED, 4, 4)


def test_versions_that_cannot_be_ordered_are_refused() -> None:
    first = version(1)
    at_an_instant = VersionKey(VersionScheme.TIMESTAMP, 5, "1970-01-01T00:00:00.000005Z")
    with pytest.raises(VersionSchemeChanged):
        at_an_instant.newer_than(first.source.version)
    turned = replace(first, source=replace(first.source, version=at_an_instant))
    (_, decision), _ = arriving(first, turned)
    assert decision.outcome is Outcome.CONFLICT
    assert decision.refusal is not None
    assert decision.refusal.reason == "VERSION_SCHEME_CHANGED"


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
