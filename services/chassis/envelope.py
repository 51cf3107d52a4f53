"""CloudEvents 1.0 in binary content mode on Kafka.

Attributes travel in clear and are read by every intermediary: no title, actor or text in them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.kernel.refusals import Refusal, RefusalKind

Headers = tuple[tuple[str, bytes], ...]

_REQUIRED = ("ce_id", "ce_source", "ce_specversion", "ce_type")


class NotACloudEvent(Refusal):
    """The record lacks attributes that a CloudEvent must have."""

    kind = RefusalKind.INVALID
    reason = "NOT_A_CLOUD_EVENT"


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `source` and `id` together are unique: the key for dropping repeats."""

    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    data: bytes
    content_type: str
    traceparent: str | None = None
    extensions: Mapping[str, str] = field(default_factory=dict)

    def headers(self) -> dict[str, str]:
        return {"ce_id": str(self.id), "ce_subject": self.subject, **self.shared_headers()}

    def shared_headers(self) -> dict[str, str]:
        """The headers without those that name this one event."""
        headers = {
            "ce_source": self.source,
            "ce_specversion": "1.0",
            "ce_type": self.type,
            "ce_time": self.time.isoformat(),
            "content-type": self.content_type,
        }
        if self.traceparent is not None:
            headers["traceparent"] = self.traceparent
        for name, value in self.extensions.items():
            headers[f"ce_{name}"] = value
        return headers


def header(headers: Headers, name: str) -> str | None:
    """The last header of that name, as text; None when it is absent or not UTF-8."""
    for key, value in reversed(headers):
        if key == name:
            try:
                return value.decode()
            except UnicodeDecodeError:
                return None
    return None


def read_event(headers: Iterable[tuple[str, bytes]], value: bytes | None) -> Event:
    """The event in a record. Raises `NotACloudEvent`."""
    try:
        texts = {key: text.decode() for key, text in headers}
    except UnicodeDecodeError as error:
        raise NotACloudEvent("a header is not UTF-8") from error
    for name in _REQUIRED:
        if name not in texts:
            raise NotACloudEvent(f"header {name} is missing", pointer=f"/{name}")
    if texts["ce_specversion"] != "1.0":
        raise NotACloudEvent("the CloudEvents version is not 1.0", pointer="/ce_specversion")
    if value is None:
        raise NotACloudEvent("the record has no value")
    try:
        identity = UUID(texts["ce_id"])
        time = datetime.fromisoformat(texts["ce_time"])
    except (KeyError, ValueError) as error:
        raise NotACloudEvent("ce_id or ce_time is malformed") from error
    if time.tzinfo is None:
        raise NotACloudEvent("ce_time has no offset from UTC (RFC 3339)", pointer="/ce_time")
    return Event(
        id=identity,
        source=texts["ce_source"],
        type=texts["ce_type"],
        subject=texts.get("ce_subject", ""),
        time=time,
        data=value,
        content_type=texts.get("content-type", ""),
        traceparent=texts.get("traceparent"),
    )
