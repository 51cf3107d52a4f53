"""The members of a MISP event that an assessment is read from (misp-core-format).

MISP writes numbers as strings, and instances add members of their own: what is not named here is not
read. Types and bounds only; what they mean is read in `misp.py` and `misp_facts.py`.
"""

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from services.threatfeed.domain import limits
from services.threatfeed.formats.narrative_model import Line, Title

_SECONDS: str = r"^[0-9]{1,11}$"
_TAG_LENGTH = 1_000
_MANY: Final = limits.PARTS


def _as_text(value: object) -> object:
    """A whole number as its digits: some instances write `3` where others write `"3"`."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_flag(value: object) -> object:
    """`0`, `1`, `"0"` and `"1"` as what they mean: MISP writes flags in three ways."""
    return _FLAGS.get(value, value) if isinstance(value, str | int) else value


def _absent(value: object) -> object:
    """`[]` as None: that is how MISP writes an object that is not there."""
    return None if value == [] else value


def _as_version(value: object) -> object:
    """A number as its digits; an empty text states none."""
    return _as_text(value) or None


_FLAGS: dict[str | int, bool] = {"0": False, "1": True, 0: False, 1: True}

Uuid: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
Seconds: TypeAlias = Annotated[str, BeforeValidator(_as_text), Field(pattern=_SECONDS)]
Flag: TypeAlias = Annotated[bool, BeforeValidator(_as_flag)]
Distribution: TypeAlias = Annotated[Literal["0", "1", "2", "3", "4", "5"] | None, BeforeValidator(_as_text)]
GalaxyVersion: TypeAlias = Annotated[
    Annotated[str, Field(max_length=limits.EDITION_LENGTH, pattern=r"^[A-Za-z0-9._-]*$")] | None,
    BeforeValidator(_as_version),
]
ThreatLevel: TypeAlias = Annotated[Literal["1", "2", "3", "4"], BeforeValidator(_as_text)]


class MispPart(BaseModel):
    """A part of an event; what it does not name is not read."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class MispTag(MispPart):
    """A tag; machine tags are `namespace:predicate="value"`."""

    name: Annotated[str, Field(max_length=_TAG_LENGTH)]


class MispCluster(MispPart):
    """One entry of a galaxy, the knowledge base of MISP."""

    type: Line
    value: Annotated[str, Field(max_length=_TAG_LENGTH)]
    version: GalaxyVersion = None
    meta: object = None
    deleted: Flag = False


class MispGalaxy(MispPart):
    """The entries of one galaxy that an event is about."""

    clusters: Annotated[
        list[MispCluster],
        Field(default_factory=list, fail_fast=True, max_length=_MANY, alias="GalaxyCluster"),
    ]


class MispMarked(MispPart):
    """What carries tags, and with them markings, and a distribution of its own."""

    tags: Annotated[list[MispTag], Field(default_factory=list, fail_fast=True, max_length=_MANY, alias="Tag")]
    distribution: Distribution = None
    deleted: Flag = False


class MispAttribute(MispMarked):
    """One value of an event. `value` is read only where its type says that it is one we take."""

    type: Line
    category: Line | None = None
    value: object = None
    first_seen: str | None = None
    last_seen: str | None = None


class MispObject(MispMarked):
    """Attributes that belong together."""

    attributes: Annotated[
        list[MispAttribute], Field(default_factory=list, fail_fast=True, max_length=_MANY, alias="Attribute")
    ]
    first_seen: str | None = None
    last_seen: str | None = None


class MispReport(MispMarked):
    """A text about the event, in Markdown."""

    content: Annotated[str | None, Field(max_length=limits.TEXT_LENGTH)] = None


class MispOrganisation(MispPart):
    """An organisation as it calls itself."""

    name: Line


class MispSharingGroup(MispPart):
    """A named circle of organisations."""

    name: Line | None = None


class MispVersion(MispPart):
    """What identifies one version of an event."""

    uuid: Uuid
    timestamp: Seconds


class MispEvent(MispVersion):
    """An event with content. `Orgc` created it, whoever holds the copy."""

    info: Title
    published: Flag
    publish_timestamp: Seconds = "0"
    threat_level_id: ThreatLevel = "4"
    distribution: Distribution = None
    sharing_group: Annotated[
        MispSharingGroup | None, BeforeValidator(_absent), Field(alias="SharingGroup")
    ] = None
    creator: Annotated[MispOrganisation | None, BeforeValidator(_absent), Field(alias="Orgc")] = None
    tags: Annotated[list[MispTag], Field(default_factory=list, fail_fast=True, max_length=_MANY, alias="Tag")]
    galaxies: Annotated[
        list[MispGalaxy], Field(default_factory=list, fail_fast=True, max_length=_MANY, alias="Galaxy")
    ]
    attributes: Annotated[
        list[MispAttribute], Field(default_factory=list, fail_fast=True, max_length=_MANY, alias="Attribute")
    ]
    objects: Annotated[
        list[MispObject], Field(default_factory=list, fail_fast=True, max_length=_MANY, alias="Object")
    ]
    reports: Annotated[
        list[MispReport], Field(default_factory=list, fail_fast=True, max_length=_MANY, alias="EventReport")
    ]
