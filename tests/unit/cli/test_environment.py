"""A service process gets a clean environment, and exactly the settings it knows."""

from pathlib import Path

import pytest

from deploy.local.access import KafkaLogin, ServiceAccess
from services.actions.settings import ActionsSettings
from services.agenda.settings import AgendaSettings
from services.chassis.settings import ProcessSettings
from services.cli.environment import clean_environment, service_environment
from services.cli.record import Address, Addresses
from services.threatfeed.settings import PictureSettings, ThreatfeedSettings

_ADDRESSES = {
    name: Address(
        api_http=20000 + number,
        api_rpc=20010 + number,
        worker_http=20020 + number,
        picture_http=20030,
        views_http=20031,
        relay_http=20032,
    )
    for number, name in enumerate(("threatfeed", "agenda", "actions"))
}


def access(service: str) -> ServiceAccess:
    return ServiceAccess(
        name=service,
        dsn=f"postgresql://{service}:secret@127.0.0.1:5432/{service}",
        kafka=KafkaLogin("127.0.0.1:9092", service, "secret"),
        issuer="https://issuer.entente.localhost",
        jwks=Path("/keys/issuer.jwks.json"),
        accounts=Path("/keys/issuer.accounts.json"),
        token_file=Path("/keys/service.token"),
        official_keys=Path("/keys/officials.jwks.json"),
    )


def test_nothing_of_ours_is_inherited() -> None:
    inherited = {"PATH": "/bin", "ENTENTE_KAFKA__USERNAME": "x", "entente_ceiling": "y"}
    kept = clean_environment(inherited)
    assert kept["PATH"] == "/bin"
    assert not [name for name in kept if name.upper().startswith("ENTENTE_")]


@pytest.mark.parametrize("kind", ["api", "worker", "relay", "views", "migrate"])
@pytest.mark.parametrize(
    ("service", "settings"),
    [
        ("threatfeed", ThreatfeedSettings),
        ("agenda", AgendaSettings),
        ("actions", ActionsSettings),
    ],
)
def test_the_settings_of_a_process_take_it_whole(
    service: str, settings: type[ProcessSettings], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = service_environment(
        access(service), kind, _ADDRESSES, clock=Path("/state/clock"), spans=Path("/state/logs")
    )
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    loaded = settings.load(environment)
    expected = _ADDRESSES[service]
    assert loaded.http.port == expected.probes(kind)
    assert loaded.clock.file == Path("/state/clock")


def test_the_picture_worker_gets_no_database_and_no_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = service_environment(
        access("threatfeed"), "picture", _ADDRESSES, clock=Path("/state/clock"), spans=None
    )
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    loaded = PictureSettings.load(environment)
    assert loaded.http.port == _ADDRESSES["threatfeed"].picture_http
    assert not [name for name in environment if name.startswith(("ENTENTE_POSTGRES", "ENTENTE_IDENTITY"))]


def test_an_address_is_kept_between_two_starts(tmp_path: Path) -> None:
    path = tmp_path / "addresses.json"
    first = Addresses.choose(path, ("threatfeed", "agenda"))
    assert Addresses.choose(path, ("threatfeed", "agenda")) == first
    ports = [port for one in first.services.values() for port in one.model_dump().values()]
    taken = [port for port in ports if port]
    assert len(set(taken)) == len(taken)
