"""Routes of meetings, and of what could be taken up at one."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, StrictBool, StrictInt

from services.agenda.domain.meeting import Meeting
from services.agenda.domain.permissions import Command
from services.agenda.domain.releases import Candidate
from services.agenda.http.fields import Code, Line, SeriesQuery, SizeQuery, ThemeQuery, TokenQuery
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.http.times import TimesBody
from services.agenda.usecases.list_candidates import list_candidates
from services.agenda.usecases.plan_meeting import AskedMeeting, plan_meeting
from services.agenda.usecases.read_meetings import page_of_meetings, read_meeting
from services.chassis.http.requests import Encoded, RehearsableMutation
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1/meetings", tags=["meetings"])

Planner = Annotated[Principal, Depends(permit_command(Command.PLAN_MEETING))]
Viewer = Annotated[Principal, Depends(permit_command(Command.READ_MEETING))]
Chooser = Annotated[Principal, Depends(permit_command(Command.LIST_CANDIDATES))]


class MeetingBody(TimesBody):
    series: Code
    edition: StrictInt
    host_party: Code
    venue: Line
    out_of_turn: StrictBool = False
    parent: UUID | None = None


class MeetingView(BaseModel):
    id: UUID
    series: str
    edition: int
    host_party: str
    venue: str
    starts_at: datetime
    ends_at: datetime
    state: str
    version: int
    time_zone: str
    level: str
    parent: UUID | None
    moves: int


class MeetingsView(BaseModel):
    meetings: list[MeetingView]
    next_page_token: str


class ThemeView(BaseModel):
    theme: str
    rule_id: str


class DecisionView(BaseModel):
    party: str
    allowed: bool
    rule_id: str
    explanation: str
    rendition: str
    mode: str


class CandidateView(BaseModel):
    assessment_id: str
    revision: int
    title: str
    joint_title: str
    joint_rendition: str
    themes: list[ThemeView]
    agency: str
    published_at: datetime | None
    decisions: list[DecisionView]


class CandidatesView(BaseModel):
    candidates: list[CandidateView]
    next_page_token: str


def meeting_view(meeting: Meeting) -> MeetingView:
    return MeetingView(
        id=meeting.id,
        series=meeting.series,
        edition=meeting.edition,
        host_party=meeting.host_party,
        venue=meeting.venue,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        state=meeting.state.value,
        version=meeting.version,
        time_zone=meeting.time_zone,
        level=meeting.level.value,
        parent=meeting.parent,
        moves=meeting.moves,
    )


def encoded_meeting(meeting: Meeting, status: int = 200) -> Encoded:
    location = f"/v1/meetings/{meeting.id}" if status == 201 else ""
    return Encoded(meeting_view(meeting), status=status, version=meeting.version, location=location)


@router.post("", status_code=201, responses={201: {"model": MeetingView}})
async def plan(
    principal: Planner, body: MeetingBody, mutation: RehearsableMutation, parts: Parts
) -> Response:
    reader = reader_of(principal)
    asked = AskedMeeting(
        series=body.series,
        edition=body.edition,
        host_party=body.host_party,
        venue=body.venue,
        times=body.times(),
        out_of_turn=body.out_of_turn,
        parent=body.parent,
    )
    return await mutation.run(
        lambda once: plan_meeting(once, reader, asked, policy=parts.policy, clock=parts.clock, ids=parts.ids),
        lambda meeting: encoded_meeting(meeting, 201),
    )


@router.get("")
async def of_series(
    principal: Viewer,
    series: SeriesQuery,
    parts: Parts,
    page_size: SizeQuery = 50,
    page_token: TokenQuery = "",
) -> MeetingsView:
    found, following = await page_of_meetings(
        parts.database,
        reader_of(principal),
        series,
        page_size=page_size,
        page_token=page_token,
        policy=parts.policy,
    )
    return MeetingsView(meetings=[meeting_view(meeting) for meeting in found], next_page_token=following)


@router.get("/{meeting_id}", responses={200: {"model": MeetingView}})
async def read(principal: Viewer, meeting_id: UUID, parts: Parts) -> Response:
    found = await read_meeting(parts.database, reader_of(principal), meeting_id, policy=parts.policy)
    return encoded_meeting(found).response()


@router.get("/{meeting_id}/candidates")
async def candidates(
    principal: Chooser,
    meeting_id: UUID,
    parts: Parts,
    theme: ThemeQuery = "",
    page_size: SizeQuery = 50,
    page_token: TokenQuery = "",
) -> CandidatesView:
    found, following = await list_candidates(
        parts.database,
        reader_of(principal),
        meeting_id,
        theme=theme,
        page_size=page_size,
        page_token=page_token,
        policy=parts.policy,
        threatfeed=parts.threatfeed,
    )
    return CandidatesView(
        candidates=[_candidate_view(candidate) for candidate in found], next_page_token=following
    )


def _candidate_view(candidate: Candidate) -> CandidateView:
    return CandidateView(
        assessment_id=candidate.assessment_id,
        revision=candidate.revision,
        title=candidate.title,
        joint_title=candidate.joint_title,
        joint_rendition=candidate.joint_rendition,
        themes=[ThemeView(theme=theme, rule_id=rule_id) for theme, rule_id in candidate.themes],
        agency=candidate.agency,
        published_at=candidate.published_at,
        decisions=[
            DecisionView(
                party=decision.party,
                allowed=decision.allowed,
                rule_id=decision.rule_id,
                explanation=decision.explanation,
                rendition=decision.reference.rendition.value,
                mode=decision.reference.mode.value,
            )
            for decision in candidate.decisions
        ],
    )
