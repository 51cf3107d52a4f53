"""Settings of the threatfeed processes."""

from pydantic import Field

from services.chassis.settings import ListenerSettings, ProcessSettings


class ThreatfeedSettings(ProcessSettings):
    rpc: ListenerSettings = Field(description="Where the api answers gRPC")
