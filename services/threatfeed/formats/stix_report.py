"""The members of a STIX 2.0 or 2.1 report that an assessment is read from.

STIX lets producers add properties of their own: what is not named here is not read. Types and bounds
only; what they mean is read in `stix.py`.
"""

from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from services.threatfeed.domain import limits
from services.threatfeed.formats.narrative_model import Language

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# Finer than a microsecond no version is ordered here.
_TIMESTAMP = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6}0*)?Z$"
# A list may hold a million faults: one of them is told.
_FIRST_FAULT = Field(fail_fast=True)
_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"

ReportId: TypeAlias = Annotated[str, Field(pattern=rf"^report--{_UUID}$")]
Reference: TypeAlias = Annotated[str, Field(max_length=limits.NAME_LENGTH, pattern=rf"^[a-z0-9-]+--{_UUID}$")]
Timestamp: TypeAlias = Annotated[str, Field(max_length=40, pattern=_TIMESTAMP)]
Line: TypeAlias = Annotated[str, Field(max_length=limits.NAME_LENGTH, pattern=_LINE)]


class _StixPart(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class StixExternalReference(_StixPart):
    """Where a report was published, or what another catalogue calls an object."""

    source_name: Line
    url: Annotated[str, Field(max_length=limits.URI_LENGTH)] | None = None
    external_id: Line | None = None


class StixGranularMarking(_StixPart):
    """A marking of a part of an object; one that only states a language has no `marking_ref`."""

    marking_ref: str | None = None


class StixMarked(_StixPart):
    """The markings that any STIX object can carry."""

    object_marking_refs: Annotated[list[Reference], _FIRST_FAULT] = []
    granular_markings: Annotated[list[StixGranularMarking], _FIRST_FAULT] = []


class StixVersion(_StixPart):
    """What identifies one version of a report (STIX 2.1 section 3.6)."""

    id: ReportId
    modified: Timestamp


class StixReport(StixVersion, StixMarked):
    """A report with content. `object_refs` of an unknown object are legal: it may come from elsewhere."""

    created: Timestamp
    name: Annotated[str, Field(max_length=limits.TITLE_LENGTH, pattern=_LINE)]
    description: Annotated[str, Field(max_length=limits.TEXT_LENGTH)] = ""
    published: Timestamp
    object_refs: Annotated[list[Reference], Field(min_length=1, fail_fast=True)]
    created_by_ref: Reference | None = None
    lang: Language | None = None
    confidence: object = None
    labels: Annotated[list[Line], Field(max_length=limits.LIST_LENGTH)] = []
    report_types: Annotated[list[Line], Field(max_length=limits.LIST_LENGTH)] = []
    external_references: Annotated[list[StixExternalReference], _FIRST_FAULT] = []
