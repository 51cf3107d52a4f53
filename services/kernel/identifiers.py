"""Identifiers that anybody can derive again, and the references that people read.

Derived identifiers are UUIDv5 (RFC 9562) in namespaces of our own; the name is the canonical JSON
of its parts, so no two lists of parts share a name. STIX reserves its own namespace for its own
objects: it is never used here.
"""

from hashlib import sha1
from json.encoder import encode_basestring_ascii
from uuid import UUID

from services.kernel.canonical import LARGEST_INTEGER, canonical_json
from services.kernel.refusals import InvalidValue

ASSESSMENTS = UUID("6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e10")
DECISIONS = UUID("6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e11")
RECEIPTS = UUID("6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e12")
EVENTS = UUID("6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e13")
MEETINGS = UUID("6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e14")
ACTIONS = UUID("6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e15")
CONSENTS = UUID("6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e16")
DECIDED_TEXTS = UUID("6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e17")
CLEARANCES = UUID("6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e18")
CONFLICTS = UUID("6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e20")
REVISIONS = UUID("6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e21")
TEMPLATE_ITEMS = UUID("6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e32")
RETURNING_ITEMS = UUID("6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e41")
EXPORTS = UUID("6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e30")
NOTICES = UUID("6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e43")
DIGESTS = UUID("6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e51")
EXPECTED_EVIDENCE = UUID("6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e52")
WITHDRAWAL_TASKS = UUID("6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e44")


def derived_id(namespace: UUID, *parts: str | int) -> UUID:
    """The UUIDv5 of an ordered list of parts; ("a", "bc") and ("ab", "c") differ."""
    name = f"[{','.join([_canonical(part) for part in parts])}]"
    # RFC 9562, section 5.5, as `uuid.uuid5` has it, in two thirds of its time.
    digest = sha1(namespace.bytes + name.encode(), usedforsecurity=False).digest()
    return UUID(int=int.from_bytes(digest[:16]), version=5)


def _canonical(part: str | int) -> str:
    """`canonical_json` of one part, without its price where nothing can be wrong with the part."""
    if isinstance(part, str):
        plain = part.isascii() and part.isprintable()
        return encode_basestring_ascii(part) if plain else _written(part)
    return str(part) if type(part) is int and 0 <= part <= LARGEST_INTEGER else _written(part)


def _written(part: str | int) -> str:
    return canonical_json(part).decode("utf-8")


def assessment_id(originator: str, source_object_id: str) -> UUID:
    """The identifier of an assessment, from its agency and that agency's own id for it."""
    return derived_id(ASSESSMENTS, originator, source_object_id)


def revision_id(assessment: UUID, content_sha256: str) -> UUID:
    """The identifier of a content of an assessment, the same wherever and whenever it is taken in."""
    return derived_id(REVISIONS, str(assessment), content_sha256)


def conflict_id(assessment: str, *version: str) -> UUID:
    """The identifier of a conflict of one version of an assessment, or of the whole where none is given."""
    return derived_id(CONFLICTS, assessment, *version)


def decision_id(record_hash: str) -> UUID:
    """The identifier of a releasability decision, from the content hash of its record."""
    return derived_id(DECISIONS, record_hash)


def consent_id(*members: str | int) -> UUID:
    """The identifier of a consent, from whose it is and what it is to."""
    return derived_id(CONSENTS, *members)


def clearance_id(request_hash: str) -> UUID:
    """The identifier of a request for a consent, from the hash of what is asked: what an official signed is
    good for one request only.
    """
    return derived_id(CLEARANCES, request_hash)


def decided_text_id(*members: str | int) -> UUID:
    """The identifier of a text as it would be used at a meeting: its revision, rendition and mode."""
    return derived_id(DECIDED_TEXTS, *members)


def receipt_id(topic: str, partition: int, offset: int, replay: int = 0) -> UUID:
    """The identifier of a receipt: the place of the submission, and which replay of it is answered
    (0 for none).
    """
    return derived_id(RECEIPTS, topic, partition, offset, replay)


def event_id(source: str, event_type: str, subject: str, version: int) -> UUID:
    """The identifier of the event that says `event_type` of version `version` of `subject`."""
    return derived_id(EVENTS, source, event_type, subject, version)


def meeting_id(series: str, edition: str) -> UUID:
    """The identifier of an edition of a series."""
    return derived_id(MEETINGS, series, edition)


def template_item_id(meeting: UUID, position: int) -> UUID:
    """The identifier of a line of the series' template in the agendas of a meeting."""
    return derived_id(TEMPLATE_ITEMS, str(meeting), position)


def returning_item_id(meeting: UUID, root: UUID) -> UUID:
    """The identifier of an item that comes back to a meeting, the same in every party's draft."""
    return derived_id(RETURNING_ITEMS, str(meeting), str(root))


def recurring_item_id(meeting: UUID, year: int, title: str) -> UUID:
    """The identifier of an item of the edition of a year that comes back at a meeting."""
    return derived_id(TEMPLATE_ITEMS, str(meeting), year, title)


def action_id(series: str, outcome_id: UUID, position: int) -> UUID:
    """The identifier of the action that stands at `position` in an agreed outcome."""
    return derived_id(ACTIONS, series, str(outcome_id), position)


def notice_id(*members: str | int) -> UUID:
    """The identifier of a notice of withdrawal, from whom it is for, what it is about, and when."""
    return derived_id(NOTICES, *members)


def withdrawal_task_id(*members: str | int) -> UUID:
    """The identifier of a task, from what rests on which text, how that fell, and when."""
    return derived_id(WITHDRAWAL_TASKS, *members)


def export_id(*members: str | int) -> UUID:
    """The identifier of an object that is written for readers, from its type and all that tells it apart."""
    return derived_id(EXPORTS, *members)


def series_stem(series: str) -> str:
    """The series' part of a human reference: `uk-eu` gives `UKEU`."""
    return series.replace("-", "").upper()


def meeting_ref(series: str, year: int) -> str:
    """The reference that people use for a meeting, for example `UKEU-2026`."""
    if not 1000 <= year <= 9999:
        raise InvalidValue("a reference needs a year of four digits")
    return f"{series_stem(series)}-{year}"


def action_ref(series: str, year: int, number: int) -> str:
    """The reference that people use for an action, for example `UKEU-2026-A07`."""
    if number < 1:
        raise InvalidValue("actions of a meeting are numbered from 1")
    return f"{meeting_ref(series, year)}-A{number:02d}"


def decision_ref(series: str, year: int, number: int) -> str:
    """The reference that people use for a decision, for example `UKEU-2026-D03`."""
    if number < 1:
        raise InvalidValue("decisions of a year are numbered from 1")
    return f"{meeting_ref(series, year)}-D{number:02d}"
