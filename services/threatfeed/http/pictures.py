"""Pictures over REST."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from services.chassis.http.requests import permit
from services.chassis.identity import Principal
from services.kernel.parties import Reader
from services.threatfeed.domain.picture import AgencyRhythm, Picture, SubjectTempo, Trend
from services.threatfeed.domain.rhythm import Rhythm
from services.threatfeed.usecases.read_picture import READERS, read_picture

Caller = Annotated[Principal, Depends(permit(*READERS))]


class WindowView(BaseModel):
    """The last `days` up to the day of the picture, and as many before."""

    days: int
    count: int
    before: int
    trend: Trend


class TempoView(BaseModel):
    subject: str
    windows: list[WindowView]

    @classmethod
    def of(cls, tempo: SubjectTempo) -> "TempoView":
        return cls(
            subject=tempo.subject,
            windows=[
                WindowView(days=one.days, count=one.count, before=one.before, trend=one.trend)
                for one in tempo.windows
            ],
        )


class RhythmView(BaseModel):
    """How long an agency has published nothing; `usual_gap_hours` is null where too little is known."""

    agency: str
    party: str
    last_published: date
    silent_days: int
    usual_gap_hours: int | None
    rhythm: Rhythm

    @classmethod
    def of(cls, agency: AgencyRhythm) -> "RhythmView":
        gap = agency.usual_gap
        return cls(
            agency=agency.agency,
            party=agency.party,
            last_published=agency.last_published,
            silent_days=agency.silence.days,
            usual_gap_hours=None if gap is None else int(gap.total_seconds() // 3600),
            rhythm=agency.rhythm,
        )


class PictureView(BaseModel):
    """What is rising and who is silent, from what the audience may see."""

    audience: str
    as_of: date
    themes: list[TempoView]
    sectors: list[TempoView]
    parties: list[TempoView]
    agencies: list[RhythmView]

    @classmethod
    def of(cls, picture: Picture) -> "PictureView":
        return cls(
            audience=picture.audience,
            as_of=picture.as_of,
            themes=[TempoView.of(one) for one in picture.themes],
            sectors=[TempoView.of(one) for one in picture.sectors],
            parties=[TempoView.of(one) for one in picture.parties],
            agencies=[RhythmView.of(one) for one in picture.agencies],
        )


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["pictures"])

    @router.get("/pictures/{audience}")
    async def get_picture(request: Request, audience: str, caller: Caller) -> PictureView:
        state = request.app.state
        reader = Reader.from_claims(caller.subject, caller.claims)
        return PictureView.of(read_picture(reader, audience, policy=state.policy, pictures=state.pictures))

    return router
