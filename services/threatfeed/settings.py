"""Settings of the threatfeed processes."""

from pathlib import Path

from pydantic import Field

from services.chassis.settings import ListenerSettings, ProcessSettings


class ThreatfeedSettings(ProcessSettings):
    reference: Path = Field(description="Folder of the reference data: actors, countries, regions, sectors")
    rpc: ListenerSettings = Field(description="Where the api answers gRPC")
