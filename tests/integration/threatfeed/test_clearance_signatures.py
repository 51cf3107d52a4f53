"""What is asked and answered at the clearance desk is signed by the official who says it, and nobody else."""

import json
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import grpc
import pytest
from entente.threatfeed.v1 import clearance_service_pb2 as messages
from google.protobuf.timestamp_pb2 import Timestamp

from deploy.local.platform import PlatformAccess
from services.chassis.officials import Official, OfficialKeys
from services.kernel.canonical import content_hash
from services.threatfeed.domain.clearances import HANDED_IN_WITHIN
from tests.support.clearing import (
    ask,
    asking,
    grant,
    granting,
    offer,
    refuse,
    sign,
    stated_answer,
    stated_request,
    text_for,
    withdraw,
)
from tests.support.postgres import Databases
from tests.support.releasing import Releasing, releasing
from tests.support.rpc import refusal
from tests.support.signing import Signers, signed_as

ASKER = Official("fcdo-secretariat", "UK", "FCDO")
OFFICER = Official("ncsc-release-officer", "UK", "NCSC")
REFUSED = grpc.StatusCode.PERMISSION_DENIED
INVALID = grpc.StatusCode.INVALID_ARGUMENT


@pytest.fixture
async def release(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Releasing]:
    async with releasing(platform, postgres) as release:
        yield release


async def test_request_and_answer_are_kept_as_their_officials_signed_them(release: Releasing) -> None:
    keys = OfficialKeys.read(str(release.platform.keys.official_keys))
    text = await text_for(release)
    for answer in (
        grant,
        refuse,
        lambda release, clearance: offer(release, clearance, "TLP:GREEN"),
    ):
        clearance = await ask(release, asking(text, uuid4()))
        answered = await answer(release, clearance)
        ((request, request_jws, said, said_jws),) = release.rows(
            "SELECT request_message, request_jws, answer_message, answer_jws FROM clearance "
            "WHERE clearance_id = %s",
            clearance.clearance_id,
        )
        keys.verify(request_jws, request.encode(), ASKER)
        keys.verify(said_jws, said.encode(), OFFICER)
        assert json.loads(said)["requestHash"] == content_hash(json.loads(request))
        assert json.loads(said).get("consentId", "") == answered.consent_id


async def test_a_consent_that_stands_already_is_what_the_officer_signs(release: Releasing) -> None:
    text, meeting = await text_for(release), uuid4()
    clearance = await ask(release, asking(text, meeting))
    stands = await release.consent("NCSC", release.use(text, "EU", meeting=meeting))
    stated = await stated_answer(release, granting(clearance), release.officer("NCSC"))
    assert json.loads(stated.payload)["consentId"] == stands.consent_id
    until = stands.expires_time.ToDatetime(release.clock().tzinfo).isoformat().replace("+00:00", "Z")
    assert json.loads(stated.payload)["consentExpiresAt"] == until
    assert (await grant(release, clearance)).consent_id == stands.consent_id


async def granted(
    release: Releasing, clearance: messages.Clearance, stated_time: Timestamp | None, jws: str, **changes: str
) -> messages.Clearance:
    request = granting(clearance, jws=jws, **changes)
    if stated_time is not None:
        request.stated_time.CopyFrom(stated_time)
    return (await release.clearances.GrantClearance(request, metadata=release.officer("NCSC"))).clearance


async def test_an_answer_that_its_official_did_not_sign_so_is_refused_by_name(release: Releasing) -> None:
    text, officer = await text_for(release), release.officer("NCSC")
    clearance, other = [await ask(release, asking(text, uuid4())) for _ in range(2)]
    stated = await stated_answer(release, granting(clearance), officer)
    own, ring, time = sign(release, stated, officer), release.platform.keys, stated.stated_time
    payload = stated.payload.encode()
    foreign = signed_as(ring, "fcdo-secretariat", payload)
    forged = Signers(OFFICER).sign(OFFICER.subject, payload)
    refused = stated_answer(release, _refusing(clearance), officer)
    of_a_refusal = sign(release, await refused, officer)
    later = Timestamp(seconds=time.seconds + 1)

    async def outcome(call: Awaitable[Any]) -> tuple[grpc.StatusCode, str]:
        found: tuple[grpc.StatusCode, str] = await refusal(call)
        return found

    assert await outcome(granted(release, clearance, time, "")) == (INVALID, "SIGNATURE_MISSING")
    assert await outcome(granted(release, clearance, time, "x")) == (INVALID, "SIGNATURE_MALFORMED")
    assert await outcome(granted(release, clearance, time, foreign)) == (REFUSED, "SIGNATURE_KEY_FOREIGN")
    assert await outcome(granted(release, clearance, time, forged)) == (REFUSED, "SIGNATURE_KEY_UNKNOWN")
    for call in (
        granted(release, clearance, time, of_a_refusal),
        granted(release, clearance, time, own, statement="Agreed for everything."),
        granted(release, clearance, later, own),
        granted(release, clearance, None, own),
        granted(release, other, time, own),
    ):
        release.clock.forward(seconds=1)
        assert await outcome(call) == (REFUSED, "SIGNATURE_INVALID")
    nothing = "SELECT count(*) FROM clearance WHERE state <> 'OPEN'"
    assert release.rows(nothing) == [(0,)]
    assert release.rows("SELECT count(*) FROM consent WHERE meeting_id IS NOT NULL") == [(0,)]
    answered = await granted(release, clearance, time, own)
    assert answered.state == messages.CLEARANCE_STATE_GRANTED


def _refusing(clearance: messages.Clearance) -> messages.RefuseClearanceRequest:
    return messages.RefuseClearanceRequest(clearance_id=clearance.clearance_id, reason="Not now.")


async def test_what_was_signed_long_ago_is_stated_and_signed_anew(release: Releasing) -> None:
    officer = release.officer("NCSC")
    clearance = await ask(release, asking(await text_for(release), uuid4()))
    stated = await stated_answer(release, granting(clearance), officer)
    own = sign(release, stated, officer)
    release.clock.forward(hours=1, seconds=1)
    assert release.clock() - stated.stated_time.ToDatetime(release.clock().tzinfo) > HANDED_IN_WITHIN
    late = granted(release, clearance, stated.stated_time, own)
    assert await refusal(late) == (INVALID, "STATED_TIME_INVALID")
    release.clock.at -= timedelta(hours=1, minutes=2)
    early = granted(release, clearance, stated.stated_time, own)
    assert await refusal(early) == (INVALID, "STATED_TIME_INVALID")
    assert (await grant(release, clearance)).state == messages.CLEARANCE_STATE_GRANTED


async def test_a_request_is_signed_by_who_asks_and_good_once(release: Releasing) -> None:
    text, sender = await text_for(release), release.secretariat()
    request = asking(text, uuid4())
    stated = await stated_request(release, request, sender)
    request.stated_time.CopyFrom(stated.stated_time)

    async def sent(jws: str, who: list[tuple[str, str]] = sender, **changes: str) -> messages.Clearance:
        signed = messages.AskClearanceRequest()
        signed.CopyFrom(request)
        signed.jws, signed.request_id = jws, str(uuid4())
        for name, value in changes.items():
            setattr(signed, name, value)
        return (await release.clearances.AskClearance(signed, metadata=who)).clearance

    own = sign(release, stated, sender)
    officer = signed_as(release.platform.keys, "ncsc-release-officer", stated.payload.encode())
    assert await refusal(sent("")) == (INVALID, "SIGNATURE_MISSING")
    assert await refusal(sent(officer)) == (REFUSED, "SIGNATURE_KEY_FOREIGN")
    assert await refusal(sent(own, reason="For another purpose.")) == (REFUSED, "SIGNATURE_INVALID")
    colleague = release.bearer("UK", "DSIT", "secretariat")
    assert await refusal(sent(own, colleague)) == (REFUSED, "SIGNATURE_KEY_FOREIGN")
    assert release.rows("SELECT count(*) FROM clearance") == [(0,)]
    clearance = await sent(own)
    assert json.loads(stated.payload)["requestId"] == clearance.clearance_id
    await withdraw(release, clearance)
    # The same signature makes no second request, even when the first was taken back.
    assert await refusal(sent(own)) == (grpc.StatusCode.ALREADY_EXISTS, "CLEARANCE_ASKED")


async def test_what_was_recorded_unsigned_is_read_and_answered(release: Releasing) -> None:
    clearance = await ask(release, asking(await text_for(release), uuid4()))
    async with release.process.database.transaction() as tx:
        await tx.execute("UPDATE clearance SET request_jws = NULL")
    assert (await grant(release, clearance)).state == messages.CLEARANCE_STATE_GRANTED
    ((request, answer),) = release.rows("SELECT request_jws, answer_jws FROM clearance")
    assert (request, bool(answer)) == (None, True)


async def test_only_who_may_answer_is_told_what_an_answer_would_say(release: Releasing) -> None:
    clearance = await ask(release, asking(await text_for(release), uuid4()))
    for sender in (release.officer("ENISA"), release.officer("FCDO"), release.secretariat()):
        assert (await refusal(stated_answer(release, granting(clearance), sender)))[0] is REFUSED
    assert (await refusal(stated_request(release, asking(uuid4(), uuid4()), release.secretariat())))[1] == (
        "NO_ACCESS"
    )
    for changes in ({"kind": 0}, {"kind": 9}, {"kind": 2}, {"kind": 3}):
        request = messages.StateConsentAnswerRequest(
            request_id=str(uuid4()), clearance_id=clearance.clearance_id, words="So.", **changes
        )
        if changes["kind"] == 2:
            request.expires_time.GetCurrentTime()
        call = release.clearances.StateConsentAnswer(request, metadata=release.officer("NCSC"))
        assert await refusal(call) == (INVALID, "INVALID_VALUE")
    assert release.rows("SELECT count(*) FROM audit WHERE subject_kind = 'clearance'") == [(1,)]
