"""A laptop's token issuer and the signing keys of its officials, made at the first start.

Tokens are JWT (RFC 7519), keys are JWK (RFC 7517), both with Ed25519 (RFC 8037, named as in RFC 9864).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import OKPKey

from deploy.local.files import write_private, write_whole

ISSUER: Final = "https://issuer.entente.localhost"
AUDIENCE: Final = "entente"
_ALGORITHM: Final = "Ed25519"


@dataclass(frozen=True, slots=True)
class Official:
    """A role account that signs for its organisation, such as `fcdo-secretariat`."""

    subject: str
    party: str
    organisation: str


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The key files of one platform. Private keys have mode 0600.

    `jwks` holds the issuer's public key, which tokens are checked with. `official_keys` holds the
    officials' public keys with the members `kid`, `sub`, `party` and `organisation`. `accounts` says which
    accounts the issuer has changed or disabled since it signed tokens for them.
    """

    folder: Path

    @property
    def jwks(self) -> Path:
        return self.folder / "issuer.jwks.json"

    @property
    def official_keys(self) -> Path:
        return self.folder / "officials.jwks.json"

    @property
    def accounts(self) -> Path:
        return self.folder / "issuer.accounts.json"

    def issuer_key(self) -> Path:
        return self.folder / "issuer.jwk.json"

    def service_token(self, service: str) -> Path:
        return self.folder / f"service.{service}.token"

    def official_key(self, subject: str) -> Path:
        return self.folder / f"official.{subject}.jwk.json"

    def create(self, officials: Sequence[Official]) -> None:
        """Make the keys that are missing, and the public sets from all."""
        issuer = _key(self.issuer_key(), {})
        signing = [
            _key(
                self.official_key(official.subject),
                {
                    "sub": official.subject,
                    "party": official.party,
                    "organisation": official.organisation,
                },
            )
            for official in officials
        ]
        _write_public(self.jwks, [issuer])
        _write_public(self.official_keys, signing)
        if not self.accounts.exists():
            write_whole(self.accounts, json.dumps({"accounts": {}}))

    def change_account(self, subject: str, at: datetime, *, disabled: bool) -> None:
        """Voids the tokens that an account was given before; a disabled one is let in with none at all."""
        document = json.loads(self.accounts.read_text())
        # Tokens say in whole seconds when they were issued: the whole second counts as before.
        document["accounts"][subject] = {"changed": int(at.timestamp()) + 1, "disabled": disabled}
        write_whole(self.accounts, json.dumps(document, indent=2))


def issue_token(
    ring: KeyRing,
    *,
    subject: str,
    party: str,
    organisation: str,
    roles: Sequence[str],
    at: datetime,
    lifetime: timedelta = timedelta(hours=12),
    audience: str = AUDIENCE,
    issuer: str = ISSUER,
) -> str:
    """A bearer token signed by the local issuer, valid from `at` on for `lifetime`."""
    key = OKPKey.import_key(json.loads(ring.issuer_key().read_text()))
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": subject,
        "iat": int(at.timestamp()),
        "exp": int((at + lifetime).timestamp()),
        "party": party,
        "organisation": organisation,
        "roles": list(roles),
    }
    header = {"alg": _ALGORITHM, "kid": key.kid}
    return jwt.encode(header, claims, key, algorithms=[_ALGORITHM])


def write_service_token(ring: KeyRing, service: str, *, party: str, at: datetime) -> None:
    """Replace the file of a service's own token: a principal of its own, with the role `service`.

    It holds for a day and is to be written anew well before; a reader never sees half a token.
    """
    token = issue_token(
        ring,
        subject=service,
        party=party,
        organisation=service,
        roles=["service"],
        at=at,
        lifetime=timedelta(days=1),
    )
    write_private(ring.service_token(service), token)


def _key(path: Path, members: Mapping[str, str]) -> dict[str, Any]:
    """The private JWK of the file, made if missing; the members are brought up to date."""
    if path.exists():
        document: dict[str, Any] = json.loads(path.read_text())
    else:
        fresh = OKPKey.generate_key("Ed25519")
        document = {**fresh.as_dict(private=True), "kid": fresh.thumbprint()}
    current = {**document, "use": "sig", **members}
    if current != document or not path.exists():
        write_private(path, json.dumps(current, indent=2))
    return current


def _write_public(path: Path, keys: Sequence[Mapping[str, Any]]) -> None:
    public = [{name: value for name, value in key.items() if name != "d"} for key in keys]
    write_whole(path, json.dumps({"keys": public}, indent=2))
