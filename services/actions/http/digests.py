"""Routes for owners, who are reminded in one digest an organisation and working day."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from services.actions.domain.reminders import Matter, by_lead
from services.actions.http.evidence_models import Model
from services.actions.http.parts import Reading, read_by
from services.actions.usecases.paging import LARGEST_PAGE
from services.actions.usecases.read_digests import Reminded, list_digests, read_digest
from services.kernel.parties import Role

OwnerReading = Annotated[Reading, Depends(read_by(Role.OWNER))]


class DigestEntry(Model):
    action_id: UUID
    reference: str
    text: str
    marking: str
    due_date: date = Field(description="As it was when the organisation was reminded")
    matters: list[Matter]


class DigestGroup(Model):
    """The actions that one official leads; both empty for those that nobody was named for."""

    post: str
    subject: str
    entries: list[DigestEntry]


class Digest(Model):
    """What an organisation was reminded of on a working day of its party."""

    id: UUID
    series: str
    party: str
    organisation: str
    sent_on: date
    sent_at: datetime
    groups: list[DigestGroup]


class DigestPage(Model):
    digests: list[Digest]
    next_page_token: str = Field(description="Empty at the end")


def show(reminded: Reminded) -> Digest:
    digest = reminded.digest
    return Digest(
        id=digest.id,
        series=digest.series,
        party=digest.party,
        organisation=digest.organisation,
        sent_on=digest.sent_on,
        sent_at=digest.sent_at,
        groups=[
            DigestGroup(
                post=post,
                subject=subject,
                entries=[
                    DigestEntry(
                        action_id=entry.action_id,
                        reference=reminded.actions[entry.action_id].reference,
                        text=reminded.actions[entry.action_id].text,
                        marking=reminded.actions[entry.action_id].marking,
                        due_date=entry.due_date,
                        matters=list(entry.matters),
                    )
                    for entry in entries
                ],
            )
            for post, subject, entries in by_lead(digest.entries)
        ],
    )


async def list_(
    reading: OwnerReading,
    series: Annotated[str, Query(max_length=100)],
    page_size: Annotated[int, Query(ge=0, description=f"At most {LARGEST_PAGE}")] = 0,
    page_token: Annotated[str, Query(max_length=500)] = "",
) -> DigestPage:
    """What the caller's organisation was reminded of in a series, the latest first."""
    page = await list_digests(
        reading.database,
        reading.reader,
        series,
        size=page_size,
        token=page_token,
        policy=reading.policy,
        now=reading.now,
    )
    return DigestPage(digests=[show(one) for one in page.digests], next_page_token=page.next_token)


async def get(digest_id: UUID, reading: OwnerReading) -> Digest:
    """One digest."""
    found = await read_digest(
        reading.database, reading.reader, digest_id, policy=reading.policy, now=reading.now
    )
    return show(found)


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1/digests", tags=["notices"])
    router.get("", response_model=DigestPage)(list_)
    router.get("/{digest_id}", response_model=Digest)(get)
    return router
