"""An official's desk: the REST interfaces of the services, as one account may use them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO
from uuid import uuid4

import httpx
from joserfc import jws
from joserfc.jwk import OKPKey
from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential,
)

from deploy.local.keys import KeyRing, issue_token
from services.cli.accounts import Account, account
from services.cli.failures import Refused, Unreachable
from services.cli.record import Access

Document = dict[str, Any]

_CHANGED_MEANWHILE = 412
_PATIENCE = 30.0


class Unavailable(Refused):
    """The service cannot answer now, and may in a moment."""

    exit_code = Unreachable.exit_code


@dataclass(frozen=True, slots=True)
class Answer:
    """A resource and the ETag that a change of it must carry."""

    document: Document
    etag: str | None


def token_of(keys: KeyRing, who: Account) -> str:
    """A bearer token of the local issuer for the account."""
    return issue_token(
        keys,
        subject=who.name,
        party=who.party,
        organisation=who.organisation,
        roles=[role.value for role in who.roles],
        at=datetime.now(UTC),
    )


class Desk:
    """Where one account works from. Requests are repeated, under one key, while a service is away.

    It is waited for `patience` seconds.
    """

    def __init__(
        self, access: Access, name: str, client: httpx.AsyncClient, *, patience: float = _PATIENCE
    ) -> None:
        self.account = account(name)
        self.token = token_of(access.keys, self.account)
        self._access = access
        self._client = client
        self._patience = patience

    async def get(self, service: str, path: str, **query: str | int | list[str]) -> Document:
        return (await self.read(service, path, **query)).document

    async def read(self, service: str, path: str, **query: str | int | list[str]) -> Answer:
        """Raises `Refused` or `Unreachable`."""
        return await self._ask("GET", service, path, query=query)

    async def download(
        self, service: str, path: str, target: BinaryIO, **query: str | int | list[str]
    ) -> httpx.Headers:
        """Writes an answer as it comes; gives its headers. Raises `Refused`, also `httpx.HTTPError`."""
        address = f"{self._access.services[service].rest}{path}"
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self._client.stream("GET", address, params=query, headers=headers) as response:
            if not response.is_success:
                await response.aread()
            _check(response, f"{self.account.name}: GET {service} {path}")
            async for chunk in response.aiter_bytes():
                target.write(chunk)
            return response.headers

    async def post(self, service: str, path: str, body: Document, *, etag: str | None = None) -> Document:
        """Raises `Refused`."""
        return (await self._ask("POST", service, path, body=body, etag=etag)).document

    async def change(
        self, service: str, resource: str, command: str, body: Document, *, method: str = "POST"
    ) -> Document:
        """Asks for `resource/command`, or the resource itself, with its ETag as it is now.

        Other events may touch the resource between the two: then it is read again. Raises `Refused`.
        """
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(
                lambda error: isinstance(error, Refused) and error.status == _CHANGED_MEANWHILE
            ),
            stop=stop_after_attempt(5),
            reraise=True,
        ):
            with attempt:
                current = await self.read(service, resource)
                path = f"{resource}/{command}" if command else resource
                return (await self._ask(method, service, path, body=body, etag=current.etag)).document
        raise AssertionError("unreachable")

    async def agree(self, resource: str) -> Document:
        """Signs what the service asks this official to agree to, and hands the signature in."""
        asked = await self.get("agenda", f"{resource}/agreement")
        signature = self.sign(asked["payload"].encode())
        return await self.post(
            "agenda",
            f"{resource}/agreements",
            {"content_hash": asked["content_hash"], "jws": signature},
        )

    async def post_signed(
        self,
        service: str,
        path: str,
        body: Document,
        *,
        statement: str,
        stating: Document,
        etag: str | None = None,
    ) -> Document:
        """Signs what the service states when it is asked at `statement`, and posts the body with that."""
        asked = await self.post(service, statement, stating)
        signed = {"stated_time": asked["stated_time"], "jws": self.sign(asked["payload"].encode())}
        return await self.post(service, path, {**body, **signed}, etag=etag)

    def sign(self, payload: bytes) -> str:
        """Detached JWS (RFC 7515 appendix F) with the official's own key, EdDSA (RFC 8037)."""
        document = json.loads(self._access.keys.official_key(self.account.name).read_text())
        key = OKPKey.import_key(document)
        whole = jws.serialize_compact(
            {"alg": "Ed25519", "kid": document["kid"]}, payload, key, algorithms=["Ed25519"]
        )
        head, _, signature = whole.split(".")
        return f"{head}..{signature}"

    async def _ask(
        self,
        method: str,
        service: str,
        path: str,
        *,
        query: Mapping[str, str | int | list[str]] | None = None,
        body: Document | None = None,
        etag: str | None = None,
    ) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["Idempotency-Key"] = str(uuid4())
        if etag is not None:
            headers["If-Match"] = etag
        if service not in self._access.services:
            raise Unreachable(f"no {service} runs in this system")
        address = f"{self._access.services[service].rest}{path}"
        request = f"{self.account.name}: {method} {service} {path}"
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type((httpx.TransportError, Unavailable)),
                wait=wait_exponential(multiplier=0.1, max=2),
                stop=stop_after_delay(self._patience),
                reraise=True,
            ):
                with attempt:
                    response = await self._client.request(
                        method, address, params=query or None, json=body, headers=headers
                    )
                    _check(response, request)
                    return Answer(response.json(), response.headers.get("etag"))
        except httpx.TransportError as error:
            place = self._access.services[service].rest
            raise Unreachable(f"{request}: {place} does not answer ({type(error).__name__})") from error
        raise AssertionError("unreachable")


def _check(response: httpx.Response, request: str) -> None:
    if response.is_success:
        return
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    kind = Unavailable if response.status_code == httpx.codes.SERVICE_UNAVAILABLE else Refused
    detail = str(problem.get("detail", response.text[:500]))
    metadata = {
        name: value
        for name, value in problem.items()
        if name not in {"type", "title", "status", "detail", "reason", "instance"}
    }
    raise kind(
        response.status_code,
        str(problem.get("reason", "UNKNOWN")),
        f"{detail} {metadata}" if metadata else detail,
        request,
    )


def open_client() -> httpx.AsyncClient:
    """Connections to services on this machine; proxies of the environment are not for them."""
    return httpx.AsyncClient(timeout=httpx.Timeout(30.0, read=60.0), trust_env=False)
