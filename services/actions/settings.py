"""Settings of the actions processes."""

from datetime import timedelta

from pydantic import Field

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


class ActionsSettings(ProcessSettings):
    rpc: ListenerSettings = Field(
        ListenerSettings(port=0), description="Where the api answers gRPC; the worker has no use for it"
    )
    escalation: EscalationSettings = EscalationSettings()
    rounds: RoundSettings = RoundSettings()
    relay_standby_seconds: float = Field(
        5.0, description="How long an api leaves the outbox to the workers each time it looks", ge=0, le=60
    )
