"""What comes back, against a plain list of what is still owed, over years of made-up dialogues."""

from datetime import UTC, datetime
from uuid import UUID, uuid5

from hypothesis import given, settings, strategies

from services.agenda.domain.carry_over import (
    Guidance,
    PastOutcome,
    guidance_to_review,
    returning_items,
)
from services.agenda.domain.outcome_kinds import OutcomeKind
from services.kernel.identifiers import meeting_id, template_item_id
from tests.support.agenda import POLICY

SERIES = POLICY.get_series("uk-eu")
NEW = UUID("5a0f7f6e-0f8c-4c1c-8f2b-0d3c1e9a7b77")
PUT_OFF = {OutcomeKind.DEFERRED, OutcomeKind.NOT_REACHED}


@settings(max_examples=200, deadline=None)
@given(data=strategies.data())
def test_each_item_that_was_put_off_comes_back_exactly_once_until_it_is_dealt_with(
    data: strategies.DataObject,
) -> None:
    outcomes: list[PastOutcome] = []
    # The model: root -> (the edition from which it is owed, how often it was put off).
    owed: dict[UUID, tuple[int, int]] = {}
    times: dict[UUID, int] = {}
    for edition in range(2026, 2026 + data.draw(strategies.integers(1, 6))):
        meeting = meeting_id("uk-eu", str(edition))
        back = returning_items(outcomes, meeting_id=meeting, edition=edition, series=SERIES)
        expected = {root for root, (start, _) in owed.items() if start <= edition}
        assert {item.root_item_id for item in back} == expected
        assert len(back) == len(expected)
        assert len({item.item_id for item in back}) == len(back)
        assert {item.root_item_id: item.times for item in back} == {root: times[root] for root in expected}
        agenda = [(item.item_id, item.root_item_id) for item in back]
        agenda = [pair for pair in agenda if data.draw(strategies.booleans())]
        for number in range(data.draw(strategies.integers(0, 3))):
            fresh = uuid5(NEW, f"{edition}:{number}")
            agenda.append((fresh, fresh))
        for item_id, root in agenda:
            kind = data.draw(strategies.sampled_from(OutcomeKind))
            later = data.draw(strategies.none() | strategies.integers(edition + 1, edition + 3))
            outcomes.append(
                PastOutcome(
                    outcome_id=uuid5(item_id, "outcome"),
                    item_id=item_id,
                    root_item_id=root,
                    meeting_id=meeting,
                    agenda_id=meeting,
                    edition=edition,
                    kind=kind,
                    deferred_to=later if kind is OutcomeKind.DEFERRED else None,
                    reason="",
                    agreed_at=datetime(edition, 12, 20, tzinfo=UTC),
                    position=len(outcomes),
                )
            )
            owed.pop(root, None)
            if kind in PUT_OFF:
                times[root] = times.get(root, 0) + 1
                start = later if kind is OutcomeKind.DEFERRED and later is not None else edition + 1
                owed[root] = (start, times[root])


def test_a_line_of_the_template_comes_back_as_itself() -> None:
    before, now = meeting_id("uk-eu", "2026"), meeting_id("uk-eu", "2027")
    line = template_item_id(before, 3)
    outcome = PastOutcome(
        outcome_id=NEW,
        item_id=line,
        root_item_id=line,
        meeting_id=before,
        agenda_id=before,
        edition=2026,
        kind=OutcomeKind.NOT_REACHED,
        deferred_to=None,
        reason="",
        agreed_at=datetime(2026, 12, 20, tzinfo=UTC),
        position=3,
    )
    (back,) = returning_items([outcome], meeting_id=now, edition=2027, series=SERIES)
    assert (back.item_id, back.in_template, back.times) == (template_item_id(now, 3), True, 1)


def test_guidance_is_reviewed_at_the_first_edition_held_that_is_not_before_its_own() -> None:
    given_2026 = Guidance(NEW, "UKEU-2026-D01", "Exercise together.", "TLP:GREEN", 2027)
    for editions, reviewed_at in (
        ([2026, 2027, 2028], 2027),
        ([2026, 2028, 2029], 2028),
        ([2026], None),
    ):
        found = [
            edition
            for edition in editions
            if guidance_to_review([given_2026], edition=edition, editions=editions)
        ]
        assert found == ([] if reviewed_at is None else [reviewed_at])
