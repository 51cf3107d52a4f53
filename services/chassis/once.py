"""Mutations that may be repeated: the first answer is stored with the change and given again.

The key is claimed in the transaction of the change. A repeat that comes while the first is under way
waits for it; one with another body under the same key is refused.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Generic, TypeVar

import orjson

from services.chassis.database import Database, Transaction
from services.kernel.refusals import Refusal, RefusalKind

T = TypeVar("T")


class RequestKeyReused(Refusal):
    """The key was used for another request."""

    kind = RefusalKind.INVALID
    reason = "REQUEST_KEY_REUSED"


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes a caller gets."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Repeated(Exception):
    """Not an error: the request was answered before, with this."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("the request is a repeat")
        self.answer = answer


def fingerprint(*parts: bytes) -> str:
    """Tells one request from another under the same key."""
    digest = sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


class _Rehearsed(Exception):
    """Undoes the transaction of a rehearsal."""


class Once(Generic[T]):
    """One mutation of one caller. A use case opens its one writing transaction here and answers in it.

    A `rehearsed` one does everything, and then all of it is undone: what was changed, its audit entry, its
    events and its answer. It claims no key and does not look at whether the key was used.
    """

    def __init__(
        self,
        database: Database,
        *,
        principal: str,
        key: str,
        request: str,
        at: datetime,
        encode: Callable[[T], Answer],
        rehearsed: bool = False,
    ) -> None:
        self._database = database
        self._principal = principal
        self.key = key
        self._request = request
        self._at = at
        self._encode = encode
        self._rehearsed = rehearsed
        self.encoded: Answer | None = None

    async def answered_before(self) -> None:
        """Raises `Repeated` or `RequestKeyReused` before any work is done in vain."""
        if self._rehearsed:
            return
        async with self._database.transaction() as tx:
            await self._look(tx)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """The writing transaction. Raises `Repeated` or `RequestKeyReused`.

        A use case that does not answer in it is a defect: nothing is then written.
        """
        if self._rehearsed:
            async with self._rehearsal() as tx:
                yield tx
            return
        async with self._database.transaction() as tx:
            claimed = await tx.execute(
                """
                INSERT INTO idempotency (principal, request_key, fingerprint, claimed_at)
                VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
                """,
                [self._principal, self.key, self._request, self._at],
            )
            if claimed.rowcount == 0:
                await self._look(tx)
            yield tx
            if self.encoded is None:
                raise RuntimeError("the use case did not answer its request")

    @asynccontextmanager
    async def _rehearsal(self) -> AsyncIterator[Transaction]:
        """As the real one, up to its end."""
        try:
            async with self._database.transaction() as tx:
                yield tx
                if self.encoded is None:
                    raise RuntimeError("the use case did not answer its request")
                # What a commit would check is checked now.
                await tx.execute("SET CONSTRAINTS ALL IMMEDIATE")
                raise _Rehearsed
        except _Rehearsed:
            return

    async def answer(self, tx: Transaction, result: T) -> T:
        """Stores the answer beside the change; gives the result on."""
        self.encoded = self._encode(result)
        if self._rehearsed:
            return result
        await tx.execute(
            """
            UPDATE idempotency SET status = %s, content_type = %s, headers = %s::json, body = %s
            WHERE principal = %s AND request_key = %s
            """,
            [
                self.encoded.status,
                self.encoded.content_type,
                orjson.dumps(dict(self.encoded.headers)).decode(),
                self.encoded.body,
                self._principal,
                self.key,
            ],
        )
        return result

    async def _look(self, tx: Transaction) -> None:
        cursor = await tx.execute(
            """
            SELECT fingerprint, status, content_type, headers, body FROM idempotency
            WHERE principal = %s AND request_key = %s
            """,
            [self._principal, self.key],
        )
        row = await cursor.fetchone()
        if row is None:
            return
        request, status, content_type, headers, body = row
        if request != self._request:
            raise RequestKeyReused("this request key was used for another request")
        raise Repeated(Answer(status, bytes(body), content_type, headers))
