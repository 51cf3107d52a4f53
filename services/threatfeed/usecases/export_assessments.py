"""Writes what a reader may read of a search, for the reader to take away."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.chassis.audit import AuditEntry, append
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.kernel.markings.marking import Marking
from services.kernel.parties import Reader
from services.kernel.policy import NotEntitled, Policy
from services.threatfeed.domain.exports import (
    LONGEST_MARKING,
    Exported,
    ExportFormat,
    Manifest,
    Member,
)
from services.threatfeed.domain.paging import Position
from services.threatfeed.domain.search import Search
from services.threatfeed.domain.views import in_rendition
from services.threatfeed.formats.exports import open_writer
from services.threatfeed.store.readings import Held, find_latest, find_revision
from services.threatfeed.store.view_search import Hit, search_views
from services.threatfeed.usecases.read_assessment import rendition_for

_AT_ONCE: Final = 50
"""Assessments that are held in memory together."""


@dataclass(frozen=True, slots=True)
class Export:
    """An export whose content and marking are settled and on record before its first byte."""

    form: ExportFormat
    manifest: Manifest
    following: Position | None
    """Where the next export begins; None where there is no more."""
    database: Database
    reader: Reader
    policy: Policy
    clock: Clock

    async def chunks(self) -> AsyncIterator[bytes]:
        """The file, a part at a time.

        Every text is decided again before it is given. One that may no longer be given in the rendition that
        the marking was made for is left out: a later consent must not bring what the marking does not cover.
        """
        writer = open_writer(self.form, self.manifest)
        yield writer.head()
        for start in range(0, len(self.manifest.members), _AT_ONCE):
            part = self.manifest.members[start : start + _AT_ONCE]
            async with self.database.transaction() as tx:
                found = [one for member in part if (one := await self._read(tx, member))]
            written = b"".join(writer.one(one) for one in found)
            if written:
                yield written
        if tail := writer.tail():
            yield tail

    async def _read(self, tx: Transaction, member: Member) -> Exported | None:
        held = await find_revision(tx, member.assessment_id, member.revision)
        if held is None:
            return None
        rendition = await rendition_for(tx, held, self.reader.party, self.policy, self.clock())
        return exported_of(held, member) if rendition is member.rendition else None


async def export_assessments(
    database: Database,
    reader: Reader,
    search: Search,
    form: ExportFormat,
    *,
    after: Position | None,
    size: int,
    policy: Policy,
    clock: Clock,
) -> Export:
    """What a search finds, the latest published first. Audited with every id. Raises `NotEntitled`.

    It ends early where its marking would grow too long to stand in a header.
    """
    if not policy.series_of(reader):
        raise NotEntitled("Permission to read assessments denied")
    at = clock()
    async with database.transaction() as tx:
        manifest, following = await _settled(tx, reader, search, after, size, policy, at)
        await append(
            tx,
            AuditEntry(
                action="assessments.exported",
                actor=reader.subject,
                party=reader.party,
                subject_kind="search",
                subject_id=search.question(),
                at=at,
                detail={
                    "format": form.value,
                    "marking": manifest.banner,
                    "assessments": [str(member.assessment_id) for member in manifest.members],
                },
            ),
        )
    return Export(form, manifest, following, database, reader, policy, clock)


async def _settled(
    tx: Transaction,
    reader: Reader,
    search: Search,
    after: Position | None,
    size: int,
    policy: Policy,
    at: datetime,
) -> tuple[Manifest, Position | None]:
    hits = await search_views(tx, reader.party, search, after, size + 1)
    manifest, last = Manifest(), after
    for start in range(0, min(len(hits), size), _AT_ONCE):
        part = hits[start : min(start + _AT_ONCE, size)]
        latest = await find_latest(tx, [hit.assessment_id for hit in part])
        held = {one.content.assessment_id: one for one in latest}
        for hit in part:
            found = await _member(tx, held.get(hit.assessment_id), hit, reader.party, policy, at)
            wider = manifest if found is None else manifest.having(*found)
            if len(wider.banner) > LONGEST_MARKING and manifest.members:
                return manifest, last
            manifest, last = wider, hit.position
    return manifest, last if len(hits) > size else None


async def _member(
    tx: Transaction, held: Held | None, hit: Hit, party: str, policy: Policy, at: datetime
) -> tuple[Member, Marking] | None:
    if held is None:
        return None
    rendition = await rendition_for(tx, held, party, policy, at)
    if rendition is None:
        return None
    member = Member(hit.assessment_id, held.revision, rendition, hit.shown)
    return member, exported_of(held, member).marking


def exported_of(held: Held, member: Member) -> Exported:
    """What is held, in the rendition that the member says."""
    return Exported(
        content=in_rendition(held.content, member.rendition),
        revision=held.revision,
        state=held.state.value,
        rendition=member.rendition,
        party=held.party,
        shown=member.shown,
    )
