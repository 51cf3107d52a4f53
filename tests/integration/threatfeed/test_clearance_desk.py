"""What the clearance desk shows to whom, page by page and over REST, and which requests it refuses."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from entente.exchange.v1 import release_pb2
from entente.threatfeed.v1 import clearance_service_pb2 as messages

from deploy.local.platform import PlatformAccess
from services.kernel.release_terms import Mode
from services.threatfeed.domain.decided_texts import LONGEST_MEETING
from tests.support.clearing import AMBER, DENIED, ask, asking, grant, queue, read, refuse, text_for, told
from tests.support.postgres import Databases
from tests.support.releasing import MEETING_TIME, Releasing, narrative, releasing, widened
from tests.support.rpc import refusal
from tests.support.signing import signed_as
from tests.support.submissions import real_policy


@pytest.fixture
async def release(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Releasing]:
    async with releasing(platform, postgres) as release:
        yield release


async def test_an_agency_sees_where_its_texts_were_used_once_the_time_has_come(release: Releasing) -> None:
    own, other = await release.hold("ncsc", narrative("A", {"tlp": "TLP:GREEN"}), narrative("B", AMBER))
    (foreign,) = await release.hold("enisa", narrative("C", {"tlp": "TLP:GREEN"}))
    meeting = uuid4()
    for text in (own, other, foreign):
        await release.allowed(text, meeting=meeting, mode=Mode.DISCLOSE)
    request = messages.ListTextUsesRequest()
    assert not (await release.clearances.ListTextUses(request, metadata=release.officer("NCSC"))).uses
    release.clock.at = MEETING_TIME
    (use,) = (await release.clearances.ListTextUses(request, metadata=release.officer("NCSC"))).uses
    assert (use.assessment_id, use.series, use.meeting_id) == (str(own), "uk-eu", str(meeting))
    assert use.mode == release_pb2.RELEASE_MODE_DISCLOSE
    (use,) = (await release.clearances.ListTextUses(request, metadata=release.officer("ENISA"))).uses
    assert use.assessment_id == str(foreign)
    call = release.clearances.ListTextUses(request, metadata=release.secretariat())
    assert (await refusal(call))[0] is DENIED


async def test_a_series_kept_to_a_list_is_named_to_nobody_else(
    platform: PlatformAccess, postgres: Databases
) -> None:
    policy = widened(real_policy())
    on_the_list = frozenset({"fcdo-secretariat", "ncsc-release-officer"})
    kept = replace(policy.series["uk-eu"], need_to_know=on_the_list)
    policy = replace(policy, series={**policy.series, "uk-eu": kept})
    uses = messages.ListTextUsesRequest()
    async with releasing(platform, postgres, policy=policy) as release:
        (own,) = await release.hold("ncsc", narrative("B", {"tlp": "TLP:GREEN"}))
        (foreign,) = await release.hold("nsa", narrative("A", {"tlp": "TLP:GREEN"}))
        assert (await refusal(ask(release, asking(foreign, uuid4()))))[1] == "SERIES_WITHHELD"
        meeting = uuid4()
        clearance = await ask(release, asking(own, meeting))
        assert [one.clearance_id for one in await queue(release)] == [clearance.clearance_id]
        stranger = release.bearer("UK", "NCSC", "release-officer", "owner")
        assert (await refusal(read(release, clearance.clearance_id, stranger)))[0] is DENIED
        assert (await refusal(grant(release, clearance, stranger)))[0] is DENIED
        for text in (own, foreign):
            assert await release.allowed(text, meeting=meeting)
        release.clock.at = MEETING_TIME
        assert told(release) == []
        seen = await release.clearances.ListTextUses(uses, metadata=release.officer("NCSC"))
        assert [one.assessment_id for one in seen.uses] == [str(own)]
        seen = await release.clearances.ListTextUses(uses, metadata=release.officer("NSA"))
        assert not seen.uses
        # That the meeting was is not told either: such a consent is for nothing, as one for no meeting is.
        release.clock.at = MEETING_TIME + LONGEST_MEETING
        await release.consent("NSA", release.use(foreign, "EU", meeting=meeting))


async def test_the_queue_is_read_page_by_page_with_tokens_of_its_own(release: Releasing) -> None:
    text = await text_for(release)
    made = [(await ask(release, asking(text, uuid4()))).clearance_id for _ in range(5)]
    request, officer = messages.ListClearanceQueueRequest(page_size=2), release.officer("NCSC")
    found: list[str] = []
    while True:
        page = await release.clearances.ListClearanceQueue(request, metadata=officer)
        found += [one.clearance_id for one in page.clearances]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert sorted(found) == sorted(made)
    assert len(found) == 5
    token = request.page_token
    other = messages.ListClearancesRequest(page_token=token)
    call = release.clearances.ListClearances(other, metadata=release.secretariat())
    assert (await refusal(call))[0] is grpc.StatusCode.INVALID_ARGUMENT


async def test_the_desk_over_rest(release: Releasing) -> None:
    text, meeting = await text_for(release), uuid4()
    asker, officer = dict(release.secretariat()), dict(release.officer("NCSC"))
    body: dict[str, Any] = {
        "use": {
            "assessment_id": str(text),
            "revision": 1,
            "rendition": "FULL",
            "party": "EU",
            "mode": "RELEASE",
            "series": "uk-eu",
            "meeting": {
                "id": str(meeting),
                "starts_time": MEETING_TIME.isoformat(),
                "ends_time": (MEETING_TIME + timedelta(hours=8)).isoformat(),
            },
        },
        "reason": "For the exchange on the threat landscape.",
    }
    client, key = release.client, {"idempotency-key": str(uuid4())}
    keys = release.platform.keys
    fresh = {"idempotency-key": str(uuid4())}
    stated = (await client.post("/v1/clearances/statement", json=body, headers={**asker, **fresh})).json()
    unsigned = await client.post(
        "/v1/clearances", json=body, headers={**asker, "idempotency-key": str(uuid4())}
    )
    assert (unsigned.status_code, unsigned.json()["reason"]) == (400, "SIGNATURE_MISSING")
    jws = signed_as(keys, "fcdo-secretariat", stated["payload"].encode())
    body |= {"stated_time": stated["stated_time"], "jws": jws}
    made = await client.post("/v1/clearances", json=body, headers={**asker, **key})
    assert made.status_code == 201, made.text
    again = await client.post("/v1/clearances", json=body, headers={**asker, **key})
    assert again.content == made.content
    place, etag = made.headers["location"], made.headers["etag"]
    assert (await client.get("/v1/clearances", headers=asker)).json()["clearances"] == [made.json()]
    assert (await client.get("/v1/clearance-queue", headers=officer)).json()["clearances"] == [made.json()]
    grant = {"expires_time": (MEETING_TIME + timedelta(days=1)).isoformat(), "statement": "Agreed."}
    stating = {"kind": "GRANTED", "words": "Agreed.", "expires_time": grant["expires_time"]}
    fresh = {"idempotency-key": str(uuid4())}
    stated = (await client.post(f"{place}/statement", json=stating, headers={**officer, **fresh})).json()
    jws = signed_as(keys, "ncsc-release-officer", stated["payload"].encode())
    grant |= {"stated_time": stated["stated_time"], "jws": jws}
    own_grant = await client.post(
        f"{place}/grant",
        json=grant,
        headers={**asker, "idempotency-key": str(uuid4()), "if-match": etag},
    )
    assert own_grant.status_code == 403
    stale = await client.post(
        f"{place}/grant",
        json=grant,
        headers={**officer, "idempotency-key": str(uuid4()), "if-match": '"9"'},
    )
    assert stale.status_code == 412
    sent = {**officer, "idempotency-key": str(uuid4()), "if-match": etag}
    granted = await client.post(f"{place}/grant", json=grant, headers=sent)
    assert (granted.status_code, granted.json()["state"]) == (200, "GRANTED"), granted.text
    assert (await client.post(f"{place}/grant", json=grant, headers=sent)).content == granted.content
    assert (await client.get(place, headers=asker)).json() == granted.json()
    refused = {**officer, "idempotency-key": str(uuid4()), "if-match": granted.headers["etag"]}
    late = await client.post(f"{place}/refuse", json={"reason": "No."}, headers=refused)
    assert (late.status_code, late.json()["reason"]) == (409, "CLEARANCE_CLOSED")
    forged = await client.get("/v1/clearances?page_token=forged", headers=asker)
    assert forged.status_code == 400
    assert (await client.get("/v1/text-uses", headers=officer)).json()["uses"] == []


def of_a_party_elsewhere(text: UUID) -> messages.AskClearanceRequest:
    return asking(text, uuid4(), party="US")


def of_another_organisation(text: UUID) -> messages.AskClearanceRequest:
    return asking(text, uuid4(), originator="ENISA")


def of_a_meeting_without_end(text: UUID) -> messages.AskClearanceRequest:
    request = asking(text, uuid4())
    request.use.meeting.ends_time.FromDatetime(MEETING_TIME)
    return request


def with_a_time_of_its_own(text: UUID) -> messages.AskClearanceRequest:
    request = asking(text, uuid4())
    request.needed_by_time.FromDatetime(MEETING_TIME)
    return request


def without_a_reason(text: UUID) -> messages.AskClearanceRequest:
    return asking(text, uuid4(), reason=" ")


def with_terminal_commands(text: UUID) -> messages.AskClearanceRequest:
    return asking(text, uuid4(), reason="a\x1b[2Jb")


def of_no_rendition(text: UUID) -> messages.AskClearanceRequest:
    return asking(text, uuid4(), rendition=release_pb2.RENDITION_UNSPECIFIED)


def of_a_rendition_that_does_not_exist(text: UUID) -> messages.AskClearanceRequest:
    return asking(text, uuid4(), rendition=99)


@pytest.mark.parametrize(
    ("request_for", "reason"),
    [
        (of_a_party_elsewhere, "INVALID_VALUE"),
        (of_another_organisation, "ORIGINATOR_NOT_ASKED"),
        (of_a_meeting_without_end, "MEETING_TIMES_INVALID"),
        (with_a_time_of_its_own, "ANSWER_NEEDED_INVALID"),
        (without_a_reason, "INVALID_VALUE"),
        (with_terminal_commands, "INVALID_VALUE"),
        (of_no_rendition, "INVALID_VALUE"),
        (of_a_rendition_that_does_not_exist, "INVALID_VALUE"),
    ],
)
async def test_a_request_that_says_nothing_lawful_is_refused(
    release: Releasing, request_for: Callable[[UUID], messages.AskClearanceRequest], reason: str
) -> None:
    text = await text_for(release)
    expected = (grpc.StatusCode.INVALID_ARGUMENT, reason)
    assert await refusal(ask(release, request_for(text))) == expected
    assert release.rows("SELECT count(*) FROM clearance") == [(0,)]


async def test_a_revision_that_was_replaced_is_neither_asked_for_nor_granted(release: Releasing) -> None:
    text = await text_for(release)
    clearance = await ask(release, asking(text, uuid4()))
    await release.hold("ncsc", narrative("A", AMBER, version=2, text="Other words."))
    expected = (grpc.StatusCode.FAILED_PRECONDITION, "REVISION_NOT_CURRENT")
    assert await refusal(ask(release, asking(text, uuid4()))) == expected
    assert await refusal(grant(release, clearance)) == expected
    assert (await refuse(release, clearance)).state == messages.CLEARANCE_STATE_REFUSED
