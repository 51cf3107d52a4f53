"""Settings of the threatfeed processes."""

from pathlib import Path

from pydantic import Field

from services.chassis.settings import ListenerSettings, ProcessSettings, StreamSettings


class ApiSettingMissing(ValueError):
    """The api checks officials' signatures; the other processes do not."""


class ThreatfeedSettings(ProcessSettings):
    reference: Path = Field(description="Folder of the reference data: actors, countries, regions, sectors")
    rpc: ListenerSettings = Field(description="Where the api answers gRPC")
    official_keys: str | None = Field(
        None, description="Officials' public keys (JWKS), a path or file:// address; needed by the api"
    )
    relay_standby_seconds: float = Field(
        5.0,
        description="How long a worker leaves the outbox to the relay process each time it looks",
        ge=0,
        le=60,
    )

    def api_keys(self) -> str:
        """Raises `ApiSettingMissing`."""
        if self.official_keys is None:
            raise ApiSettingMissing("ENTENTE_OFFICIAL_KEYS is missing")
        return self.official_keys


class PictureSettings(StreamSettings):
    look_every: float = Field(2.0, description="Seconds between two looks at what has changed", gt=0)
    progress_within: float = Field(
        120.0, description="Seconds within which a worker that is behind must have moved", gt=0
    )
