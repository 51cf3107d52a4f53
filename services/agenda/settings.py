"""Settings of the agenda's processes."""

from pydantic import Field

from services.chassis.settings import Group, ListenerSettings, ProcessSettings


class PeerSettings(Group):
    threatfeed: str = Field(description="host:port of threatfeed's gRPC")
    actions: str = Field(description="host:port of the actions' gRPC")


class ApiSettingMissing(ValueError):
    """The api calls peers and checks signatures; the other processes do neither."""


class AgendaSettings(ProcessSettings):
    rpc: ListenerSettings = Field(
        ListenerSettings(port=0), description="Where the api answers gRPC; the worker has no use for it"
    )
    peers: PeerSettings | None = Field(None, description="Needed by the api")
    official_keys: str | None = Field(
        None, description="Officials' public keys (JWKS), a path or file:// address; needed by the api"
    )

    def api_peers(self) -> PeerSettings:
        """Raises `ApiSettingMissing`."""
        if self.peers is None:
            raise ApiSettingMissing("ENTENTE_PEERS__THREATFEED and ENTENTE_PEERS__ACTIONS are missing")
        return self.peers

    def api_keys(self) -> str:
        """Raises `ApiSettingMissing`."""
        if self.official_keys is None:
            raise ApiSettingMissing("ENTENTE_OFFICIAL_KEYS is missing")
        return self.official_keys
