"""Before the meeting: planned, drafted from releasable candidates, tabled, and agreed by all co-chairs."""

import io
from datetime import datetime, timedelta
from typing import Final

from services.cli.agreement_check import verify_agenda
from services.cli.clients.rest import Document
from services.cli.failures import CommandFailed
from services.cli.thread.ranking import say_ranking
from services.cli.thread.stage import (
    CHAIRS,
    JOINT_MARKING,
    OTHER_SECRETARIAT,
    PATIENCE,
    SECRETARIAT,
    SERIES,
    Stage,
    require,
)
from services.cli.waiting import until
from services.kernel.refusals import Refusal

_ITEM_TITLE: Final = "Managed service providers: protecting essential services across borders"


async def plan_meeting(stage: Stage) -> None:
    """This year's dialogue, in London whosever turn it is, two weeks ahead."""
    desk = stage.desk(SECRETARIAT)
    starts = (stage.clock.now() + timedelta(days=14)).replace(hour=9, minute=30, second=0, microsecond=0)
    known = await desk.get("agenda", "/v1/meetings", series=SERIES, page_size=200)
    meeting = next((one for one in known["meetings"] if one["edition"] == starts.year), None)
    if meeting is None:
        meeting = await desk.post(
            "agenda",
            "/v1/meetings",
            {
                "series": SERIES,
                "edition": starts.year,
                "host_party": "UK",
                "out_of_turn": True,
                "venue": "London",
                "starts_at": starts.isoformat(),
                "ends_at": (starts + timedelta(hours=8)).isoformat(),
            },
        )
    stage.say(f"meeting {meeting['series']} {meeting['edition']} in {meeting['venue']}, {meeting['id']}")
    stage.keep(meeting_id=meeting["id"], meeting_ends_at=meeting["ends_at"])


async def _candidates(stage: Stage) -> dict[str, Document] | None:
    page = await stage.desk(SECRETARIAT).get(
        "agenda", f"/v1/meetings/{stage.record.meeting_id}/candidates", page_size=200
    )
    found = {one["assessment_id"]: one for one in page["candidates"]}
    return found if set(stage.record.assessments.values()) <= found.keys() else None


async def draft_agenda(stage: Stage) -> None:
    """The template of the series, and an item that rests on what both parties may have."""
    desk = stage.desk(SECRETARIAT)
    candidates = await until(
        lambda: _candidates(stage), within=PATIENCE, what="the assessments among the candidates"
    )
    chosen = [candidates[identity] for identity in stage.record.assessments.values()]
    for candidate in chosen:
        _say_candidate(stage, candidate)
        require(candidate["joint_rendition"], f"{candidate['title']} is not for all parties")
    await say_ranking(stage)
    draft = await desk.post("agenda", f"/v1/meetings/{stage.record.meeting_id}/drafts", {})
    changed = await desk.change(
        "agenda",
        f"/v1/drafts/{draft['id']}",
        "items",
        {
            "title": _ITEM_TITLE,
            "kind": "SUBSTANTIVE",
            "purpose": "DECIDE",
            "minutes": 25,
            "commitments": ["C3", "C4"],
            "theme": "CNI_PRIVATE_SECTOR",
            "leads": {"UK": "DSIT", "EU": "CNECT"},
            "marking": JOINT_MARKING,
            "references": [
                {
                    "assessment_id": candidate["assessment_id"],
                    "revision": candidate["revision"],
                    "rendition": candidate["joint_rendition"],
                    "mode": "RELEASE",
                }
                for candidate in chosen
            ],
        },
    )
    item = next(one for one in changed["items"] if one["title"] == _ITEM_TITLE)
    stage.say(f"draft of {changed['party']} with {len(changed['items'])} items, {draft['id']}")
    stage.keep(draft_id=draft["id"], draft_item_id=item["id"])


def _say_candidate(stage: Stage, candidate: Document) -> None:
    stage.say(f"candidate of {candidate['agency']}: {candidate['joint_title'] or candidate['title']}")
    for decision in candidate["decisions"]:
        answer = "allowed" if decision["allowed"] else "denied"
        stage.say(
            f"  {decision['party']} {decision['rendition']} {decision['mode']}: {answer} by "
            f"{decision['rule_id']}, {decision['explanation']}"
        )


async def table_agenda(stage: Stage) -> None:
    """One immutable version that every party sees."""
    agenda = await stage.desk(SECRETARIAT).change(
        "agenda", f"/v1/drafts/{stage.record.draft_id}", "table", {"marking": JOINT_MARKING}
    )
    item = next(one for one in agenda["document"]["items"] if one["title"] == _ITEM_TITLE)
    stage.say(f"agenda version {agenda['version']} tabled, {agenda['content_hash']}")
    stage.keep(agenda_id=agenda["id"], item_id=item["itemId"])


async def agree_agenda(stage: Stage) -> None:
    """The other secretariat accepts each item; each co-chair signs the same content hash with its own key."""
    path = f"/v1/agendas/{stage.record.agenda_id}"
    desk = stage.desk(OTHER_SECRETARIAT)
    tabled = await desk.get("agenda", path)
    wanted = [
        {"item_id": item["item_id"], "answer": "ACCEPTED"}
        for item in tabled["items"]
        if desk.account.party in item["open_for"]
    ]
    if wanted:
        await desk.change("agenda", path, "answers", {"marking": JOINT_MARKING, "answers": wanted})
        stage.say(f"{OTHER_SECRETARIAT} accepted {len(wanted)} items")
    await _agree(stage, path, "AGREED")
    await _check_offline(stage, path)


async def _check_offline(stage: Stage, path: str) -> None:
    """The agreement as a file, checked as anybody could."""
    file = stage.access.folders.state / "agenda.json"
    content = io.BytesIO()
    await stage.desk(CHAIRS[0]).download("agenda", f"{path}/agreement-file", content)
    file.write_bytes(content.getvalue())
    try:
        found = verify_agenda(content.getvalue())
    except Refusal as refusal:
        raise CommandFailed(f"the agreement does not hold: {refusal.reason}: {refusal.detail}") from refusal
    stage.say(f"hash, {len(found.agreements)} signatures and quorum hold: entente verify agenda {file}")


async def agree_outcome(stage: Stage) -> None:
    path = f"/v1/outcomes/{stage.record.outcome_id}"
    await _agree(stage, path, "AGREED")


async def _agree(stage: Stage, path: str, wanted: str) -> None:
    hashes = set()
    state = ""
    for chair in CHAIRS:
        answer = await stage.desk(chair).agree(path)
        hashes.add(answer["content_hash"])
        state = answer["state"]
        stage.say(f"{chair} signed {answer['content_hash'][:23]}…, now {state}")
    if state != wanted or len(hashes) != 1:
        raise CommandFailed(f"{path} is {state} on {len(hashes)} hashes after all chairs signed")


async def hold_meeting(stage: Stage) -> None:
    """The clock is set forward past the end of the meeting."""
    ends = datetime.fromisoformat(stage.record.meeting_ends_at)
    stage.clock.forward_to(ends + timedelta(hours=1))
    stage.say(f"the clock stands at {stage.clock.now():%Y-%m-%d %H:%M} UTC")
