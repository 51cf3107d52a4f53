"""Settings of the actions processes."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, IPvAnyNetwork

from services.chassis.settings import Group, ListenerSettings, ProcessSettings


class EscalationSettings(Group):
    every_seconds: float = Field(60.0, description="Between two rounds of the scheduler", ge=0.05, le=3_600)
    silent_after: int = Field(5, description="Rounds that may be missed until it counts as stopped", ge=1)

    @property
    def every(self) -> timedelta:
        return timedelta(seconds=self.every_seconds)

    @property
    def longest_silence(self) -> timedelta:
        return self.every * self.silent_after


class RoundSettings(Group):
    every_seconds: float = Field(
        30.0, description="Between two looks at the reporting rounds", ge=0.05, le=3_600
    )


class WebhookSettings(Group):
    endpoints: Path | None = Field(
        None, description="Folder of endpoint documents; without it there are none"
    )
    secrets: Path | None = Field(None, description="Folder with a file of whsec_ lines for each endpoint")
    networks: tuple[IPvAnyNetwork, ...] = Field(
        (), description="Networks that are not public and endpoints may be in, such as 10.1.0.0/16"
    )
    certificates: Path | None = Field(
        None, description="Authorities that receivers' certificates come from, as PEM; else the system's"
    )
    timeout_seconds: float = Field(15.0, description="For one attempt in all", gt=0, le=60)
    attempts: int = Field(8, description="In a row, until the endpoint counts as failing", ge=1, le=30)
    first_wait_seconds: float = Field(1.0, description="Doubled from attempt to attempt", gt=0)
    longest_wait_seconds: float = Field(120.0, gt=0)
    again_seconds: float = Field(900.0, description="Between two tries at one that fails", gt=0)


class ActionsSettings(ProcessSettings):
    rpc: ListenerSettings = Field(
        ListenerSettings(port=0), description="Where the api answers gRPC; the worker has no use for it"
    )
    escalation: EscalationSettings = EscalationSettings()
    rounds: RoundSettings = RoundSettings()
    webhooks: WebhookSettings = WebhookSettings()
    relay_standby_seconds: float = Field(
        5.0, description="How long an api leaves the outbox to the workers each time it looks", ge=0, le=60
    )
