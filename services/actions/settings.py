"""Settings of the actions processes."""

from pydantic import Field

from services.chassis.settings import ListenerSettings, ProcessSettings


class ActionsSettings(ProcessSettings):
    rpc: ListenerSettings = Field(
        ListenerSettings(port=0), description="Where the api answers gRPC; the worker has no use for it"
    )
