"""What a real tracker says of how honest forecasts are: that of the Federal Data Strategy of 2020.

The tracker shows how its milestones stood on four days. When one was done is known only as between two of
those days, so a promise was kept for sure, broken for sure, or it cannot be told; a score that rests on kept
promises lies between two bounds. Milestones that were done before the first day are no transitions: nobody
saw them open.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from benchmarks.forecast.seeded import CLAIMED
from benchmarks.platform import ROOT
from services.actions.domain.action import Rag
from services.actions.domain.forecast import FEWEST, Course, forecast

TRACKER: Final = ROOT / "tests" / "data" / "actions" / "us-fds-2020"
_COMPLETE: Final = "status-complete"


@dataclass(frozen=True, slots=True)
class Standing:
    """A milestone as a snapshot shows it."""

    due: date
    complete: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`undated` are the names of what has no date."""

    day: date
    standings: dict[str, Standing]
    undated: frozenset[str]


@dataclass(frozen=True, slots=True)
class Completion:
    """Done after the one day and by the other; `due` was promised when it was last seen open."""

    milestone: str
    due: date
    after: date
    by: date

    @property
    def in_time(self) -> bool | None:
        """None where it cannot be told."""
        if self.by <= self.due:
            return True
        return False if self.after >= self.due else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`population` are milestones with a date, `done_before` those that were never seen open, `vanished`
    those that were gone before the last snapshot, `late_open` those still open after their date. `finished`
    is the most that were known to be finished at any snapshot, `forecasts` how many forecasts that gives.
    """

    population: int
    undated: int
    done_before: int
    completions: tuple[Completion, ...]
    moved: int
    vanished: int
    still_open: int
    late_open: int
    finished: int
    forecasts: int

    @property
    def claimed(self) -> tuple[float, float]:
        """The least and the greatest that the Brier score of the tracker's own word can be: no milestone that
        it shows as to come is said to be in doubt, which is read as green.
        """
        chance = CLAIMED[Rag.GREEN]
        told = [(chance - 1) ** 2, chance**2]
        scores = [
            told if one.in_time is None else [(chance - one.in_time) ** 2] * 2 for one in self.completions
        ]
        least, greatest = (sum(score[place] for score in scores) / len(scores) for place in (0, 1))
        return least, greatest

    def report(self) -> str:
        kept = [one.in_time for one in self.completions]
        least, greatest = self.claimed
        return "\n".join(
            (
                f"the tracker of the Federal Data Strategy, 2020: {self.population} milestones with a date, "
                f"{self.undated} names without one",
                f"transitions: {len(kept)} completions, {self.moved} moved date; {self.done_before} were "
                f"done before the first snapshot, {self.vanished} vanished, {self.still_open} stayed open, "
                f"{self.late_open} of them past its date",
                f"of the completions in time for sure {kept.count(True)}, late for sure {kept.count(False)}, "
                f"not told {kept.count(None)}: the page tells the state of a day, never the day of a change",
                f"coverage and Brier score of forecasts: none, {self.forecasts} forecasts; {self.finished} "
                f"milestones are known to be finished and {FEWEST} are needed",
                f"Brier score of the tracker's own word, all that was to come read as green: between "
                f"{least:.3f} and {greatest:.3f} over {len(kept)} completions, too few to compare with",
            )
        )


def read_tracker(folder: Path = TRACKER) -> list[Snapshot]:
    """The snapshots in the order of their days; of what is listed twice in one, the first."""
    found = []
    for path in folder.glob("*.json"):
        document = json.loads(path.read_text("utf-8"))
        standings: dict[str, Standing] = {}
        undated = set()
        for one in document["milestones"]:
            if one["due_text"] is None:
                undated.add(one["id"])
            else:
                complete = _COMPLETE in one["status_class"]
                standings.setdefault(one["id"], Standing(_day(one["due_text"]), complete))
        at = datetime.fromisoformat(document["committed"])
        found.append((at, Snapshot(at.date(), standings, frozenset(undated))))
    return [snapshot for _, snapshot in sorted(found, key=lambda one: one[0])]


def compare(snapshots: Sequence[Snapshot]) -> Comparison:
    completions: list[Completion] = []
    moved = 0
    for before, after in pairwise(snapshots):
        for name, was in before.standings.items():
            now = after.standings.get(name)
            if now is None or was.complete:
                continue
            moved += now.due != was.due
            if now.complete:
                completions.append(Completion(name, was.due, before.day, after.day))
    first, last = snapshots[0], snapshots[-1]
    known = {name for snapshot in snapshots for name in snapshot.standings}
    standing = [one for one in last.standings.values() if not one.complete]
    return Comparison(
        population=len(known),
        undated=len(frozenset[str]().union(*(snapshot.undated for snapshot in snapshots))),
        done_before=sum(one.complete for one in first.standings.values()),
        completions=tuple(completions),
        moved=moved,
        vanished=len(known - set(last.standings)),
        still_open=len(standing),
        late_open=sum(one.due < last.day for one in standing),
        finished=max(sum(one.complete for one in snapshot.standings.values()) for snapshot in snapshots),
        forecasts=_forecasts(snapshots),
    )


def _forecasts(snapshots: Sequence[Snapshot]) -> int:
    """How many forecasts there would be of what was open on the day of a snapshot, were all that it shows
    done finished on that day.
    """
    given, begun = 0, snapshots[0].day
    for snapshot in snapshots:
        shown = snapshot.standings.values()
        finished = [Course(begun, one.due, done_on=snapshot.day) for one in shown if one.complete]
        still = [Course(begun, one.due) for one in shown if not one.complete]
        given += sum(forecast(one, snapshot.day, finished) is not None for one in still)
    return given


def _day(text: str) -> date:
    return datetime.strptime(text, "%B %d, %Y").date()  # noqa: DTZ007 a day only
