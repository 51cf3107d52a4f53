"""Bearer tokens of an issuer of a test's own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.local.keys import ISSUER, KeyRing, issue_token
from services.chassis.identity import TokenVerifier
from services.chassis.settings import IdentitySettings


@dataclass(frozen=True, slots=True)
class KeptTokens:
    """Tokens of a platform, of which an account gets one: to sign takes as long as many a request."""

    ring: KeyRing
    _kept: dict[tuple[str, ...], str] = field(default_factory=dict)

    def of(self, subject: str, party: str, organisation: str, roles: Sequence[str]) -> str:
        who = (subject, party, organisation, *roles)
        if who not in self._kept:
            self._kept[who] = issue_token(
                self.ring,
                subject=subject,
                party=party,
                organisation=organisation,
                roles=roles,
                at=datetime.now(UTC),
            )
        return self._kept[who]


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer whose keys lie in a folder."""

    ring: KeyRing

    @classmethod
    def at(cls, folder: Path) -> "Issuer":
        folder.mkdir(parents=True, exist_ok=True)
        ring = KeyRing(folder)
        ring.create([])
        return cls(ring)

    def verifier(self) -> TokenVerifier:
        ring = self.ring
        return TokenVerifier(
            IdentitySettings(issuer=ISSUER, jwks=ring.jwks.as_uri(), accounts=ring.accounts.as_uri())
        )

    def token(
        self,
        *roles: str,
        subject: str = "fcdo-secretariat",
        party: str = "UK",
        organisation: str = "FCDO",
        age: timedelta = timedelta(),
        lifetime: timedelta = timedelta(hours=1),
        audience: str = "entente",
        issuer: str = ISSUER,
    ) -> str:
        """A token that is good unless something else is asked for."""
        return issue_token(
            self.ring,
            subject=subject,
            party=party,
            organisation=organisation,
            roles=self._roles(roles),
            at=datetime.now(UTC) - age,
            lifetime=lifetime,
            audience=audience,
            issuer=issuer,
        )

    @staticmethod
    def _roles(roles: Sequence[str]) -> Sequence[str]:
        return roles or ("secretariat",)
