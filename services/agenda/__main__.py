"""`python -m services.agenda api|worker|migrate`"""

from typing import Annotated

import typer

from services.agenda.app import MIGRATIONS, SERVICE, compose_api, compose_worker
from services.agenda.settings import AgendaSettings
from services.chassis.entry import Kind, run_service


def main(kind: Annotated[Kind, typer.Argument(help="Which process to run")]) -> None:
    run_service(
        kind,
        AgendaSettings,
        SERVICE,
        MIGRATIONS,
        {Kind.API: compose_api, Kind.WORKER: compose_worker},
    )


if __name__ == "__main__":
    typer.run(main)
