"""A secretariat answers the items of a version that the other side tabled."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.agenda.domain.agenda import Agenda
from services.agenda.domain.answers import Answer, ItemAnswer, Proposal, item_hashes
from services.agenda.domain.history.changes import differences
from services.agenda.domain.items import require_placeholder
from services.agenda.domain.permissions import Command
from services.agenda.domain.protection import require_joint
from services.agenda.domain.refusals import StaleVersion
from services.agenda.statements import item_answer, read_items
from services.agenda.store.agendas import find_agenda, update_agenda
from services.agenda.store.answers import insert_answers
from services.agenda.store.meetings import find_meeting
from services.agenda.usecases.access import agenda_for, audit_of
from services.agenda.usecases.lateness import AgendaView, view_agenda
from services.chassis.clock import Clock
from services.chassis.database import Transaction
from services.chassis.once import Once
from services.chassis.telemetry import link_current_span
from services.kernel.markings.banner import parse
from services.kernel.parties import Reader
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class AnswerText:
    """What a secretariat says of one item. The marking is of comment and proposal, where there are any."""

    item_id: UUID
    answer: Answer
    comment: str
    proposal: Proposal

    @property
    def words(self) -> bool:
        return bool(self.comment or self.proposal.title)


async def answer_items(
    once: Once[AgendaView],
    reader: Reader,
    agenda_id: UUID,
    texts: Sequence[AnswerText],
    marking: str,
    expected: int,
    *,
    policy: Policy,
    clock: Clock,
) -> AgendaView:
    """The agenda with these answers in place of what the caller's party said of the items before.

    Raises `NoAccess`, `StaleVersion`, `MeetingHasBegun`, `AnswersOwnVersion`, `IllegalTransition`, or what
    is wrong with the answers or their marking.
    """
    now = clock()
    async with once.transaction() as tx:
        agenda, answered = await _answered(tx, reader, agenda_id, texts, marking, expected, policy, now)
        answers = answered.answers[-len(texts) :]
        said = {one.item_id: one for one in agenda.answers if one.party == reader.party}
        audit = audit_of(
            once,
            reader,
            "agenda.items-answered",
            "agenda",
            agenda.id,
            now,
            items={
                str(answer.item_id): differences(said.get(answer.item_id), answer, "answer")
                for answer in answers
            },
        )
        link_current_span(agenda.traceparent)
        await insert_answers(tx, agenda.id, answers)
        await update_agenda(tx, answered, agenda.aggregate_version, audit)
        return await once.answer(tx, await view_agenda(tx, answered, policy))


async def _answered(
    tx: Transaction,
    reader: Reader,
    agenda_id: UUID,
    texts: Sequence[AnswerText],
    marking: str,
    expected: int,
    policy: Policy,
    now: datetime,
) -> tuple[Agenda, Agenda]:
    """The agenda as it is, locked, and with the answers. Raises as `answer_items`."""
    seen = await agenda_for(tx, reader, Command.ANSWER_ITEMS, agenda_id, policy)
    meeting = await find_meeting(tx, seen.meeting_id, lock=True)
    agenda = await find_agenda(tx, agenda_id, lock=True)
    if meeting is None or agenda is None:
        raise RuntimeError("an agenda has lost its meeting")
    meeting.require_ahead(now)
    _require_version(agenda, expected)
    series = policy.get_series(agenda.series)
    if any(text.words for text in texts):
        require_joint(parse(marking), series, policy, "/marking", at=now, text=agenda.id)
    kinds = {item.id: item.kind for item in read_items(agenda.payload)}
    for place, text in enumerate(texts):
        if text.proposal.title and text.item_id in kinds:
            pointer = f"/answers/{place}/proposal/title"
            require_placeholder(kinds[text.item_id], text.proposal.title, series, policy, pointer)
    hashes = item_hashes(agenda.payload)
    answers = [_answer(text, hashes.get(text.item_id, ""), reader, agenda, marking, now) for text in texts]
    return agenda, agenda.answer(reader.party, answers, series.parties)


def _answer(
    text: AnswerText, item_hash: str, reader: Reader, agenda: Agenda, marking: str, now: datetime
) -> ItemAnswer:
    answer = ItemAnswer(
        item_id=text.item_id,
        party=reader.party,
        answer=text.answer,
        comment=text.comment,
        proposal=text.proposal,
        marking=marking if text.words else "",
        item_hash=item_hash,
        organisation=reader.organisation,
        official=reader.subject,
        since_version=agenda.version,
        given_at=now,
        aggregate_version=agenda.aggregate_version,
    )
    statement = item_answer(
        answer, agenda_id=agenda.id, version=agenda.version, content_hash=agenda.content_hash
    )
    return replace(answer, payload=statement.payload)


def _require_version(agenda: Agenda, expected: int) -> None:
    if agenda.aggregate_version == expected:
        return
    raise StaleVersion(
        "the agenda has changed since it was read",
        version=str(agenda.aggregate_version),
        changes=[
            {"item_id": str(held.item_id), "party": held.party, "answer": held.answer.value}
            for held in agenda.answers
            if held.aggregate_version > expected
        ],
    )
