"""Officials' own keys, and what they sign with them."""

import json
import warnings
from collections.abc import Mapping

from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import OKPKey

from deploy.local.keys import KeyRing
from services.chassis.officials import Official, OfficialKey, OfficialKeys


def detached(payload: bytes, key: OKPKey, header: Mapping[str, object]) -> str:
    """A detached signature, whatever the header says."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        whole = jws.serialize_compact(dict(header), payload, key, algorithms=["EdDSA", "Ed25519"])
    head, _, signature = whole.split(".")
    return f"{head}..{signature}"


def signed_as(ring: KeyRing, subject: str, payload: bytes) -> str:
    """With the key that the platform made for an official; nothing where it made none."""
    path = ring.official_key(subject)
    if not path.exists():
        return ""
    document = json.loads(path.read_text())
    return detached(payload, OKPKey.import_key(document), {"alg": "EdDSA", "kid": document["kid"]})


class Signers:
    """Officials with a key each, which is made with the first thing that they sign or are known for."""

    def __init__(self, *known: Official) -> None:
        self._held: dict[str, OfficialKey] = {
            one.subject: OfficialKey(OKPKey.generate_key("Ed25519"), one) for one in known
        }

    @property
    def keys(self) -> OfficialKeys:
        """What a service knows of them. The `kid` is the account."""
        return OfficialKeys(self._held)

    def sign(self, subject: str, payload: bytes, kid: str | None = None) -> str:
        """With the key of the account, under its id or another's."""
        return detached(payload, self._held[subject].key, {"alg": "EdDSA", "kid": kid or subject})
