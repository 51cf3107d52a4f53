"""Working-level meetings report to their edition: they number nothing, and nothing comes back to them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from entente.agenda.v1.agenda_event_pb2 import MeetingMoved

from tests.integration.agenda.test_carry_over import concluded, next_meeting
from tests.support.dialogue import EU_SECRETARIAT, FCDO, UK_SECRETARIAT, Dialogue
from tests.support.outcome_bodies import outcome_body

GUIDANCE: dict[str, Any] = {"addressees": [{"party": "UK", "organisation": "NCSC"}]}


async def below(dialogue: Dialogue, edition: Any, day: datetime) -> Any:
    """Experts meet for a morning."""
    return await dialogue.meeting(
        edition=edition["edition"],
        parent=edition["id"],
        starts_at=day.isoformat(),
        ends_at=(day + timedelta(hours=3)).isoformat(),
    )


async def agreed(dialogue: Dialogue, meeting: Any) -> Any:
    agenda = await dialogue.table(await dialogue.draft(meeting))
    return await dialogue.agree("agendas", agenda["id"])


async def refused(dialogue: Dialogue, meeting: Any, path: str, body: object) -> tuple[int, str]:
    response = await dialogue.ask(UK_SECRETARIAT, "POST", f"/v1/meetings/{meeting['id']}/{path}", body)
    return response.status_code, response.json()["reason"]


async def test_experts_conclude_nothing_so_their_edition_numbers_its_decisions_as_if_they_had_not_met(
    dialogue: Dialogue,
) -> None:
    edition = await dialogue.meeting()
    experts = await below(dialogue, edition, datetime(2026, 12, 1, 9, tzinfo=UTC))
    theirs, whole = await agreed(dialogue, experts), await agreed(dialogue, edition)
    assert (theirs["version"], whole["version"]) == (1, 1)
    assert not {one["item_id"] for one in theirs["items"]} & {one["item_id"] for one in whole["items"]}

    dialogue.clock.at = datetime(2026, 12, 1, 9, tzinfo=UTC)
    run = f"/v1/meetings/{experts['id']}/run"
    item = theirs["items"][0]["item_id"]
    await dialogue.done(FCDO, "POST", f"{run}/items", {"item_id": item}, version=0)
    dialogue.clock.at = datetime(2026, 12, 11, tzinfo=UTC)
    for meeting in (experts, edition):
        await dialogue.attended(meeting)
    nothing = (409, "WORKING_LEVEL_CONCLUDES_NOTHING")
    body = outcome_body(item, kind="GUIDANCE", action=None, **GUIDANCE)
    assert await refused(dialogue, experts, "outcomes", body) == nothing
    assert await refused(dialogue, experts, "conclusions", {}) == nothing
    of_edition = whole["items"][2]["item_id"]
    assert (await refused(dialogue, experts, "outcomes", outcome_body(of_edition)))[0] == 409
    first = await concluded(dialogue, edition, of_edition, "GUIDANCE", **GUIDANCE)
    assert first["decision_reference"].endswith("-2026-D01")
    following = await dialogue.done(UK_SECRETARIAT, "GET", "/v1/next-edition?series=uk-eu")
    assert following["edition"] == 2027


async def test_what_was_put_off_comes_back_to_the_edition_and_not_to_its_experts(dialogue: Dialogue) -> None:
    edition = await dialogue.meeting()
    agenda = await agreed(dialogue, edition)
    dialogue.clock.at = datetime(2026, 12, 11, tzinfo=UTC)
    await dialogue.attended(edition)
    own = agenda["items"][3]["item_id"]
    await concluded(dialogue, edition, own, "DEFERRED", reason="No time.", conclusion="")
    await concluded(dialogue, edition, agenda["items"][2]["item_id"], "GUIDANCE", **GUIDANCE)

    second = await next_meeting(dialogue, 2027)
    experts = await below(dialogue, second, datetime(2027, 11, 20, 9, tzinfo=UTC))
    for who in (UK_SECRETARIAT, EU_SECRETARIAT):
        back = await dialogue.done(who, "GET", f"/v1/meetings/{second['id']}/carry-over")
        assert (len(back["items"]), len(back["guidance"])) == (1, 1)
        to_experts = await dialogue.done(who, "GET", f"/v1/meetings/{experts['id']}/carry-over")
        assert (to_experts["items"], to_experts["guidance"]) == ([], [])
    # The section of the edition is since the edition before it, whether or not experts met meanwhile.
    dialogue.clock.at = datetime(2027, 11, 21, tzinfo=UTC)
    section = await dialogue.done(FCDO, "GET", f"/v1/meetings/{second['id']}/matters-arising")
    assert datetime.fromisoformat(section["since"]) == datetime.fromisoformat(edition["ends_at"])
    ranked = await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/meetings/{experts['id']}/ranking?page_size=200")
    assert not [one for one in ranked["subjects"] if one["kind"] == "RETURNING"]


async def test_guidance_waits_for_the_next_edition_when_one_is_cancelled_though_its_experts_meet(
    dialogue: Dialogue,
) -> None:
    edition = await dialogue.meeting()
    agenda = await agreed(dialogue, edition)
    dialogue.clock.at = datetime(2026, 12, 11, tzinfo=UTC)
    await dialogue.attended(edition)
    await concluded(dialogue, edition, agenda["items"][2]["item_id"], "GUIDANCE", **GUIDANCE)
    second = await next_meeting(dialogue, 2027)
    await below(dialogue, second, datetime(2027, 11, 20, 9, tzinfo=UTC))
    path = f"/v1/meetings/{second['id']}/cancel"
    await dialogue.done(UK_SECRETARIAT, "POST", path, {"reason": "Elections."}, version=second["version"])
    third = await next_meeting(dialogue, 2028)
    back = await dialogue.done(FCDO, "GET", f"/v1/meetings/{third['id']}/carry-over")
    assert [one["review_edition"] for one in back["guidance"]] == [2027]


async def test_experts_who_have_not_met_are_called_off_with_their_edition(dialogue: Dialogue) -> None:
    edition = await dialogue.meeting()
    met = await below(dialogue, edition, datetime(2026, 11, 30, 9, tzinfo=UTC))
    coming = await below(dialogue, edition, datetime(2026, 12, 3, 9, tzinfo=UTC))
    dialogue.clock.at = datetime(2026, 12, 1, tzinfo=UTC)
    path = f"/v1/meetings/{edition['id']}"
    postponed = await dialogue.done(
        UK_SECRETARIAT, "POST", f"{path}/postpone", {"reason": "Elections."}, version=edition["version"]
    )
    assert (await dialogue.done(FCDO, "GET", f"/v1/meetings/{coming['id']}"))["state"] == "PLANNED"
    await dialogue.done(
        UK_SECRETARIAT, "POST", f"{path}/cancel", {"reason": "Elections."}, version=postponed["version"]
    )
    states = {
        one["id"]: (await dialogue.done(EU_SECRETARIAT, "GET", f"/v1/meetings/{one['id']}"))["state"]
        for one in (edition, met, coming)
    }
    assert states == {edition["id"]: "CANCELLED", met["id"]: "PLANNED", coming["id"]: "CANCELLED"}
    told = [MeetingMoved.FromString(value) for value, _ in dialogue.published("agenda.agenda.v1")]
    assert [one.meeting_id for one in told] == [edition["id"], edition["id"], coming["id"]]
    assert [one.reason for one in told] == ["Elections."] * 3
    audited = dialogue.rows("SELECT subject_id FROM audit WHERE action = 'meeting.cancelled' ORDER BY id")
    assert [subject for (subject,) in audited] == [edition["id"], coming["id"]]
