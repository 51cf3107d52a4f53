"""`agenda`: what stands around a meeting and its agenda, as one account may read it."""

import typer

from services.cli.commands.agenda import history, meetings, own_side, running, table


def create_commands() -> typer.Typer:
    """The commands under `agenda`."""
    app = typer.Typer(
        help="Meetings, agendas on the table, and what a side plans for itself.", no_args_is_help=True
    )
    for name, command in (
        ("meetings", meetings.meetings),
        ("show", meetings.show),
        ("table", table.table),
        ("diff", table.diff),
        ("ranking", own_side.ranking),
        ("explain", own_side.explain),
        ("conflicts", own_side.conflicts),
        ("matters", meetings.matters),
        ("register", running.register),
        ("clock", running.clock),
        ("history", history.history),
    ):
        app.command(name)(command)
    return app
