"""Where a series asks for it, the law of each side is asked what it allows, before anybody signs."""

from collections.abc import Sequence

from services.cli.clients.rest import Document
from services.cli.commands.asking import pages
from services.cli.failures import Refused
from services.cli.thread.stage import require
from services.cli.year.cycle import Side, Year

_MISSING = "LEGAL_CLEARANCE_MISSING"


async def ask_the_law(year: Year, outcomes: Sequence[Document], conclusions: str) -> None:
    """Advisers find on their lists what was concluded; until they have cleared it no chair can sign."""
    for side in year.cycle.sides:
        if not side.adviser:
            continue
        desk = year.stage.desk(side.adviser)
        asked = {
            one["subject_id"]
            for one in (await pages(desk, "agenda", "/v1/awaiting", "awaiting", {}))["awaiting"]
            if one["matter"] == "OUTCOME_TO_CLEAR"
        }
        require(asked >= {one["id"] for one in outcomes}, f"{side.adviser} is not asked about every outcome")
        reason = ""
        try:
            await year.stage.desk(side.chairs[0]).agree(conclusions)
        except Refused as refusal:
            reason = refusal.reason
        require(reason == _MISSING, f"{side.chairs[0]} signed what the law of {side.party} had not cleared")
        await _refuse(year, outcomes[0], side)
        for outcome in outcomes:
            await clear(year, outcome, side.adviser)
        year.say(
            f"{side.party}: {side.adviser} was asked about {len(outcomes)} outcomes and refused one, "
            f"a signature before its clearance was refused ({reason}), and all are cleared"
        )


async def _refuse(year: Year, outcome: Document, side: Side) -> None:
    """The adviser says no to the words; the secretariat of the side finds why, and asks it again."""
    body = {"content_hash": outcome["content_hash"], "reason": f"The law of {side.party} asks for more time."}
    await year.stage.desk(side.adviser).post(
        "agenda", f"/v1/outcomes/{outcome['id']}/clearance-refusals", body
    )
    desk = year.stage.desk(side.secretariat)
    waiting = (await pages(desk, "agenda", "/v1/awaiting", "awaiting", {}))["awaiting"]
    found = {one["subject_id"] for one in waiting if one["matter"] == "OUTCOME_TO_REVISE"}
    require(outcome["id"] in found, f"{side.secretariat} does not learn what {side.adviser} refused")
    said = await pages(desk, "agenda", f"/v1/outcomes/{outcome['id']}/clearances", "refusals", {})
    told = [one["reason"] for one in said["refusals"]]
    require(told == [body["reason"]], f"{side.secretariat} is not told why {side.adviser} refused")


async def clear(year: Year, outcome: Document, adviser: str) -> None:
    """The adviser clears an outcome for its side, in the words that it has now."""
    desk = year.stage.desk(adviser)
    body = {"content_hash": outcome["content_hash"]}
    await desk.post("agenda", f"/v1/outcomes/{outcome['id']}/clearances", body)
