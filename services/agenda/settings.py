"""Settings of the agenda's processes."""

from services.chassis.settings import Group, ListenerSettings, ProcessSettings


class PeerSettings(Group):
    """Addresses (host:port) of the services that are called."""

    threatfeed: str
    actions: str


class AgendaApiSettings(ProcessSettings):
    rpc: ListenerSettings
    peers: PeerSettings
    official_keys: str
    """The officials' public keys (JWKS): a path or a file:// address."""


class AgendaWorkerSettings(ProcessSettings):
    """A worker calls nobody; what it shares with the api is accepted and not used."""

    rpc: ListenerSettings | None = None
    peers: PeerSettings | None = None
    official_keys: str | None = None
