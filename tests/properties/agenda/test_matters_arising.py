"""Matters arising say exactly what differs between two dates, whatever was told and in whichever order."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import given, settings, strategies

from services.agenda.domain.matters_arising import ActionTelling, DueDateMove, matters_arising

START = datetime(2026, 1, 1, tzinfo=UTC)
ENDED = {"CLOSED", "WITHDRAWN"}
STATES = ["AGREED", "ASSIGNED", "IN_PROGRESS", "BLOCKED", "COMPLETION_CLAIMED", *sorted(ENDED)]


@strategies.composite
def lives(draw: strategies.DrawFn) -> list[list[dict[str, Any]]]:
    """Actions, each as a list of days on which something was told: the state, and where the date went."""
    actions = []
    for _ in range(draw(strategies.integers(0, 5))):
        days = sorted(draw(strategies.sets(strategies.integers(0, 700), min_size=1, max_size=6)))
        due = date(2026, 6, 1)
        life = []
        for place, day in enumerate(days):
            if place and draw(strategies.booleans()):
                due += timedelta(days=draw(strategies.integers(-20, 60)))
            state = draw(strategies.sampled_from(STATES))
            life.append({"day": day, "state": state, "due": due})
        actions.append(life)
    return actions


def told(actions: list[list[dict[str, Any]]]) -> list[ActionTelling]:
    tellings = []
    for number, life in enumerate(actions, start=1):
        moves: list[DueDateMove] = []
        for version, step in enumerate(life, start=1):
            if version > 1 and step["due"] != life[version - 2]["due"]:
                moves.append(DueDateMove(life[version - 2]["due"], step["due"], "a reason"))
            tellings.append(
                ActionTelling(
                    action_id=UUID(int=number),
                    version=version,
                    series="uk-eu",
                    reference=f"UKEU-2026-A{number:02d}",
                    state=step["state"],
                    open=step["state"] not in ENDED,
                    due_date=step["due"],
                    moves=tuple(moves),
                    text="Text.",
                    marking="TLP:GREEN",
                    commitment="C3",
                    basis="CURRENT",
                    changed_at=START + timedelta(days=step["day"]),
                )
            )
    return tellings


def at_day(life: list[dict[str, Any]], day: int) -> dict[str, Any] | None:
    """The plain model: walk through the days until the one asked for."""
    found = None
    for step in life:
        if step["day"] > day:
            break
        found = step
    return found


@settings(max_examples=250, deadline=None)
@given(
    actions=lives(),
    since=strategies.none() | strategies.integers(0, 350),
    length=strategies.integers(1, 400),
    shuffled=strategies.randoms(use_true_random=False),
)
def test_the_section_is_the_difference_between_the_two_dates(
    actions: list[list[dict[str, Any]]], since: int | None, length: int, shuffled: Any
) -> None:
    until = (since or 0) + length
    tellings = told(actions)
    tellings += tellings[: len(tellings) // 2]
    shuffled.shuffle(tellings)
    ends = [START + timedelta(days=since)] if since is not None else []
    section = matters_arising(
        tellings,
        since=ends[0] if ends else None,
        until=START + timedelta(days=until),
        meetings=ends,
    )
    expected = {}
    for number, life in enumerate(actions, start=1):
        before = at_day(life, since) if since is not None else None
        after = at_day(life, until)
        if after is None:
            continue
        if after["state"] in ENDED and before is not None and before["state"] in ENDED:
            continue
        steps = [
            (one["due"], other["due"])
            for one, other in pairwise(life)
            if one["due"] != other["due"] and other["day"] <= until
        ]
        recent = [
            (one["due"], other["due"])
            for one, other in pairwise(life)
            if one["due"] != other["due"]
            and (since is None or before is None or other["day"] > since)
            and other["day"] <= until
        ]
        expected[UUID(int=number)] = {
            "states": (before["state"] if before else None, after["state"]),
            "dues": (before["due"] if before else None, after["due"]),
            "moves": recent,
            "slips": sum(to > from_ for from_, to in steps),
            "days": (after["due"] - life[0]["due"]).days,
            "carried": int(since is not None and life[0]["day"] < since),
            "overdue": after["state"] not in ENDED and after["due"] < (START + timedelta(days=until)).date(),
        }
    assert [matter.action_id for matter in section] == sorted(expected)
    for matter in section:
        assert expected[matter.action_id] == {
            "states": (matter.state_before, matter.state),
            "dues": (matter.due_before, matter.due_date),
            "moves": [(move.from_date, move.to_date) for move in matter.moves],
            "slips": matter.slips,
            "days": matter.slipped_days,
            "carried": matter.carried,
            "overdue": matter.overdue,
        }
        assert matter.ended is (matter.state in ENDED)


def test_nothing_to_tell_where_nothing_was_told() -> None:
    assert matters_arising([], since=None, until=START, meetings=[]) == ()
