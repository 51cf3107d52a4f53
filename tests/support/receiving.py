"""A leadership office that takes webhooks: the other side, with a server of its own."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from standardwebhooks import Webhook

Answer = Callable[[int], bytes | None]
"""What it says to its nth request, from 1 on: a status line with headers; None is silence."""

TAKEN = b"204 No Content\r\n"
FAILED = b"500 Internal Server Error\r\n"
GONE = b"410 Gone\r\n"


def secret(name: str) -> str:
    return "whsec_" + base64.b64encode(name.ljust(32, ".").encode()).decode()


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.body)
        return found

    def verify(self, with_secret: str) -> None:
        """By the library that an office would use. Raises WebhookVerificationError."""
        Webhook(with_secret).verify(self.body, self.headers)


@dataclass(slots=True)
class Receiver:
    port: int = 0
    answer: Answer = lambda _: TAKEN
    got: list[Received] = field(default_factory=list)
    taken: list[Received] = field(default_factory=list)
    """Those that it said it has taken."""

    def ids(self) -> list[str]:
        return [one.id for one in self.taken]

    def told(self) -> list[str]:
        """What it has taken: sequences of statuses, and the kinds of the rest."""
        return [one.document["data"].get("sequence", one.document["type"]) for one in self.taken]

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            fields = (line.partition(": ") for line in head[1:-2])
            headers = {name.lower(): value for name, _, value in fields}
            body = await reader.readexactly(int(headers["content-length"]))
            self.got.append(received := Received(head[0], headers, body))
            said = self.answer(len(self.got))
            if said is None:
                await reader.read()
                return
            if said.startswith(b"2"):
                self.taken.append(received)
            writer.write(b"HTTP/1.1 " + said + b"content-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def receiving(receiver: Receiver, context: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """The receiver on a port of its own, the one it had before if there was one."""
    server = await asyncio.start_server(receiver.take, "127.0.0.1", receiver.port, ssl=context)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()


def answering(*answers: bytes | None) -> Callable[[int], bytes | None]:
    """These, and then that all is taken."""
    return lambda number: answers[number - 1] if number <= len(answers) else TAKEN


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """A server's certificate for that name, its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject, at = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, both = serialization.Encoding.PEM, folder / f"{name}.both"
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    both.write_bytes(private + made.public_bytes(pem))
    authority = folder / f"{name}.pem"
    authority.write_bytes(made.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, authority
