"""Documents spoilt in one place each: a member left out, or a value of the wrong kind."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

WRONG: tuple[Any, ...] = (None, 7, True, "", "x", [], {})


def mutations(document: Any, deepest: int) -> Iterator[tuple[str, str, Any]]:
    """Each place as a JSON pointer with `*` for positions, what was done, and the document after it.

    Of a list only the first entry is spoilt: the others are alike.
    """
    for path in _paths(document, (), deepest):
        where = "/" + "/".join("*" if isinstance(step, int) else step for step in path)
        if isinstance(path[-1], str):
            changed = deepcopy(document)
            del _parent(changed, path)[path[-1]]
            yield where, "missing", changed
        for value in WRONG:
            changed = deepcopy(document)
            _parent(changed, path)[path[-1]] = value
            yield where, repr(value), changed


def _paths(value: Any, path: tuple[str | int, ...], deepest: int) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    if len(path) == deepest:
        return
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _paths(member, (*path, name), deepest)
    elif isinstance(value, list) and value:
        yield from _paths(value[0], (*path, 0), deepest)


def _parent(document: Any, path: tuple[str | int, ...]) -> Any:
    for step in path[:-1]:
        document = document[step]
    return document
