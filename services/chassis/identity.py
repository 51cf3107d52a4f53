"""Who calls: bearer tokens (JWT, RFC 7519) checked against an issuer's keys (JWKS, RFC 7517).

Tokens are judged by real time even where a demo moves the business clock: a moved clock must never make
an expired credential good.
"""

import asyncio
import math
import time
import warnings
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import KeySet

from services.chassis.settings import IdentitySettings
from services.kernel.refusals import Refusal, RefusalKind

_ALGORITHMS = ["EdDSA", "Ed25519", "ES256", "RS256", "PS256"]
_LEEWAY = 30
_REFRESH_NOT_BEFORE = 10.0
_LONGEST_TOKEN = 8_192
ACCOUNTS_EVERY = 1.0
"""Seconds after which the issuer's list of changed accounts is looked at again."""
_ACCOUNTS_AT_MOST = 60.0
"""Seconds for which the last list that was read is relied on."""


class TokenMissing(Refusal):
    """The call carries no bearer token."""

    kind = RefusalKind.UNAUTHENTICATED
    reason = "TOKEN_MISSING"


class TokenInvalid(Refusal):
    """The bearer token is not one that this issuer signed for this audience."""

    kind = RefusalKind.UNAUTHENTICATED
    reason = "TOKEN_INVALID"


class TokenExpired(Refusal):
    """The bearer token is past its time."""

    kind = RefusalKind.UNAUTHENTICATED
    reason = "TOKEN_EXPIRED"


class IssuerUnknown(Refusal):
    """The bearer token comes from an issuer that is not trusted here."""

    kind = RefusalKind.UNAUTHENTICATED
    reason = "TOKEN_ISSUER_UNKNOWN"


class AccountDisabled(Refusal):
    """The issuer has disabled the account."""

    kind = RefusalKind.UNAUTHENTICATED
    reason = "ACCOUNT_DISABLED"


class AccountChanged(Refusal):
    """The issuer has changed the account, such as its roles, since it signed the token: a new one is due."""

    kind = RefusalKind.UNAUTHENTICATED
    reason = "ACCOUNT_CHANGED"


class RoleMissing(Refusal):
    """The caller's roles do not allow this."""

    kind = RefusalKind.FORBIDDEN
    reason = "ROLE_MISSING"


class IssuerUnreachable(Refusal):
    """The issuer's keys could not be read; a later call may succeed."""

    kind = RefusalKind.UNAVAILABLE
    reason = "ISSUER_UNREACHABLE"


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller. `token` is kept only to be forwarded to peers."""

    subject: str
    roles: frozenset[str]
    claims: Mapping[str, Any]
    token: str

    def require_any(self, roles: frozenset[str]) -> None:
        if not self.roles & roles:
            raise RoleMissing(f"this needs one of the roles {', '.join(sorted(roles))}")


current_principal: ContextVar[Principal] = ContextVar("current_principal")
"""The caller of the request under way."""


@dataclass(frozen=True, slots=True)
class AccountStates:
    """What the issuer says of accounts that it has changed: tokens from before are void.

    A JSON document `{"accounts": {"<subject>": {"changed": <seconds since 1970>, "disabled": true}}}`.
    """

    changed: Mapping[str, float]
    disabled: frozenset[str]

    @classmethod
    def parse(cls, document: Any) -> "AccountStates":
        """Raises `ValueError` for a list that does not say what it must."""
        accounts = document.get("accounts") if isinstance(document, dict) else None
        if not isinstance(accounts, dict):
            raise ValueError("there is no member accounts")
        changed: dict[str, float] = {}
        disabled = set()
        for subject, state in accounts.items():
            if not isinstance(state, dict) or not isinstance(state.get("changed"), int | float):
                raise ValueError(f"it is not said when {subject!r} changed")
            changed[subject] = float(state["changed"])
            if state.get("disabled") is True:
                disabled.add(subject)
        return cls(changed, frozenset(disabled))

    def check(self, principal: Principal) -> None:
        """Raises `AccountDisabled` or `AccountChanged`. A token that does not say when it was issued counts
        as older than any change.
        """
        if principal.subject in self.disabled:
            raise AccountDisabled("the account is disabled")
        changed = self.changed.get(principal.subject)
        issued = principal.claims.get("iat")
        if changed is not None and not (isinstance(issued, int | float) and issued >= changed):
            raise AccountChanged("the account has changed since the token was issued")


class TokenVerifier:
    """Verifies tokens; fetches the issuer's keys when first needed and when a key is unknown.

    Where the issuer keeps a list of changed accounts, it is looked at again when tokens come, twice in
    `ACCOUNTS_EVERY` at most.
    """

    def __init__(self, settings: IdentitySettings) -> None:
        self._settings = settings
        self._keys: KeySet | None = None
        self._fetched = -_REFRESH_NOT_BEFORE
        self._lock = asyncio.Lock()
        self._accounts = AccountStates({}, frozenset())
        self._accounts_read = -math.inf
        self._accounts_asked = -math.inf
        self._accounts_lock = asyncio.Lock()
        self._claims = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY,
            exp={"essential": True},
            sub={"essential": True},
            aud={"essential": True, "value": settings.audience},
        )

    async def verify(self, token: str) -> Principal:
        """Raises `TokenInvalid`, `TokenExpired`, `IssuerUnknown`, `AccountDisabled`, `AccountChanged` or
        `IssuerUnreachable`.
        """
        if len(token) > _LONGEST_TOKEN:
            raise TokenInvalid("the token is too long")
        decoded = self._decode(token, await self._current_keys())
        if decoded is None:
            decoded = self._decode(token, await self._current_keys(refresh=True))
        if decoded is None:
            raise TokenInvalid("the token's signature cannot be verified")
        principal = self._principal(token, decoded.claims)
        await self.look_again()
        self.check_account(principal)
        return principal

    @property
    def accounts(self) -> AccountStates:
        """What the issuer last said; another object as soon as it says something else."""
        return self._accounts

    async def look_again(self) -> None:
        """Reads the list of changed accounts, once for all who come while it is read. An issuer that does
        not answer is no failure yet.
        """
        address, came = self._settings.accounts, time.monotonic()
        async with self._accounts_lock:
            if address is None or came - self._accounts_asked < ACCOUNTS_EVERY / 2:
                return
            try:
                states = AccountStates.parse(await _fetch(address))
            except (IssuerUnreachable, OSError, ValueError) as error:
                structlog.get_logger("identity").warning("accounts are not read", error=repr(error))
                return
            finally:
                self._accounts_asked = time.monotonic()
            self._accounts_read = self._accounts_asked
            if states != self._accounts:
                self._accounts = states

    def check_account(self, principal: Principal) -> None:
        """What was last read of a principal's account and the life of its token, without asking anybody.

        Raises `TokenExpired`, `AccountDisabled`, `AccountChanged`, or `IssuerUnreachable` where the list of
        changed accounts is too old to be relied on.
        """
        if self.seconds_left(principal) <= 0:
            raise TokenExpired("the token has expired")
        if self._settings.accounts is None:
            return
        if time.monotonic() - self._accounts_read > _ACCOUNTS_AT_MOST:
            raise IssuerUnreachable("the issuer's list of accounts cannot be read")
        self._accounts.check(principal)

    def seconds_left(self, principal: Principal) -> float:
        """Until a principal's token has expired."""
        expires = principal.claims["exp"]
        return float(expires) + _LEEWAY - time.time() if isinstance(expires, int | float) else 0.0

    def _decode(self, token: str, keys: KeySet) -> jwt.Token | None:
        try:
            # EdDSA is Ed25519 under its name before RFC 9864; tokens that say so are taken on purpose.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SecurityWarning)
                return jwt.decode(token, keys, algorithms=_ALGORITHMS)
        except (JoseError, ValueError, TypeError):
            # joserfc takes members of the header, which the caller wrote, for what they should be.
            return None

    def _principal(self, token: str, claims: Mapping[str, Any]) -> Principal:
        if claims.get("iss") != self._settings.issuer:
            raise IssuerUnknown("the token is of an issuer that is not trusted here")
        expires = claims.get("exp")
        if isinstance(expires, int | float) and expires + _LEEWAY < time.time():
            raise TokenExpired("the token has expired")
        try:
            self._claims.validate(dict(claims))
        except JoseError as error:
            raise TokenInvalid(f"the token's claims do not hold: {error.error}") from error
        roles, subject = claims.get("roles"), claims["sub"]
        if not isinstance(subject, str) or not subject:
            raise TokenInvalid("sub is not a name")
        if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            raise TokenInvalid("roles is not a list of names")
        return Principal(subject, frozenset(roles), claims, token)

    async def _current_keys(self, *, refresh: bool = False) -> KeySet:
        async with self._lock:
            recent = time.monotonic() - self._fetched < _REFRESH_NOT_BEFORE
            if self._keys is None or (refresh and not recent):
                self._keys = KeySet.import_key_set(await _fetch(self._settings.jwks))
                self._fetched = time.monotonic()
            return self._keys


async def _fetch(address: str) -> Any:
    parts = urlsplit(address)
    if parts.scheme == "file":
        text = await asyncio.to_thread(Path(url2pathname(parts.path)).read_text, "utf-8")
        return httpx.Response(200, text=text).json()
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            response = await client.get(address)
            response.raise_for_status()
            return response.json()
    except httpx.HTTPError as error:
        raise IssuerUnreachable("the issuer's keys cannot be fetched") from error


def bearer_token(header: str | None) -> str:
    """The token of an Authorization header. Raises `TokenMissing`."""
    if header is None:
        raise TokenMissing("a bearer token is needed")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenMissing("the Authorization header holds no bearer token")
    return token.strip()
