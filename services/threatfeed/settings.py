"""Settings of the threatfeed processes."""

from pathlib import Path

from pydantic import Field

from services.chassis.settings import ListenerSettings, ProcessSettings, StreamSettings


class ThreatfeedSettings(ProcessSettings):
    reference: Path = Field(description="Folder of the reference data: actors, countries, regions, sectors")
    rpc: ListenerSettings = Field(description="Where the api answers gRPC")
    relay_standby_seconds: float = Field(
        5.0, description="How long a worker leaves the outbox to the relay process each time it looks", ge=0
    )


class PictureSettings(StreamSettings):
    look_every: float = Field(2.0, description="Seconds between two looks at what has changed", gt=0)
    progress_within: float = Field(
        120.0, description="Seconds within which a worker that is behind must have moved", gt=0
    )
