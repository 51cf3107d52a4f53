"""What a secretariat is told before it drafts: which subjects come first for its own side, and why."""

from services.cli.clients.rest import Document
from services.cli.thread.stage import SECRETARIAT, Stage, require

_SHOWN = 5


async def say_ranking(stage: Stage) -> None:
    """The first subjects with their sums, and what would change the place of the first."""
    desk = stage.desk(SECRETARIAT)
    path = f"/v1/meetings/{stage.record.meeting_id}/ranking"
    page = await desk.get("agenda", path, page_size=_SHOWN)
    require(page["subjects"], "the ranking names no subject")
    stage.say(f"ranking for {page['party']} as of {page['as_of']}, weights {page['weights_version']}")
    for entry in page["subjects"]:
        rules = " + ".join(f"{rule['rule']} {rule['points']}" for rule in entry["rules"])
        stage.say(f"  {entry['position']}. {entry['subject']}: {entry['points']} = {rules or 'nothing'}")
    first = await desk.get("agenda", f"{path}/{page['subjects'][0]['subject']}")
    for source in first["sources"]:
        crossing = source["joint_rendition"] or "to nobody else"
        held = f", may go {crossing}" if source["source"].startswith("assessment:") else ""
        stage.say(f"  without {source['source']}: {source['loss']} less{held}")
    for change in (first["falls"] or {"changes": []})["changes"]:
        stage.say(f"  {first['falls']['neighbour']} would pass it with {_change(change)}")


def _change(change: Document) -> str:
    said = {
        "SOURCE_GONE": "{what} gone",
        "NEW_ASSESSMENTS": "{amount} new on {what}",
        "WEIGHT": "{amount:+} for {what}",
    }
    return said[change["kind"]].format(what=change["what"], amount=change["amount"])
