"""Officials' signatures: detached JWS (RFC 7515 appendix F), EdDSA with Ed25519 (RFC 8037)."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey

from services.kernel.refusals import Refusal, RefusalKind

# RFC 9864 renames EdDSA with Ed25519 to "Ed25519"; both are the same signature.
_ALGORITHMS = ["EdDSA", "Ed25519"]
_LONGEST = 2_048


class OfficialSignatureMissing(Refusal):
    """An official signs this with a key of the official's own, and it is not signed."""

    kind = RefusalKind.INVALID
    reason = "SIGNATURE_MISSING"


class OfficialSignatureMalformed(Refusal):
    """What should be a signature cannot be read as one."""

    kind = RefusalKind.INVALID
    reason = "SIGNATURE_MALFORMED"


class OfficialKeyUnknown(Refusal):
    """No official's key has this id."""

    kind = RefusalKind.FORBIDDEN
    reason = "SIGNATURE_KEY_UNKNOWN"


class OfficialKeyForeign(Refusal):
    """The key is another official's."""

    kind = RefusalKind.FORBIDDEN
    reason = "SIGNATURE_KEY_FOREIGN"


class OfficialSignatureInvalid(Refusal):
    """The signature is not that of the key over these bytes."""

    kind = RefusalKind.FORBIDDEN
    reason = "SIGNATURE_INVALID"


@dataclass(frozen=True, slots=True)
class Official:
    """Who signs, and for whom."""

    subject: str
    party: str
    organisation: str


@dataclass(frozen=True, slots=True)
class OfficialKey:
    """An official's public key."""

    key: OKPKey
    official: Official


@dataclass(frozen=True, slots=True)
class OfficialKeys:
    """The officials' public keys by `kid`."""

    by_id: Mapping[str, OfficialKey]

    @staticmethod
    def read(address: str) -> "OfficialKeys":
        """From a JWKS file (RFC 7517) whose keys carry `kid`, `sub`, `party` and `organisation`."""
        parts = urlsplit(address)
        path = Path(url2pathname(parts.path) if parts.scheme == "file" else address)
        return OfficialKeys.from_document(json.loads(path.read_text("utf-8")))

    @staticmethod
    def from_document(document: Mapping[str, Any]) -> "OfficialKeys":
        return OfficialKeys(
            {
                entry["kid"]: OfficialKey(
                    OKPKey.import_key(entry), Official(entry["sub"], entry["party"], entry["organisation"])
                )
                for entry in document["keys"]
            }
        )

    def verify(self, signature: str, payload: bytes, signer: Official) -> str:
        """The `kid` of the key with which `signer` signed `payload`.

        Raises `OfficialSignatureMissing`, `OfficialSignatureMalformed`, `OfficialKeyUnknown`,
        `OfficialKeyForeign` or `OfficialSignatureInvalid`.
        """
        kid = _key_id(signature)
        held = self.by_id.get(kid)
        if held is None:
            raise OfficialKeyUnknown("the key is not registered to any official", pointer="/jws")
        if held.official != signer:
            raise OfficialKeyForeign("the key is another official's", pointer="/jws")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SecurityWarning)
                jws.deserialize_compact(signature, held.key, algorithms=_ALGORITHMS, payload=payload)
        except (JoseError, ValueError) as error:
            raise OfficialSignatureInvalid("the signature is not over this text", pointer="/jws") from error
        return kid

    def public_key(self, signature: str) -> dict[str, str]:
        """The public JWK whose id a signature names, with whose it is; nothing is verified.

        Raises as `verify` does, but for what is wrong with the signature itself.
        """
        kid = _key_id(signature)
        held = self.by_id.get(kid)
        if held is None:
            raise OfficialKeyUnknown("the key is not registered to any official", pointer="/jws")
        public = held.key.as_dict(private=False)
        return {
            "kid": kid,
            **{name: str(public[name]) for name in ("kty", "crv", "x")},
            "sub": held.official.subject,
            "party": held.official.party,
            "organisation": held.official.organisation,
        }


def _key_id(signature: str) -> str:
    if not signature:
        raise OfficialSignatureMissing("this is signed by the official who says it", pointer="/jws")
    parts = signature.split(".")
    if len(signature) > _LONGEST or len(parts) != 3 or not parts[0] or parts[1] or not parts[2]:
        raise OfficialSignatureMalformed(
            "a detached signature has a header, an empty payload and a signature", pointer="/jws"
        )
    try:
        header = jws.extract_compact(signature.encode("ascii")).headers()
    except (JoseError, ValueError, TypeError) as error:
        raise OfficialSignatureMalformed("the header cannot be read", pointer="/jws") from error
    kid = header.get("kid")
    if set(header) != {"alg", "kid"} or header["alg"] not in _ALGORITHMS or not isinstance(kid, str):
        raise OfficialSignatureMalformed("the header holds alg EdDSA and kid, and no more", pointer="/jws")
    return kid
