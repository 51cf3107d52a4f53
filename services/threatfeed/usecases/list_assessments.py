"""Lists and searches the assessments that a reader may read."""

from datetime import datetime

from services.chassis.audit import AuditEntry, append
from services.chassis.database import Database, Transaction
from services.kernel.parties import Reader
from services.kernel.policy import NotEntitled, Policy
from services.threatfeed.domain.paging import Position
from services.threatfeed.domain.search import Search
from services.threatfeed.store.readings import Held, find_latest
from services.threatfeed.store.view_search import search_views
from services.threatfeed.usecases.read_assessment import Rendered, rendition_for


async def list_assessments(
    database: Database,
    reader: Reader,
    search: Search,
    *,
    after: Position | None,
    size: int,
    policy: Policy,
    at: datetime,
) -> tuple[list[Rendered], Position | None]:
    """A page, latest published first; no position when there is no more. Audited. Raises `NotEntitled`.

    The view says what may be there; each is decided again, since a view follows its assessment.
    """
    if not policy.series_of(reader):
        raise NotEntitled("Permission to read assessments denied")
    async with database.transaction() as tx:
        hits = await search_views(tx, reader.party, search, after, size + 1)
        latest = await find_latest(tx, [hit.assessment_id for hit in hits[:size]])
        held = {one.content.assessment_id: one for one in latest}
        page = [
            found
            for hit in hits[:size]
            if (found := await _rendered(tx, held.get(hit.assessment_id), reader, policy, at))
        ]
        await append(
            tx,
            AuditEntry(
                action="assessments.listed",
                actor=reader.subject,
                party=reader.party,
                subject_kind="search",
                subject_id=search.question(),
                at=at,
                detail={"assessments": [str(found.held.content.assessment_id) for found in page]},
            ),
        )
    return page, hits[size - 1].position if len(hits) > size else None


async def _rendered(
    tx: Transaction, held: Held | None, reader: Reader, policy: Policy, at: datetime
) -> Rendered | None:
    if held is None:
        return None
    rendition = await rendition_for(tx, held, reader.party, policy, at)
    return None if rendition is None else Rendered(held, rendition)
