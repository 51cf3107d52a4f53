"""Only a token that the trusted issuer signed, for us, and lately, says who calls."""

import asyncio
import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from deploy.local.keys import ISSUER
from services.chassis import identity
from services.chassis.identity import (
    IssuerUnknown,
    IssuerUnreachable,
    Principal,
    RoleMissing,
    TokenExpired,
    TokenInvalid,
    TokenMissing,
    TokenVerifier,
    bearer_token,
)
from services.chassis.settings import IdentitySettings
from services.kernel.refusals import Refusal, RefusalKind
from tests.support.tokens import Issuer


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer.at(tmp_path / "issuer")


def encoded(part: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def signed(issuer: Issuer, **changes: Any) -> str:
    """A token with claims that the platform would never issue; None leaves a claim out."""
    key = OKPKey.import_key(json.loads(issuer.ring.issuer_key().read_text()))
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": "entente",
        "sub": "fcdo-chair",
        "exp": 4_102_444_800,
        "roles": ["chair"],
    } | changes
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "Ed25519", "kid": key.kid}, present, key, algorithms=["Ed25519"])


async def test_a_good_token_says_who_calls(issuer: Issuer) -> None:
    token = issuer.token("secretariat", "chair", subject="fcdo-chair")
    principal = await issuer.verifier().verify(token)
    assert principal.subject == "fcdo-chair"
    assert principal.roles == {"secretariat", "chair"}
    assert (principal.claims["party"], principal.claims["organisation"]) == ("UK", "FCDO")
    assert principal.token == token


async def test_an_expired_token_is_refused_whatever_a_business_clock_says(issuer: Issuer) -> None:
    old = issuer.token(age=timedelta(hours=2), lifetime=timedelta(hours=1))
    with pytest.raises(TokenExpired):
        await issuer.verifier().verify(old)


async def test_clocks_may_differ_by_half_a_minute(issuer: Issuer) -> None:
    just_expired = issuer.token(age=timedelta(seconds=70), lifetime=timedelta(minutes=1))
    assert await issuer.verifier().verify(just_expired)
    too_old = issuer.token(age=timedelta(seconds=95), lifetime=timedelta(minutes=1))
    with pytest.raises(TokenExpired):
        await issuer.verifier().verify(too_old)


async def test_a_token_of_a_foreign_issuer_is_refused(issuer: Issuer, tmp_path: Path) -> None:
    with pytest.raises(IssuerUnknown):
        await issuer.verifier().verify(issuer.token(issuer="https://issuer.elsewhere.example"))
    with pytest.raises(TokenInvalid):
        await issuer.verifier().verify(Issuer.at(tmp_path / "foreign").token())


async def test_a_token_for_somebody_else_is_refused(issuer: Issuer) -> None:
    with pytest.raises(TokenInvalid):
        await issuer.verifier().verify(issuer.token(audience="another system"))


async def test_a_token_without_signature_is_refused(issuer: Issuer) -> None:
    _, claims, _ = issuer.token().split(".")
    for algorithm in ("none", "None", "NONE"):
        with pytest.raises(TokenInvalid):
            await issuer.verifier().verify(f"{encoded({'alg': algorithm})}.{claims}.")


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(issuer: Issuer) -> None:
    secret = OctKey.import_key(issuer.ring.jwks.read_bytes())
    claims = {"iss": ISSUER, "aud": "entente", "sub": "x", "exp": 4_102_444_800, "roles": ["chair"]}
    forged = jwt.encode({"alg": "HS256"}, claims, secret)
    with pytest.raises(TokenInvalid):
        await issuer.verifier().verify(forged)


async def test_a_token_whose_claims_were_changed_is_refused(issuer: Issuer) -> None:
    header, _, signature = issuer.token().split(".")
    claims = encoded({"iss": ISSUER, "aud": "entente", "sub": "x", "exp": 4_102_444_800, "roles": ["chair"]})
    with pytest.raises(TokenInvalid):
        await issuer.verifier().verify(f"{header}.{claims}.{signature}")


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"exp": "never"},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"aud": None},
        {"aud": ["others"]},
        {"roles": None},
        {"roles": "chair"},
        {"roles": ["chair", 7]},
        {"nbf": 4_000_000_000},
    ],
    ids=str,
)
async def test_claims_that_do_not_hold_are_refused(issuer: Issuer, changes: dict[str, Any]) -> None:
    with pytest.raises(TokenInvalid):
        await issuer.verifier().verify(signed(issuer, **changes))


async def test_a_key_that_is_new_is_fetched_and_not_for_every_bad_token(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "_REFRESH_NOT_BEFORE", 0.0)
    verifier = issuer.verifier()
    await verifier.verify(issuer.token())
    rotated = Issuer.at(tmp_path / "rotated")
    issuer.ring.jwks.write_bytes(rotated.ring.jwks.read_bytes())
    assert await verifier.verify(rotated.token())
    with pytest.raises(TokenInvalid):
        await verifier.verify(issuer.token())
    monkeypatch.setattr(identity, "_REFRESH_NOT_BEFORE", 3600.0)
    issuer.ring.jwks.unlink()
    for _ in range(3):
        with pytest.raises(TokenInvalid):
            await verifier.verify(issuer.token())


async def test_an_issuer_that_does_not_answer_is_an_outage_and_no_refusal_of_the_caller(
    issuer: Issuer,
) -> None:
    settings = IdentitySettings(issuer=ISSUER, jwks="http://127.0.0.1:9/keys")
    with pytest.raises(IssuerUnreachable) as outage:
        await TokenVerifier(settings).verify(issuer.token())
    assert outage.value.kind is RefusalKind.UNAVAILABLE


@pytest.mark.parametrize("crit", [None, 1, "exp", ["exp"], {"exp": 1}, [None], [[]]], ids=repr)
async def test_a_header_of_the_wrong_shape_is_refused(issuer: Issuer, crit: object) -> None:
    for header in ({"alg": "Ed25519", "crit": crit}, {"alg": None, "kid": None, "crit": crit}):
        with pytest.raises(TokenInvalid):
            await issuer.verifier().verify(f"{encoded(header)}.{encoded({})}.")


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    header=some.dictionaries(
        some.sampled_from(["alg", "kid", "crit", "b64", "jwk", "x5c", "typ", "enc"]),
        some.none() | some.integers() | some.text(max_size=5) | some.lists(some.text(max_size=5), max_size=2)
        | some.sampled_from(["Ed25519", "EdDSA", "RS256"])
        | some.dictionaries(some.text(max_size=3), some.integers()),
    ),
    claims=some.text(max_size=30),
    dots=some.integers(0, 5),
)  # fmt: skip
async def test_whatever_comes_as_a_token_is_refused(
    issuer: Issuer, header: dict[str, Any], claims: str, dots: int
) -> None:
    token = ".".join([encoded(header), claims, *[""] * dots])
    with pytest.raises(Refusal) as refusal:
        await issuer.verifier().verify(token)
    assert refusal.value.kind is RefusalKind.UNAUTHENTICATED


async def test_a_token_of_immoderate_length_is_not_even_read(issuer: Issuer) -> None:
    with pytest.raises(TokenInvalid, match="too long"):
        await issuer.verifier().verify("x" * 8_193)


async def test_an_issuer_that_hangs_is_waited_for_once_by_all_who_come_meanwhile(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier, asked, gives_up = issuer.verifier(), asyncio.Queue[str](), asyncio.Event()
    monkeypatch.setattr(identity, "ACCOUNTS_EVERY", 0.0)

    async def hanging(address: str) -> object:
        asked.put_nowait(address)
        await gives_up.wait()
        raise IssuerUnreachable("no answer")

    monkeypatch.setattr(identity, "_fetch", hanging)
    looking = [asyncio.create_task(verifier.look_again()) for _ in range(3)]
    await asked.get()
    gives_up.set()
    await asyncio.gather(*looking)
    assert asked.empty()
    await verifier.look_again()
    assert asked.qsize() == 1


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "token"])
def test_a_call_without_bearer_token_is_refused(header: str | None) -> None:
    with pytest.raises(TokenMissing):
        bearer_token(header)


def test_the_scheme_may_be_written_in_any_case() -> None:
    assert bearer_token("bEARER abc") == "abc"


def test_one_of_the_roles_is_needed() -> None:
    principal = Principal("fcdo-chair", frozenset({"chair"}), {}, "")
    principal.require_any(frozenset({"chair", "secretariat"}))
    with pytest.raises(RoleMissing, match="operator"):
        principal.require_any(frozenset({"operator"}))
    with pytest.raises(RoleMissing):
        principal.require_any(frozenset())
