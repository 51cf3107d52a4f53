"""The agenda's api and worker as they are put together."""

import httpx
import pytest

from deploy.local.platform import PlatformAccess
from deploy.local.ports import free_port
from services.agenda.app import compose_api, compose_worker
from services.agenda.settings import AgendaSettings, ApiSettingMissing, PeerSettings
from services.chassis.settings import ListenerSettings
from tests.support.dialogue import Dialogue
from tests.support.processes import process_settings, running
from tests.support.waiting import eventually


@pytest.fixture
def settings(platform: PlatformAccess, dialogue: Dialogue) -> AgendaSettings:
    base = process_settings(platform, "agenda", dialogue.dsn)
    members = {name: getattr(base, name) for name in type(base).model_fields}
    return AgendaSettings(**{**members, "http": ListenerSettings(port=free_port())})


async def ready(port: int) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            answer = await client.get(f"http://127.0.0.1:{port}/readyz")
        except httpx.ConnectError:
            return False
    return answer.status_code == 200


async def test_the_api_is_ready_while_its_peers_are_not_there(
    dialogue: Dialogue, settings: AgendaSettings, platform: PlatformAccess
) -> None:
    whole = settings.model_copy(
        update={
            "peers": PeerSettings(threatfeed="127.0.0.1:1", actions="127.0.0.1:1"),
            "official_keys": platform.keys.official_keys.as_uri(),
        }
    )
    async with compose_api(dialogue.process, whole) as components, running(*components):
        await eventually(lambda: ready(settings.http.port), within=30, describe="the api is ready")


async def test_the_worker_is_ready_once_it_has_its_partitions(
    dialogue: Dialogue, settings: AgendaSettings
) -> None:
    # The probes listen where the process says, so the process is given these settings.
    process = dialogue.process_with(settings)
    async with compose_worker(process, settings) as components, running(*components):
        await eventually(lambda: ready(settings.http.port), within=60, describe="the worker is ready")


async def test_an_api_without_peers_or_keys_does_not_start(
    dialogue: Dialogue, settings: AgendaSettings
) -> None:
    with pytest.raises(ApiSettingMissing):
        async with compose_api(dialogue.process, settings):
            pass
