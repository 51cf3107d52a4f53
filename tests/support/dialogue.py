"""The agenda's api over a database of a test's own, with its peers' contracts and its officials' keys."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from deploy.local.platform import PlatformAccess
from services.agenda.app import MIGRATIONS, create_app
from services.agenda.clients.actions import Actions
from services.agenda.clients.threatfeed import Threatfeed
from services.agenda.consumers import actions, assessments
from services.agenda.signatures import OfficialKeys
from services.agenda.usecases.parts import AgendaParts
from services.chassis.consumer.halts import ConsumerDesk
from services.chassis.documents import read_documents
from services.chassis.ids import IdSource
from services.chassis.migrations import migrate
from services.chassis.process import Process
from services.chassis.quarantine.desk import QuarantineDesk
from services.chassis.rpc.client import open_channel
from services.chassis.settings import ProcessSettings
from services.kernel.clearance import Clearing
from services.kernel.markings.levels import Level
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from tests.support.peers import FakeActions, FakeThreatfeed, HeldAssessment, serving
from tests.support.postgres import Databases
from tests.support.processes import POLICY, SettableClock, Traces, process_parts
from tests.support.signing import signed_as
from tests.support.tokens import KeptTokens

STARTS = datetime(2026, 12, 9, 9, 0, tzinfo=UTC)
ENDS = datetime(2026, 12, 10, 16, 0, tzinfo=UTC)
TODAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Account:
    """A role account: who it is, and the roles its token says."""

    subject: str
    party: str
    organisation: str
    roles: tuple[str, ...]


def account(organisation: str, party: str, office: str, *roles: str) -> Account:
    return Account(f"{organisation.lower()}-{office}", party, organisation, roles or (office,))


UK_SECRETARIAT = account("FCDO", "UK", "secretariat")
EU_SECRETARIAT = account("EEAS", "EU", "secretariat")
FCDO = account("FCDO", "UK", "chair")
DSIT = account("DSIT", "UK", "chair")
EEAS = account("EEAS", "EU", "chair")
CNECT = account("CNECT", "EU", "chair")
NSA = account("NSA", "US", "chair", "chair", "secretariat")
LEADERSHIP = account("HOME-OFFICE", "UK", "secretariat", "leadership")
QUORUM = (FCDO, DSIT, EEAS, CNECT)


@dataclass(slots=True)
class Dialogue:
    """One deployment of the agenda, as its officials use it."""

    platform: PlatformAccess
    process: Process
    client: httpx.AsyncClient
    app: FastAPI
    parts: AgendaParts
    clock: SettableClock
    dsn: str
    threatfeed: FakeThreatfeed
    actions: FakeActions
    traces: Traces
    _tokens: KeptTokens = field(init=False)

    def __post_init__(self) -> None:
        self._tokens = KeptTokens(self.platform.keys)

    def token(self, who: Account) -> str:
        return self._tokens.of(who.subject, who.party, who.organisation, who.roles)

    def process_with(self, settings: ProcessSettings) -> Process:
        """The same parts under other settings."""
        return replace(self.process, settings=settings)

    def parts_with(self, threatfeed: Threatfeed) -> None:
        """From now on the api asks another threatfeed."""
        self.app.state.agenda = replace(self.parts, threatfeed=threatfeed)

    async def ask(
        self,
        who: Account,
        method: str,
        path: str,
        body: object = None,
        *,
        version: object = None,
        key: str | None = None,
    ) -> httpx.Response:
        """A request as that account would send it; `version` becomes If-Match."""
        headers = {"Authorization": f"Bearer {self.token(who)}"}
        if method != "GET":
            headers["Idempotency-Key"] = key or str(uuid4())
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        content = None if body is None else json.dumps(body)
        return await self.client.request(
            method,
            path,
            content=content,
            headers={**headers, "Content-Type": "application/json"},
        )

    async def done(self, who: Account, method: str, path: str, body: object = None, **options: Any) -> Any:
        """The answer of a request that must succeed."""
        response = await self.ask(who, method, path, body, **options)
        assert response.is_success, response.text
        return response.json()

    async def by_ones(self, who: Account, path: str, *members: str) -> list[Any]:
        """What a list holds, read with one entry a page; tokens that were not given out are refused."""
        found: list[Any] = []
        more, token = "&" if "?" in path else "?", ""
        while True:
            page = await self.done(who, "GET", f"{path}{more}page_size=1&page_token={token}")
            found += (entries := [one for member in members for one in page[member]])
            assert len(entries) <= 1
            if not (token := page["next_page_token"]):
                break
        other = "WyIyMDI2LTAxLTAxVDAwOjAwOjAwWiIsIngiLCIwIl0="
        for wrong in ("page_size=0", "page_size=201", "page_token=e30=", f"page_token={other}"):
            refused = await self.ask(who, "GET", f"{path}{more}{wrong}")
            assert refused.status_code == 400, wrong
        return found

    async def meeting(self, **changes: object) -> Any:
        return await self.done(UK_SECRETARIAT, "POST", "/v1/meetings", meeting_body(**changes))

    async def draft(self, meeting: Mapping[str, Any], who: Account = UK_SECRETARIAT) -> Any:
        return await self.done(who, "POST", f"/v1/meetings/{meeting['id']}/drafts", {})

    async def item(
        self,
        draft: Mapping[str, Any],
        *assessments: HeldAssessment,
        who: Account = UK_SECRETARIAT,
        **changes: object,
    ) -> Any:
        """The draft with one more item that rests on the assessments."""
        return await self.done(
            who,
            "POST",
            f"/v1/drafts/{draft['id']}/items",
            item_body(*assessments, **changes),
            version=draft["version"],
        )

    async def table(
        self, draft: Mapping[str, Any], who: Account = UK_SECRETARIAT, marking: str = "TLP:GREEN"
    ) -> Any:
        return await self.done(
            who,
            "POST",
            f"/v1/drafts/{draft['id']}/table",
            {"marking": marking},
            version=draft["version"],
        )

    def assessment(self, **changes: Any) -> HeldAssessment:
        members = {
            "title": "Intrusions into water utilities attributed to a named group",
            "joint_title": "Intrusions into water utilities",
            **changes,
        }
        return self.threatfeed.holds(HeldAssessment(**members))

    async def tabled(self, *assessments: HeldAssessment) -> tuple[Any, Any, Any]:
        """A meeting, its draft and its agenda on the table."""
        meeting = await self.meeting()
        draft = await self.draft(meeting)
        if assessments:
            draft = await self.item(draft, *assessments)
        return meeting, draft, await self.table(draft)

    async def participant(
        self, meeting: Mapping[str, Any], who: Account = UK_SECRETARIAT, **changes: object
    ) -> Any:
        return await self.done(
            who, "POST", f"/v1/meetings/{meeting['id']}/participants", participant_body(who, **changes)
        )

    async def presence(self, participant: Mapping[str, Any], answer: str, who: Account) -> Any:
        path = f"/v1/participants/{participant['id']}/presence"
        return await self.done(who, "POST", path, {"answer": answer}, version=participant["version"])

    async def attended(self, meeting: Mapping[str, Any]) -> Any:
        """The register that both sides have closed, once the meeting is over: one co-chair a side."""
        register: Any = None
        for who in (UK_SECRETARIAT, EU_SECRETARIAT):
            await self.presence(await self.participant(meeting, who), "ATTEND", who)
            register = await self.done(who, "POST", f"/v1/meetings/{meeting['id']}/register/close", {})
        return register

    def signature(self, signer: Account, payload: str) -> str:
        """A detached signature with the signer's own key."""
        return signed_as(self.platform.keys, signer.subject, payload.encode())

    async def statement(self, who: Account, kind: str, subject_id: str) -> Any:
        return await self.done(who, "GET", f"/v1/{kind}/{subject_id}/agreement")

    async def try_to_agree(
        self, who: Account, kind: str, subject_id: str, **changes: object
    ) -> httpx.Response:
        statement = await self.statement(who, kind, subject_id)
        body = {
            "content_hash": statement["content_hash"],
            "jws": self.signature(who, statement["payload"]),
            **changes,
        }
        return await self.ask(who, "POST", f"/v1/{kind}/{subject_id}/agreements", body)

    async def answers(
        self,
        who: Account,
        agenda: Mapping[str, Any],
        *answers: Mapping[str, object],
        marking: str = "TLP:GREEN",
    ) -> httpx.Response:
        """What a secretariat says of items, on the agenda as `agenda` shows it."""
        body = {"marking": marking, "answers": list(answers)}
        version = agenda["etag"].strip('"')
        return await self.ask(who, "POST", f"/v1/agendas/{agenda['id']}/answers", body, version=version)

    async def accept(self, agenda_id: str) -> Any:
        """The agenda once each side's secretariat has accepted what was still open for it."""
        agenda = await self.done(UK_SECRETARIAT, "GET", f"/v1/agendas/{agenda_id}")
        for who in (UK_SECRETARIAT, EU_SECRETARIAT):
            wanted = [
                {"item_id": item["item_id"], "answer": "ACCEPTED"}
                for item in agenda["items"]
                if who.party in item["open_for"]
            ]
            if wanted:
                response = await self.answers(who, agenda, *wanted)
                assert response.status_code == 200, response.text
                agenda = response.json()
        return agenda

    async def agree(self, kind: str, subject_id: str, *officials: Account) -> Any:
        """The agenda or outcome once these officials agreed, all of them where none is named."""
        answer: Any = None
        if kind == "agendas":
            await self.accept(subject_id)
        for who in officials or QUORUM:
            response = await self.try_to_agree(who, kind, subject_id)
            assert response.status_code == 200, response.text
            answer = response.json()
        return answer

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query, parameters).fetchall()

    def published(self, topic: str) -> Sequence[tuple[bytes, dict[str, str]]]:
        """What waits in the outbox for a topic: values, and the headers that tell of their kind, in order."""
        query = "SELECT unnest(data), headers FROM outbox WHERE topic = %s ORDER BY id"
        return self.rows(query, topic)


def meeting_body(**changes: object) -> dict[str, object]:
    return {
        "series": "uk-eu",
        "edition": 2026,
        "host_party": "UK",
        "out_of_turn": True,
        "venue": "London",
        "starts_at": STARTS.isoformat(),
        "ends_at": ENDS.isoformat(),
        **changes,
    }


def item_body(*assessments: HeldAssessment, **changes: object) -> dict[str, object]:
    return {
        "title": "Attacks on water utilities",
        "kind": "SUBSTANTIVE",
        "purpose": "DISCUSS",
        "minutes": 20,
        "commitments": ["C3"],
        "theme": "CNI_PRIVATE_SECTOR",
        "leads": {"UK": "DSIT", "EU": "CNECT"},
        "marking": "TLP:GREEN",
        "references": [
            {
                "assessment_id": str(held.id),
                "revision": held.revision,
                "rendition": "TEAR_LINE",
                "mode": "RELEASE",
            }
            for held in assessments
        ],
        **changes,
    }


def participant_body(who: Account, **changes: object) -> dict[str, object]:
    return {
        "name": f"Director of {who.organisation}",
        "role": "CO_CHAIR",
        "organisation": who.organisation,
        "nationality": {"UK": "GBR", "EU": "FRA", "US": "USA"}[who.party],
        **changes,
    }


@contextmanager
def after_the_meeting(dialogue: Dialogue) -> Iterator[None]:
    """The clock is past the end of the meeting for as long as the block lasts."""
    before = dialogue.clock.at
    dialogue.clock.at = ENDS + timedelta(hours=1)
    try:
        yield
    finally:
        dialogue.clock.at = before


@asynccontextmanager
async def open_dialogue(
    platform: PlatformAccess,
    postgres: Databases,
    *,
    ids: IdSource | None = None,
    threatfeed: FakeThreatfeed | None = None,
    policy: Policy | None = None,
) -> AsyncIterator[Dialogue]:
    """The agenda's api with an empty database, two weeks before the meeting."""
    dsn = postgres.database("agenda", lambda dsn: migrate(dsn, MIGRATIONS))
    clock, traces = SettableClock(TODAY), Traces.kept_in_memory()
    threatfeed, peer = threatfeed or FakeThreatfeed(), FakeActions()
    async with (
        process_parts(platform, "agenda", dsn, clock=clock, traces=traces) as whole,
        serving(threatfeed, peer) as address,
        open_channel(address, whole.telemetry) as channel,
    ):
        process = replace(whole, ids=ids or whole.ids)
        parts = AgendaParts(
            database=process.database,
            policy=policy or Policy.from_documents(read_documents(POLICY)),
            clock=clock,
            ids=process.ids,
            keys=OfficialKeys.read(str(platform.keys.official_keys)),
            threatfeed=Threatfeed(channel),
            actions=Actions(channel),
        )
        clearing = Clearing(parts.policy, "UK", Level.parse("UK OFFICIAL-SENSITIVE"))
        app = create_app(
            parts,
            process.verifier,
            process.health,
            process.telemetry,
            consumers=ConsumerDesk(process.database, clock),
            quarantine=QuarantineDesk(process.database, [assessments(clock), actions(clock)], clock),
            sight_of=lambda who: clearing.of(Reader.from_claims(who.subject, who.claims)),
        )
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://agenda.test") as client:
            yield Dialogue(platform, process, client, app, parts, clock, dsn, threatfeed, peer, traces)


@pytest.fixture
async def dialogue(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Dialogue]:
    """A dialogue of one test's own."""
    async with open_dialogue(platform, postgres) as opened:
        yield opened
