"""Signs a message by Standard Webhooks 1.0 and posts it once, to an address that was looked at first."""

import asyncio
import socket
import ssl
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from standardwebhooks import Webhook

from services.actions.domain.webhooks import Endpoint, may_connect
from services.actions.settings import WebhookSettings
from services.chassis.clock import Clock, system_clock

_MOST_SECRETS: Final = 2
"""The present one, and during a rotation the next or the last."""
_PREFIX: Final = "whsec_"
# Bytes, by the specification.
_SHORTEST_SECRET: Final = 24
_LONGEST_SECRET: Final = 64
_MEANT_FOR_GOOD: Final = 410


@dataclass(frozen=True, slots=True)
class Message:
    """What an endpoint is told. A repeat has the same `id`; `token` resumes after it."""

    id: str
    body: bytes
    token: str
    notice: tuple[str, str] | None = None
    """Name and state of what is told about the feed itself."""


class NotDelivered(Exception):
    """Nobody has said that the message was taken. `why` is a code, and names no address."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class ReceiverGone(Exception):
    """The receiver wants no more (410)."""


class WebhookSender:
    """Posts to endpoints.

    Each attempt has a connection of its own, to an address that was judged before: a name that leads
    elsewhere the next moment leads nowhere. Redirects are not followed, nothing is read of what is answered
    but its status, and neither proxies nor cookies are used. Signatures carry real time, whatever the
    business clock says: receivers refuse what is older than minutes.
    """

    def __init__(self, settings: WebhookSettings, now: Clock = system_clock) -> None:
        self._settings = settings
        self._now = now
        self._context = ssl.create_default_context(cafile=settings.certificates)

    async def send(self, endpoint: Endpoint, message: Message) -> None:
        """Returns when the receiver has taken the message. Raises `NotDelivered` or `ReceiverGone`."""
        secrets = await asyncio.to_thread(self._secrets, endpoint.name)
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                status = await self._post(endpoint, message, secrets)
        except TimeoutError:
            raise NotDelivered("TIMED_OUT") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError):
            raise NotDelivered("NOT_REACHED") from None
        if status == _MEANT_FOR_GOOD:
            raise ReceiverGone
        if httpx.codes.is_redirect(status):
            raise NotDelivered("REDIRECTED")
        if not httpx.codes.is_success(status):
            raise NotDelivered(f"HTTP_{status}")

    async def _post(self, endpoint: Endpoint, message: Message, secrets: list[Webhook]) -> int:
        url = httpx.URL(endpoint.url)
        at, text = self._now(), message.body.decode()
        request = httpx.Request(
            "POST",
            url.copy_with(host=await self._address(endpoint)),
            headers={
                "host": url.netloc.decode(),
                "content-type": "application/json",
                "user-agent": "entente-webhooks/1",
                "webhook-id": message.id,
                "webhook-timestamp": str(int(at.timestamp())),
                "webhook-signature": " ".join(one.sign(message.id, at, text) for one in secrets),
            },
            content=message.body,
            extensions={
                "sni_hostname": endpoint.host,
                "timeout": httpx.Timeout(self._settings.timeout_seconds).as_dict(),
            },
        )
        async with httpx.AsyncHTTPTransport(verify=self._context, trust_env=False) as transport:
            response = await transport.handle_async_request(request)
            try:
                return response.status_code
            finally:
                await response.aclose()

    async def _address(self, endpoint: Endpoint) -> str:
        """The first address of the host's. Raises `NotDelivered` if there is one that may not be reached."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
        addresses = [str(place[0]) for *_, place in found]
        for address in addresses:
            if not may_connect(address, self._settings.networks, encrypted=endpoint.encrypted):
                raise NotDelivered("ADDRESS_REFUSED")
        return addresses[0]

    def _secrets(self, name: str) -> list[Webhook]:
        """Those that are valid now, read each time: a rotation needs no restart."""
        try:
            lines = Path(self._settings.secrets or "", name).read_text("ascii").split()
            keys = [
                b64decode(line.removeprefix(_PREFIX) + "==") for line in lines if line.startswith(_PREFIX)
            ]
        except (OSError, ValueError):
            raise NotDelivered("SECRET_MISSING") from None
        if not 0 < len(keys) == len(lines) <= _MOST_SECRETS:
            raise NotDelivered("SECRET_MISSING")
        if not all(_SHORTEST_SECRET <= len(key) <= _LONGEST_SECRET for key in keys):
            raise NotDelivered("SECRET_MISSING")
        return [Webhook(key) for key in keys]
