"""An originator's consent counts for one use, until it is taken back or has ended."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from entente.exchange.v1 import release_pb2
from entente.threatfeed.v1 import (
    assessment_service_pb2,
    consent_service_pb2,
    policy_event_pb2,
)

from deploy.local.platform import PlatformAccess
from services.kernel.release_terms import Mode
from services.threatfeed.usecases.expire_consents import expire_consents
from tests.support.postgres import Databases
from tests.support.releasing import MEETING_TIME, Releasing, narrative, releasing
from tests.support.rpc import refusal

AMBER = {"tlp": "TLP:AMBER"}
RED = {"tlp": "TLP:RED"}


@pytest.fixture
async def release(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Releasing]:
    async with releasing(platform, postgres) as release:
        yield release


async def test_a_consent_is_for_one_party_one_mode_and_one_meeting(release: Releasing) -> None:
    (text,) = await release.hold("ncsc", narrative("A", AMBER))
    meeting, next_meeting = uuid4(), uuid4()
    assert not await release.allowed(text, meeting=meeting)
    await release.consent("NCSC", release.use(text, "US", meeting=meeting))
    assert not await release.allowed(text, meeting=meeting)
    await release.consent("NCSC", release.use(text, "EU", meeting=meeting, mode=Mode.DISCLOSE))
    assert await release.allowed(text, meeting=meeting, mode=Mode.DISCLOSE)
    assert not await release.allowed(text, meeting=meeting, mode=Mode.RELEASE)
    await release.consent("NCSC", release.use(text, "EU", meeting=meeting))
    assert await release.allowed(text, meeting=meeting, mode=Mode.RELEASE)
    assert not await release.allowed(text, meeting=next_meeting)
    assert not await release.allowed(text)


async def test_a_consent_to_hand_over_is_one_to_show(release: Releasing) -> None:
    (text,) = await release.hold("ncsc", narrative("A", AMBER))
    meeting = uuid4()
    await release.consent("NCSC", release.use(text, "EU", meeting=meeting))
    assert await release.allowed(text, meeting=meeting, mode=Mode.DISCLOSE)


async def test_a_consent_is_for_one_revision(release: Releasing) -> None:
    (text,) = await release.hold("ncsc", narrative("A", AMBER))
    meeting = uuid4()
    await release.consent("NCSC", release.use(text, "EU", meeting=meeting))
    await release.hold("ncsc", narrative("A", AMBER, version=2, text="Other words."))
    assert (await release.decide(text, meeting=meeting)).decisions[1].rule_id == "STALE_REVISION"
    assert not await release.allowed(text, meeting=meeting, revision=2)


async def test_a_consent_no_longer_counts_once_it_is_withdrawn(release: Releasing) -> None:
    (text,) = await release.hold("ncsc", narrative("A", AMBER))
    meeting = uuid4()
    consent = await release.consent("NCSC", release.use(text, "EU", meeting=meeting))
    assert await release.allowed(text, meeting=meeting)
    withdrawn = await release.withdraw(consent)
    assert withdrawn.state == policy_event_pb2.CONSENT_STATE_WITHDRAWN
    assert not await release.allowed(text, meeting=meeting)
    assert await refusal(release.withdraw(consent)) == (grpc.StatusCode.ABORTED, "CONSENT_STALE")


async def test_a_consent_that_ends_before_the_use_does_not_count(release: Releasing) -> None:
    (text,) = await release.hold("ncsc", narrative("A", AMBER))
    meeting = uuid4()
    use = release.use(text, "EU", meeting=meeting)
    await release.consent("NCSC", use, expires_at=MEETING_TIME)
    assert not await release.allowed(text, meeting=meeting)
    assert await release.allowed(text, meeting=meeting, used_at=MEETING_TIME - timedelta(seconds=1))
    release.clock.at = MEETING_TIME
    assert not await release.allowed(text, meeting=meeting, used_at=MEETING_TIME - timedelta(seconds=1))


async def test_what_has_ended_is_noted_audited_and_removed_from_the_topic(release: Releasing) -> None:
    (text,) = await release.hold("ncsc", narrative("A", AMBER))
    use = release.use(text, "EU", meeting=uuid4())
    consent = await release.consent("NCSC", use, expires_at=release.clock() + timedelta(days=1))
    assert await expire_consents(release.process.database, release.clock()) == 0
    release.clock.forward(days=1)
    assert await expire_consents(release.process.database, release.clock()) == 1
    assert await expire_consents(release.process.database, release.clock()) == 0
    assert release.rows("SELECT state FROM consent") == [("EXPIRED",)]
    told = release.rows(
        """
        SELECT key, value IS NULL FROM outbox, unnest(keys, data) WITH ORDINALITY AS one (key, value, place)
        WHERE topic = 'threatfeed.policy.v1' ORDER BY id, place
        """
    )
    key = consent.consent_id.encode()
    assert told == [(key, False), (key, False), (key, True)]
    audited = release.rows("SELECT actor, action FROM audit WHERE subject_kind = 'consent' ORDER BY id")
    assert audited == [("ncsc-release-officer", "consent.recorded"), ("threatfeed", "consent.expired")]
    again = await release.consent("NCSC", use)
    assert (again.consent_id, again.state) == (consent.consent_id, policy_event_pb2.CONSENT_STATE_STANDING)


async def test_nobody_but_the_originator_s_release_officer_records_a_consent(release: Releasing) -> None:
    (text,) = await release.hold("ncsc", narrative("A", AMBER))
    use = release.use(text, "EU", meeting=uuid4())
    for party, organisation, role in (
        ("UK", "FCDO", "secretariat"),
        ("UK", "NCSC", "agency"),
        ("UK", "NCSC", "secretariat"),
        ("UK", "FCDO", "release-officer"),
        ("EU", "ENISA", "release-officer"),
        ("UK", "DSIT", "release-officer"),
    ):
        sender = release.bearer(party, organisation, role)
        code, _ = await refusal(release.consent("NCSC", use, metadata=sender))
        assert code is grpc.StatusCode.PERMISSION_DENIED, (organisation, role)
    assert release.rows("SELECT count(*) FROM consent") == [(0,)]
    assert release.rows("SELECT count(*) FROM audit WHERE subject_kind = 'consent'") == [(0,)]


async def test_an_officer_is_answered_alike_for_another_s_text_and_for_none(release: Releasing) -> None:
    (text,) = await release.hold("ncsc", narrative("A", AMBER))
    answers = []
    for identity in (text, uuid4()):
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await release.consent("ENISA", release.use(identity, "EU", meeting=uuid4()))
        told = failed.value.details() or ""
        answers.append((failed.value.code(), told.replace(str(identity), "x")))
    assert answers[0] == answers[1]


async def test_a_repeat_gets_the_first_answer_and_another_request_is_refused(release: Releasing) -> None:
    (text,) = await release.hold("ncsc", narrative("A", AMBER))
    use, request_id = release.use(text, "EU", meeting=uuid4()), uuid4()
    first = await release.consent("NCSC", use, request_id=request_id)
    assert await release.consent("NCSC", use, request_id=request_id) == first
    code, reason = await refusal(release.consent("NCSC", use))
    assert (code, reason) == (grpc.StatusCode.ALREADY_EXISTS, "CONSENT_STANDS")
    assert release.rows("SELECT count(*) FROM audit WHERE action = 'consent.recorded'") == [(1,)]


async def test_two_who_record_the_same_consent_at_once_make_one(release: Releasing) -> None:
    (text,) = await release.hold("ncsc", narrative("A", AMBER))
    use = release.use(text, "EU", meeting=uuid4())
    answers = await asyncio.gather(*(release.consent("NCSC", use) for _ in range(4)), return_exceptions=True)
    recorded = [one for one in answers if not isinstance(one, BaseException)]
    assert len(recorded) == 1
    assert release.rows("SELECT aggregate_version FROM consent") == [(1,)]


async def test_a_text_kept_to_its_organisation_is_seen_by_who_was_consented_to(release: Releasing) -> None:
    (text,) = await release.hold("ncsc", narrative("A", RED))
    meeting = uuid4()
    for party in ("UK", "EU"):
        await release.consent("NCSC", release.use(text, party, meeting=meeting))
    answer = await release.decide(text, meeting=meeting)
    assert (answer.allowed, answer.title) == (True, "Title of A")
    request = assessment_service_pb2.ListCandidatesRequest()
    request.occasion.series, request.occasion.meeting_id = "uk-eu", str(meeting)
    request.occasion.used_at.FromDatetime(MEETING_TIME)
    page = await release.assessments.ListCandidates(request, metadata=release.secretariat())
    (candidate,) = page.candidates
    assert candidate.joint_rendition == release_pb2.RENDITION_FULL
    request.occasion.meeting_id = str(uuid4())
    page = await release.assessments.ListCandidates(request, metadata=release.secretariat())
    assert not page.candidates


async def test_a_text_is_read_outside_meetings_with_consent_for_that(release: Releasing) -> None:
    (text,) = await release.hold("ncsc", narrative("A", AMBER))
    request = assessment_service_pb2.GetAssessmentRequest(assessment_id=str(text))
    eu = release.bearer("EU", "EEAS", "secretariat")
    await release.consent("NCSC", release.use(text, "EU", meeting=uuid4()))
    assert (await refusal(release.assessments.GetAssessment(request, metadata=eu)))[1] == "NO_ACCESS"
    consent = await release.consent("NCSC", release.use(text, "EU"))
    answer = await release.assessments.GetAssessment(request, metadata=eu)
    assert answer.assessment.title == "Title of A"
    await release.withdraw(consent)
    assert (await refusal(release.assessments.GetAssessment(request, metadata=eu)))[1] == "NO_ACCESS"


async def test_each_knows_of_the_consents_that_concern_them(release: Releasing) -> None:
    (text,) = await release.hold("ncsc", narrative("A", AMBER))
    to_eu = await release.consent("NCSC", release.use(text, "EU", meeting=uuid4()))
    to_uk = await release.consent("NCSC", release.use(text, "UK", meeting=uuid4()))
    to_uk_cmr = await release.consent("NCSC", release.use(text, "UK", meeting=uuid4(), series="uk-us-cmr"))
    own = {to_eu.consent_id, to_uk.consent_id, to_uk_cmr.consent_id}
    for sender, known in (
        (release.officer("NCSC"), own),
        (release.bearer("UK", "FCDO", "auditor"), own),
        (release.secretariat(), {to_uk.consent_id}),
        (release.secretariat("uk-us-cmr"), {to_uk_cmr.consent_id}),
        (release.bearer("EU", "EEAS", "secretariat"), {to_eu.consent_id}),
        (release.officer("ENISA"), set()),
    ):
        listed = await release.consents.ListConsents(
            consent_service_pb2.ListConsentsRequest(), metadata=sender
        )
        assert {one.consent_id for one in listed.consents} == known
        for identity in own:
            request = consent_service_pb2.GetConsentRequest(consent_id=identity)
            if identity in known:
                await release.consents.GetConsent(request, metadata=sender)
            else:
                call = release.consents.GetConsent(request, metadata=sender)
                assert (await refusal(call))[0] is grpc.StatusCode.PERMISSION_DENIED


async def test_consents_are_listed_page_by_page(release: Releasing) -> None:
    (text,) = await release.hold("ncsc", narrative("A", AMBER))
    made = []
    for _ in range(5):
        made.append(await release.consent("NCSC", release.use(text, "EU", meeting=uuid4())))
        release.clock.forward(seconds=1)
    request = consent_service_pb2.ListConsentsRequest(page_size=2, assessment_id=str(text))
    found: list[str] = []
    while True:
        page = await release.consents.ListConsents(request, metadata=release.officer("NCSC"))
        found += [one.consent_id for one in page.consents]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert found == [one.consent_id for one in reversed(made)]


async def test_consents_are_recorded_and_withdrawn_over_rest(release: Releasing) -> None:
    (text,) = await release.hold("ncsc", narrative("A", AMBER))
    meeting = uuid4()
    headers = dict(release.officer("NCSC"))
    body: dict[str, Any] = {
        "use": {
            "assessment_id": str(text),
            "revision": 1,
            "rendition": "FULL",
            "party": "EU",
            "mode": "RELEASE",
            "series": "uk-eu",
            "meeting_id": str(meeting),
        },
        "expires_time": (MEETING_TIME + timedelta(days=1)).isoformat(),
        "statement": "Agreed for this meeting.",
    }
    key = {"idempotency-key": str(uuid4())}
    made = await release.client.post("/v1/consents", json=body, headers={**headers, **key})
    assert made.status_code == 201, made.text
    again = await release.client.post("/v1/consents", json=body, headers={**headers, **key})
    assert again.content == made.content
    assert await release.allowed(text, meeting=meeting)
    place = made.headers["location"]
    assert (await release.client.get(place, headers=headers)).json() == made.json()
    listed = await release.client.get(f"/v1/consents?meeting_id={meeting}", headers=headers)
    assert listed.json()["consents"] == [made.json()]
    sent = {**headers, "idempotency-key": str(uuid4()), "if-match": made.headers["etag"]}
    withdrawn = await release.client.post(f"{place}/withdraw", json={"reason": "No."}, headers=sent)
    assert withdrawn.json()["state"] == "WITHDRAWN"
    assert not await release.allowed(text, meeting=meeting)
    refused = await release.client.post(
        "/v1/consents",
        json=body,
        headers={**dict(release.secretariat()), "idempotency-key": str(uuid4())},
    )
    assert refused.status_code == 403


def expired(release: Releasing, text: UUID) -> Awaitable[Any]:
    return release.consent("NCSC", release.use(text, "EU", meeting=uuid4()), expires_at=release.clock())


def of_nobody(release: Releasing, text: UUID) -> Awaitable[Any]:
    return release.consent("NCSC", release.use(text, "XX", meeting=uuid4()))


def without_a_rendition(release: Releasing, text: UUID) -> Awaitable[Any]:
    use = release.use(text, "EU", meeting=uuid4())
    use.rendition = release_pb2.RENDITION_UNSPECIFIED
    return release.consent("NCSC", use)


def of_a_series_without_a_meeting(release: Releasing, text: UUID) -> Awaitable[Any]:
    use = release.use(text, "EU")
    use.series = "uk-eu"
    return release.consent("NCSC", use)


@pytest.mark.parametrize(
    ("attempt", "reason"),
    [
        (expired, "CONSENT_ENDS_TOO_EARLY"),
        (of_nobody, "PARTY_UNKNOWN"),
        (without_a_rendition, "INVALID_VALUE"),
        (of_a_series_without_a_meeting, "MEETING_WITHOUT_SERIES"),
    ],
)
async def test_a_consent_that_says_nothing_lawful_is_refused(
    release: Releasing, attempt: Callable[[Releasing, UUID], Awaitable[Any]], reason: str
) -> None:
    (text,) = await release.hold("ncsc", narrative("A", AMBER))
    assert await refusal(attempt(release, text)) == (grpc.StatusCode.INVALID_ARGUMENT, reason)


async def test_a_consent_for_a_meeting_is_none_where_another_series_names_that_meeting(
    platform: PlatformAccess, postgres: Databases
) -> None:
    async with releasing(platform, postgres) as release:
        (text,) = await release.hold("ncsc", narrative("N-1", {"tlp": "TLP:AMBER+STRICT"}))
        meeting = uuid4()
        await release.consent("NCSC", release.use(text, "UK", series="uk-us-cmr", meeting=meeting))
        own = await release.decide(text, series="uk-us-cmr", meeting=meeting)
        assert {decision.party: decision.allowed for decision in own.decisions} == {"UK": True, "US": False}
        assert await refusal(release.decide(text, series="uk-eu", meeting=meeting)) == (
            grpc.StatusCode.PERMISSION_DENIED,
            "NO_ACCESS",
        )
