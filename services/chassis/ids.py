"""The one source of new identifiers of a process."""

from collections.abc import Callable
from uuid import UUID, uuid4

IdSource = Callable[[], UUID]


def random_ids() -> UUID:
    return uuid4()
