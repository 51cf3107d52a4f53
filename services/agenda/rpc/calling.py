"""What every method does: it has the parts, makes a change once however often it is called, and shows lists
in pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message

from services.agenda.domain.permissions import PERMISSIONS, Command
from services.agenda.rpc.arguments import read_token
from services.agenda.usecases.paging import Key, cut, page_size, read_key, write_token
from services.agenda.usecases.parts import AgendaParts
from services.chassis.rpc import methods
from services.chassis.rpc.server import Service

T = TypeVar("T")
M = TypeVar("M", bound=Message)


class Methods(methods.Methods[AgendaParts]):
    """Methods over the parts of the agenda's api."""


@dataclass(frozen=True, slots=True)
class Page:
    """The page of a question that a request asks for."""

    size: int
    after: Key | None
    question: tuple[object, ...]

    @classmethod
    def asked(cls, request: Any, kinds: Sequence[type[int] | type[str]], *question: object) -> "Page":
        """`kinds` are of the members of a place in the list. Raises `InvalidValue`."""
        size = page_size(request.page_size)
        return cls(size, read_key(read_token(request.page_token), kinds, *question), question)

    def of(self, entries: Sequence[T], key_of: Callable[[T], Key]) -> tuple[Sequence[T], str]:
        """What it shows, and the token of the next."""
        shown, last = cut(entries, key_of, self.after, self.size)
        return shown, write_token(last, *self.question)


def described(
    descriptor: ServiceDescriptor,
    commands: Mapping[str, tuple[Command, ...]],
    add: Callable[[Any, Any], None],
    servicer: Methods,
) -> Service:
    """A service whose methods those may call who may do one of their commands."""
    return Service(
        name=descriptor.full_name,
        add=lambda server: add(servicer, server),
        access={
            method: frozenset(role.value for command in named for role in PERMISSIONS[command])
            for method, named in commands.items()
        },
        methods=[method.name for method in descriptor.methods],
    )
