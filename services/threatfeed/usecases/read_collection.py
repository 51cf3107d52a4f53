"""Gives the objects of a collection: what a party may read, as STIX, in the order in which it was shown."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from services.chassis.audit import AuditEntry, append
from services.chassis.database import Database, Transaction
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.threatfeed.domain.collections import Place, Wanted, collection_of
from services.threatfeed.domain.exports import Exported, Member
from services.threatfeed.formats.stix_objects import StixObject, objects_of, revoked_objects
from services.threatfeed.store.readings import Held, find_latest
from services.threatfeed.store.view_feed import ShownPlace, shown_places
from services.threatfeed.usecases.export_assessments import exported_of
from services.threatfeed.usecases.read_assessment import rendition_for

_AT_ONCE: Final = 50
_MOST_LOOKED_AT: Final = 200
"""Assessments that one request goes through: a filter that little passes takes several requests."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An object, and when it was added to the collection."""

    content: StixObject
    added: datetime


@dataclass(slots=True)
class Envelope:
    """Objects in their order, and where the next ones begin; None where there are no more."""

    entries: list[Entry] = field(default_factory=list)
    following: Place | None = None


async def read_collection(
    database: Database, reader: Reader, collection_id: UUID, wanted: Wanted, *, policy: Policy, at: datetime
) -> Envelope:
    """Audited. Raises `NoAccess` where there is no such collection, or none for this reader."""
    party = collection_of(reader, collection_id, policy).audience.party
    only = wanted.match.reports()
    envelope, given, place = Envelope(), list[UUID](), wanted.start
    async with database.transaction() as tx:
        for _ in range(_MOST_LOOKED_AT // _AT_ONCE):
            places = await shown_places(tx, party, place.sequence, wanted.added_after, only, _AT_ONCE)
            found = await _objects(tx, places, party, policy, at)
            for one, objects in zip(places, found, strict=True):
                if _take(envelope, one, objects, wanted):
                    given.append(one.assessment_id)
                if envelope.following is not None:
                    break
            if envelope.following is not None or len(places) < _AT_ONCE:
                break
            place = Place(places[-1].sequence + 1)
        else:
            envelope.following = place
        await append(
            tx,
            AuditEntry(
                action="collection.read",
                actor=reader.subject,
                party=reader.party,
                subject_kind="collection",
                subject_id=str(collection_id),
                at=at,
                detail={"assessments": [str(identity) for identity in given]},
            ),
        )
    return envelope


def _take(envelope: Envelope, place: ShownPlace, objects: list[StixObject], wanted: Wanted) -> bool:
    """Puts in what is asked for; returns whether anything was. Ends where the limit is reached."""
    before = len(envelope.entries)
    there = {entry.content["id"] for entry in envelope.entries}
    for offset, content in _from(objects, place.sequence, wanted.start):
        if content["id"] in there or not wanted.match.passes(content):
            continue
        if len(envelope.entries) == wanted.limit:
            envelope.following = Place(place.sequence, offset)
            break
        envelope.entries.append(Entry(content, place.shown))
    return len(envelope.entries) > before


def _from(objects: list[StixObject], sequence: int, start: Place) -> Iterator[tuple[int, StixObject]]:
    skipped = start.offset if sequence == start.sequence else 0
    return ((offset, content) for offset, content in enumerate(objects) if offset >= skipped)


async def _objects(
    tx: Transaction, places: list[ShownPlace], party: str, policy: Policy, at: datetime
) -> list[list[StixObject]]:
    """The objects of each place. One whose assessment has moved on has none: it comes again, later in the
    order.
    """
    latest = await find_latest(tx, [place.assessment_id for place in places])
    held = {one.content.assessment_id: one for one in latest}
    return [await _of_place(tx, place, held.get(place.assessment_id), party, policy, at) for place in places]


async def _of_place(
    tx: Transaction, place: ShownPlace, held: Held | None, party: str, policy: Policy, at: datetime
) -> list[StixObject]:
    if held is None:
        return []
    if not place.readable:
        return revoked_objects(place.assessment_id, held.content.originator, place.published, place.shown)
    exported = await _readable(tx, place, held, party, policy, at)
    return [] if exported is None else objects_of(exported)


async def _readable(
    tx: Transaction, place: ShownPlace, held: Held, party: str, policy: Policy, at: datetime
) -> Exported | None:
    if held.revision != place.revision:
        return None
    rendition = await rendition_for(tx, held, party, policy, at)
    if rendition is None or rendition is not place.rendition:
        return None
    return exported_of(held, Member(place.assessment_id, held.revision, rendition, place.shown))
