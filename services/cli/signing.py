"""An agency's own signing key: made on its machine, used on its machine.

What a signature must hold is said in docs/reference/signed-submissions.md.
"""

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey

from deploy.local.files import write_private
from services.chassis.kafka import LARGEST_RECORD
from services.cli.failures import CommandFailed

HEADER: Final = "submission-signature"
_ALGORITHMS: Final = {"Ed25519": "Ed25519", "P-256": "ES256"}


class _Registry(jws.JWSRegistry):
    max_header_length = 1_536
    max_payload_length = LARGEST_RECORD


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs submissions of one agency with one key."""

    key: OKPKey | ECKey
    kid: str
    algorithm: str

    @classmethod
    def read(cls, path: Path) -> "Signer":
        """From a private JWK with a `kid` (RFC 7517). Raises `CommandFailed`."""
        try:
            document: dict[str, Any] = json.loads(path.read_text("utf-8"))
            curve, kid = document["crv"], document["kid"]
            kind = OKPKey if document["kty"] == "OKP" else ECKey
            key = kind.import_key(document)
        except (OSError, ValueError, KeyError, TypeError, JoseError) as error:
            raise CommandFailed(f"{path} holds no private JWK with a kid") from error
        if curve not in _ALGORITHMS or not key.is_private:
            raise CommandFailed(f"{path} holds no private key on Ed25519 or P-256")
        return cls(key, str(kid), _ALGORITHMS[curve])

    def sign(self, payload: bytes, *, agency: str, topic: str) -> bytes:
        """The value of the header for these bytes in this topic. Raises `CommandFailed`."""
        head = {
            "alg": self.algorithm,
            "kid": self.kid,
            "b64": False,
            "crit": ["b64"],
            "agency": agency,
            "topic": topic,
        }
        registry = _Registry(algorithms=[self.algorithm], strict_check_header=False)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SecurityWarning)
                whole = jws.serialize_compact(head, payload, self.key, registry=registry)
        except (JoseError, UnicodeDecodeError) as error:
            raise CommandFailed(f"these bytes cannot be signed: {error}") from error
        return f"{whole.split('.')[0]}..{whole.rsplit('.', 1)[1]}".encode("ascii")


def make_key(path: Path, kid: str | None = None) -> dict[str, str]:
    """Writes a new private key to a file that must not exist yet, for its owner's eyes only.

    Gives the public members, as the policy registers them. Raises `CommandFailed`.
    """
    if path.exists():
        raise CommandFailed(f"{path} exists already; a key is never written over")
    key = OKPKey.generate_key("Ed25519")
    name = kid or key.thumbprint()
    write_private(path, json.dumps({**key.as_dict(private=True), "kid": name, "use": "sig"}, indent=2))
    public = key.as_dict(private=False)
    return {"kid": name, "kty": "OKP", "crv": "Ed25519", "x": str(public["x"])}
