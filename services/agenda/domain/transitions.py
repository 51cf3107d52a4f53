"""State machines as tables: every state has an entry for every command, also where it is refused."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from services.agenda.domain.refusals import IllegalTransition

S = TypeVar("S", bound=StrEnum)
C = TypeVar("C", bound=StrEnum)

Table = Mapping[S, Mapping[C, S | None]]
"""The state that follows; None where the command is refused."""


def step(table: Table[S, C], state: S, command: C) -> S:
    """The state that follows. Raises `IllegalTransition`."""
    following = table[state][command]
    if following is None:
        raise IllegalTransition(
            f"{command.value} is not possible in state {state.value}",
            state=state.value,
            command=command.value,
        )
    return following
