"""The readers of the worlds, and what of a world each of them may know besides the texts of its party."""

from typing import Final

from services.cli.accounts import ACCOUNTS, Account
from services.kernel.parties import Role
from tests.support.submissions import real_policy
from tests.support.worlds.oracle import AGENCIES, Text
from tests.support.worlds.world import (
    Ask,
    Consent,
    Contest,
    Decide,
    Deny,
    Link,
    Settle,
    Spill,
    Spoil,
    Step,
    Theme,
    World,
    party_of,
)

HOST: Final = "UK"
UNLISTED: Final = Account("stratcom-unlisted", "UK", "STRATCOM", (Role.SECRETARIAT, Role.OPERATOR))
"""Works for an organisation of the review and is not on its list."""
READERS: Final = {**ACCOUNTS, UNLISTED.name: UNLISTED}
LISTED: Final = tuple(name for name in ACCOUNTS)


def roles_in(reader: Account, series: str) -> frozenset[Role]:
    """The roles that the account has in a series."""
    if reader is UNLISTED:
        return frozenset()
    return frozenset(
        role
        for role in reader.roles
        for entry in real_policy().entitlements
        if (entry.series, entry.party, entry.organisation, entry.role)
        == (series, reader.party, reader.organisation, role)
    )


def series_of(reader: Account, *roles: Role) -> frozenset[str]:
    """Where it has any of the roles, or any role at all."""
    wanted = set(roles) or set(Role)
    return frozenset(series for series in ("uk-eu", "uk-us-cmr") if roles_in(reader, series) & wanted)


def runs(reader: Account) -> bool:
    """Whether it sees that records wait, and how far the consumers are: all for the host's people."""
    return bool(series_of(reader, Role.OPERATOR, Role.AUDITOR))


def counts(reader: Account, agency: str) -> bool:
    """Whether it may know how much an agency has sent: the health of a feed, and its place in its topic."""
    own = party_of(agency) == reader.party
    if runs(reader) and (own or reader.party == HOST):
        return True
    return own and bool(series_of(reader, Role.SECRETARIAT))


def denies(reader: Account) -> bool:
    """Whether it reads the deny list."""
    return runs(reader) and reader.party == HOST


def knows(reader: Account, step: Step, world: World) -> bool:
    """Whether a step other than a publication leaves something that the reader may see."""
    match step:
        case Theme() | Link():
            own = step.audience[1] == reader.party
            return own and step.audience[0] in series_of(reader, Role.SECRETARIAT)
        case Decide():
            reports = step.audience[0] in series_of(reader, Role.SECRETARIAT, Role.AUDITOR)
            return reports and step.rendition in _seen(reader, step.text, world)
        case Ask():
            return _knows_request(reader, step)
        case Consent():
            return _knows_consent(reader, step, world)
        case Spoil() | Spill():
            return counts(reader, step.agency)
        case Deny():
            return counts(reader, step.agency) or denies(reader)
        case Contest() | Settle():
            return _knows_conflict(reader, step.text, world)
        case _:
            return True


def _knows_conflict(reader: Account, text: Text, world: World) -> bool:
    if world.seen(reader.party).get(text) or counts(reader, text[0]):
        return True
    settles = series_of(reader, Role.SECRETARIAT, Role.OPERATOR)
    return party_of(text[0]) == reader.party and bool(settles)


def _knows_request(reader: Account, step: Ask) -> bool:
    series, party = step.audience
    if party == reader.party and series in series_of(reader, Role.SECRETARIAT, Role.AUDITOR):
        return True
    organisation = AGENCIES[step.text[0]][1]
    # Who is asked for a series that is kept to a list knows of it only from that list.
    told = series == "uk-eu" or series in series_of(reader)
    return told and organisation == reader.organisation and bool(series_of(reader, Role.RELEASE_OFFICER))


def _knows_consent(reader: Account, step: Consent, world: World) -> bool:
    party, organisation = AGENCIES[step.text[0]]
    if series_of(reader, Role.RELEASE_OFFICER) and reader.organisation == organisation:
        return True
    if series_of(reader, Role.AUDITOR) and reader.party == party:
        return True
    if step.party == reader.party and not step.series:
        return True
    # Whoever decides for a meeting is told what every party of it may have, of the texts it has itself.
    meets = series_of(reader, Role.SECRETARIAT, Role.AUDITOR)
    present = {"uk-eu": {"UK", "EU"}, "uk-us-cmr": {"UK", "US"}}
    concerned = {step.series} if step.series else {one for one in meets if step.party in present[one]}
    if not concerned & meets:
        return False
    return step.party == reader.party or step.rendition in _seen(reader, step.text, world)


def _seen(reader: Account, text: Text, world: World) -> frozenset[str]:
    """Who has the whole text has what is told of its tear line as well."""
    seen = world.seen(reader.party).get(text, frozenset())
    return seen | {"TEAR_LINE"} if "FULL" in seen else seen
