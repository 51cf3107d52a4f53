"""Officials who act at the same moment."""

import asyncio
from uuid import uuid4

from services.agenda.domain.references import AssessmentStanding, AssessmentState
from services.agenda.usecases.note_news import note_assessments
from tests.support.dialogue import (
    EU_SECRETARIAT,
    FCDO,
    QUORUM,
    UK_SECRETARIAT,
    Dialogue,
    meeting_body,
)


async def test_all_chairs_agree_at_once_and_none_is_lost(dialogue: Dialogue) -> None:
    _, _, agenda = await dialogue.tabled()
    await dialogue.accept(agenda["id"])
    answers = await asyncio.gather(
        *(dialogue.try_to_agree(official, "agendas", agenda["id"]) for official in QUORUM)
    )
    assert [answer.status_code for answer in answers] == [200] * 4
    states = [answer.json()["state"] for answer in answers]
    assert sorted(states) == ["AGREED", "TABLED", "TABLED", "TABLED"]
    assert len(dialogue.published("agenda.agenda.v1")) == 2


async def test_one_request_sent_many_times_at_once_is_done_once(dialogue: Dialogue) -> None:
    key = str(uuid4())
    answers = await asyncio.gather(
        *(dialogue.ask(UK_SECRETARIAT, "POST", "/v1/meetings", meeting_body(), key=key) for _ in range(6))
    )
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert dialogue.rows("SELECT count(*) FROM audit WHERE action = 'meeting.planned'") == [(1,)]


async def test_both_parties_table_at_once_and_one_version_stays(dialogue: Dialogue) -> None:
    meeting = await dialogue.meeting()
    drafts = [(who, await dialogue.draft(meeting, who)) for who in (UK_SECRETARIAT, EU_SECRETARIAT)]
    await asyncio.gather(*(dialogue.table(draft, who) for who, draft in drafts))
    listed = await dialogue.done(FCDO, "GET", f"/v1/meetings/{meeting['id']}/agendas")
    assert [(one["version"], one["state"]) for one in listed["agendas"]] == [
        (2, "TABLED"),
        (1, "SUPERSEDED"),
    ]


async def test_news_that_comes_while_an_agenda_is_tabled_is_never_missed(dialogue: Dialogue) -> None:
    draft = await dialogue.draft(await dialogue.meeting())
    for _ in range(12):
        held = dialogue.assessment()
        draft = await dialogue.item(draft, held)
        news = AssessmentStanding(held.id, AssessmentState.ACTIVE, 2, 2)

        async def tell(news: AssessmentStanding = news) -> None:
            async with dialogue.process.database.transaction() as tx:
                await note_assessments(tx, [news], dialogue.clock())

        body = {"marking": "TLP:GREEN"}
        path = f"/v1/drafts/{draft['id']}/table"
        answer, _told = await asyncio.gather(
            dialogue.ask(UK_SECRETARIAT, "POST", path, body, version=draft["version"]), tell()
        )
        if answer.status_code == 201:
            seen = await dialogue.done(FCDO, "GET", f"/v1/agendas/{answer.json()['id']}")
            assert [one["state"] for one in seen["stale_references"]] == ["STALE"]
        else:
            assert answer.json()["reason"] == "REFERENCE_STALE"
        gone = f"/v1/drafts/{draft['id']}/items/{draft['items'][-1]['id']}"
        draft = await dialogue.done(UK_SECRETARIAT, "DELETE", gone, version=draft["version"])
