"""`verify`: whether what was agreed is what a file says, without any service."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from services.chassis.officials import OfficialKeys
from services.cli.agreement_check import verify_agenda
from services.cli.layout import read_policy
from services.cli.terminal import printable
from services.kernel.refusals import Refusal


def agenda(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="As it was exported")
    ],
    *,
    keys: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="JWKS of the officials, instead of the keys in the file"
        ),
    ] = None,
) -> None:
    """Check an agreed agenda: exit code 1 where a hash, a signature or the quorum does not hold.

    Talks to nobody. The keys in the file say that one key made each signature; whose the keys are is for
    the officials to confirm, or for a key file that came another way.
    """
    try:
        document = json.loads(keys.read_text("utf-8")) if keys is not None else None
        known = OfficialKeys.from_document(document) if document is not None else None
    except (ValueError, KeyError, TypeError) as error:
        raise typer.BadParameter("this holds no public keys of officials", param_hint="--keys") from error
    series = read_policy().series
    try:
        found = verify_agenda(file.read_bytes(), known)
        ours = series[found.series].quorum if found.series in series else None
        if ours is not None:
            found.require_quorum(ours)
    except Refusal as refusal:
        where = f" at {printable(refusal.pointer)}" if refusal.pointer else ""
        print(f"{file}: {refusal.reason}{where}: {printable(refusal.detail)}", file=sys.stderr)
        raise typer.Exit(1) from refusal
    identity, version = (printable(str(found.agenda.get(name))) for name in ("agendaId", "version"))
    print(f"agenda {identity} of {printable(found.series)}, version {version}")
    print(f"content hash {found.content_hash}")
    for one in found.agreements:
        print(printable(f"signed for {one.party} by {one.official} of {one.organisation}"))
    print("quorum as the policy here has it" if ours is not None else "quorum as the file has it")
    print("keys as given" if known is not None else "keys as the file has them: confirm whose they are")


def create_commands() -> typer.Typer:
    app = typer.Typer(help="Check what was agreed, without any service.", no_args_is_help=True)
    app.callback()(lambda: None)
    app.command()(agenda)
    return app
