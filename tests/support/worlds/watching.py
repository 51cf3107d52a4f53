"""The stream of one reader, kept open while a world goes on."""

import asyncio
from typing import Any

import grpc
import psycopg
from entente.threatfeed.v1 import assessment_service_pb2, assessment_service_pb2_grpc

from services.cli.accounts import Account
from tests.support.worlds.at_work import Loaded


class Watching:
    """What it says is kept in `live` of the world at work."""

    def __init__(
        self,
        loaded: Loaded,
        stub: "assessment_service_pb2_grpc.AssessmentServiceAsyncStub",
        dsn: str,
        reader: Account,
    ) -> None:
        self._loaded = loaded
        self._stub = stub
        self._dsn = dsn
        self._reader = reader
        self._stream: Any = None

    async def open(self) -> None:
        """Unless it is open."""
        if self._stream is not None:
            return
        reader = self._reader
        token = self._loaded.token(reader.name, reader.party, reader.organisation, reader.roles)
        self._stream = self._stub.WatchAssessments(
            assessment_service_pb2.WatchAssessmentsRequest(), metadata=[("authorization", f"Bearer {token}")]
        )
        await self.read()

    async def read(self) -> None:
        """Takes from the open stream what the party's order has come to."""
        if self._stream is None:
            return
        await self._loaded.parts.signal.look()
        async with await psycopg.AsyncConnection.connect(self._dsn) as connection:
            cursor = await connection.execute(
                "SELECT last_sequence FROM party_feed WHERE party = %s", [self._reader.party]
            )
            (last,) = await cursor.fetchone() or (0,)
        async with asyncio.timeout(20):
            while self._is_behind(last):
                try:
                    step = await self._stream.read()
                except grpc.aio.AioRpcError as error:
                    self._loaded.live.append(f"{error.code()} {error.details()}".encode())
                    return
                self._loaded.live.append(step.SerializeToString(deterministic=True))

    def end(self) -> None:
        if self._stream is not None:
            self._stream.cancel()

    def _is_behind(self, last: int) -> bool:
        live = self._loaded.live
        if not live:
            return True
        if live[-1].startswith(b"StatusCode."):
            return False
        step = assessment_service_pb2.WatchAssessmentsResponse.FromString(live[-1])
        seen = any(
            assessment_service_pb2.WatchAssessmentsResponse.FromString(one).HasField("snapshot_complete")
            for one in live
        )
        return not seen or int(step.resume_token.rpartition(":")[2] or 0) < last
