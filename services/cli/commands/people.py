"""`token`, `publish` and `trace`: what agencies and officials do with a system."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.chassis.clock import system_clock
from services.cli.accounts import ACCOUNTS, Account, account
from services.cli.chain import Chain
from services.cli.clients.rest import Desk, open_client, token_of
from services.cli.clients.submissions import open_feed
from services.cli.commands.running import run
from services.cli.commands.systems import StateOption
from services.cli.contents import Contents, read_contents
from services.cli.environment import CEILING, HOME_PARTY
from services.cli.failures import CommandFailed
from services.cli.layout import folders, read_policy, read_reference
from services.cli.record import Access
from services.cli.signing import Signer, make_key
from services.cli.terminal import printable
from services.cli.thread.publishing import describe
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy
from services.threatfeed.usecases.check_files import Checker

AccountOption = Annotated[str, typer.Option("--as", help="Role account, such as fcdo-secretariat")]


def token(name: AccountOption, state: StateOption = None) -> None:
    """Print a bearer token of an account, signed by the local issuer."""

    async def work() -> int:
        print(token_of(Access.find(folders(state)).keys, account(name)))
        return 0

    run(work)


def accounts() -> None:
    """List the role accounts that `token`, `tail` and `trace` know."""
    for one in ACCOUNTS.values():
        print(f"{one.name:22} {one.party:3} {one.organisation:12} {', '.join(one.roles)}")


def _require_that_all_may_leave(files: list[Contents], agency: str) -> None:
    """Raises `CommandFailed` for a text that may not be held where it would be sent, before it leaves."""
    checker = Checker.of(read_policy(), read_reference(), home_party=HOME_PARTY, ceiling=CEILING)
    for contents in files:
        checked = checker.check(
            contents.name, contents.raw, contents.content_type, agency=agency, at=system_clock()
        )
        if checked.holding_refusals:
            told = checked.holding_refusals[0]
            raise CommandFailed(f"nothing was sent: {contents.name}: {told.reason}: {told.detail}")
        if checked.rejections and checker.holding.suspects(contents.raw):
            raise CommandFailed(
                f"nothing was sent: {contents.name} would be rejected and names a level or a caveat that the"
                " deployment may not hold"
            )


def publish(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Submissions")],
    agency: Annotated[str, typer.Option("--as", help="Agency, such as ncsc")],
    content_type: Annotated[
        str | None, typer.Option(help="Of all files, instead of what they look like")
    ] = None,
    within: Annotated[float, typer.Option(help="Seconds to wait for the receipts", min=1)] = 30.0,
    sign_with: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The agency's private key (JWK)")
    ] = None,
    state: StateOption = None,
) -> None:
    """Publish files as an agency and print the receipts; exit code 1 when anything was rejected.

    Nothing at all is sent where one of the files holds what the deployment may not hold.
    """

    async def work() -> int:
        if agency not in read_policy().agencies:
            raise CommandFailed(f"the policy knows no agency {agency!r}")
        contents = [read_contents(file, content_type) for file in files]
        _require_that_all_may_leave(contents, agency)
        login = Access.find(folders(state)).login(f"agency-{agency}")
        async with open_feed(agency, login) as feed:
            published = await feed.publish(
                contents,
                within=within,
                signer=None if sign_with is None else Signer.read(sign_with),
            )
        for one in published:
            for result in one.receipt.results:
                print(printable(f"{one.contents.name}: {describe(agency, result)}"))
        return 1 if any(one.rejected for one in published) else 0

    run(work)


def signing_key(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Where the private key goes")],
    kid: Annotated[str | None, typer.Option(help="Its name; by default its thumbprint")] = None,
) -> None:
    """Make a key pair to sign submissions with, and print the public half as the policy registers it."""

    async def work() -> int:
        public = make_key(file, kid)
        print(
            "signing_keys:\n  - {"
            + ", ".join(f"{name}: {json.dumps(text)}" for name, text in public.items())
            + "}"
        )
        return 0

    run(work)


def trace(
    identity: Annotated[str, typer.Argument(metavar="ID", help="Any id on the thread")],
    name: AccountOption = "fcdo-secretariat",
    state: StateOption = None,
) -> None:
    """Print the thread around an id as an account may see it; exit code 1 when it sees nothing."""

    async def work() -> int:
        async with open_client() as client:
            desk = Desk(Access.find(folders(state)), name, client)
            chain = Chain.of(await desk.get("agenda", f"/v1/trace/{identity}"))
        Console().print(chain.tree(f"{identity} as {name} sees it"))
        return 0 if chain.nodes else 1

    run(work)


def leader_of(policy: Policy, audience: str) -> Account:
    """The first account that leads for the audience's party in its series. Raises `CommandFailed`."""
    series, _, party = audience.rpartition(".")
    for one in ACCOUNTS.values():
        reader = Reader(one.name, one.party, one.organisation, frozenset(one.roles))
        if one.party.lower() == party and policy.entitled(reader, Role.LEADERSHIP, series):
            return one
    raise CommandFailed(f"nobody leads for the audience {audience!r}")
