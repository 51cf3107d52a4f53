"""Who may know of a request for clearance: those who are asked, and the party that asks in its series."""

from datetime import datetime
from uuid import UUID

from services.chassis.audit import AuditEntry, append
from services.chassis.database import Database
from services.kernel.parties import Reader, Role
from services.kernel.policy import NotEntitled, Policy
from services.kernel.refusals import NoAccess
from services.threatfeed.domain.clearances import Clearance, Which
from services.threatfeed.domain.paging import Position
from services.threatfeed.store.clearances import Known, find_clearance, page_of_clearances

_NOBODY = Known(None, (), None, ())


async def read_clearance(
    database: Database, reader: Reader, clearance_id: UUID, *, policy: Policy, at: datetime
) -> Clearance:
    """Audited where it carries the words of a tear line. Raises `NoAccess`."""
    async with database.transaction() as tx:
        found = await find_clearance(tx, clearance_id, known_to(policy, reader))
        if found is None:
            raise NoAccess(f"clearance {clearance_id}")
        if found.closing is not None and found.closing.tear_line is not None:
            await append(tx, audit_of(found, "clearance.tear-line-read", reader, at))
    return found.seen_at(at)


async def list_clearances(
    database: Database,
    reader: Reader,
    which: Which,
    *,
    after: Position | None,
    size: int,
    policy: Policy,
    at: datetime,
) -> tuple[list[Clearance], Position | None]:
    """A page of what the reader's party asked. Raises `NotEntitled`."""
    known = asking(policy, reader)
    return await _page(database, known, which, after, size, at)


async def list_queue(
    database: Database,
    reader: Reader,
    which: Which,
    *,
    after: Position | None,
    size: int,
    policy: Policy,
    at: datetime,
) -> tuple[list[Clearance], Position | None]:
    """A page of what the reader's organisation is asked. Raises `NotEntitled`."""
    known = answering(policy, reader)
    return await _page(database, known, which, after, size, at)


def answering(policy: Policy, reader: Reader) -> Known:
    """What a release officer may answer. Of a series that is kept to a list only those on it know."""
    if not any(policy.entitled(reader, Role.RELEASE_OFFICER, series) for series in policy.series):
        return _NOBODY
    return Known(reader.organisation, open_series(policy, reader), None, ())


def asking(policy: Policy, reader: Reader, *roles: Role) -> Known:
    """What the reader's party asked in the series where the reader holds one of the roles."""
    wanted = frozenset(roles or (Role.SECRETARIAT, Role.AUDITOR))
    series = tuple(one.id for one in policy.series_of(reader) if policy.roles(reader, one.id) & wanted)
    return Known(None, (), reader.party, series) if series else _NOBODY


def known_to(policy: Policy, reader: Reader) -> Known:
    officer, asker = answering(policy, reader), asking(policy, reader)
    return Known(officer.originator, officer.answering, asker.party, asker.asking)


def open_series(policy: Policy, reader: Reader) -> tuple[str, ...]:
    """The series of which the reader may know that they exist."""
    return tuple(
        key
        for key in sorted(policy.series)
        if policy.series[key].need_to_know is None or policy.roles(reader, key)
    )


def audit_of(
    clearance: Clearance, action: str, reader: Reader | None, at: datetime, request_id: str | None = None
) -> AuditEntry:
    """Without a reader the service itself acted. The words of a tear line are not repeated."""
    request, closing = clearance.request, clearance.closing
    return AuditEntry(
        action=action,
        actor="threatfeed" if reader is None else reader.subject,
        party=None if reader is None else reader.party,
        subject_kind="clearance",
        subject_id=str(clearance.id),
        at=at,
        request_id=request_id,
        detail={
            "assessment_id": str(request.assessment_id),
            "revision": request.revision,
            "rendition": request.rendition.value,
            "originator": request.originator,
            "party": request.party,
            "mode": request.mode.value,
            "series": request.series,
            "meeting_id": None if request.meeting is None else str(request.meeting.id),
            "state": clearance.state.value,
            "reason": request.reason,
            "closing_words": closing and closing.words,
            "consent_id": None if closing is None or closing.consent_id is None else str(closing.consent_id),
        },
    )


async def _page(
    database: Database, known: Known, which: Which, after: Position | None, size: int, at: datetime
) -> tuple[list[Clearance], Position | None]:
    if known == _NOBODY:
        raise NotEntitled("the caller may know of no requests")
    async with database.transaction() as tx:
        found = await page_of_clearances(tx, known, which, after, at, size + 1)
    page = [one.seen_at(at) for one in found[:size]]
    last = page[-1] if len(found) > size else None
    return page, None if last is None else (last.request.needed_by, last.id)
