"""Whether a problem makes sense, before it is solved: what is wrong by itself is refused by name."""

from collections.abc import Iterable, Mapping
from itertools import pairwise

from services.agenda.domain.assembly.problem import (
    AtPosition,
    AtTime,
    Before,
    Candidate,
    Excluded,
    First,
    FixedBreak,
    InWindow,
    Last,
    Lasts,
    LeadCount,
    LeadMinutes,
    MovableBreak,
    Must,
    Pin,
    Present,
    Problem,
    SectionLimit,
    SectionsInOrder,
    Span,
)
from services.agenda.domain.assembly.refusals import (
    MeetingLongerThanWindow,
    MinutesInvalid,
    MinutesOutOfOrder,
    OrderCircular,
    PinnedTwice,
    PresenterNeverPresent,
    UnknownPlanningName,
    WindowInvalid,
)
from services.agenda.domain.refusals import PositionOutOfRange

_OF_ITEMS = Must | Excluded | First | Last | Present | Pin


def require_sound(problem: Problem) -> None:
    """Raises `MinutesInvalid`, `MinutesOutOfOrder`, `WindowInvalid`, `UnknownPlanningName`, `PinnedTwice`,
    `PositionOutOfRange`, `OrderCircular`, `MeetingLongerThanWindow` or `PresenterNeverPresent`.
    """
    _require_windows(problem)
    for candidate in problem.candidates:
        _require_minutes(candidate)
    if problem.gap < 0 or problem.off_minute < 0:
        raise MinutesInvalid("a gap and the price of a minute are not negative")
    _require_names(problem)
    _require_numbers(problem)
    require_no_circle(problem)
    _require_room(problem)


def _require_windows(problem: Problem) -> None:
    if not problem.windows:
        raise WindowInvalid("a meeting has at least one window", pointer="/windows")
    windows = sorted(window.span for window in problem.windows)
    _require_apart(windows, "windows")
    if len({window.id for window in problem.windows}) != len(windows):
        raise WindowInvalid("two windows have one name", pointer="/windows")
    breaks = [entry for entry in problem.constraints if isinstance(entry, FixedBreak)]
    _require_apart(sorted(entry.span for entry in breaks), "breaks")
    for entry in breaks:
        if not any(span.start <= entry.span.start and entry.span.end <= span.end for span in windows):
            raise WindowInvalid(f"the break '{entry.id}' lies in no window", pointer="/breaks")
    for movable in problem.constraints:
        if isinstance(movable, MovableBreak):
            if movable.minutes < 1:
                raise MinutesInvalid(f"the break '{movable.id}' has no minutes", pointer="/breaks")
            if movable.latest < movable.earliest:
                raise WindowInvalid(f"the break '{movable.id}' ends before it starts", pointer="/breaks")
    names = [entry.id for entry in problem.constraints if isinstance(entry, FixedBreak | MovableBreak)]
    if len(set(names)) != len(names):
        raise WindowInvalid("two breaks have one name", pointer="/breaks")


def _require_apart(spans: list[Span], what: str) -> None:
    if any(span.minutes < 1 for span in spans):
        raise WindowInvalid(f"one of the {what} ends before it starts", pointer=f"/{what}")
    if any(one.end > other.start for one, other in pairwise(spans)):
        raise WindowInvalid(f"two of the {what} meet", pointer=f"/{what}")


def _require_minutes(candidate: Candidate) -> None:
    if candidate.least < 1 or candidate.wanted < 1 or candidate.most < 1:
        raise MinutesInvalid(f"'{candidate.title}' has no minutes", item_id=candidate.id)
    if not candidate.least <= candidate.wanted <= candidate.most:
        raise MinutesOutOfOrder(
            f"'{candidate.title}' wants {candidate.wanted} minutes, at least {candidate.least} and at most "
            f"{candidate.most}",
            item_id=candidate.id,
        )


def _require_names(problem: Problem) -> None:
    items = {candidate.id for candidate in problem.candidates}
    if len(items) != len(problem.candidates):
        raise UnknownPlanningName("two items have one id", pointer="/items")
    sections = {candidate.section for candidate in problem.candidates if candidate.section}
    windows = {window.id for window in problem.windows}
    for entry in problem.constraints:
        if isinstance(entry, Before):
            _require_known(items, (entry.item, entry.other), "item")
        elif isinstance(entry, _OF_ITEMS):
            _require_known(items, (entry.item,), "item")
        if isinstance(entry, InWindow):
            _require_known(windows, (entry.window,), "window")
        if isinstance(entry, SectionsInOrder) and len(set(entry.sections)) != len(entry.sections):
            raise UnknownPlanningName("a section is named twice", pointer="/sections")
    orders = [entry for entry in problem.constraints if isinstance(entry, SectionsInOrder)]
    if len(orders) > 1:
        raise UnknownPlanningName("sections have one order", pointer="/sections")
    if orders:
        _require_known(set(orders[0].sections), sections, "section")


def _require_known(known: set[str], named: Iterable[str], what: str) -> None:
    for name in sorted(named):
        if name not in known:
            raise UnknownPlanningName(f"there is no {what} '{name}'", name=name)


def _require_numbers(problem: Problem) -> None:
    pins = [(type(entry), entry.item) for entry in problem.constraints if isinstance(entry, Pin)]
    if len(set(pins)) != len(pins):
        raise PinnedTwice("an item has one pin of a kind", pointer="/pins")
    for entry in problem.constraints:
        if isinstance(entry, Lasts) and entry.minutes < 1:
            raise MinutesInvalid("a fixed duration is at least a minute", item_id=entry.item)
        if isinstance(entry, AtPosition) and not 1 <= entry.position <= len(problem.candidates):
            raise PositionOutOfRange(f"positions are 1 to {len(problem.candidates)}", item_id=entry.item)
        if isinstance(entry, SectionLimit | LeadMinutes | LeadCount) and entry.most < 0:
            raise MinutesInvalid("a limit is not negative")
        if isinstance(entry, AtTime) and not any(
            window.span.start <= entry.start < window.span.end for window in problem.windows
        ):
            raise WindowInvalid("an item is pinned to a time outside of every window", item_id=entry.item)


def require_no_circle(problem: Problem) -> None:
    """Raises `OrderCircular`, which names the items of one circle in their order."""
    following: dict[str, list[str]] = {}
    for entry in problem.constraints:
        if isinstance(entry, Before):
            following.setdefault(entry.item, []).append(entry.other)
    circle = _circle({item: sorted(others) for item, others in following.items()})
    if circle:
        titles = {candidate.id: candidate.title for candidate in problem.candidates}
        named = " before ".join(f"'{titles.get(item, item)}'" for item in (*circle, circle[0]))
        raise OrderCircular(f"circular order: {named}", items=" ".join(circle))


def _circle(following: Mapping[str, list[str]]) -> list[str]:
    """One circle, or nothing; without recursion, since chains may be as long as an agenda."""
    done: set[str] = set()
    for root in sorted(following):
        path, trail = [root], [iter(following[root])]
        while trail and root not in done:
            step = next(trail[-1], None)
            if step is None:
                done.add(path.pop())
                trail.pop()
            elif step in path:
                return path[path.index(step) :]
            elif step not in done:
                path.append(step)
                trail.append(iter(following.get(step, ())))
    return []


def _require_room(problem: Problem) -> None:
    bounds, forced = problem.bounded(), problem.taken_by_force()
    titles = {candidate.id: candidate.title for candidate in problem.candidates}
    longest = max(window.span.minutes for window in problem.windows)
    for item in sorted(forced):
        if bounds[item][0] > longest:
            raise MeetingLongerThanWindow(
                f"'{titles[item]}' needs {bounds[item][0]} minutes, and the longest window has {longest}",
                item_id=item,
            )
    for entry in problem.constraints:
        if isinstance(entry, Present):
            least = bounds[entry.item][0]
            spans = [span.meet(window.span) for span in entry.spans for window in problem.windows]
            if all(span.minutes < least for span in spans):
                raise PresenterNeverPresent(
                    f"the presenter of '{titles[entry.item]}' is in no window for {least} minutes",
                    item_id=entry.item,
                )
