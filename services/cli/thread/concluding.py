"""After the meeting: an outcome with an action, which its owner carries to closure."""

from datetime import timedelta
from typing import Final

from services.cli.clients.rest import Document
from services.cli.failures import Refused
from services.cli.thread.stage import JOINT_MARKING, PATIENCE, SECRETARIAT, Stage, require
from services.cli.waiting import until

_DELEGATIONS: Final = (
    (SECRETARIAT, "FCDO", "GBR", "Cyber Director"),
    ("eeas-secretariat", "EEAS", "FRA", "Director for Security and Defence"),
)
OWNER: Final = "dsit-owner"
CONFIRMER: Final = "cnect-owner"
_FORBIDDEN = 403


async def close_registers(stage: Stage) -> None:
    """Each side says who of its own was in the room; before that nothing is concluded."""
    meeting = f"/v1/meetings/{stage.record.meeting_id}"
    closed: list[str] = []
    for account, organisation, nationality, name in _DELEGATIONS:
        desk = stage.desk(account)
        person = {
            "name": name,
            "role": "CO_CHAIR",
            "organisation": organisation,
            "nationality": nationality,
        }
        added = await desk.post("agenda", f"{meeting}/participants", person)
        presence = f"/v1/participants/{added['id']}/presence"
        await desk.post("agenda", presence, {"answer": "ATTEND"}, etag=f'"{added["version"]}"')
        closed = (await desk.post("agenda", f"{meeting}/register/close", {}))["closed_by"]
    stage.say(f"attendance registers closed by {', '.join(closed)}")


async def record_outcome(stage: Stage) -> None:
    """What was concluded, and the text of the action that follows."""
    due = stage.clock.now() + timedelta(days=120)
    outcome = await stage.desk(SECRETARIAT).post(
        "agenda",
        f"/v1/meetings/{stage.record.meeting_id}/outcomes",
        {
            "item_id": stage.record.item_id,
            "conclusion": "Both sides will ask operators of essential services for the same minimum "
            "of their managed service providers.",
            "marking": JOINT_MARKING,
            "action": {
                "text": "Publish joint guidance on remote support consoles of managed service "
                "providers that administer essential services.",
                "guidance": "One text for both sides, with multi-factor authentication and the duty "
                "to report incidents as its core.",
                "owners": [
                    {"party": "UK", "organisation": "DSIT", "accountable": True},
                    {"party": "EU", "organisation": "CNECT", "accountable": True},
                ],
                "due_date": due.date().isoformat(),
                "commitment": "C3",
            },
        },
    )
    action = outcome["action"]
    stage.say(f"outcome {outcome['id']} with action {action['reference']}, due {action['due_date']}")
    stage.keep(outcome_id=outcome["id"], action_id=action["id"], action_reference=action["reference"])


async def action_opens(stage: Stage) -> None:
    """From the event of the agreed outcome, with nobody's further doing."""
    action = await until(lambda: read_action(stage), within=PATIENCE, what="the action of the agreed outcome")
    require(action["reference"] == stage.record.action_reference, "the action has another reference")
    require(action["original_due_date"] == action["due_date"], "the due date was lost")
    stage.say(f"action {action['reference']} is {action['state']}")


async def read_action(stage: Stage, account: str = OWNER) -> Document | None:
    """The action as the account sees it; None while there is none for it."""
    try:
        return await stage.desk(account).get("actions", f"/v1/actions/{stage.record.action_id}")
    except Refused as refusal:
        if refusal.status == _FORBIDDEN:
            return None
        raise


async def _command(stage: Stage, account: str, command: str, body: Document) -> Document:
    action = await stage.desk(account).change(
        "actions", f"/v1/actions/{stage.record.action_id}", command, body
    )
    stage.say(f"{account}: {command}, action {action['reference']} is {action['state']}")
    return action


async def accept_action(stage: Stage) -> None:
    await _command(stage, OWNER, "accept", {})


async def report_progress(stage: Stage) -> None:
    await _command(
        stage,
        OWNER,
        "progress",
        {"rag": "AMBER", "narrative": "A first text lies with both sides; reporting is still open."},
    )


async def claim_completion(stage: Stage) -> None:
    action = await _command(
        stage,
        OWNER,
        "completion-claim",
        {
            "evidence": [
                {
                    "title": "Joint guidance for managed service providers, first edition",
                    "description": "The text as both sides published it.",
                    "uri": "urn:entente:demo:joint-guidance-1",
                    "digest": None,
                    "marking": "TLP:CLEAR",
                }
            ],
            "narrative": "Published by both sides.",
        },
    )
    stage.keep(evidence_id=action["evidence"][0]["evidence_id"])


async def confirm_completion(stage: Stage) -> None:
    """The other party finds it done: the action is closed."""
    action = await _command(stage, CONFIRMER, "confirm", {})
    require(action["state"] == "CLOSED", f"the action is {action['state']} after the confirmation")
    stage.keep(closure_id=action["closure_id"])
