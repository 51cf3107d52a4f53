"""A secretariat asks an originator for its consent; only the originator's release officer answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from entente.threatfeed.v1 import clearance_service_pb2 as messages
from entente.threatfeed.v1 import policy_event_pb2

from deploy.local.platform import PlatformAccess
from services.kernel.canonical import content_hash
from services.threatfeed.domain.decided_texts import LONGEST_MEETING
from services.threatfeed.usecases.decide_anew import decide_anew
from services.threatfeed.usecases.keep_clearance_dates import keep_clearance_dates
from tests.support.clearing import (
    AMBER,
    CLOSED,
    DENIED,
    OVER,
    ask,
    asked,
    asking,
    grant,
    offer,
    queue,
    read,
    refuse,
    text_for,
    told,
    withdraw,
)
from tests.support.kafka import Broker, first
from tests.support.postgres import Databases
from tests.support.processes import running
from tests.support.releasing import MEETING_TIME, Releasing, narrative, releasing
from tests.support.rpc import refusal


@pytest.fixture
async def release(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Releasing]:
    async with releasing(platform, postgres) as release:
        yield release


async def test_a_grant_records_the_consent_and_decides_anew_what_waited(release: Releasing) -> None:
    text, meeting = await text_for(release), uuid4()
    assert not await release.allowed(text, meeting=meeting)
    clearance = await ask(release, asking(text, meeting))
    assert clearance.state == messages.CLEARANCE_STATE_OPEN
    assert [one.clearance_id for one in await queue(release)] == [clearance.clearance_id]
    answered = await grant(release, clearance)
    assert answered.state == messages.CLEARANCE_STATE_GRANTED
    recorded = release.rows("SELECT consent_id, party, meeting_id FROM consent WHERE meeting_id IS NOT NULL")
    assert recorded == [(UUID(answered.consent_id), "EU", meeting)]
    assert release.rows("SELECT due FROM decided_text") == [(True,)]
    assert await read(release, clearance.clearance_id, release.secretariat()) == answered
    assert await queue(release) == []
    assert [one.clearance_id for one in await queue(release, selection="ANSWERED")] == [answered.clearance_id]


async def test_an_answer_is_told_to_who_waits_for_the_decision(release: Releasing) -> None:
    text, meeting = await text_for(release), uuid4()
    await release.consent("NCSC", release.use(text, "UK", meeting=meeting))
    assert not await release.allowed(text, meeting=meeting)
    await grant(release, await ask(release, asking(text, meeting)))
    await decide_in_force(release)
    assert release.rows("SELECT allowed, due FROM decided_text") == [(True, False)]
    changes = release.rows("SELECT party, allowed_before, allowed_after, cause FROM decision_change")
    assert changes == [("EU", False, True, "CONSENT")]
    rows = release.rows(
        "SELECT unnest(data) FROM outbox WHERE topic = 'threatfeed.policy.v1' ORDER BY id DESC LIMIT 1"
    )
    told_last = policy_event_pb2.PolicyEvent.FromString(rows[0][0]).release_changed
    assert (told_last.meeting_id, told_last.allowed) == (str(meeting), True)


async def decide_in_force(release: Releasing) -> None:
    async with release.process.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO policy_version VALUES (1, %s, %s, '{}', %s)",
            [release.policy.version, release.policy.digest, release.clock()],
        )
    assert await decide_anew(release.process.database, release.policy, release.clock()) == 1


async def test_an_answer_is_needed_when_the_papers_go_out_and_never_in_the_past(release: Releasing) -> None:
    text = await text_for(release)
    clearance = await ask(release, asking(text, uuid4()))
    assert clearance.needed_by_time.ToDatetime(MEETING_TIME.tzinfo) == MEETING_TIME - timedelta(days=7)
    release.clock.at = MEETING_TIME - timedelta(days=6)
    late = await ask(release, asking(text, uuid4()))
    assert late.needed_by_time.ToDatetime(MEETING_TIME.tzinfo) == MEETING_TIME
    assert not late.overdue
    assert [one.clearance_id for one in await queue(release, selection="OVERDUE")] == [clearance.clearance_id]


async def test_nobody_but_the_originator_s_release_officer_answers(release: Releasing) -> None:
    clearance = await ask(release, asking(await text_for(release), uuid4()))
    for who in (
        ("UK", "FCDO", "secretariat"),
        ("UK", "NCSC", "secretariat"),
        ("UK", "NCSC", "agency"),
        ("UK", "FCDO", "release-officer"),
        ("EU", "ENISA", "release-officer"),
        ("US", "NSA", "release-officer"),
        ("UK", "DSIT", "release-officer"),
    ):
        sender = release.bearer(*who)
        for answer in (
            grant(release, clearance, sender),
            refuse(release, clearance, sender),
            offer(release, clearance, "TLP:GREEN", sender),
        ):
            assert (await refusal(answer))[0] is DENIED, who
    assert release.rows("SELECT state FROM clearance") == [("OPEN",)]
    assert release.rows("SELECT count(*) FROM consent WHERE meeting_id IS NOT NULL") == [(0,)]
    assert release.rows("SELECT count(*) FROM audit WHERE subject_kind = 'clearance'") == [(1,)]


async def test_a_secretariat_asks_only_for_what_it_may_read(release: Releasing) -> None:
    hidden, kept = await release.hold("ncsc", narrative("A", {"tlp": "TLP:RED"}), narrative("B", AMBER))
    await release.consent("NCSC", release.use(kept, "UK"))
    answers = []
    eu = release.bearer("EU", "EEAS", "secretariat")
    for text in (hidden, kept, uuid4()):
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await ask(release, asking(text, uuid4()), eu)
        answers.append((failed.value.code(), (failed.value.details() or "").replace(str(text), "x")))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] is DENIED
    for sender in (release.secretariat("uk-us-cmr"), release.officer("NCSC"), release.officer("ENISA")):
        assert (await refusal(ask(release, asking(kept, uuid4()), sender)))[0] is DENIED
    assert release.rows("SELECT count(*) FROM clearance") == [(0,)]


async def test_who_knows_of_a_request(release: Releasing) -> None:
    clearance = await ask(release, asking(await text_for(release), uuid4()))
    identity = clearance.clearance_id
    knowing = (
        release.secretariat(),
        release.bearer("UK", "DSIT", "secretariat"),
        release.bearer("UK", "FCDO", "auditor"),
        release.officer("NCSC"),
    )
    for sender in knowing:
        assert (await read(release, identity, sender)).clearance_id == identity
    others = (
        release.secretariat("uk-us-cmr"),
        release.bearer("EU", "EEAS", "secretariat"),
        release.bearer("UK", "FCDO", "release-officer"),
        release.officer("ENISA"),
    )
    for sender in others:
        hidden = await failure(read(release, identity, sender), identity)
        missing = str(uuid4())
        assert hidden == await failure(read(release, missing, sender), missing)
        assert hidden[0] is DENIED
    assert await asked(release, release.secretariat()) == [identity]
    assert await asked(release, release.bearer("EU", "EEAS", "secretariat")) == []
    assert await asked(release, release.secretariat("uk-us-cmr")) == []
    assert await queue(release, "ENISA") == []


async def failure(call: Awaitable[Any], identity: str) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call
    return failed.value.code(), (failed.value.details() or "").replace(identity, "x")


async def test_a_request_is_answered_once_and_by_who_has_read_it(release: Releasing) -> None:
    clearance = await ask(release, asking(await text_for(release), uuid4()))
    stale = messages.Clearance(clearance_id=clearance.clearance_id, etag='"7"')
    assert await refusal(refuse(release, stale)) == (grpc.StatusCode.ABORTED, "CLEARANCE_STALE")
    answered = await refuse(release, clearance)
    assert answered.closing_words == "Not now."
    assert (await refusal(grant(release, clearance)))[1] == "CLEARANCE_STALE"
    for again in (grant(release, answered), refuse(release, answered), offer(release, answered, "TLP:GREEN")):
        assert await refusal(again) == CLOSED
    assert await refusal(withdraw(release, answered)) == CLOSED
    assert release.rows("SELECT count(*) FROM consent WHERE meeting_id IS NOT NULL") == [(0,)]


async def test_of_answers_that_come_at_once_one_counts(release: Releasing) -> None:
    clearance = await ask(release, asking(await text_for(release), uuid4()))
    answers = await asyncio.gather(
        *(grant(release, clearance) for _ in range(3)), refuse(release, clearance), return_exceptions=True
    )
    assert len([one for one in answers if isinstance(one, messages.Clearance)]) == 1
    assert release.rows("SELECT aggregate_version FROM clearance") == [(2,)]


async def test_what_is_asked_twice_is_asked_once_until_it_is_taken_back(release: Releasing) -> None:
    text, meeting = await text_for(release), uuid4()
    request = asking(text, meeting)
    clearance = await ask(release, request)
    assert await ask(release, request) == clearance
    again = asking(text, meeting)
    assert await refusal(ask(release, again)) == (grpc.StatusCode.ALREADY_EXISTS, "CLEARANCE_ASKED")
    dsit = release.bearer("UK", "DSIT", "secretariat")
    assert (await refusal(withdraw(release, clearance, dsit)))[0] is DENIED
    assert (await withdraw(release, clearance)).state == messages.CLEARANCE_STATE_WITHDRAWN
    release.clock.forward(seconds=1)
    assert (await ask(release, again)).clearance_id != clearance.clearance_id


async def test_for_a_meeting_that_is_over_nothing_is_asked_or_answered(release: Releasing) -> None:
    text, meeting = await text_for(release), uuid4()
    clearance = await ask(release, asking(text, meeting))
    await release.allowed(text, meeting=meeting)
    release.clock.at = MEETING_TIME + timedelta(hours=8)
    assert await refusal(ask(release, asking(text, uuid4()))) == OVER
    for late in (grant(release, clearance), refuse(release, clearance), withdraw(release, clearance)):
        assert await refusal(late) == OVER
    shown = await read(release, clearance.clearance_id, release.secretariat())
    assert (shown.state, shown.etag) == (messages.CLEARANCE_STATE_EXPIRED, clearance.etag)
    assert await queue(release) == []
    assert await keep(release) == 1
    assert await keep(release) == 0
    assert release.rows("SELECT state, next_reminder_at FROM clearance") == [("EXPIRED", None)]
    assert told(release)[-1]["kind"] == "CLEARANCE_NOTICE_KIND_EXPIRED"
    # Whatever the asker says of a meeting of which texts were decided, it is over.
    release.clock.at = MEETING_TIME + timedelta(days=3)
    pretended = asking(text, meeting)
    pretended.use.meeting.starts_time.FromDatetime(MEETING_TIME + timedelta(days=9))
    pretended.use.meeting.ends_time.FromDatetime(MEETING_TIME + timedelta(days=10))
    assert await refusal(ask(release, pretended)) == OVER


async def test_no_consent_is_recorded_for_a_meeting_that_is_over(release: Releasing) -> None:
    text, meeting = await text_for(release), uuid4()
    await release.allowed(text, meeting=meeting)
    release.clock.at = MEETING_TIME + LONGEST_MEETING - timedelta(seconds=1)
    await release.consent("NCSC", release.use(text, "UK", meeting=meeting))
    release.clock.at = MEETING_TIME + LONGEST_MEETING
    assert await refusal(release.consent("NCSC", release.use(text, "EU", meeting=meeting))) == OVER
    assert release.rows("SELECT party FROM consent WHERE meeting_id IS NOT NULL") == [("UK",)]


async def keep(release: Releasing) -> int:
    return await keep_clearance_dates(release.process.database, release.policy, release.clock())


async def test_the_originator_is_reminded_once_as_the_time_comes_near(release: Releasing) -> None:
    await ask(release, asking(await text_for(release), uuid4()))
    needed_by = MEETING_TIME - timedelta(days=7)
    assert await keep(release) == 0
    for lead in (7, 2, 0):
        release.clock.at = needed_by - timedelta(days=lead)
        turns = await asyncio.gather(*(keep(release) for _ in range(4)))
        assert sum(turns) == 1
    release.clock.forward(days=1)
    assert await keep(release) == 0
    kinds = [one["kind"].removeprefix("CLEARANCE_NOTICE_KIND_") for one in told(release)]
    assert kinds == ["ASKED", "REMINDER", "REMINDER", "REMINDER"]
    assert len({one["noticeId"] for one in told(release)}) == 4
    (waiting,) = await queue(release)
    assert waiting.overdue
    assert waiting.reminded_time.ToDatetime(needed_by.tzinfo) == needed_by


async def test_an_agency_hears_of_a_request_on_a_topic_of_its_own(release: Releasing, kafka: Broker) -> None:
    clearance = await ask(release, asking(await text_for(release), uuid4()))
    topic, login = "threatfeed.clearance.ncsc.v1", release.platform.agency("ncsc")
    async with running(release.process.relay()):
        value = await first(login, topic, group=kafka.group("agency-ncsc"))
    notice = json.loads(value or b"")
    assert (notice["kind"], notice["clearanceId"]) == (
        "CLEARANCE_NOTICE_KIND_ASKED",
        clearance.clearance_id,
    )


async def test_reminders_that_were_missed_are_sent_as_one(release: Releasing) -> None:
    await ask(release, asking(await text_for(release), uuid4()))
    release.clock.at = MEETING_TIME - timedelta(days=8)
    assert await keep(release) == 1
    assert await keep(release) == 0


async def test_the_messages_of_request_and_answer_are_kept(release: Releasing) -> None:
    clearance = await ask(release, asking(await text_for(release), uuid4()))
    await refuse(release, clearance)
    ((request, answer),) = release.rows("SELECT request_message, answer_message FROM clearance")
    request, answer = json.loads(request), json.loads(answer)
    assert request["requestId"] == answer["requestId"] == clearance.clearance_id
    assert answer["requestHash"] == content_hash(request)
    assert answer["official"] == "ncsc-release-officer"


async def test_a_tear_line_is_an_offer_until_its_agency_publishes_it(release: Releasing) -> None:
    text, meeting = await text_for(release), uuid4()
    clearance = await ask(release, asking(text, meeting))
    answered = await offer(release, clearance, "TLP:GREEN")
    assert answered.state == messages.CLEARANCE_STATE_TEAR_LINE_OFFERED
    assert not await release.allowed(text, meeting=meeting)
    (listed,) = await queue(release, selection="ANSWERED")
    assert (listed.tear_line.text, listed.tear_line.marking) == ("", "TLP:GREEN")
    shown = await read(release, clearance.clearance_id, release.secretariat())
    assert shown.tear_line.text == "Patch edge devices."
    audited = "SELECT actor FROM audit WHERE action = 'clearance.tear-line-read'"
    assert release.rows(audited) == [("fcdo-secretariat",)]
    assert release.rows("SELECT count(*) FROM audit WHERE detail::text LIKE '%%Patch edge%%'") == [(0,)]


@pytest.mark.parametrize(
    ("marking", "reason"),
    [
        ("SECRET//NOFORN", "HOLDING_REFUSED"),
        ("TLP:RED", "TEAR_LINE_NOT_FOR_ASKER"),
        ("VERY SECRET", "MARKING_UNKNOWN"),
        ("", "MARKING_MISSING"),
    ],
)
async def test_a_tear_line_that_the_asker_may_not_have_is_not_kept(
    release: Releasing, marking: str, reason: str
) -> None:
    clearance = await ask(release, asking(await text_for(release), uuid4()))
    assert (await refusal(offer(release, clearance, marking)))[1] == reason
    assert release.rows("SELECT state, tear_line_text FROM clearance") == [("OPEN", None)]


async def test_a_consent_that_stands_already_is_the_answer(release: Releasing) -> None:
    text, meeting = await text_for(release), uuid4()
    clearance = await ask(release, asking(text, meeting))
    consent = await release.consent("NCSC", release.use(text, "EU", meeting=meeting))
    assert (await grant(release, clearance)).consent_id == consent.consent_id


async def test_a_clearance_outside_meetings_lets_a_party_read(release: Releasing) -> None:
    request = asking(await text_for(release), None)
    assert (await refusal(ask(release, request)))[1] == "ANSWER_NEEDED_INVALID"
    request.needed_by_time.FromDatetime(release.clock() - timedelta(days=1))
    assert (await refusal(ask(release, request)))[1] == "ANSWER_NEEDED_INVALID"
    request.needed_by_time.FromDatetime(release.clock() + timedelta(days=9))
    await grant(release, await ask(release, request))
    recorded = release.rows("SELECT meeting_id, series FROM consent WHERE party = 'EU'")
    assert recorded == [(None, "")]
