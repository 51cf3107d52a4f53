"""What an agency sent broken is seen by an operator, corrected, and let in with a receipt to the agency."""

import json
from base64 import b64encode
from typing import Final

from entente.threatfeed.v1.submission_receipt_pb2 import SubmissionResult

from services.cli.clients.rest import Document
from services.cli.clients.submissions import open_feed
from services.cli.contents import NARRATIVE, Contents
from services.cli.layout import SAMPLES
from services.cli.thread.publishing import describe
from services.cli.thread.stage import PATIENCE, Stage, require

_OPERATOR: Final = "operator"
_OBJECT_ID: Final = "NCSC-2026-0143"


async def repair_a_submission(stage: Stage) -> None:
    """Poison in, seen, repaired, replayed, accepted."""
    whole = _submission()
    broken = Contents(_OBJECT_ID, whole[:-40], _OBJECT_ID, NARRATIVE)
    async with open_feed("ncsc", stage.access.login("agency-ncsc")) as feed:
        (published,) = await feed.publish([broken], within=PATIENCE)
        (refused,) = published.receipt.results
        stage.say(describe("ncsc", refused))
        require(
            refused.result == SubmissionResult.SUBMISSION_RESULT_REJECTED, "a truncated text was accepted"
        )
        receipt = published.receipt
        record = f"{receipt.topic}:{receipt.partition}:{receipt.offset}"
        desk, path = stage.desk(_OPERATOR), f"/v1/quarantine/{record}"
        seen = await desk.get("threatfeed", path)
        require(seen["state"] == "OPEN", f"{record} is not open in quarantine")
        stage.say(f"{_OPERATOR} sees {record}: {seen['reason']}")
        correction: Document = {
            "value": b64encode(whole).decode(),
            "note": "the end of the text was cut off in transit",
        }
        await desk.change("threatfeed", path, "edits", correction)
        outcome = await desk.change("threatfeed", path, "replays", {})
        require(outcome["state"] == "REPAIRED", f"{record} was refused again: {outcome['reason']}")
        (answered,) = await feed.await_replays([published], within=PATIENCE)
        (result,) = answered.results
        stage.say(describe("ncsc", result))
        require(answered.edition == 1, "the receipt does not say that a correction was read")


def _submission() -> bytes:
    document = json.loads((SAMPLES / "ncsc" / "ransomware-msp.v1.json").read_text("utf-8"))
    document |= {"id": _OBJECT_ID, "title": "Remote support consoles without a second factor"}
    return json.dumps(document).encode()
