"""Agencies' signatures over submissions: detached JWS (RFC 7515 appendix F) with the bytes of the record as
they are (RFC 7797, `b64` false), in a header of the record.

The protected header binds the signature to the agency and the topic, so that no signed record is good
anywhere else. A signature that is there is always checked; whether one must be there is the policy's to say.
"""

import warnings
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey

from services.chassis.consumer.records import Record
from services.chassis.kafka import LARGEST_RECORD
from services.kernel.parties import Agency
from services.kernel.policy import Policy
from services.kernel.signing import SignatureRule, SigningKey
from services.threatfeed.domain.refusals import (
    SignatureInvalid,
    SignatureKeyExpired,
    SignatureKeyUnknown,
    SignatureMalformed,
    SignatureMissing,
    SignatureOfOther,
)

HEADER = "submission-signature"
# RFC 9864 renames EdDSA with Ed25519 to "Ed25519"; both are the same signature.
_ALGORITHMS = ["Ed25519", "EdDSA", "ES256"]
_MEMBERS = {"alg", "kid", "b64", "crit", "agency", "topic"}
_LONGEST = 2_048


class _Registry(jws.JWSRegistry):
    """Checks the algorithm. What the header may hold is checked here, more strictly."""

    max_header_length = 1_536
    max_payload_length = LARGEST_RECORD


class SubmissionSignatures:
    """Checks signatures under one version of the policy."""

    def __init__(self, policy: Policy) -> None:
        self._agencies = policy.agencies
        self._registry = _Registry(algorithms=_ALGORITHMS, strict_check_header=False)
        self._keys: Mapping[tuple[str, str], tuple[SigningKey, OKPKey | ECKey]] = {
            (agency.id, key.kid): (key, _import(key))
            for agency in policy.agencies.values()
            for key in agency.signing_keys
        }

    def signer(self, record: Record, agency_id: str, at: datetime) -> str | None:
        """The `kid` of the key that signed the record; None for an unsigned one that may be so.

        `at` is when the record was taken in. Raises `SignatureMissing`, `SignatureMalformed`,
        `SignatureOfOther`, `SignatureKeyUnknown`, `SignatureKeyExpired` or `SignatureInvalid`.
        """
        found = [value for name, value in record.headers if name == HEADER]
        if not found:
            self._check_unsigned(self._agencies.get(agency_id))
            return None
        if len(found) > 1:
            raise SignatureMalformed("a record has one signature", pointer=_POINTER)
        signature = _text(found[0])
        head = _protected_header(signature)
        if (head["agency"], head["topic"]) != (agency_id, record.topic):
            raise SignatureOfOther("the signature is for another agency or topic", pointer=_POINTER)
        held = self._keys.get((agency_id, head["kid"]))
        if held is None:
            raise SignatureKeyUnknown("the key is not registered for the agency", pointer=_POINTER)
        registered, key = held
        if not registered.holds(at):
            raise SignatureKeyExpired("the key is not good at this time", pointer=_POINTER)
        self._verify(signature, record.value or b"", key)
        return registered.kid

    def _check_unsigned(self, agency: Agency | None) -> None:
        if agency is not None and agency.signature is SignatureRule.REQUIRED:
            raise SignatureMissing("the agency signs what it submits, and this is not signed")

    def _verify(self, signature: str, payload: bytes, key: OKPKey | ECKey) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SecurityWarning)
                jws.deserialize_compact(signature, key, registry=self._registry, payload=payload)
        except (JoseError, ValueError) as error:
            raise SignatureInvalid("the signature is not over these bytes", pointer=_POINTER) from error


_POINTER = f"/headers/{HEADER}"


def _import(key: SigningKey) -> OKPKey | ECKey:
    kind = OKPKey if key.jwk["kty"] == "OKP" else ECKey
    return kind.import_key(dict(key.jwk))


def _text(value: bytes) -> str:
    if len(value) > _LONGEST or not value.isascii():
        raise SignatureMalformed("not a detached JWS", pointer=_POINTER)
    return value.decode("ascii")


def _protected_header(signature: str) -> Mapping[str, Any]:
    parts = signature.split(".")
    if len(parts) != 3 or not parts[0] or parts[1] or not parts[2]:
        raise SignatureMalformed(
            "a detached JWS has a header, an empty payload and a signature", pointer=_POINTER
        )
    try:
        extracted = jws.extract_compact(signature.encode("ascii"), registry=_Registry())
    except (JoseError, ValueError, TypeError) as error:
        raise SignatureMalformed("the protected header cannot be read", pointer=_POINTER) from error
    head: Mapping[str, Any] = extracted.headers()
    if (
        set(head) != _MEMBERS
        or head["b64"] is not False
        or head["crit"] != ["b64"]
        or head["alg"] not in _ALGORITHMS
        or not all(isinstance(head[name], str) for name in ("alg", "kid", "agency", "topic"))
    ):
        raise SignatureMalformed(
            "the protected header holds alg, kid, b64 false, crit, agency and topic, and no more",
            pointer=_POINTER,
        )
    return head
