"""Strict reading of configuration documents: every member is asked for, and none may be left
over.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from services.kernel.refusals import Refusal, RefusalKind

E = TypeVar("E", bound=StrEnum)


class PolicyMalformed(Refusal):
    """A configuration document is incomplete, has unknown members or contradicts another one."""

    kind = RefusalKind.INVALID
    reason = "POLICY_MALFORMED"


class Section:
    """One object of a document. Members are taken out one by one; `end` refuses what nobody took.

    `where` names the document and the place in it, for the refusals. Every reading method raises
    `PolicyMalformed` for a missing member or one of another type.
    """

    def __init__(self, content: object, where: str) -> None:
        if not isinstance(content, Mapping):
            raise PolicyMalformed(f"{where} is not an object", pointer=where)
        self._left: dict[object, object] = dict(content)
        self.where = where

    def end(self) -> None:
        """Raises `PolicyMalformed` where a member has not been taken."""
        if self._left:
            names = ", ".join(sorted(str(name) for name in self._left))
            raise self.wrong(f"unknown members: {names}")

    def wrong(self, detail: str) -> PolicyMalformed:
        """The refusal of this section for a reason of the caller."""
        return PolicyMalformed(f"{self.where}: {detail}", pointer=self.where)

    def holds(self, name: str) -> bool:
        """Whether a member is there, not yet taken and not null."""
        return self._left.get(name) is not None

    def take(self, name: str) -> object:
        """The raw member."""
        if name not in self._left:
            raise self.wrong(f"'{name}' is missing")
        return self._left.pop(name)

    def text(self, name: str) -> str:
        """A string that is not empty."""
        value = self.take(name)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(f"'{name}' is not a text")
        return value

    def optional_text(self, name: str) -> str | None:
        """A string, or None where the member is absent or null."""
        if self.holds(name):
            return self.text(name)
        self._left.pop(name, None)
        return None

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of different strings; it may be empty but not absent."""
        value = self.take(name)
        if not isinstance(value, list | tuple):
            raise self.wrong(f"'{name}' is not a list")
        if not all(isinstance(entry, str) and entry.strip() for entry in value):
            raise self.wrong(f"'{name}' holds something that is not a text")
        if len(set(value)) != len(value):
            raise self.wrong(f"'{name}' repeats an entry")
        return tuple(value)

    def optional_texts(self, name: str) -> tuple[str, ...]:
        """A list of different strings; empty where the member is absent."""
        return self.texts(name) if name in self._left else ()

    def whole(self, name: str) -> int:
        """A whole number above zero."""
        value = self.take(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.wrong(f"'{name}' is not a whole number above zero")
        return value

    def wholes(self, name: str) -> tuple[int, ...]:
        """A list of whole numbers above zero; it may be empty but not absent."""
        value = self.take(name)
        if not isinstance(value, list | tuple):
            raise self.wrong(f"'{name}' is not a list")
        if not all(isinstance(entry, int) and not isinstance(entry, bool) and entry > 0 for entry in value):
            raise self.wrong(f"'{name}' holds something that is not a whole number above zero")
        return tuple(value)

    def flag(self, name: str) -> bool:
        """A boolean; false where the member is absent."""
        value = self._left.pop(name, False)
        if not isinstance(value, bool):
            raise self.wrong(f"'{name}' is not true or false")
        return value

    def day(self, name: str) -> date:
        """A calendar date."""
        value = self.take(name)
        if isinstance(value, str):
            try:
                return date.fromisoformat(value)
            except ValueError:
                raise self.wrong(f"'{name}' is not a date") from None
        if isinstance(value, datetime) or not isinstance(value, date):
            raise self.wrong(f"'{name}' is not a date")
        return value

    def days(self, name: str) -> tuple[date, ...]:
        """A list of different calendar dates."""
        value = self.take(name)
        if not isinstance(value, list | tuple):
            raise self.wrong(f"'{name}' is not a list")
        found = tuple(Section({name: entry}, self.where).day(name) for entry in value)
        if len(set(found)) != len(found):
            raise self.wrong(f"'{name}' repeats an entry")
        return found

    def optional_day(self, name: str) -> date | None:
        """A calendar date, or None where the member is absent or null."""
        if self.holds(name):
            return self.day(name)
        self._left.pop(name, None)
        return None

    def member(self, name: str, choices: type[E]) -> E:
        """One of the values of an enumeration."""
        value = self.text(name)
        try:
            return choices(value)
        except ValueError:
            raise self.wrong(f"'{name}' is none of {', '.join(choices)}") from None

    def section(self, name: str) -> "Section":
        """An object within this one."""
        return Section(self.take(name), f"{self.where}/{name}")

    def sections(self, name: str) -> tuple["Section", ...]:
        """A list of objects."""
        value = self.take(name)
        if not isinstance(value, list | tuple):
            raise self.wrong(f"'{name}' is not a list")
        return tuple(Section(entry, f"{self.where}/{name}/{index}") for index, entry in enumerate(value))

    def named(self, name: str) -> dict[str, "Section"]:
        """An object whose members are objects, by their names."""
        inner = self.section(name)
        return {key: inner.section(key) for key in inner.names()}

    def names(self) -> tuple[str, ...]:
        """The names of the members that nobody took yet."""
        if not all(isinstance(key, str) for key in self._left):
            raise self.wrong("a member name is not a text")
        return tuple(str(key) for key in self._left)
