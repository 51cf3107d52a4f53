"""What the topic of assessments tells, read and compared: pure, and all that the stream's handler does."""

from collections.abc import Iterable, Mapping
from datetime import UTC
from functools import lru_cache
from uuid import UUID

from entente.exchange.v1 import marking_pb2
from entente.threatfeed.v1 import assessment_event_pb2
from google.protobuf.message import DecodeError

from services.chassis.envelope import read_event
from services.kernel.markings.marking import Marking
from services.kernel.refusals import Refusal, RefusalKind
from services.threatfeed.domain.picture import newer
from services.threatfeed.domain.visibility import SourceReference, Told
from services.threatfeed.events import CHANGED

_COUNTED = frozenset(
    {assessment_event_pb2.ASSESSMENT_STATE_ACTIVE, assessment_event_pb2.ASSESSMENT_STATE_EXPIRED}
)
"""An assessment whose time has passed was published all the same; one that is withdrawn is gone."""

_KNOWN = frozenset(assessment_event_pb2.AssessmentState.values()) - {
    assessment_event_pb2.ASSESSMENT_STATE_UNSPECIFIED
}

Headers = Iterable[tuple[str, bytes]] | Mapping[str, bytes] | None


class EventMalformed(Refusal):
    """The record is not what its topic carries."""

    kind = RefusalKind.INVALID
    reason = "EVENT_MALFORMED"


def state_after(held: bytes | None, key: bytes | None, headers: Headers, value: bytes | None) -> bytes | None:
    """The state to keep after a record; None where nothing newer is told.

    The last version wins, so repeats and any order lead to the same state. Raises `NotACloudEvent`,
    `EventMalformed`, or what a marking is refused with.
    """
    data = read_change(headers, value)
    incoming = read_told(data)
    if key != str(incoming.assessment_id).encode():
        raise EventMalformed("the key is another assessment's")
    before = None if held is None else read_told(held)
    return data if newer(before, incoming) else None


def read_change(headers: Headers, value: bytes | None) -> bytes:
    """The message in a record, still encoded. Raises `NotACloudEvent` or `EventMalformed`."""
    event = read_event(headers.items() if isinstance(headers, Mapping) else headers or (), value)
    if event.type != CHANGED:
        raise EventMalformed(f"the topic carries {CHANGED}", pointer="/ce_type")
    return event.data


def read_told(value: bytes) -> Told:
    """Raises `EventMalformed`."""
    message = assessment_event_pb2.AssessmentChanged()
    try:
        message.ParseFromString(value)
        identity = UUID(message.assessment_id)
        sources = tuple(
            SourceReference(source.agency, UUID(source.assessment_id), source.version)
            for source in message.sources
        )
        published = message.published_time.ToDatetime(UTC)
    except (DecodeError, ValueError, OverflowError) as error:
        raise EventMalformed("the value is not the message of its type") from error
    if message.aggregate_version < 1 or not message.agency or message.state not in _KNOWN:
        raise EventMalformed("the version, the agency or the state is missing or not known")
    counted = message.state in _COUNTED and message.HasField("published_time")
    return Told(
        assessment_id=identity,
        aggregate_version=message.aggregate_version,
        agency=message.agency,
        revision=message.revision,
        marking=_marking(message.marking),
        tear_line=_marking(message.tear_line_markings[0]) if message.tear_line_markings else None,
        marking_rule_id=message.marking_rule_id or None,
        sources=sources,
        themes=tuple(sorted({assignment.theme for assignment in message.themes})),
        sectors=tuple(sorted(set(message.sectors))),
        published=published if counted else None,
        version=message.source_version,
    )


def _marking(message: marking_pb2.Marking) -> Marking | None:
    return _decoded(message.SerializeToString(deterministic=True))


@lru_cache(maxsize=4_096)
def _decoded(content: bytes) -> Marking | None:
    """Assessments share few markings; equal ones become one object.

    None for an unmarked text, and for a marking of a later edition of this code: both are denied to all.
    """
    message = marking_pb2.Marking.FromString(content)
    tlp = {"version": message.tlp.version, "label": message.tlp.label}
    if not message.HasField("tlp") and not message.national:
        return None
    try:
        return Marking.from_document(
            {
                "tlp": tlp if message.HasField("tlp") else None,
                "national": [_national(entry) for entry in message.national],
                "originators": list(message.originators),
                "original_text": message.original_text or None,
            }
        )
    except (Refusal, ValueError):
        return None


def _national(entry: marking_pb2.NationalMarking) -> dict[str, object]:
    system = marking_pb2.MarkingSystem.Name(entry.system).removeprefix("MARKING_SYSTEM_")
    return {
        "system": system,
        "level": entry.level,
        "prefix": entry.prefix or None,
        "handling_instructions": list(entry.handling_instructions),
        "descriptors": list(entry.descriptors),
        "codewords": list(entry.codewords),
        "national_caveats": list(entry.national_caveats),
        "rel_to": list(entry.rel_to),
        "display_only": list(entry.display_only),
        "dissem_controls": list(entry.dissem_controls),
        "embargo_until": entry.embargo_until or None,
    }


class Reader:
    """Reads a whole table again and again; what has not changed is read once."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[bytes, Told]] = {}

    def read(self, table: Iterable[tuple[bytes, bytes]]) -> dict[UUID, Told]:
        known: dict[bytes, tuple[bytes, Told]] = {}
        for key, value in table:
            before = self._known.get(key)
            known[key] = before if before and before[0] is value else (value, read_told(value))
        self._known = known
        return {told.assessment_id: told for _, told in known.values()}
