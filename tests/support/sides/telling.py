"""A story: steps of both sides. A world can leave out those that a reader may not know."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from services.kernel.parties import Reader
from services.kernel.policy import Policy
from tests.support.dialogue import Account

S = TypeVar("S")

Audience = str
"""A series and a party, as `uk-eu.UK`, those of its people in a role, as `uk-eu.UK/secretariat`, or those of
a body of it, as `uk-eu.UK:FCDO`.
"""


@dataclass(frozen=True)
class Step(Generic[S]):
    """Something that somebody did. Its name gives the ids and the time of what it makes."""

    name: str
    known_to: frozenset[Audience]
    happen: Callable[[S], Awaitable[None]]
    at: datetime


@dataclass(slots=True)
class Story(Generic[S]):
    """Steps in their order, the first of them at `begins`."""

    begins: datetime
    steps: list[Step[S]] = field(default_factory=list)

    def step(
        self, *known_to: Audience, at: datetime | None = None
    ) -> Callable[[Callable[[S], Awaitable[None]]], Callable[[S], Awaitable[None]]]:
        """Adds a step. Those audiences may know of it; to every other it did not happen."""

        def add(happen: Callable[[S], Awaitable[None]]) -> Callable[[S], Awaitable[None]]:
            moment = (at or self.begins) + timedelta(minutes=len(self.steps))
            self.steps.append(Step(happen.__name__, frozenset(known_to), happen, moment))
            return happen

        return add

    def known_to(self, audiences: frozenset[Audience]) -> list[Step[S]]:
        return [step for step in self.steps if step.known_to & audiences]


@dataclass(slots=True)
class Memory:
    """The ids met in answers: by the name of an argument, those that it can have."""

    met: dict[str, dict[str, None]] = field(default_factory=dict)

    def meet(self, name: str, value: str) -> None:
        self.met.setdefault(name, {})[value] = None

    def collect(self, owner: str, found: Any) -> None:
        """Remembers every id of a document; the `id` of an object is that of its owner's name."""
        if isinstance(found, Mapping):
            for name, value in found.items():
                if name == "id" and is_id(value):
                    self.meet(f"{owner.removesuffix('s')}_id", value)
                elif name.endswith("_id") and is_id(value):
                    self.meet(name, value)
                else:
                    self.collect(name, value)
        elif isinstance(found, Sequence) and not isinstance(found, str):
            for one in found:
                self.collect(owner, one)


def is_id(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False


def audiences_of(reader: Account, policy: Policy) -> frozenset[Audience]:
    """Of each series in which the reader has any role: the party, the party in that role, and the body."""
    claims = {"party": reader.party, "organisation": reader.organisation, "roles": list(reader.roles)}
    known = Reader.from_claims(reader.subject, claims)
    found = set()
    for series in policy.series:
        for role in policy.roles(known, series):
            found.add(f"{series}.{reader.party}:{reader.organisation}")
            found |= {f"{series}.{reader.party}", f"{series}.{reader.party}/{role.value}"}
    return frozenset(found)
