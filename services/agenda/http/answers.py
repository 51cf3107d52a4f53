"""How answers to items are given and shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StrictInt

from services.agenda.domain.answers import Answer, ItemAnswer, Proposal
from services.agenda.domain.wording import LAST_POSITION, MOST_ANSWERS, MOST_MINUTES
from services.agenda.http.fields import Banner, Body, Line, OptionalProse
from services.agenda.http.lateness import MissedDeadlineModel, missed_model
from services.agenda.usecases.answer_items import AnswerText
from services.agenda.usecases.lateness import AgendaView


class ProposalBody(Body):
    """How the party would have the item; what is left out would stay."""

    title: Line | None = None
    minutes: Annotated[StrictInt, Field(ge=1, le=MOST_MINUTES)] | None = None
    position: Annotated[StrictInt, Field(ge=1, le=LAST_POSITION)] | None = None

    def proposal(self) -> Proposal:
        return Proposal(self.title or "", self.minutes, self.position)


class AnswerBody(Body):
    """`comment` is read by the other parties."""

    item_id: UUID
    answer: Answer
    comment: OptionalProse = ""
    proposal: ProposalBody | None = None

    def text(self) -> AnswerText:
        proposal = self.proposal.proposal() if self.proposal is not None else Proposal()
        return AnswerText(self.item_id, self.answer, self.comment, proposal)


class AnswersBody(Body):
    """`marking` is that of the comments and of the words proposed, which go to every party."""

    marking: Banner
    answers: Annotated[list[AnswerBody], Field(min_length=1, max_length=MOST_ANSWERS)]

    def texts(self) -> tuple[AnswerText, ...]:
        return tuple(answer.text() for answer in self.answers)


class ProposalModel(BaseModel):
    title: str
    minutes: int | None
    position: int | None


class AnswerModel(BaseModel):
    """`since_version` is the version it was given to, which may be an earlier one with the same item.
    `missed_deadline` is that of an amendment after the day on which the agenda was to be agreed.
    """

    party: str
    organisation: str
    answer: str
    comment: str
    proposal: ProposalModel | None
    marking: str
    since_version: int
    given_at: datetime
    missed_deadline: MissedDeadlineModel | None


class AnsweredItemModel(BaseModel):
    """`missed_deadline` is that of an item that first lay on the table after drafts were to be exchanged."""

    item_id: UUID
    answers: list[AnswerModel]
    open_for: list[str]
    missed_deadline: MissedDeadlineModel | None


def answered_items(view: AgendaView, parties: Sequence[str]) -> list[AnsweredItemModel]:
    """Every item in its order, with the newest answer of each party and who has still to accept it."""
    agenda = view.agenda
    given: dict[UUID, list[ItemAnswer]] = {item_id: [] for item_id in agenda.item_ids}
    for answer in sorted(agenda.answers, key=lambda one: one.party):
        given[answer.item_id].append(answer)
    return [
        AnsweredItemModel(
            item_id=item_id,
            answers=[_answer(answer, view) for answer in answers],
            open_for=[
                party for party in parties if not any(one.party == party and one.accepted for one in answers)
            ],
            missed_deadline=missed_model(view.items.get(item_id)),
        )
        for item_id, answers in given.items()
    ]


def _answer(answer: ItemAnswer, view: AgendaView) -> AnswerModel:
    proposal = answer.proposal
    return AnswerModel(
        party=answer.party,
        organisation=answer.organisation,
        answer=answer.answer.value,
        comment=answer.comment,
        proposal=None
        if proposal.empty
        else ProposalModel(title=proposal.title, minutes=proposal.minutes, position=proposal.position),
        marking=answer.marking,
        since_version=answer.since_version,
        given_at=answer.given_at,
        missed_deadline=missed_model(view.amendments.get((answer.item_id, answer.party))),
    )
