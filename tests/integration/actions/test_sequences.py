"""However many write at once, the feed of each audience has no gap, no repeat and one order."""

import asyncio
import random

import httpx
import orjson
import pytest

from tests.support.outcomes import assessment_changed
from tests.support.tracking import Tracker

WRITERS = 6


@pytest.mark.parametrize("seed", [7])
async def test_concurrent_writers_leave_dense_feeds(tracker: Tracker, seed: int) -> None:
    choose = random.Random(seed)
    markings = [choose.choice(["TLP:CLEAR", "UK OFFICIAL", "UK OFFICIAL REL EU"]) for _ in range(WRITERS)]
    opened = [await tracker.open(marking=marking) for marking in markings]

    async def revise() -> None:
        for version in range(2, 8):
            state = "ASSESSMENT_STATE_WITHDRAWN" if version == 7 else "ASSESSMENT_STATE_ACTIVE"
            changed = assessment_changed(state=state, revision=version, version=version)
            await tracker.tell(tracker.assessment_topic, changed)

    async def work_on(identity: str) -> None:
        """An owner who reads again after each lost race."""
        owner = tracker.headers("DSIT", "UK", "owner")
        here = f"/v1/actions/{identity}"
        accepted = False
        reports = 0
        while reports < 5:
            version = int((await tracker.http.get(here, headers=owner)).json()["version"])
            name, body = (
                ("progress", {"rag": "AMBER", "narrative": f"Report {reports}."})
                if accepted
                else ("accept", {})
            )
            response: httpx.Response = await tracker.post(f"{here}/{name}", body, owner, version)
            assert response.status_code in (200, 412), response.text
            if response.status_code == 200:
                reports += accepted
                accepted = True

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for identity in opened:
            group.create_task(work_on(identity))
        group.create_task(revise())
    await tracker.applied(tracker.assessment_topic, 6)
    for audience in ("uk-eu.uk", "uk-eu.eu"):
        told = await tracker.told(audience)
        epoch = tracker.epoch(audience)
        assert [token for token, _, _ in told] == [f"{epoch}:{n}" for n in range(1, len(told) + 1)]
        newest: dict[str, dict[str, object]] = {}
        for _, value, _ in told:
            document = orjson.loads(value)
            body = {key: content for key, content in document.items() if key not in ("sequence", "changedAt")}
            assert newest.get(document["actionId"]) != body, "a record that says nothing new"
            newest[document["actionId"]] = body
        assert {body["basis"] for body in newest.values()} == {"BASIS_STATE_WITHDRAWN"}
        assert {body["narrative"] for body in newest.values()} == {"Report 4."}
        visible = {
            identity
            for identity, marking in zip(opened, markings, strict=True)
            if audience == "uk-eu.uk" or marking != "UK OFFICIAL"
        }
        assert set(newest) == visible
