"""Which format a submission is in: as its content type says, else as its content shows."""

import re
from enum import StrEnum
from typing import Final, assert_never

from services.threatfeed.domain.assessment import SourceFormat
from services.threatfeed.domain.refusals import (
    ContentTypeMismatch,
    ContentTypeUnknown,
    FormatUnrecognised,
)
from services.threatfeed.formats.json_text import Json

NARRATIVE_CONTENT_TYPE: Final = "application/vnd.entente.assessment+json;version=1"
STIX_2_0_CONTENT_TYPE: Final = "application/stix+json;version=2.0"
STIX_2_1_CONTENT_TYPE: Final = "application/stix+json;version=2.1"
# None of these three has a media type of its own: they are published as application/json.
MISP_CONTENT_TYPE: Final = "application/vnd.entente.misp+json"
CSAF_CONTENT_TYPE: Final = "application/vnd.entente.csaf+json"
KEV_CONTENT_TYPE: Final = "application/vnd.entente.kev+json"

_PARAMETER: Final = re.compile(r'\s*([a-z0-9-]+)\s*=\s*"?([^";\s]*)"?\s*')
_LONGEST: Final = 200
_STIX: Final = {"2.0": SourceFormat.STIX_2_0, "2.1": SourceFormat.STIX_2_1}
_CSAF: Final = {"2.0": SourceFormat.CSAF_2_0, "2.1": SourceFormat.CSAF_2_1}


class Format(StrEnum):
    """The formats that a submission can be in."""

    NARRATIVE = "narrative assessment"
    STIX = "STIX bundle"
    MISP = "MISP event"
    CSAF = "CSAF document"
    KEV = "KEV catalogue"


class Declared(StrEnum):
    """What a content type says about the content."""

    NARRATIVE = NARRATIVE_CONTENT_TYPE
    STIX_2_0 = STIX_2_0_CONTENT_TYPE
    STIX_2_1 = STIX_2_1_CONTENT_TYPE
    STIX = "application/stix+json"
    MISP = MISP_CONTENT_TYPE
    CSAF = CSAF_CONTENT_TYPE
    KEV = KEV_CONTENT_TYPE
    JSON = "application/json"

    @property
    def means(self) -> Format | None:
        """None where the content has to show it."""
        match self:
            case Declared.NARRATIVE:
                return Format.NARRATIVE
            case Declared.STIX_2_0 | Declared.STIX_2_1 | Declared.STIX:
                return Format.STIX
            case Declared.MISP:
                return Format.MISP
            case Declared.CSAF:
                return Format.CSAF
            case Declared.KEV:
                return Format.KEV
            case Declared.JSON:
                return None
            case _:
                assert_never(self)


def read_content_type(header: str | None) -> Declared:
    """The meaning of a content type; without a header, JSON whose content has to show the format.

    Names and values compare without case; a charset other than UTF-8 is refused (RFC 8259 section 8.1).
    Raises `ContentTypeUnknown`.
    """
    if header is None or not header.strip():
        return Declared.JSON
    if (declared := _EXACT.get(header)) is not None:
        return declared
    essence, *parameters = header[:_LONGEST].lower().split(";")
    values: dict[str, str] = {}
    for parameter in parameters:
        match = _PARAMETER.fullmatch(parameter)
        if match is None or match[1] in values:
            raise ContentTypeUnknown(f"the parameters of {header[:_LONGEST]!r} are malformed")
        values[match[1]] = match[2]
    if values.pop("charset", "utf-8") not in ("utf-8", "utf8"):
        raise ContentTypeUnknown("JSON is published in UTF-8")
    version = values.pop("version", None)
    name = essence.strip() if version is None else f"{essence.strip()};version={version}"
    declared = _EXACT.get(name)
    if declared is None or values:
        raise ContentTypeUnknown(f"{header[:_LONGEST]!r} is not an accepted content type")
    return declared


def select_format(declared: Declared, document: Json) -> Format:
    """The format to read a document in.

    Raises `ContentTypeMismatch` when the content shows another format than the declared one, and
    `FormatUnrecognised` when neither tells.
    """
    shown = _shown(document)
    expected = declared.means
    if expected is None:
        if shown is None:
            raise FormatUnrecognised("the content is in none of the accepted formats")
        return shown
    if shown not in (None, expected):
        raise ContentTypeMismatch(f"declared as {declared.value}, but the content is a {shown.value}")
    return expected


def source_format(content_type: str | None, document: Json) -> SourceFormat:
    """The format of a submission as a whole, for one whose assessments could not be read.

    A STIX bundle that does not state its version is one of STIX 2.1, whatever its objects state. Raises as
    `read_content_type` and `select_format` do, and `FormatUnrecognised` for an edition that is not accepted.
    """
    match select_format(read_content_type(content_type), document):
        case Format.NARRATIVE:
            return SourceFormat.NARRATIVE
        case Format.STIX:
            return _edition(document, ("spec_version",), _STIX, "2.1")
        case Format.MISP:
            return SourceFormat.MISP
        case Format.CSAF:
            return _edition(document, ("document", "csaf_version"), _CSAF, "")
        case Format.KEV:
            return SourceFormat.KEV
        case unreachable:
            assert_never(unreachable)


def _edition(
    document: Json, path: tuple[str, ...], editions: dict[str, SourceFormat], without: str
) -> SourceFormat:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    stated = without if document is None else document
    found = editions.get(stated) if isinstance(stated, str) else None
    if found is None:
        raise FormatUnrecognised("the edition of the format is not accepted")
    return found


def _is_stix_object(content: Json) -> bool:
    """Also outside a bundle, where it is refused as what it is."""
    if not isinstance(content, dict):
        return False
    kind, object_id = content.get("type"), content.get("id")
    return isinstance(kind, str) and isinstance(object_id, str) and object_id.startswith(f"{kind}--")


def _shown(document: Json) -> Format | None:
    if isinstance(document, list):
        first = document[0] if document else None
        if isinstance(first, dict) and "Event" in first:
            return Format.MISP
        return Format.STIX if _is_stix_object(first) else None
    if not isinstance(document, dict):
        return None
    if document.get("type") == "bundle" or _is_stix_object(document):
        return Format.STIX
    if "Event" in document or "response" in document:
        return Format.MISP
    head = document.get("document")
    if isinstance(head, dict) and "csaf_version" in head:
        return Format.CSAF
    if "catalogVersion" in document and "vulnerabilities" in document:
        return Format.KEV
    if "type" not in document and "id" in document and "version" in document:
        return Format.NARRATIVE
    return None


_EXACT: Final = {declared.value: declared for declared in Declared} | {
    "application/vnd.entente.assessment+json": Declared.NARRATIVE
}
