"""A reader who follows what its party may read through every kill, on both channels in turn."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from typing import Final, NamedTuple

import grpc
import httpx
from entente.threatfeed.v1 import assessment_service_pb2 as service
from entente.threatfeed.v1 import assessment_service_pb2_grpc

from deploy.local.keys import issue_token
from deploy.local.platform import PlatformAccess
from services.cli.accounts import Account

_AGAIN_AFTER: Final = 0.1
_SILENCE: Final = 40.0
"""Seconds without a sign of life, which comes every fifteen, after which a stream is given up."""
_ANSWER: Final = service.WatchAssessmentsResponse
_LARGEST_PAGE: Final = 200


class Words(NamedTuple):
    """What a reader holds of an assessment."""

    revision: int
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step of either channel; without words the assessment is gone, without an id it is a sign of life."""

    token: str
    assessment_id: str = ""
    words: Words | None = None
    reset: bool = False


@dataclass(slots=True)
class Follower:
    """Holds what it was told, and notes whatever breaks the promises of the stream."""

    access: PlatformAccess
    account: Account
    http: str
    rpc: str
    held: dict[str, tuple[int, Words]] = field(default_factory=dict)
    """By id: the sequence of the step that told of it, and its words."""
    token: str = ""
    steps: int = 0
    resumed: int = 0
    connected: bool = False
    problems: list[str] = field(default_factory=list)

    @property
    def party(self) -> str:
        return self.account.party

    @property
    def sequence(self) -> int:
        return int(self.token.rpartition(":")[2] or 0)

    async def follow(self) -> None:
        """Until it is cancelled."""
        for channel in cycle([self._over_grpc, self._over_sse]):
            token, self.connected = self.token, False
            try:
                async with aclosing(channel()) as steps:
                    async for step in steps:
                        self.resumed += not self.connected and bool(token)
                        self.connected = True
                        self.take(step)
            except (httpx.TransportError, TimeoutError):
                pass
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
            await asyncio.sleep(_AGAIN_AFTER)

    def take(self, step: Step) -> None:
        """Every step must come after the one before, in the one epoch that the run has."""
        if step.reset:
            self._note(f"told to forget what it holds after {self.token}")
            self.held, self.token = {}, ""
            return
        before, (epoch, _, _) = self.sequence, self.token.rpartition(":")
        if step.token:
            self.token = step.token
        if epoch and not self.token.startswith(f"{epoch}:"):
            self._note(f"another epoch: {self.token} after {epoch}")
        if self.sequence < before + bool(step.assessment_id):
            self._note(f"told {self.sequence} after {before}")
        if step.assessment_id:
            self.steps += 1
            self.held.pop(step.assessment_id, None)
            if step.words is not None:
                self.held[step.assessment_id] = (self.sequence, step.words)

    async def listed(self) -> dict[str, Words]:
        """What its party may read, as pages of a list."""
        found: dict[str, Words] = {}
        query: dict[str, str | int] = {"page_size": _LARGEST_PAGE}
        async with self._client() as client:
            while True:
                answer = await client.get("/v1/assessments", params=query)
                page = answer.raise_for_status().json()
                found |= {one["id"]: _words(one) for one in page["assessments"]}
                if not page["next_page_token"]:
                    return found
                query["page_token"] = page["next_page_token"]

    def _note(self, problem: str) -> None:
        self.problems.append(f"reader of {self.party}: {problem}")

    async def _over_grpc(self) -> AsyncGenerator[Step]:
        request = service.WatchAssessmentsRequest(resume_token=self.token)
        async with grpc.aio.insecure_channel(self.rpc) as channel:
            stub = assessment_service_pb2_grpc.AssessmentServiceStub(channel)
            call = stub.WatchAssessments(request, metadata=list(self._bearer().items()))
            while isinstance(answer := await asyncio.wait_for(call.read(), _SILENCE), _ANSWER):
                yield _step_of(answer)

    async def _over_sse(self) -> AsyncGenerator[Step]:
        headers = {"last-event-id": self.token} if self.token else {}
        event: dict[str, str] = {}
        async with (
            self._client() as client,
            client.stream("GET", "/v1/assessment-changes", headers=headers) as answer,
        ):
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    event[name] = value
                elif event:
                    yield _step_of_event(event)
                    event = {}

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.http, headers=self._bearer(), timeout=_SILENCE, trust_env=False
        )

    def _bearer(self) -> dict[str, str]:
        token = issue_token(
            self.access.keys,
            subject=self.account.name,
            party=self.account.party,
            organisation=self.account.organisation,
            roles=self.account.roles,
            at=datetime.now(UTC),
        )
        return {"authorization": f"Bearer {token}"}


def _step_of(answer: service.WatchAssessmentsResponse) -> Step:
    token, told = answer.resume_token, answer.assessment
    match answer.WhichOneof("step"):
        case "assessment":
            return Step(token, told.assessment_id, Words(told.revision, told.title, told.text))
        case "gone":
            return Step(token, answer.gone.assessment_id)
        case kind:
            return Step(token, reset=kind == "reset")


def _step_of_event(event: dict[str, str]) -> Step:
    token, told = event.get("id", ""), json.loads(event.get("data", "{}"))
    match event.get("event"):
        case "assessment":
            return Step(token, told["id"], _words(told))
        case "gone":
            return Step(token, told["id"])
        case kind:
            return Step(token, reset=kind == "reset")


def _words(document: dict[str, object]) -> Words:
    return Words(int(str(document["revision"])), str(document["title"]), str(document["text"]))
