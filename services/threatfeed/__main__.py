"""`python -m services.threatfeed api|worker|views|migrate`"""

from typing import Annotated

import typer

from services.chassis.entry import Kind, run_service
from services.threatfeed.app import MIGRATIONS, SERVICE, compose_api, compose_views, compose_worker
from services.threatfeed.settings import ThreatfeedSettings


def main(kind: Annotated[Kind, typer.Argument(help="Which process to run")]) -> None:
    run_service(
        kind,
        ThreatfeedSettings,
        SERVICE,
        MIGRATIONS,
        {Kind.API: compose_api, Kind.WORKER: compose_worker, Kind.VIEWS: compose_views},
    )


if __name__ == "__main__":
    typer.run(main)
