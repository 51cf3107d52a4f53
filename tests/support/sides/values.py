"""What the agenda is asked with: values of arguments by name, and bodies made from their schemas."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.support.sides.stage import Stage

NOBODYS: Final = "11111111-1111-4111-8111-111111111111"
ABSENT: Final = None
"""The argument is left out."""
_MOST: Final = 4
"""Ids of one kind that the reader does not see, and half as many that it does, which are asked with."""


@dataclass(frozen=True)
class Arguments:
    """The ids that there are, by the name of an argument: what the reader sees, and what it does not see."""

    seen: Mapping[str, tuple[str, ...]]
    hidden: Mapping[str, tuple[str, ...]]
    most: int = _MOST

    @classmethod
    def of(cls, whole: Stage, told: Stage, most: int = _MOST) -> "Arguments":
        """From a world and from what the reader was told of it."""
        seen = {name: tuple(ids) for name, ids in told.met.items()}
        hidden = {
            name: tuple(one for one in ids if one not in seen.get(name, ()))
            for name, ids in whole.met.items()
        }
        return cls(seen, hidden, most)

    def ids(self, name: str) -> tuple[str, ...]:
        seen, hidden = self.seen.get(name, ()), self.hidden.get(name, ())
        return (*seen[: (self.most + 1) // 2], *hidden[: self.most], NOBODYS)

    def every_id(self) -> tuple[str, ...]:
        """Two of each kind that is not seen, and one that is."""
        kinds = sorted({*self.seen, *self.hidden})
        return tuple(
            dict.fromkeys(
                one
                for kind in kinds
                for one in (*self.seen.get(kind, ())[:1], *self.hidden.get(kind, ())[:2])
            )
        )


Values = Sequence[Any]
"""The first is that of a plain call; of each further one there is a call."""
Named = Callable[[Arguments], Values]

VALUES: Final[Mapping[str, Named]] = {
    "wanted": lambda a: a.every_id(),
    "from": lambda a: a.ids("agenda_id"),
    "earlier_agenda_id": lambda a: a.ids("agenda_id"),
    "conclusions_meeting_id": lambda a: a.ids("meeting_id"),
    "id": lambda a: a.every_id(),
    "etag": lambda _: ('"1"', '"2"'),
    "content_hash": lambda _: (f"sha256:{'0' * 64}",),
    "jws": lambda _: ("e30..AA",),
    "marking": lambda _: ("TLP:GREEN",),
    "series": lambda _: ("uk-eu", "uk-us-cmr", "no-such"),
    "subject": lambda a: (
        "commitment:C3",
        *(f"assessment:{one}" for one in a.ids("assessment_id")),
        *(f"proposal:{one}" for one in a.ids("proposal_id")),
        *(f"action:{one}" for one in a.ids("action_id")),
    ),
    "section": lambda a: ("OPENING", "CLOSING", *a.ids("item_id")),
    "name": lambda _: ("Director",),
    "organisation": lambda _: ("DSIT",),
    "nationality": lambda _: ("GBR",),
    "represents": lambda _: ("",),
    "text": lambda _: ("Words",),
    "theme": lambda _: (ABSENT, "CNI_PRIVATE_SECTOR", "THREAT_LANDSCAPE"),
    "selection": lambda _: (ABSENT, "DONE", "ALL"),
    "state": lambda _: (ABSENT, "PARKED"),
    "commitment": lambda _: (ABSENT, "C3", "S1"),
    "edition": lambda _: (ABSENT, 2026, 2027),
    "page_size": lambda _: (ABSENT, 1),
    "page_token": lambda _: (ABSENT, "e30=", "not a token"),
    "if-match": lambda _: ('"1"', '"2"'),
    "idempotency-key": lambda _: ("",),
    # Of quarantine and consumers, which are asked about in threatfeed's proof.
    "record": lambda _: ("threatfeed.assessment.v1:0:0",),
    "reason": lambda _: (ABSENT,),
    "topic": lambda _: (ABSENT, "threatfeed.assessment.v1"),
    "received_from": lambda _: (ABSENT,),
    "received_before": lambda _: (ABSENT,),
    "group": lambda _: ("agenda.assessments",),
    "partition": lambda _: (0,),
}
"""By the name of an argument in a path, a query or a header, and of a field over gRPC. Ids need none."""

_OF_ANOTHER_NAME: Final[Mapping[str, str]] = {
    "one": "action_id",
    "other": "action_id",
    "before": "item_id",
    "after": "item_id",
}
"""Members of bodies that are ids of a kind which their names do not tell."""

SAID: Final[Mapping[str, Any]] = {
    "series": "uk-eu",
    "edition": 2028,
    "host_party": "UK",
    "starts_at": "2028-12-09T09:00:00Z",
    "ends_at": "2028-12-10T09:00:00Z",
    "marking": "TLP:GREEN",
    "theme": "CNI_PRIVATE_SECTOR",
    "commitments": ["C3"],
    "commitment": "C3",
    "leads": {"UK": "DSIT", "EU": "CNECT"},
    "party": "UK",
    "organisation": "DSIT",
    "nationality": "GBR",
    "due_date": "2027-06-30",
    "represents": "",
}
"""Of a member of a body by its name, where what its schema allows would be refused at once."""


def values_for(
    place: str,
    name: str,
    arguments: Arguments,
    schema: Mapping[str, Any],
    schemas: Mapping[str, Any],
    *,
    required: bool = True,
) -> Values:
    """Raises `LookupError` for a text that nobody has given values to."""
    named = VALUES.get(name)
    if named is not None:
        return named(arguments)
    if name.endswith("_id"):
        return arguments.ids(name)
    of_kind = _of_kind(schema, schemas)
    if of_kind:
        return of_kind if required else (ABSENT, *of_kind)
    raise LookupError(
        f"{place} has an argument '{name}' that tests/support/sides/values.py gives no values for: "
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


def bodies(schema: Mapping[str, Any], schemas: Mapping[str, Any], arguments: Arguments) -> Iterator[Any]:
    """A body that the schema allows, and one more for each further id that a member of it can have."""
    yield _body("", schema, schemas, arguments, None)
    for name in sorted(_ids_in(schema, schemas)):
        for value in arguments.ids(_OF_ANOTHER_NAME.get(name, name))[1:]:
            yield _body("", schema, schemas, arguments, (name, value))


def _whole(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        return _whole(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for combined in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(combined, ()):
            if one.get("type") != "null":
                return _whole(one, schemas)
    return schema


def _ids_in(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> set[str]:
    whole = _whole(schema, schemas)
    if "items" in whole:
        return _ids_in(whole["items"], schemas)
    found: set[str] = set()
    for name, member in whole.get("properties", {}).items():
        found |= {name} if _kind_of_id(name, member, schemas) else _ids_in(member, schemas)
    return found


def _kind_of_id(name: str, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """By which name there are ids for a member; empty where it is none."""
    if name.endswith("_id"):
        return name
    is_id = _whole(schema, schemas).get("format") == "uuid"
    return _OF_ANOTHER_NAME.get(name, "") if is_id else ""


def _body(
    name: str,
    schema: Mapping[str, Any],
    schemas: Mapping[str, Any],
    arguments: Arguments,
    instead: tuple[str, str] | None,
) -> Any:
    kind = _kind_of_id(name, schema, schemas)
    if kind:
        return instead[1] if instead is not None and instead[0] == name else arguments.ids(kind)[0]
    whole = _whole(schema, schemas)
    if name in SAID and "enum" not in whole:
        return SAID[name]
    if "properties" in whole:
        return {
            inner: _body(inner, member, schemas, arguments, instead)
            for inner, member in whole["properties"].items()
        }
    if whole.get("type") == "array":
        return [_body("", whole["items"], schemas, arguments, instead)]
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
