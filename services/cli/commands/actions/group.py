"""`actions`: how what was agreed is carried out, as one account may read it."""

import typer

from services.cli.commands.actions import figures, listing, notices, rounds, showing


def create_commands() -> typer.Typer:
    """The commands under `actions`."""
    app = typer.Typer(
        help="What was agreed: how it stands, who reports on it, and what is not carried out.",
        no_args_is_help=True,
    )
    for name, command in (
        ("list", listing.list_),
        ("show", showing.show),
        ("lead", showing.lead),
        ("figures", figures.figures),
        ("trend", figures.trend),
        ("changed", listing.changed),
        ("rounds", rounds.rounds),
        ("round", rounds.round_),
        ("notices", notices.notices),
        ("ack", notices.ack),
        ("reminders", notices.reminders),
    ):
        app.command(name)(command)
    return app
