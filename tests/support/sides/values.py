"""What an application is asked with: values of arguments by name, and bodies made from their schemas."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from google.protobuf.message import Message

NOBODYS: Final = "11111111-1111-4111-8111-111111111111"
ABSENT: Final = None
"""The argument is left out."""
_MOST: Final = 4
"""Ids of one kind that the reader does not see, and half as many that it does, which are asked with."""


class Met(Protocol):
    """A world of which ids were met in its answers, by the name of an argument."""

    @property
    def met(self) -> Mapping[str, Mapping[str, None]]: ...


@dataclass(frozen=True)
class Arguments:
    """The ids that there are, by the name of an argument: what the reader sees, and what it does not see."""

    seen: Mapping[str, tuple[str, ...]]
    hidden: Mapping[str, tuple[str, ...]]
    most: int = _MOST

    @classmethod
    def of(cls, whole: Met, told: Met, most: int = _MOST) -> "Arguments":
        """From a world and from what the reader was told of it."""
        seen = {name: tuple(ids) for name, ids in told.met.items()}
        hidden = {
            name: tuple(one for one in ids if one not in seen.get(name, ()))
            for name, ids in whole.met.items()
        }
        return cls(seen, hidden, most)

    def ids(self, name: str) -> tuple[str, ...]:
        """One of each leaves nobody's id out: in one of the two worlds a hidden id is nobody's."""
        seen, hidden = self.seen.get(name, ()), self.hidden.get(name, ())
        nobodys = () if self.most == 1 and hidden else (NOBODYS,)
        return (*seen[: (self.most + 1) // 2], *hidden[: self.most], *nobodys)

    def every_id(self) -> tuple[str, ...]:
        """Two of each kind that is not seen, one where one of each is asked with, and one that is."""
        kinds = sorted({*self.seen, *self.hidden})
        return tuple(
            dict.fromkeys(
                one
                for kind in kinds
                for one in (*self.seen.get(kind, ())[:1], *self.hidden.get(kind, ())[: min(2, self.most)])
            )
        )


Values = Sequence[Any]
"""The first is that of a plain call; of each further one there is a call."""
Named = Callable[[Arguments], Values]


@dataclass(frozen=True)
class Vocabulary:
    """What an application is asked with.

    `values` are by the name of an argument in a path, a query or a header, and of a field over gRPC; ids need
    none. `messages` are by the full name of a message that is a field. `of_another_name` holds members of
    bodies that are ids of a kind which their names do not tell, `said` what a member of a body says where
    what its schema allows would be refused at once.
    """

    place: str
    values: Mapping[str, Named]
    of_another_name: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)
    messages: Mapping[str, Sequence[Message]] = field(default_factory=dict)


def values_for(
    place: str,
    name: str,
    arguments: Arguments,
    words: Vocabulary,
    schema: Mapping[str, Any],
    schemas: Mapping[str, Any],
    *,
    required: bool = True,
) -> Values:
    """Raises `LookupError` for a text that nobody has given values to."""
    named = words.values.get(name)
    if named is not None:
        return named(arguments)
    if name.endswith("_id"):
        return arguments.ids(name)
    of_kind = _of_kind(schema, schemas)
    if of_kind:
        return of_kind if required else (ABSENT, *of_kind)
    raise LookupError(
        f"{place} has an argument '{name}' that {words.place} gives no values for: "
        "say there what a reader could ask with"
    )


def _of_kind(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Values:
    """Where the kind of an argument says what it can be. Texts can be anything."""
    whole = _whole(schema, schemas)
    if "enum" in whole:
        return tuple(whole["enum"])
    if whole.get("type") == "boolean":
        return False, True
    if whole.get("type") == "integer":
        return (whole.get("minimum", 1),)
    return (_text(whole),) if whole.get("format") in ("date", "date-time") else ()


def bodies(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], arguments: Arguments, words: Vocabulary
) -> Iterator[Any]:
    """A body that the schema allows, and one more for each further id that a member of it can have."""
    yield _body("", schema, schemas, arguments, words, None)
    for name in sorted(_ids_in(schema, schemas, words)):
        for value in arguments.ids(words.of_another_name.get(name, name))[1:]:
            yield _body("", schema, schemas, arguments, words, (name, value))


def _whole(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        return _whole(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for combined in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(combined, ()):
            if one.get("type") != "null":
                return _whole(one, schemas)
    return schema


def _ids_in(schema: Mapping[str, Any], schemas: Mapping[str, Any], words: Vocabulary) -> set[str]:
    whole = _whole(schema, schemas)
    if "items" in whole:
        return _ids_in(whole["items"], schemas, words)
    found: set[str] = set()
    for name, member in whole.get("properties", {}).items():
        found |= {name} if _kind_of_id(name, member, schemas, words) else _ids_in(member, schemas, words)
    return found


def _kind_of_id(name: str, schema: Mapping[str, Any], schemas: Mapping[str, Any], words: Vocabulary) -> str:
    """By which name there are ids for a member; empty where it is none."""
    if name.endswith("_id"):
        return name
    is_id = _whole(schema, schemas).get("format") == "uuid"
    return words.of_another_name.get(name, "") if is_id else ""


def _body(
    name: str,
    schema: Mapping[str, Any],
    schemas: Mapping[str, Any],
    arguments: Arguments,
    words: Vocabulary,
    instead: tuple[str, str] | None,
) -> Any:
    kind = _kind_of_id(name, schema, schemas, words)
    if kind:
        return instead[1] if instead is not None and instead[0] == name else arguments.ids(kind)[0]
    whole = _whole(schema, schemas)
    if name in words.said and "enum" not in whole:
        return words.said[name]
    if "properties" in whole:
        return {
            inner: _body(inner, member, schemas, arguments, words, instead)
            for inner, member in whole["properties"].items()
        }
    if whole.get("type") == "array":
        return [_body("", whole["items"], schemas, arguments, words, instead)]
    return _plain(whole)


def _plain(schema: Mapping[str, Any]) -> Any:
    for given in ("const", "default"):
        if given in schema:
            return schema[given]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "string":
        return _text(schema)
    return {"integer": schema.get("minimum", 1), "number": 1.0, "boolean": True, "object": {}}.get(kind)


def _text(schema: Mapping[str, Any]) -> str:
    formats = {"date": "2027-06-30", "date-time": "2027-06-30T09:00:00Z", "uuid": NOBODYS}
    if "sha256" in schema.get("pattern", ""):
        return f"sha256:{'0' * 64}"
    return formats.get(schema.get("format", ""), "Words")
