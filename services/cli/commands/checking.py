"""`check`: what ingest would make of files, without any service."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.chassis.clock import system_clock
from services.cli.check_summary import Summary
from services.cli.check_tables import print_check
from services.cli.environment import CEILING, HOME_PARTY
from services.cli.layout import read_policy, read_reference
from services.cli.terminal import json_line
from services.threatfeed.usecases.check_files import Checker, Verdict


def check(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="Submissions")
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line and file")] = False,
    summed_up: Annotated[bool, typer.Option("--summary", help="A table of counts by folder only")] = False,
    agency: Annotated[
        str | None,
        typer.Option("--as", help="Agency; by default the one that could best have submitted the file"),
    ] = None,
    content_type: Annotated[
        str | None, typer.Option(help="Of all files, instead of what they look like")
    ] = None,
) -> None:
    """Check files before they are published: exit code 1 when anything would be rejected, 2 for wrong usage.

    Needs no running system. What is already held is not known here: an older version or one that conflicts
    with it is told by the receipt.
    """
    if as_json and summed_up:
        raise typer.BadParameter("one of the two", param_hint="--json --summary")
    policy = read_policy()
    if agency is not None and agency not in policy.agencies:
        raise typer.BadParameter(
            f"the policy knows no such agency, only {', '.join(sorted(policy.agencies))}", param_hint="--as"
        )
    checker = Checker.of(policy, read_reference(), home_party=HOME_PARTY, ceiling=CEILING)
    console = Console()
    summary = Summary.of(files)
    accepted = True
    for file in files:
        checked = checker.check(str(file), file.read_bytes(), content_type, agency=agency, at=system_clock())
        accepted = accepted and checked.verdict is Verdict.ACCEPTED
        if summed_up:
            summary.add(file, checked)
        elif as_json:
            print(json_line(checked.to_document()), flush=True)
        else:
            print_check(checked, console)
    for line in summary.lines() if summed_up else ():
        print(line)
    raise typer.Exit(0 if accepted else 1)
