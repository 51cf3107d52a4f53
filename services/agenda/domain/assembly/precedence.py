"""Who has to come before whom, among items that are taken."""

from collections.abc import Iterable, Mapping

from services.agenda.domain.assembly.problem import (
    AtPosition,
    Before,
    First,
    Last,
    Problem,
    SectionsInOrder,
)


def predecessors(problem: Problem, taken: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """For each taken item those that come before it by some constraint; not closed, and maybe circular."""
    chosen = sorted(set(taken))
    found: dict[str, set[str]] = {item: set() for item in chosen}
    sections = {candidate.id: candidate.section for candidate in problem.candidates}
    for entry in problem.constraints:
        if isinstance(entry, Before):
            if entry.item in found and entry.other in found:
                found[entry.other].add(entry.item)
        elif isinstance(entry, First) and entry.item in found:
            for item in chosen:
                found[item] |= {entry.item} - {item}
        elif isinstance(entry, Last) and entry.item in found:
            found[entry.item] |= set(chosen) - {entry.item}
        elif isinstance(entry, SectionsInOrder):
            _by_section(entry, sections, found)
    return {item: frozenset(others) for item, others in found.items()}


def _by_section(entry: SectionsInOrder, sections: Mapping[str, str], found: Mapping[str, set[str]]) -> None:
    rank = {section: number for number, section in enumerate(entry.sections)}
    ranked = {item: rank[sections[item]] for item in found if sections[item] in rank}
    for item, own in ranked.items():
        found[item].update(other for other, theirs in ranked.items() if theirs < own)


def wanted_order(problem: Problem, taken: Iterable[str]) -> tuple[str, ...]:
    """The taken items in the order that is wanted of them, as far as the constraints on order let it.

    By section, place and id; an item waits for those that come before it, and a pinned position is kept
    free for whoever is pinned to it. What waits in a circle is taken as it comes.
    """
    sections = next(
        (entry.sections for entry in problem.constraints if isinstance(entry, SectionsInOrder)), ()
    )
    rank = {section: number for number, section in enumerate(sections)}
    chosen = set(taken)
    left = [
        candidate.id
        for candidate in sorted(
            problem.candidates,
            key=lambda item: (rank.get(item.section, len(rank)), item.place, item.id),
        )
        if candidate.id in chosen
    ]
    if rank and any(candidate.section not in rank for candidate in problem.candidates):
        left.sort(key=lambda item: (problem.by_id()[item].place, item))
    earlier = predecessors(problem, chosen)
    pinned = {entry.position: entry.item for entry in problem.constraints if isinstance(entry, AtPosition)}
    found: list[str] = []
    while left:
        own = pinned.get(len(found) + 1)
        free = [item for item in left if item not in pinned.values()] or left
        ready = [item for item in free if not earlier[item] & set(left)]
        following = own if own in left else (ready or free)[0]
        left.remove(following)
        found.append(following)
    return tuple(found)
