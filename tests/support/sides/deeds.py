"""What a side does in a story, in the words of its steps. What is made is held by its name."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID, uuid5

from entente.actions.v1 import action_event_pb2

from services.agenda.consumers import read_action
from services.agenda.domain.references import AssessmentStanding, AssessmentState
from services.agenda.usecases.note_news import note_actions, note_assessments
from tests.support.dialogue import EU_SECRETARIAT, NSA, UK_SECRETARIAT, Account, account, item_body
from tests.support.outcomes import action_told, record_of
from tests.support.peers import HeldAssessment
from tests.support.sides.stage import Stage

STRATCOM: Final = account("STRATCOM", "UK", "secretariat")
ADVISER: Final = account("FCDO", "UK", "release-officer")
_ACTIONS: Final = UUID("7d0b8c54-3a60-4f0e-9a55-0f1c5a6f2a10")


async def drafted(stage: Stage, who: Account, meeting: str, name: str) -> None:
    path = f"/v1/meetings/{stage.held[meeting]['id']}/drafts"
    stage.held[name] = await stage.done(who, "POST", path, {})


async def item(stage: Stage, who: Account, name: str, body: Mapping[str, Any]) -> str:
    """Adds an item to a draft; gives its id."""
    path = f"/v1/drafts/{stage.held[name]['id']}"
    before = await stage.done(who, "GET", path)
    after = await stage.done(who, "POST", f"{path}/items", body, version=before["version"])
    (added,) = {one["id"] for one in after["items"]} - {one["id"] for one in before["items"]}
    return str(added)


async def removed(stage: Stage, who: Account, name: str, item_id: str) -> None:
    path = f"/v1/drafts/{stage.held[name]['id']}"
    version = await stage.version_of(who, path)
    await stage.done(who, "DELETE", f"{path}/items/{item_id}", version=version)


async def tabled(stage: Stage, who: Account, draft: str, name: str, marking: str = "TLP:GREEN") -> None:
    path = f"/v1/drafts/{stage.held[draft]['id']}"
    version = await stage.version_of(who, path)
    stage.held[name] = await stage.done(who, "POST", f"{path}/table", {"marking": marking}, version=version)


async def signed(stage: Stage, who: Account, kind: str, name: str) -> None:
    stage.held[name] = await agreed(stage, who, f"/v1/{kind}/{stage.held[name]['id']}")


async def agreed(stage: Stage, who: Account, path: str) -> Any:
    """What stands at a path once this official has signed it."""
    to_sign = await stage.done(who, "GET", f"{path}/agreement")
    jws = stage.dialogue.signature(who, to_sign["payload"])
    body = {"content_hash": to_sign["content_hash"], "jws": jws}
    return await stage.done(who, "POST", f"{path}/agreements", body)


async def cleared(stage: Stage, name: str) -> None:
    """The adviser of the United Kingdom clears an outcome as it stands."""
    outcome = stage.held[name]
    path = f"/v1/outcomes/{outcome['id']}/clearances"
    await stage.done(ADVISER, "POST", path, {"content_hash": outcome["content_hash"]})


async def refused(stage: Stage, name: str) -> None:
    """It refuses the words that it cleared."""
    outcome = stage.held[name]
    path = f"/v1/outcomes/{outcome['id']}/clearance-refusals"
    body = {"content_hash": outcome["content_hash"], "reason": "It would bind the armed forces."}
    await stage.done(ADVISER, "POST", path, body)


async def ranked(stage: Stage, who: Account, name: str) -> None:
    """The party has its draft ranked, and keeps the run."""
    await stage.done(who, "POST", f"/v1/drafts/{stage.held[name]['id']}/planning/ranking", {})


async def attended(stage: Stage, name: str) -> None:
    """Each side says of its people on the register of a meeting that they were there, and closes it."""
    path = f"/v1/meetings/{stage.held[name]['id']}/register"
    for who in (UK_SECRETARIAT, EU_SECRETARIAT):
        for one in (await stage.done(who, "GET", path))["participants"]:
            if one["side"] == who.party:
                body, version = {"answer": "ATTEND"}, one["version"]
                await stage.done(who, "POST", f"/v1/participants/{one['id']}/presence", body, version=version)
        await stage.done(who, "POST", f"{path}/close", {})


async def treated(stage: Stage, who: Account, held: str) -> None:
    """The secretariat says what it did about each text of its own that rested on an assessment."""
    tasks = (await stage.done(who, "GET", "/v1/withdrawal-tasks"))["tasks"]
    found = [one["id"] for one in tasks if one["assessment_id"] == str(stage.held[held].id)]
    assert found
    for one in found:
        stage.meet("task_id", one)
        path = f"/v1/withdrawal-tasks/{one}/close"
        await stage.done(who, "POST", path, {"note": f"Settled with {who.party}'s embassy."})


async def proposed(stage: Stage, who: Account, name: str, **changes: object) -> None:
    series = "uk-us-cmr" if who in (NSA, STRATCOM) else "uk-eu"
    body = {"series": series, **item_body(), "rationale": f"Why {name}", "edition": 2026, **changes}
    stage.held[name] = await stage.done(who, "POST", "/v1/proposals", body)


async def moved(stage: Stage, who: Account, name: str, command: str, sent: object = None) -> None:
    found = stage.held[name]
    path = f"/v1/proposals/{found['id']}/{command}"
    stage.held[name] = await stage.done(who, "POST", path, sent or {}, version=found["version"])


async def briefed(stage: Stage, who: Account, text: str) -> None:
    item = stage.held["agenda"]["items"][3]["item_id"]
    path = f"/v1/meetings/{stage.held['meeting']['id']}/briefs/{item}"
    body = {"brief": text, "speaking_notes": "We welcome it.", "marking": "TLP:GREEN"}
    await stage.done(who, "PUT", path, body, version=0)


async def withdrawn(stage: Stage, name: str) -> None:
    """The originator takes an assessment back, and the agenda is told."""
    held: HeldAssessment = stage.held[name]
    held.state = "WITHDRAWN"
    standing = AssessmentStanding(held.id, AssessmentState.WITHDRAWN, held.revision, 2)
    async with stage.dialogue.process.database.transaction() as tx:
        await note_assessments(tx, [standing], stage.dialogue.clock())


async def action_opened(stage: Stage, series: str, reference: str, **changes: Any) -> None:
    """Actions of other editions are told of by their own service."""
    identity = uuid5(_ACTIONS, reference)
    snapshot: action_event_pb2.ActionSnapshot = action_told(identity, series, reference, **changes)
    async with stage.dialogue.process.database.transaction() as tx:
        await note_actions(tx, [read_action(record_of(snapshot))], stage.dialogue.clock())
    stage.held[reference] = str(identity)
    stage.meet("action_id", str(identity))


async def answered(stage: Stage, who: Account, name: str, **changes: Any) -> None:
    """Whatever is open for the party is accepted, the last of it with these changes."""
    path = f"/v1/agendas/{stage.held[name]['id']}"
    agenda = await stage.done(who, "GET", path)
    said: list[dict[str, Any]] = [
        {"item_id": item["item_id"], "answer": "ACCEPTED"}
        for item in agenda["items"]
        if who.party in item["open_for"]
    ]
    if said:
        said[-1] |= changes
        body = {"marking": "TLP:CLEAR", "answers": said}
        await stage.done(who, "POST", f"{path}/answers", body, version=agenda["etag"].strip('"'))


async def rewritten(stage: Stage, who: Account, name: str, item_id: str, **changes: Any) -> None:
    """The item of a draft with other words or minutes."""
    path = f"/v1/drafts/{stage.held[name]['id']}"
    draft = await stage.done(who, "GET", path)
    (found,) = [one for one in draft["items"] if one["id"] == item_id]
    kept = {key: value for key, value in found.items() if key in item_body()}
    body = {**kept, "references": [], **changes}
    await stage.done(who, "PUT", f"{path}/items/{item_id}", body, version=draft["version"])


async def planned(stage: Stage, who: Account, name: str, **plan: Any) -> None:
    """The party plans its draft, and asks what would follow without having it applied."""
    path = f"/v1/drafts/{stage.held[name]['id']}"
    version = await stage.version_of(who, f"{path}/planning")
    await stage.done(who, "PUT", f"{path}/planning", plan, version=version)
    version = await stage.version_of(who, path)
    await stage.done(who, "POST", f"{path}/assembly", {"validate_only": True}, version=version)
