"""proto/topics.yaml read strictly, and spread over the agencies and audiences of a deployment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator


class Per(StrEnum):
    AGENCY = "agency"
    AUDIENCE = "audience"


class Cleanup(StrEnum):
    DELETE = "delete"
    COMPACT = "compact"


def _days(text: object) -> object:
    if isinstance(text, str) and text.endswith("d") and text[:-1].isdigit():
        return timedelta(days=int(text[:-1]))
    return text


class TopicEntry(BaseModel):
    """One entry of the catalogue. {agency} or {audience} in names and principals stands for each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    per: Per | None = None
    owner: str
    key: str
    partitions: int
    cleanup: Cleanup
    retention: Annotated[timedelta | None, BeforeValidator(_days)] = None
    max_message_bytes: int
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    message: str
    also: tuple[str, ...] = ()
    """Further messages of the topic, told apart by `ce_type`."""
    content_type: str
    access: str
    marking_ceiling: str
    config: Mapping[str, str] = {}

    @property
    def messages(self) -> tuple[str, ...]:
        return (self.message, *self.also)

    @model_validator(mode="after")
    def _retention_follows_cleanup(self) -> "TopicEntry":
        if (self.cleanup is Cleanup.DELETE) != (self.retention is not None):
            raise ValueError(f"{self.name}: retention is for topics that are cleaned by deletion")
        return self

    @model_validator(mode="after")
    def _name_says_what_it_is_spread_over(self) -> "TopicEntry":
        if self.per and f"{{{self.per}}}" not in self.name:
            raise ValueError(f"{self.name}: spread over {self.per}, but not named by it")
        return self


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of a deployment: what the broker is told, and who may write and read it."""

    name: str
    partitions: int
    config: Mapping[str, str]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]


class Catalogue(BaseModel):
    """The whole of proto/topics.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    topics: tuple[TopicEntry, ...]

    @classmethod
    def read(cls, path: Path) -> "Catalogue":
        """Read the file. Raises pydantic.ValidationError on an unknown or ill-formed member."""
        return cls.model_validate(yaml.safe_load(path.read_text()))

    def spread(self, agencies: Iterable[str], audiences: Iterable[str]) -> tuple[Topic, ...]:
        """All topics of a deployment with these agency and audience ids."""
        members = {Per.AGENCY: tuple(agencies), Per.AUDIENCE: tuple(audiences)}
        return tuple(
            _topic(entry, {entry.per.value: member} if entry.per else {})
            for entry in self.topics
            for member in (members[entry.per] if entry.per else ("",))
        )


def _topic(entry: TopicEntry, values: Mapping[str, str]) -> Topic:
    config = {
        "cleanup.policy": entry.cleanup.value,
        "max.message.bytes": str(entry.max_message_bytes),
        **entry.config,
    }
    if entry.retention is not None:
        config["retention.ms"] = str(int(entry.retention.total_seconds() * 1000))
    return Topic(
        name=entry.name.format_map(values),
        partitions=entry.partitions,
        config=config,
        producers=tuple(principal.format_map(values) for principal in entry.producers),
        consumers=tuple(principal.format_map(values) for principal in entry.consumers),
    )
