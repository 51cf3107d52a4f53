"""What the feeds amount to: each audience's picture, drawn from the assessments that were published."""

from typing import Any, Final

from services.cli.thread.stage import SECRETARIAT, SERIES, Stage, require
from services.cli.waiting import until

PUBLISHERS: Final = ("ncsc", "unit42", "cisa")
VIEWERS: Final = {f"{SERIES}.uk": "uk-leadership", f"{SERIES}.eu": "eu-leadership"}


async def picture_of(stage: Stage, audience: str) -> Any:
    return await stage.desk(VIEWERS[audience]).get("threatfeed", f"/v1/pictures/{audience}")


async def sides_find_what_they_may_read(stage: Stage) -> None:
    """Each secretariat finds what has just been published, in the rendition that is its own to read."""
    for account in (SECRETARIAT, "eeas-secretariat"):

        async def found(account: str = account) -> Any:
            desk = stage.desk(account)
            page = await desk.get("threatfeed", "/v1/assessments", agency="ncsc", words="ransomware")
            mine = [one for one in page["assessments"] if one["id"] == stage.record.assessments["ncsc"]]
            return mine[0] if mine else None

        one = await until(found, within=30.0, what=f"what {account} may read")
        stage.say(f"{account} finds {one['title']!r}, {one['rendition']}, {one['marking']}")


async def feeds_of(stage: Stage) -> list[Any]:
    """The health of every feed, as the host's operator sees it."""
    feeds: list[Any] = (await stage.desk("operator").get("threatfeed", "/v1/feeds"))["feeds"]
    return feeds


async def feeds_are_seen(stage: Stage) -> None:
    """What the agencies have just published was seen, with what was rejected of it."""
    found = {feed["agency"]: feed for feed in await feeds_of(stage)}
    for agency in PUBLISHERS:
        feed = found[agency]
        require(feed["last_seen"] is not None, f"nothing of {agency} was seen")
        rejected = ", ".join(f"{reject['count']} {reject['reason']}" for reject in feed["rejects"])
        came = f"{agency}: {feed['rates'][0]['submissions']} submissions in the last day"
        stage.say(f"{came}, rejected {rejected}" if rejected else came)


async def pictures_are_drawn(stage: Stage) -> None:
    """Each party sees a picture of its own, in which the agencies stand that have just published."""
    for audience in VIEWERS:

        async def drawn(audience: str = audience) -> Any:
            picture = await picture_of(stage, audience)
            return picture if {"ncsc", "cisa"} <= {one["agency"] for one in picture["agencies"]} else None

        picture = await until(drawn, within=30.0, what=f"the picture of {audience}")
        told = [f"{one['agency']} ({one['rhythm'].lower()})" for one in picture["agencies"]]
        stage.say(f"{audience} sees {', '.join(told)} as of {picture['as_of']}")
