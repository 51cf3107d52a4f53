"""`entente`: one machine's system, and what people do with it."""

import typer

from services.cli.commands import (
    checking,
    clearance,
    conflicts,
    consumers,
    denying,
    exporting,
    people,
    quarantine,
    spills,
    systems,
    tailing,
    triage,
    verifying,
    watching,
    webhooks,
)
from services.cli.commands.actions import group as actions
from services.cli.commands.agenda import group as agenda


def create_app() -> typer.Typer:
    app = typer.Typer(
        name="entente",
        help="From threat assessment to closed action, in one unbroken thread.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    for command in (
        systems.up,
        systems.status,
        systems.down,
        systems.demo,
        checking.check,
        people.token,
        people.accounts,
        people.publish,
        people.signing_key,
        exporting.export,
        tailing.tail,
        people.trace,
        spills.spill,
        watching.picture,
        triage.triage,
        triage.overlaps,
        triage.link,
        triage.unlink,
        watching.feeds,
    ):
        app.command()(command)
    app.add_typer(agenda.create_commands(), name="agenda")
    app.add_typer(actions.create_commands(), name="actions")
    app.add_typer(quarantine.create_commands(), name="quarantine")
    app.add_typer(conflicts.create_commands(), name="conflict")
    app.add_typer(clearance.create_commands(), name="clearance")
    app.add_typer(consumers.create_commands(), name="consumer")
    app.add_typer(webhooks.create_commands(), name="webhook")
    app.add_typer(denying.create_commands(), name="deny")
    app.add_typer(triage.create_commands(), name="themes")
    app.add_typer(verifying.create_commands(), name="verify")
    return app


def main() -> None:
    create_app()()


if __name__ == "__main__":
    main()
