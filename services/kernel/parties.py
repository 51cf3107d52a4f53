"""Who takes part: parties, their organisations and agencies, and the people who read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.kernel.markings.levels import Level
from services.kernel.refusals import Refusal, RefusalKind
from services.kernel.signing import SignatureRule, SigningKey

_AUDIENCE = re.compile(r"([a-z][a-z0-9]*(?:-[a-z0-9]+)*)\.([a-z][a-z0-9]*)")


class ClaimsMalformed(Refusal):
    """A verified token does not say who its bearer is in our terms."""

    kind = RefusalKind.UNAUTHENTICATED
    reason = "CLAIMS_MALFORMED"


class AudienceMalformed(Refusal):
    """An audience is written `<series>.<party>`, both in lower case."""

    kind = RefusalKind.INVALID
    reason = "AUDIENCE_MALFORMED"


class Role(StrEnum):
    """What somebody may do for a party in a series."""

    AGENCY = "agency"
    RELEASE_OFFICER = "release-officer"
    SECRETARIAT = "secretariat"
    CHAIR = "chair"
    OWNER = "owner"
    LEADERSHIP = "leadership"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    SERVICE = "service"


class Authorship(StrEnum):
    """Who wrote the text. An agency's product is its own lineage; a secretariat must declare it."""

    AGENCY = "AGENCY"
    SECRETARIAT = "SECRETARIAT"


class PartyKind(StrEnum):
    """What a party is, as far as release rules tell parties apart."""

    GOVERNMENT = "GOVERNMENT"
    EU_INSTITUTIONS = "EU_INSTITUTIONS"
    EU_MEMBER_STATE = "EU_MEMBER_STATE"


@dataclass(frozen=True, slots=True)
class Party:
    """A government or institution at the table.

    `nations` are GENC trigraphs: text kept to named nations is releasable only where the whole set
    is named. `ceiling` is the highest level the party is cleared for.
    """

    id: str
    name: str
    kind: PartyKind
    nations: frozenset[str]
    ceiling: Level


@dataclass(frozen=True, slots=True)
class Organisation:
    """A department, command or agency of one party.

    `clearance` is the level up to which its operators may open what nobody could read; None for never.
    """

    id: str
    party: str
    name: str
    clearance: Level | None = None


@dataclass(frozen=True, slots=True)
class Agency:
    """An organisation that publishes assessments; `id` is the part of its topics' names.

    `public_source_rule` is the recorded rule by which its unmarked text counts as public, if there
    is one. `signing_keys` are the public keys with which it signs submissions. What a secretariat
    publishes must declare its sources; what an agency writes is its own lineage.
    """

    id: str
    name: str
    party: str
    organisation: str
    public_source_rule: str | None = None
    signature: SignatureRule = SignatureRule.OPTIONAL
    signing_keys: tuple[SigningKey, ...] = ()
    authorship: Authorship = Authorship.AGENCY


@dataclass(frozen=True, slots=True)
class Audience:
    """The readers for whom one projection of the record is made."""

    series: str
    party: str

    @property
    def id(self) -> str:
        """`<series>.<party in lower case>`, for example `uk-eu.uk`."""
        return f"{self.series}.{self.party.lower()}"

    @classmethod
    def parse(cls, text: str) -> "Audience":
        """The inverse of `id`. Raises `AudienceMalformed`; whether it exists is for the policy
        to say.
        """
        found = _AUDIENCE.fullmatch(text)
        if found is None:
            raise AudienceMalformed("an audience is written <series>.<party>, in lower case")
        return cls(series=found[1], party=found[2].upper())


@dataclass(frozen=True, slots=True)
class Entitlement:
    """One role that an organisation's people may use for a party in a series."""

    series: str
    party: str
    organisation: str
    role: Role


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks, as a verified token says. What they may do is this together with the
    entitlements.
    """

    subject: str
    party: str
    organisation: str
    roles: frozenset[Role]

    @classmethod
    def from_claims(cls, subject: str, claims: Mapping[str, object]) -> "Reader":
        """Reads the claims `party`, `organisation` and `roles` of a verified token.

        Raises `ClaimsMalformed` where one is missing, empty or not known; an unknown role is never
        dropped silently.
        """
        party, organisation, roles = (claims.get(n) for n in ("party", "organisation", "roles"))
        if not subject or not isinstance(party, str) or not party:
            raise ClaimsMalformed("the token names no subject or no party")
        if not isinstance(organisation, str) or not organisation:
            raise ClaimsMalformed("the token names no organisation")
        if not isinstance(roles, list | tuple):
            raise ClaimsMalformed("the token's roles are not a list")
        if not {role for role in roles if isinstance(role, str)} <= set(Role) or not all(
            isinstance(role, str) for role in roles
        ):
            raise ClaimsMalformed("the token names a role that does not exist")
        return cls(subject, party, organisation, frozenset(Role(role) for role in roles))
