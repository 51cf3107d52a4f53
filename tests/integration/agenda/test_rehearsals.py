"""A change that is only tried: everything is checked and answered, and nothing of it is kept."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from tests.support.dialogue import (
    EU_SECRETARIAT,
    FCDO,
    STARTS,
    UK_SECRETARIAT,
    Account,
    Dialogue,
    item_body,
    meeting_body,
    participant_body,
)

_ROWS = sql.SQL("SELECT one::text FROM {} one ORDER BY 1")
CHOSEN_ANEW = frozenset({"id", "agendaId", "content_hash"})
"""Ids that the service chooses, and a hash over one: those of a trial are not those of the change."""


def everything(dialogue: Dialogue) -> Mapping[str, Any]:
    """What every table holds, the outbox, the audit and the keys of requests among them."""
    with psycopg.connect(dialogue.dsn) as connection:
        names = connection.execute("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
        found = {
            name: connection.execute(_ROWS.format(sql.Identifier(name))).fetchall()
            for (name,) in names.fetchall()
        }
    assert {"audit", "outbox", "idempotency", "meeting", "draft", "agenda", "draft_planning"} <= set(found)
    return found


def said(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: said(entry) for name, entry in value.items() if name not in CHOSEN_ANEW}
    return [said(entry) for entry in value] if isinstance(value, list) else value


class Trying:
    """Sends each change twice under one key: as a trial, and then for good."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.dialogue = dialogue

    async def __call__(
        self, who: Account, method: str, path: str, body: object = None, *, version: object = None
    ) -> Any:
        before = everything(self.dialogue)
        key = str(uuid4())
        trial = await self.dialogue.ask(
            who, method, f"{path}?validate_only=true", body, version=version, key=key
        )
        assert trial.is_success, trial.text
        assert everything(self.dialogue) == before, path
        real = await self.dialogue.ask(who, method, path, body, version=version, key=key)
        assert (real.status_code, real.headers.get("etag")) == (trial.status_code, trial.headers.get("etag"))
        assert said(real.json()) == said(trial.json())
        assert everything(self.dialogue) != before
        return real.json()


async def test_what_is_tried_is_answered_as_if_it_were_done_and_nothing_is_kept(dialogue: Dialogue) -> None:
    change = Trying(dialogue)
    meeting = await change(UK_SECRETARIAT, "POST", "/v1/meetings", meeting_body())
    draft = await change(UK_SECRETARIAT, "POST", f"/v1/meetings/{meeting['id']}/drafts", {})
    path = f"/v1/drafts/{draft['id']}"
    draft = await change(UK_SECRETARIAT, "POST", f"{path}/items", item_body(), version=draft["version"])
    item = draft["items"][-1]
    rewritten = item_body(title="Attacks on dams")
    draft = await change(
        UK_SECRETARIAT, "PUT", f"{path}/items/{item['id']}", rewritten, version=draft["version"]
    )
    await change(UK_SECRETARIAT, "PUT", f"{path}/planning", {"gap": 0}, version=0)
    await change(UK_SECRETARIAT, "POST", f"{path}/planning/ranking", {})
    solved = await change(UK_SECRETARIAT, "POST", f"{path}/assembly", {}, version=draft["version"])
    agenda = await change(
        UK_SECRETARIAT, "POST", f"{path}/table", {"marking": "TLP:GREEN"}, version=solved["draft_version"]
    )
    people = f"/v1/meetings/{meeting['id']}/participants"
    await change(UK_SECRETARIAT, "POST", people, participant_body(FCDO))
    answers = {
        "marking": "TLP:GREEN",
        "answers": [{"item_id": item["id"], "answer": "DECLINED", "comment": "Not this year."}],
    }
    read = await dialogue.done(EU_SECRETARIAT, "GET", f"/v1/agendas/{agenda['id']}")
    seen = read["etag"].strip('"')
    await change(EU_SECRETARIAT, "POST", f"/v1/agendas/{agenda['id']}/answers", answers, version=seen)
    found = await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/meetings/{meeting['id']}")
    later = (STARTS + timedelta(days=28)).replace(tzinfo=None)
    moved = {
        "starts_at": later.isoformat(),
        "ends_at": (later + timedelta(hours=5)).isoformat(),
        "reason": "No room.",
    }
    found = await change(
        UK_SECRETARIAT,
        "POST",
        f"/v1/meetings/{meeting['id']}/reschedule",
        moved,
        version=found["version"],
    )
    await change(
        EU_SECRETARIAT,
        "POST",
        f"/v1/meetings/{meeting['id']}/cancel",
        {"reason": "Not this year."},
        version=found["version"],
    )


async def test_what_would_be_refused_is_refused_by_name_and_nothing_is_kept(dialogue: Dialogue) -> None:
    meeting = await dialogue.meeting()
    draft = await dialogue.draft(meeting)
    before = everything(dialogue)
    item = f"/v1/drafts/{draft['id']}/items?validate_only=true"
    refusals = [
        (UK_SECRETARIAT, "POST", item, item_body(), 7, 412, "STALE_VERSION"),
        (EU_SECRETARIAT, "POST", item, item_body(), 1, 403, "NO_ACCESS"),
        (UK_SECRETARIAT, "POST", item, item_body(theme="NONE"), 1, 400, "UNKNOWN_THEME"),
        (UK_SECRETARIAT, "POST", "/v1/meetings?validate_only=1", meeting_body(), None, 409, "MEETING_EXISTS"),
        (UK_SECRETARIAT, "POST", "/v1/meetings?validate_only=maybe", {}, None, 400, "INVALID_REQUEST"),
    ]
    for who, method, path, body, version, status, reason in refusals:
        refused = await dialogue.ask(who, method, path, body, version=version)
        assert (refused.status_code, refused.json()["reason"]) == (status, reason), path
    assert everything(dialogue) == before
