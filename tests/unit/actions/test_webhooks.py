"""Which endpoints there may be, where they may lie, and what becomes of one."""

from ipaddress import ip_network
from itertools import product
from typing import Any

import pytest

from services.actions.domain.webhooks import (
    TRANSITIONS,
    Endpoint,
    EndpointMalformed,
    WebhookEvent,
    WebhookState,
    may_connect,
    read_endpoints,
)

DOCUMENT = {
    "audience": "uk-eu.uk",
    "organisation": "FCDO",
    "role": "leadership",
    "url": "https://office.example/hooks/entente?box=7",
}


def read(name: str = "office", *, local: bool = False, **changes: Any) -> Endpoint:
    return Endpoint.read(name, {**DOCUMENT, **changes}, local=local)


def test_an_endpoint_is_of_one_reader_of_one_audience() -> None:
    endpoint = read_endpoints({"office": DOCUMENT}, local=False)["office"]
    assert (endpoint.host, endpoint.port, endpoint.encrypted) == ("office.example", 443, True)
    reader = endpoint.reader
    assert (reader.subject, reader.party, reader.organisation) == ("webhook-office", "UK", "FCDO")
    assert reader.roles == {"leadership"}


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://office.example/"},
        {"url": "ftp://office.example/"},
        {"url": "https:///hooks"},
        {"url": "https://user:secret@office.example/"},
        {"url": "https://office.example/#part"},
        {"url": "https://office.example:0/"},
        {"url": "https://office.example:99999/"},
        {"url": "https://[::1/"},
        {"url": "https://office.example/\r\nX: y"},
        {"url": "https://öffice.example/"},
        {"url": "https://office.example/" + "a" * 2_000},
        {"url": 7},
        {"audience": "UK-EU.UK"},
        {"audience": "uk-eu"},
        {"role": "owner"},
        {"role": "nobody"},
        {"organisation": ""},
        {"secret": "whsec_"},
        {"name": "office"},
    ],
)
def test_an_endpoint_that_is_none_is_refused_and_its_address_not_repeated(changes: dict[str, Any]) -> None:
    with pytest.raises(EndpointMalformed) as refused:
        read(**changes) if "name" not in changes else Endpoint.read("a", {"audience": "x"}, local=False)
    assert str(changes.get("url", "office.example")) not in refused.value.detail


@pytest.mark.parametrize("name", ["", "../office", "a/b", "Office", "x" * 64, "-x"])
def test_a_name_is_that_of_a_file_and_of_nothing_else(name: str) -> None:
    with pytest.raises(EndpointMalformed):
        read(name)


def test_plain_http_is_taken_locally_and_then_only_on_the_machine_itself() -> None:
    endpoint = read(local=True, url="http://localhost:8080/x")
    assert (endpoint.encrypted, endpoint.port) == (False, 8080)
    assert may_connect("127.0.0.1", [], encrypted=False)
    assert may_connect("::1", [], encrypted=False)
    for elsewhere in ("93.184.215.14", "10.0.0.1", "::ffff:10.0.0.1"):
        assert not may_connect(elsewhere, [ip_network("10.0.0.0/8")], encrypted=False)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.7"),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "ff0e::1", "2001:db8::1"),
        *(
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
        ),
    ],
)
def test_no_message_goes_to_an_address_that_is_not_public_whatever_it_is_wrapped_in(address: str) -> None:
    assert not may_connect(address, [], encrypted=True)
    assert not may_connect(address, [ip_network("203.0.113.0/24")], encrypted=True)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::5db8:d70e"])
def test_a_message_goes_to_a_public_address(address: str) -> None:
    assert may_connect(address, [], encrypted=True)


def test_a_network_of_the_deployment_may_be_reached_when_it_is_named() -> None:
    networks = [ip_network("10.20.0.0/16"), ip_network("fd00:7::/32")]
    assert may_connect("10.20.3.4", networks, encrypted=True)
    assert may_connect("::ffff:10.20.3.4", networks, encrypted=True)
    assert may_connect("fd00:7::9", networks, encrypted=True)
    assert not may_connect("10.21.3.4", networks, encrypted=True)


def test_whatever_happens_in_whatever_state_has_one_outcome() -> None:
    assert set(TRANSITIONS) == set(product(WebhookState, WebhookEvent))


def test_only_an_operator_lets_a_disabled_endpoint_go_on_and_nobody_one_without_rights() -> None:
    leaving = {e for (s, e), to in TRANSITIONS.items() if s is WebhookState.DISABLED and to is not s}
    assert leaving == {WebhookEvent.RESUMED}
    back = {
        e for (s, e), to in TRANSITIONS.items() if (s, to) == (WebhookState.WITHHELD, WebhookState.DELIVERING)
    }
    assert back == {WebhookEvent.RIGHTS_BACK}
