"""What an official signed is good for that official and those bytes only."""

import base64
import json

import pytest

from services.chassis.officials import Official, OfficialKeys
from services.kernel.refusals import Refusal
from tests.support.signing import Signers

CHAIR = Official("fcdo-chair", "UK", "FCDO")
OTHER = Official("eeas-chair", "EU", "EEAS")
TEXT = b'{"said":"so"}'


@pytest.fixture(scope="module")
def signers() -> Signers:
    return Signers(CHAIR, OTHER)


def refused(signers: Signers, signature: str, payload: bytes = TEXT, signer: Official = CHAIR) -> str:
    with pytest.raises(Refusal) as failed:
        signers.keys.verify(signature, payload, signer)
    assert failed.value.pointer == "/jws"
    return failed.value.reason


def test_a_signature_of_the_official_over_the_bytes_holds(signers: Signers) -> None:
    assert signers.keys.verify(signers.sign("fcdo-chair", TEXT), TEXT, CHAIR) == "fcdo-chair"


def test_public_keys_are_read_with_whose_they_are(signers: Signers) -> None:
    key = signers.keys.by_id["fcdo-chair"].key.as_dict(private=False)
    members = {"kid": "K", "sub": "fcdo-chair", "party": "UK", "organisation": "FCDO"}
    read = OfficialKeys.from_document({"keys": [{**key, **members}]})
    assert read.verify(signers.sign("fcdo-chair", TEXT, "K"), TEXT, CHAIR) == "K"


def test_whatever_else_is_handed_in_is_refused_by_name(signers: Signers) -> None:
    own = signers.sign("fcdo-chair", TEXT)
    assert refused(signers, "") == "SIGNATURE_MISSING"
    assert refused(signers, own, b'{"said":"no"}') == "SIGNATURE_INVALID"
    assert refused(signers, signers.sign("eeas-chair", TEXT)) == "SIGNATURE_KEY_FOREIGN"
    assert refused(signers, own, signer=Official("fcdo-chair", "UK", "DSIT")) == "SIGNATURE_KEY_FOREIGN"
    assert refused(signers, signers.sign("eeas-chair", TEXT, "fcdo-chair")) == "SIGNATURE_INVALID"
    assert refused(signers, signers.sign("fcdo-chair", TEXT, "nobody")) == "SIGNATURE_KEY_UNKNOWN"
    head, _, tail = own.split(".")
    other = "B" if tail[0] == "A" else "A"
    assert refused(signers, f"{head}..{other}{tail[1:]}") == "SIGNATURE_INVALID"
    attached = f"{head}.{base64.urlsafe_b64encode(TEXT).decode().rstrip('=')}.{tail}"
    for text in (attached, own[:-20] + "é" * 20, f"{own}.x", "..", "a..b", own + "A" * 2_048):
        assert refused(signers, text) in ("SIGNATURE_MALFORMED", "SIGNATURE_INVALID")


@pytest.mark.parametrize(
    "header",
    [
        [],
        {},
        {"alg": "none", "kid": "fcdo-chair"},
        {"alg": "HS256", "kid": "fcdo-chair"},
        {"alg": 1, "kid": "fcdo-chair"},
        {"alg": "EdDSA"},
        {"alg": "EdDSA", "kid": 1},
        {"alg": "EdDSA", "kid": ["fcdo-chair"]},
        {"alg": "EdDSA", "kid": "fcdo-chair", "jwk": {}},
        {"alg": "EdDSA", "kid": "fcdo-chair", "b64": False, "crit": ["b64"]},
    ],
)
def test_a_header_says_the_algorithm_and_the_key_and_no_more(signers: Signers, header: object) -> None:
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    tail = signers.sign("fcdo-chair", TEXT).rpartition(".")[2]
    assert refused(signers, f"{head}..{tail}") == "SIGNATURE_MALFORMED"
