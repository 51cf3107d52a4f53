"""An agency that signs is told when a signature fails, and nobody can speak for it from quarantine."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from joserfc.jwk import OKPKey

from deploy.local.platform import PlatformAccess
from services.cli.signing import Signer
from services.kernel.policy import Policy
from services.kernel.signing import SignatureRule, SigningKey
from services.threatfeed.signatures import HEADER
from tests.support.postgres import Databases
from tests.support.quarantine import NCSC, Quarantine, quarantine_at_work
from tests.support.submissions import narrative, real_policy


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer(OKPKey.generate_key("Ed25519"), "ncsc-2026", "Ed25519")


def signing(signer: Signer) -> Policy:
    policy = real_policy()
    public = {name: str(signer.key.as_dict(private=False)[name]) for name in ("kty", "crv", "x")}
    ncsc = replace(
        policy.agencies["ncsc"],
        signature=SignatureRule.REQUIRED,
        signing_keys=(SigningKey(signer.kid, public, None, None),),
    )
    return replace(policy, agencies={**policy.agencies, "ncsc": ncsc})


@pytest.fixture
async def held(platform: PlatformAccess, postgres: Databases, signer: Signer) -> AsyncIterator[Quarantine]:
    async with quarantine_at_work(platform, postgres, signing(signer)) as quarantine:
        yield quarantine


async def test_a_signed_submission_is_shown_with_its_key(held: Quarantine, signer: Signer) -> None:
    raw = json.dumps(narrative(id="S-1")).encode()
    await held.receive(raw, headers=[(HEADER, signer.sign(raw, agency="ncsc", topic=NCSC))])
    ((identity,),) = held.rows("SELECT assessment_id FROM assessment")
    who = held.token("fcdo-secretariat", "UK", "FCDO", "secretariat")
    shown = await held.client.get(f"/v1/assessments/{identity}", headers=who)
    assert shown.json()["signing_key"] == "ncsc-2026"


async def test_an_unsigned_and_a_changed_submission_are_quarantined_and_the_agency_is_told(
    held: Quarantine, signer: Signer
) -> None:
    raw = json.dumps(narrative(id="S-2")).encode()
    (unsigned,) = await held.receive(raw)
    signature = signer.sign(raw, agency="ncsc", topic=NCSC)
    (altered,) = await held.receive(raw.replace(b"S-2", b"S-3"), headers=[(HEADER, signature)])
    for record, reason in ((unsigned, "SIGNATURE_MISSING"), (altered, "SIGNATURE_INVALID")):
        assert (await held.entry(record))["reason"] == reason
        (receipt,) = held.receipts(record)
        assert [refusal["reason"] for refusal in receipt["results"][0]["refusals"]] == [reason]
    assert held.admitted() == []


async def test_no_operator_can_speak_for_an_agency_that_signs(held: Quarantine, signer: Signer) -> None:
    raw = json.dumps(narrative(id="S-4")).encode()[:-9]
    signature = signer.sign(raw, agency="ncsc", topic=NCSC)
    (record,) = await held.receive(raw, headers=[(HEADER, signature)])
    assert (await held.entry(record))["reason"] == "JSON_TRUNCATED"
    await held.edit(record, narrative(id="S-4"))
    assert (await held.replay(record)).json()["reason"] == "SIGNATURE_INVALID"
    assert held.admitted() == []
