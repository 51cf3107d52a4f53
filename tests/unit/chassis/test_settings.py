"""Settings: from the environment, all known, frozen, and never telling a secret."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.chassis.settings import ProcessSettings, UnknownSetting

SECRET = "correct-horse-battery"
ENVIRONMENT = {
    "ENTENTE_HOME_PARTY": "UK",
    "ENTENTE_POLICY": "/etc/entente/policy",
    "ENTENTE_KAFKA__BOOTSTRAP_SERVERS": "broker:9093",
    "ENTENTE_KAFKA__USERNAME": "agenda",
    "ENTENTE_KAFKA__PASSWORD": SECRET,
    "ENTENTE_POSTGRES__DSN": f"postgresql://agenda:{SECRET}@database/agenda",
    "ENTENTE_IDENTITY__ISSUER": "https://issuer.example",
    "ENTENTE_IDENTITY__JWKS": "https://issuer.example/keys",
    "ENTENTE_HTTP__PORT": "8080",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_settings_come_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ENTENTE_KAFKA__SESSION_TIMEOUT_MS", "6000")
    settings = ProcessSettings.load()
    assert settings.home_party == "UK"
    assert settings.http.port == 8080
    assert settings.kafka.session_timeout_ms == 6000
    assert settings.deployment == "production"
    assert settings.kafka.security_protocol == "SASL_SSL"


@pytest.mark.parametrize("name", ["ENTENTE_HOME_PARTI", "ENTENTE_KAFKAS__USERNAME", "entente_ceilling"])
def test_a_setting_that_nobody_has_stops_the_process(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.setenv(name, "x")
    with pytest.raises(UnknownSetting, match=name):
        ProcessSettings.load()


def test_a_setting_that_a_group_does_not_have_stops_the_process(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ENTENTE_KAFKA__PASWORD", SECRET)
    with pytest.raises(ValidationError, match=r"kafka\.pasword") as refusal:
        ProcessSettings.load()
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_what_is_missing_is_named_and_no_secret_is_told(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.delenv(name)
    with pytest.raises(ValidationError) as refusal:
        ProcessSettings.load()
    place = name.removeprefix("ENTENTE_").lower().split("__")
    assert place[0] in str(refusal.value)
    assert SECRET not in str(refusal.value)
    assert SECRET not in repr(refusal.value)


def test_an_address_that_is_none_is_refused_without_telling_it(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ENTENTE_POSTGRES__DSN", f"mysql://agenda:{SECRET}@database/agenda")
    with pytest.raises(ValidationError, match=r"postgres\.dsn") as refusal:
        ProcessSettings.load()
    assert SECRET not in str(refusal.value)


def test_the_address_of_a_local_socket_is_accepted(environment: pytest.MonkeyPatch) -> None:
    dsn = "postgresql://agenda:secret@/agenda?host=/run/postgresql"
    environment.setenv("ENTENTE_POSTGRES__DSN", dsn)
    assert ProcessSettings.load().postgres.checked_dsn() == dsn


def test_secrets_show_neither_in_text_nor_in_what_is_logged(environment: pytest.MonkeyPatch) -> None:
    del environment
    settings = ProcessSettings.load()
    for told in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())):
        assert SECRET not in told
    assert settings.kafka.password.get_secret_value() == SECRET


def test_settings_cannot_be_changed(environment: pytest.MonkeyPatch) -> None:
    del environment
    settings = ProcessSettings.load()
    with pytest.raises(ValidationError, match="frozen"):
        settings.home_party = "EU"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        settings.kafka.username = "actions"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [("ENTENTE_CLOCK__FILE", "/var/clock"), ("ENTENTE_CHAOS__CRASH_AT", "after_send")],
)
def test_the_clock_is_moved_and_crashes_are_asked_for_only_locally(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(UnknownSetting, match="only locally"):
        ProcessSettings.load()
    environment.setenv("ENTENTE_DEPLOYMENT", "local")
    settings = ProcessSettings.load()
    assert settings.clock.file == Path("/var/clock") or settings.chaos.crash_at == "after_send"


@pytest.mark.parametrize("name", ["ENTENTE_KAFKA__SECURITY_PROTOCOL", "ENTENTE_KAFKA__MECHANISM"])
def test_a_broker_without_authentication_cannot_be_asked_for(
    environment: pytest.MonkeyPatch, name: str
) -> None:
    environment.setenv(name, "PLAINTEXT")
    with pytest.raises(ValidationError, match="kafka"):
        ProcessSettings.load()
