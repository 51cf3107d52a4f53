"""The role accounts that a local system knows: whom a token can be had for, and who can sign.

What an account may do in a series is decided by deploy/policy/entitlements.yaml as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from deploy.local.keys import Official
from services.cli.failures import CommandFailed
from services.kernel.parties import Role


@dataclass(frozen=True, slots=True)
class Account:
    """A function that people hold in turn; never a person."""

    name: str
    party: str
    organisation: str
    roles: tuple[Role, ...]

    @property
    def signs(self) -> bool:
        return bool({Role.CHAIR, Role.SECRETARIAT, Role.RELEASE_OFFICER} & set(self.roles))


_ACCOUNTS: Final = (
    Account("fcdo-secretariat", "UK", "FCDO", (Role.SECRETARIAT,)),
    Account("fcdo-chair", "UK", "FCDO", (Role.CHAIR,)),
    Account("dsit-secretariat", "UK", "DSIT", (Role.SECRETARIAT,)),
    Account("dsit-chair", "UK", "DSIT", (Role.CHAIR,)),
    Account("dsit-owner", "UK", "DSIT", (Role.OWNER,)),
    Account("home-office-owner", "UK", "HOME-OFFICE", (Role.OWNER,)),
    Account("uk-leadership", "UK", "FCDO", (Role.LEADERSHIP,)),
    Account("eeas-secretariat", "EU", "EEAS", (Role.SECRETARIAT,)),
    Account("eeas-chair", "EU", "EEAS", (Role.CHAIR,)),
    Account("cnect-secretariat", "EU", "CNECT", (Role.SECRETARIAT,)),
    Account("cnect-chair", "EU", "CNECT", (Role.CHAIR,)),
    Account("cnect-owner", "EU", "CNECT", (Role.OWNER,)),
    Account("europol-owner", "EU", "EUROPOL", (Role.OWNER,)),
    Account("eu-leadership", "EU", "EEAS", (Role.LEADERSHIP,)),
    Account("stratcom-secretariat", "UK", "STRATCOM", (Role.SECRETARIAT,)),
    Account("stratcom-chair", "UK", "STRATCOM", (Role.CHAIR,)),
    Account("stratcom-owner", "UK", "STRATCOM", (Role.OWNER,)),
    Account("stratcom-leadership", "UK", "STRATCOM", (Role.LEADERSHIP,)),
    Account("gchq-chair", "UK", "GCHQ", (Role.CHAIR,)),
    Account("nsa-secretariat", "US", "NSA", (Role.SECRETARIAT,)),
    Account("nsa-chair", "US", "NSA", (Role.CHAIR,)),
    Account("nsa-owner", "US", "NSA", (Role.OWNER,)),
    Account("nsa-leadership", "US", "NSA", (Role.LEADERSHIP,)),
    Account("uscybercom-chair", "US", "USCYBERCOM", (Role.CHAIR,)),
    Account("stratcom-release-officer", "UK", "STRATCOM", (Role.RELEASE_OFFICER,)),
    Account("uscybercom-release-officer", "US", "USCYBERCOM", (Role.RELEASE_OFFICER,)),
    Account("ncsc-release-officer", "UK", "NCSC", (Role.RELEASE_OFFICER,)),
    Account("enisa-release-officer", "EU", "ENISA", (Role.RELEASE_OFFICER,)),
    Account("cert-eu-release-officer", "EU", "CERT-EU", (Role.RELEASE_OFFICER,)),
    Account("cisa-release-officer", "US", "CISA", (Role.RELEASE_OFFICER,)),
    Account("operator", "UK", "DSIT", (Role.OPERATOR,)),
    Account("cnect-operator", "EU", "CNECT", (Role.OPERATOR,)),
    Account("nsa-operator", "US", "NSA", (Role.OPERATOR,)),
    Account("auditor", "UK", "FCDO", (Role.AUDITOR,)),
)

ACCOUNTS: Final[Mapping[str, Account]] = MappingProxyType({one.name: one for one in _ACCOUNTS})


def account(name: str) -> Account:
    """Raises `CommandFailed` listing the accounts."""
    if name not in ACCOUNTS:
        raise CommandFailed(f"there is no account {name!r}; accounts are {', '.join(ACCOUNTS)}")
    return ACCOUNTS[name]


def officials() -> tuple[Official, ...]:
    """The accounts that have a signing key of their own."""
    return tuple(Official(one.name, one.party, one.organisation) for one in _ACCOUNTS if one.signs)
