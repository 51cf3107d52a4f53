"""How an agency signs what it submits: its public keys, and whether a signature is asked for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.kernel.sections import Section

_COORDINATE = re.compile(r"[A-Za-z0-9_-]{43}")
"""32 bytes in base64url without padding: a coordinate of either curve (RFC 7518 6.2.1, RFC 8037 2)."""
_CURVES = {"OKP": ("Ed25519", ("x",)), "EC": ("P-256", ("x", "y"))}


class SignatureRule(StrEnum):
    """A signature that is there is checked under either rule."""

    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key of an agency as JWK members (RFC 7517), good from one day through another, in UTC."""

    kid: str
    jwk: Mapping[str, str]
    not_before: date | None
    expires: date | None

    def holds(self, at: datetime) -> bool:
        """Whether the key may be used at an instant in UTC."""
        day = at.date()
        return (self.not_before is None or self.not_before <= day) and (
            self.expires is None or day <= self.expires
        )


def read_signing_keys(section: Section, name: str) -> tuple[SigningKey, ...]:
    """A list of public keys, none where the member is absent. Raises `PolicyMalformed`."""
    if not section.holds(name):
        return ()
    keys = tuple(_read_key(entry) for entry in section.sections(name))
    if len({key.kid for key in keys}) < len(keys):
        raise section.wrong("two keys share a kid")
    return keys


def _read_key(section: Section) -> SigningKey:
    if section.holds("d"):
        raise section.wrong("a private key has no place in the policy")
    kind = section.text("kty")
    if kind not in _CURVES:
        raise section.wrong("a key is of kind OKP with Ed25519, or EC with P-256")
    curve, coordinates = _CURVES[kind]
    jwk = {"kty": kind, "crv": section.text("crv"), **{name: section.text(name) for name in coordinates}}
    if jwk["crv"] != curve or not all(_COORDINATE.fullmatch(jwk[name]) for name in coordinates):
        raise section.wrong(f"the key is not one on {curve}")
    key = SigningKey(
        kid=section.text("kid"),
        jwk=jwk,
        not_before=section.optional_day("not_before"),
        expires=section.optional_day("expires"),
    )
    section.end()
    return key
