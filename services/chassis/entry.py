"""The command line of a service: one process of one kind."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from services.chassis.lifecycle import exit_with
from services.chassis.migrations import migrate
from services.chassis.process import Compose, run_process
from services.chassis.settings import ProcessSettings
from services.chassis.telemetry import start_logging

S = TypeVar("S", bound=ProcessSettings)


class Kind(StrEnum):
    """What a process of a service does."""

    API = "api"
    WORKER = "worker"
    VIEWS = "views"
    RELAY = "relay"
    MIGRATE = "migrate"


def run_service(
    kind: Kind,
    settings_type: type[S],
    service: str,
    migrations: Path,
    kinds: Mapping[Kind, Compose[S]],
) -> None:
    """Ends the process with its exit code."""
    settings = settings_type.load()
    if kind is Kind.MIGRATE:
        start_logging(settings.telemetry.log_level, service=service, process=kind.value)
        for identity in migrate(settings.postgres.checked_dsn(), migrations):
            print(f"applied {identity}")
        return
    exit_with(run_process(settings, service, kind.value, migrations, kinds[kind]))
