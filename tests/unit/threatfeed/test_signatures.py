"""A signature says who submitted these bytes to this topic, or the submission is refused for a reason."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OKPKey

from services.chassis.consumer.records import Record, Replay
from services.cli.failures import CommandFailed
from services.cli.signing import Signer, make_key
from services.kernel.markings.levels import Level
from services.kernel.policy import Policy
from services.kernel.refusals import Refusal
from services.kernel.signing import SignatureRule, SigningKey
from services.threatfeed.consumers import submissions
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.documents import revision_from_document, revision_to_document
from services.threatfeed.domain.submission import Reading
from services.threatfeed.signatures import HEADER, SubmissionSignatures
from services.threatfeed.usecases.holding import Holding
from tests.support.submissions import narrative, real_policy, real_taxonomies

TOPIC = "threatfeed.submission.ncsc.v1"
RAW = json.dumps(narrative(text="Straße, naïve, 東京")).encode()
AT = datetime(2026, 11, 25, 10, tzinfo=UTC)


@lru_cache(maxsize=1)
def signers() -> Mapping[str, Signer]:
    ed, ec = OKPKey.generate_key("Ed25519"), ECKey.generate_key("P-256")
    return {"ed": Signer(ed, "ed", "Ed25519"), "ec": Signer(ec, "ec", "ES256")}


def registered(signer: Signer, **days: date) -> SigningKey:
    public = {name: str(text) for name, text in signer.key.as_dict(private=False).items()}
    jwk = {name: public[name] for name in ("kty", "crv", "x", "y") if name in public}
    return SigningKey(signer.kid, jwk, days.get("not_before"), days.get("expires"))


def policy(rule: SignatureRule = SignatureRule.REQUIRED, **days: date) -> Policy:
    known = real_policy()
    keys = tuple(registered(signer, **days) for signer in signers().values())
    ncsc = replace(known.agencies["ncsc"], signature=rule, signing_keys=keys)
    return replace(known, agencies={**known.agencies, "ncsc": ncsc})


def record(*signatures: bytes, value: bytes | None = RAW, topic: str = TOPIC) -> Record:
    headers = [("content-type", b"application/json"), *((HEADER, signature) for signature in signatures)]
    return Record(topic, 0, 0, b"k", value, tuple(headers), 0)


def signed(kind: str = "ed", value: bytes = RAW, agency: str = "ncsc", topic: str = TOPIC) -> bytes:
    return signers()[kind].sign(value, agency=agency, topic=topic)


def reason(given: Record, known: Policy | None = None, at: datetime = AT, agency: str = "ncsc") -> str:
    with pytest.raises(Refusal) as caught:
        SubmissionSignatures(known or policy()).signer(given, agency, at)
    return caught.value.reason


@pytest.mark.parametrize("kind", ["ed", "ec"])
@pytest.mark.parametrize("rule", list(SignatureRule))
def test_a_good_signature_names_its_key(kind: str, rule: SignatureRule) -> None:
    assert SubmissionSignatures(policy(rule)).signer(record(signed(kind)), "ncsc", AT) == kind


def test_an_unsigned_submission_is_refused_only_where_a_signature_is_required() -> None:
    assert reason(record()) == "SIGNATURE_MISSING"
    assert SubmissionSignatures(policy(SignatureRule.OPTIONAL)).signer(record(), "ncsc", AT) is None
    assert SubmissionSignatures(policy()).signer(record(topic="x"), "enisa", AT) is None
    assert SubmissionSignatures(policy()).signer(record(topic="x"), "nobody", AT) is None


@pytest.mark.parametrize("rule", list(SignatureRule))
def test_a_signature_that_is_there_is_always_checked(rule: SignatureRule) -> None:
    assert reason(record(signed(), value=RAW + b" "), policy(rule)) == "SIGNATURE_INVALID"


def test_a_signature_is_good_for_its_agency_and_its_topic_only() -> None:
    assert reason(record(signed(topic="threatfeed.submission.enisa.v1"))) == "SIGNATURE_OF_OTHER"
    assert reason(record(signed(agency="enisa"))) == "SIGNATURE_OF_OTHER"
    other = "threatfeed.submission.enisa.v1"
    assert reason(record(signed(), topic=other), agency="enisa") == "SIGNATURE_OF_OTHER"
    of_enisa = signed(agency="enisa", topic=other)
    assert reason(record(of_enisa, topic=other), agency="enisa") == "SIGNATURE_KEY_UNKNOWN"


def test_a_key_that_nobody_registered_is_unknown_even_under_a_registered_name() -> None:
    stranger = OKPKey.generate_key("Ed25519")
    unknown = Signer(stranger, "stranger", "Ed25519").sign(RAW, agency="ncsc", topic=TOPIC)
    assert reason(record(unknown)) == "SIGNATURE_KEY_UNKNOWN"
    pretender = Signer(stranger, "ed", "Ed25519").sign(RAW, agency="ncsc", topic=TOPIC)
    assert reason(record(pretender)) == "SIGNATURE_INVALID"
    other_kind = Signer(signers()["ec"].key, "ed", "ES256").sign(RAW, agency="ncsc", topic=TOPIC)
    assert reason(record(other_kind)) == "SIGNATURE_INVALID"


def test_a_key_is_good_from_its_first_day_through_its_last_by_our_own_time() -> None:
    known = policy(not_before=AT.date(), expires=AT.date())
    assert SubmissionSignatures(known).signer(record(signed()), "ncsc", AT) == "ed"
    for late in (timedelta(days=1), timedelta(days=-1)):
        assert reason(record(signed()), known, AT + late) == "SIGNATURE_KEY_EXPIRED"


def _head(**changes: Any) -> bytes:
    head = {"alg": "Ed25519", "kid": "ed", "b64": False, "crit": ["b64"], "agency": "ncsc", "topic": TOPIC}
    document = {name: value for name, value in {**head, **changes}.items() if value is not None}
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=") + b"..c2ln"


MALFORMED: Mapping[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no parts": lambda: b"abc",
    "an attached payload": lambda: signed().replace(b"..", b".e30."),
    "a header that is no JSON": lambda: b"AAAA..AAAA",
    "no binding to the agency": lambda: _head(agency=None),
    "no binding to the topic": lambda: _head(topic=None),
    "a payload in base64": lambda: _head(b64=True),
    "b64 that need not be understood": lambda: _head(crit=None),
    "more that must be understood": lambda: _head(crit=["b64", "exp"]),
    "a member of its own": lambda: _head(jwk={}),
    "no algorithm": lambda: _head(alg="none"),
    "a symmetric algorithm": lambda: _head(alg="HS256"),
    "a name that is none": lambda: _head(kid=7),
    "a list for an algorithm": lambda: _head(alg=["Ed25519"]),
    "too much": lambda: b"A" * 5_000,
    "bytes that are no text": lambda: b"\xff..\xff",
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_no_such_signature_is_malformed(case: str) -> None:
    assert reason(record(MALFORMED[case]())) == "SIGNATURE_MALFORMED"


def test_two_signatures_are_none() -> None:
    assert reason(record(signed(), signed())) == "SIGNATURE_MALFORMED"


@given(st.binary(max_size=200) | st.sampled_from([b"", b".", b".."]))
@settings(max_examples=150, deadline=None)
def test_whatever_the_header_holds_it_is_refused_and_harms_nobody(noise: bytes) -> None:
    assert reason(record(noise)).startswith("SIGNATURE_")


@given(st.integers(0, 400), st.integers(1, 255))
@settings(max_examples=150, deadline=None)
def test_no_byte_of_a_signed_submission_can_change(place: int, by: int) -> None:
    changed = bytearray(RAW)
    changed[place % len(RAW)] ^= by
    assert reason(record(signed(), value=bytes(changed))) == "SIGNATURE_INVALID"


def test_bytes_that_are_no_text_and_records_over_the_limit_are_judged_like_any_other() -> None:
    assert reason(record(signed(), value=b"\xff" * 100)) == "SIGNATURE_INVALID"
    assert reason(record(signed(), value=None)) == "SIGNATURE_INVALID"
    large = b"x" * (6 * 1024 * 1024)
    assert SubmissionSignatures(policy()).signer(record(signed(value=large), value=large), "ncsc", AT) == "ed"


def decoding(known: Policy, at: datetime) -> Callable[[Record], tuple[Reading, ...]]:
    holding = Holding("UK", Level.parse("UK OFFICIAL"), known)
    return submissions(known, real_taxonomies(), holding, lambda: at).decode


def test_the_verified_key_is_kept_with_the_revision() -> None:
    decode = decoding(policy(), AT)
    (reading,) = decode(record(signed()))
    assert isinstance(reading, Assessment)
    assert reading.source.signing_key == "ed"
    assert revision_from_document(revision_to_document(reading)) == reading


def test_a_replay_is_judged_by_the_time_at_which_the_record_was_taken_in() -> None:
    known = policy(expires=AT.date())
    later = AT + timedelta(days=30)
    decode = decoding(known, later)
    with pytest.raises(Refusal) as caught:
        decode(record(signed()))
    assert caught.value.reason == "SIGNATURE_KEY_EXPIRED"
    (reading,) = decode(replace(record(signed()), replay=Replay(1, 0, AT)))
    assert isinstance(reading, Assessment)


def test_a_key_pair_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    public = make_key(file, "ncsc-2026")
    assert "d" not in public
    assert file.stat().st_mode & 0o777 == 0o600
    assert Signer.read(file).sign(b"{}", agency="ncsc", topic=TOPIC).count(b".") == 2
    with pytest.raises(CommandFailed, match="never written over"):
        make_key(file)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"kty": "oct", "k": "AA", "kid": "a"}', '{"crv": 1}'])
def test_a_file_without_a_private_key_signs_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key.json"
    file.write_text(text)
    with pytest.raises(CommandFailed):
        Signer.read(file)
