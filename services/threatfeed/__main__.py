"""`python -m services.threatfeed api|worker|relay|views|picture|migrate`"""

from enum import StrEnum
from typing import Annotated

import typer

from services.chassis.entry import Kind, run_service
from services.chassis.lifecycle import exit_with
from services.threatfeed.app import (
    MIGRATIONS,
    SERVICE,
    compose_api,
    compose_relay,
    compose_views,
    compose_worker,
)
from services.threatfeed.settings import PictureSettings, ThreatfeedSettings


class ThreatfeedKind(StrEnum):
    """What a process of threatfeed does."""

    API = "api"
    WORKER = "worker"
    VIEWS = "views"
    RELAY = "relay"
    PICTURE = "picture"
    MIGRATE = "migrate"


def main(kind: Annotated[ThreatfeedKind, typer.Argument(help="Which process to run")]) -> None:
    if kind is ThreatfeedKind.PICTURE:
        # A process holds either the parts of an api or Faust: only this one ever loads it.
        from services.threatfeed.picture.process import run_picture  # noqa: PLC0415

        exit_with(run_picture(PictureSettings.load()))
    run_service(
        Kind(kind.value),
        ThreatfeedSettings,
        SERVICE,
        MIGRATIONS,
        {
            Kind.API: compose_api,
            Kind.WORKER: compose_worker,
            Kind.RELAY: compose_relay,
            Kind.VIEWS: compose_views,
        },
    )


if __name__ == "__main__":
    typer.run(main)
