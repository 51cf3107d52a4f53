"""Webhook endpoints: where they may be, whose they are, and whether they are told more."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from services.actions.domain.visibility import WATCHERS
from services.kernel.parties import Audience, Reader, Role
from services.kernel.refusals import Refusal, RefusalKind

Network = IPv4Network | IPv6Network

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")
_MEMBERS: Final = frozenset({"audience", "organisation", "role", "url"})
_NAT64: Final = IPv6Network("64:ff9b::/96")
_LARGEST_URL: Final = 2_000


class EndpointMalformed(Refusal):
    """The document of a webhook endpoint does not say what it must, or what it may not."""

    kind = RefusalKind.INVALID
    reason = "ENDPOINT_MALFORMED"


class WebhookNotStopped(Refusal):
    """Nothing keeps the endpoint from being told: there is nothing to resume."""

    kind = RefusalKind.CONFLICT
    reason = "WEBHOOK_NOT_STOPPED"


class WebhookState(StrEnum):
    """FAILING is tried again at long intervals, DISABLED only after an operator's word, WITHHELD once its
    reader may read the feed again.
    """

    DELIVERING = "DELIVERING"
    FAILING = "FAILING"
    DISABLED = "DISABLED"
    WITHHELD = "WITHHELD"


class WebhookEvent(StrEnum):
    """GIVEN_UP: one message failed as often as it may in a row. GONE: the receiver said 410."""

    DELIVERED = "DELIVERED"
    GIVEN_UP = "GIVEN_UP"
    GONE = "GONE"
    RIGHTS_ENDED = "RIGHTS_ENDED"
    RIGHTS_BACK = "RIGHTS_BACK"
    RESUMED = "RESUMED"


_S, _E = WebhookState, WebhookEvent
TRANSITIONS: Final[Mapping[tuple[WebhookState, WebhookEvent], WebhookState]] = {
    (_S.DELIVERING, _E.DELIVERED): _S.DELIVERING,
    (_S.DELIVERING, _E.GIVEN_UP): _S.FAILING,
    (_S.DELIVERING, _E.GONE): _S.DISABLED,
    (_S.DELIVERING, _E.RIGHTS_ENDED): _S.WITHHELD,
    (_S.DELIVERING, _E.RIGHTS_BACK): _S.DELIVERING,
    (_S.DELIVERING, _E.RESUMED): _S.DELIVERING,
    (_S.FAILING, _E.DELIVERED): _S.DELIVERING,
    (_S.FAILING, _E.GIVEN_UP): _S.FAILING,
    (_S.FAILING, _E.GONE): _S.DISABLED,
    (_S.FAILING, _E.RIGHTS_ENDED): _S.WITHHELD,
    (_S.FAILING, _E.RIGHTS_BACK): _S.FAILING,
    (_S.FAILING, _E.RESUMED): _S.DELIVERING,
    # What was under way when it was disabled changes nothing: an operator decides.
    (_S.DISABLED, _E.DELIVERED): _S.DISABLED,
    (_S.DISABLED, _E.GIVEN_UP): _S.DISABLED,
    (_S.DISABLED, _E.GONE): _S.DISABLED,
    (_S.DISABLED, _E.RIGHTS_ENDED): _S.DISABLED,
    (_S.DISABLED, _E.RIGHTS_BACK): _S.DISABLED,
    (_S.DISABLED, _E.RESUMED): _S.DELIVERING,
    (_S.WITHHELD, _E.DELIVERED): _S.WITHHELD,
    (_S.WITHHELD, _E.GIVEN_UP): _S.WITHHELD,
    (_S.WITHHELD, _E.GONE): _S.DISABLED,
    (_S.WITHHELD, _E.RIGHTS_ENDED): _S.WITHHELD,
    (_S.WITHHELD, _E.RIGHTS_BACK): _S.DELIVERING,
    # No operator gives rights.
    (_S.WITHHELD, _E.RESUMED): _S.WITHHELD,
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one reader of one audience is told. The reader is an organisation of the audience's party in a
    role, under the subject `webhook-<name>`: what a policy takes from it, the endpoint is told no more.
    """

    name: str
    audience: str
    organisation: str
    role: Role
    url: str

    @classmethod
    def read(cls, name: str, document: Any, *, local: bool) -> "Endpoint":
        """Raises `EndpointMalformed`. `local`: plain http is taken, for receivers on the same machine."""
        if not _NAME.fullmatch(name):
            raise EndpointMalformed("an endpoint is named by a-z, 0-9 and -, at most 63 of them")
        if not isinstance(document, Mapping) or set(document) != _MEMBERS:
            raise EndpointMalformed(f"{name} must have {', '.join(sorted(_MEMBERS))} and no more")
        if not all(isinstance(value, str) and value for value in document.values()):
            raise EndpointMalformed(f"{name} has a member that is no text")
        try:
            audience = Audience.parse(document["audience"])
            role = Role(document["role"])
        except (Refusal, ValueError) as error:
            raise EndpointMalformed(f"{name} names an audience or a role that is none") from error
        if role not in WATCHERS:
            raise EndpointMalformed(f"the role of {name} reads no feed")
        _check_url(name, document["url"], local=local)
        return cls(name, audience.id, document["organisation"], role, document["url"])

    @property
    def reader(self) -> Reader:
        party = Audience.parse(self.audience).party
        return Reader(f"webhook-{self.name}", party, self.organisation, frozenset({self.role}))

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        found = urlsplit(self.url)
        return found.port or (443 if found.scheme == "https" else 80)

    @property
    def encrypted(self) -> bool:
        return urlsplit(self.url).scheme == "https"


def read_endpoints(documents: Mapping[str, Any], *, local: bool) -> Mapping[str, Endpoint]:
    """The endpoints of a folder of documents, by name. Raises `EndpointMalformed`."""
    return {name: Endpoint.read(name, document, local=local) for name, document in documents.items()}


def _check_url(name: str, url: str, *, local: bool) -> None:
    # Nothing of the address is repeated: some receivers put a secret into its path.
    if len(url) > _LARGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise EndpointMalformed(f"the url of {name} is not one line of ASCII without blanks")
    try:
        found: SplitResult = urlsplit(url)
        port = found.port
    except ValueError:
        raise EndpointMalformed(f"the url of {name} cannot be read") from None
    if found.scheme != "https" and not (local and found.scheme == "http"):
        raise EndpointMalformed(f"the url of {name} is not https")
    if not found.hostname or "@" in found.netloc or found.fragment or port == 0:
        raise EndpointMalformed(f"the url of {name} has no host, or user names, or a fragment")


def may_connect(address: str, networks: Iterable[Network], *, encrypted: bool) -> bool:
    """Whether a message may go to that address: on the public internet, or in a network that the deployment
    names. What is not encrypted never leaves the machine.
    """
    found = _innermost(ip_address(address))
    if not encrypted:
        return found.is_loopback
    if any(found in network for network in networks):
        return True
    return found.is_global and not found.is_multicast and not found.is_reserved


def _innermost(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """What an address leads to that carries another in it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
