"""Takes the steps of a world one by one, each as the services themselves do it."""

import json
from typing import Any
from uuid import uuid5

import grpc
import httpx
import psycopg
from entente.threatfeed.v1 import assessment_service_pb2, assessment_service_pb2_grpc

from services.chassis.consumer.batches import BatchProcessor
from services.chassis.consumer.positions import Partition
from services.chassis.consumer.records import Delivery, Record
from services.chassis.outbox import delete_rows, oldest_rows
from services.kernel.identifiers import conflict_id
from services.kernel.markings.levels import Level
from services.kernel.policy import Policy
from services.threatfeed.consumers import submissions, views
from services.threatfeed.domain.assessment import VersionScheme
from services.threatfeed.events import ASSESSMENT_TOPIC
from services.threatfeed.picture.told import state_after
from services.threatfeed.store.views import lock_feeds
from services.threatfeed.usecases.adopt_policy import adopt_policy
from services.threatfeed.usecases.decide_anew import decide_anew
from services.threatfeed.usecases.holding import Holding
from services.threatfeed.usecases.make_views import ViewMaker, make_due_views
from tests.support.signing import signed_as
from tests.support.submissions import real_taxonomies
from tests.support.worlds.at_work import NAMES, Loaded
from tests.support.worlds.oracle import AGENCIES
from tests.support.worlds.readers import READERS
from tests.support.worlds.watching import Watching
from tests.support.worlds.world import (
    MEETINGS,
    MEETS,
    SECRETARIATS,
    Adopt,
    Ask,
    Consent,
    Contest,
    Decide,
    Deny,
    Link,
    Publish,
    Settle,
    Spill,
    Spoil,
    Step,
    Theme,
    Withdraw,
    World,
    codeword,
    identity_of,
)

_TELLING = "Because of "


class Happening:
    """Takes the steps of a world one by one."""

    def __init__(self, loaded: Loaded, dsn: str, reader: str) -> None:
        self._loaded = loaded
        self._dsn = dsn
        self._maker = ViewMaker(loaded.policy, loaded.ids)
        self._follower = views(self._maker, loaded.clock)
        holding = Holding("UK", Level.parse("UK SECRET"), loaded.policy)
        self._ingest = submissions(loaded.policy, real_taxonomies(), holding, loaded.clock)
        self._stub = assessment_service_pb2_grpc.AssessmentServiceStub(loaded.channel)
        self._watching = Watching(loaded, self._stub, dsn, READERS[reader])

    async def begin(self) -> None:
        loaded = self._loaded
        loaded.ids.begin("epochs")
        async with loaded.process.database.transaction() as tx:
            await lock_feeds(tx, sorted(loaded.policy.parties), loaded.ids)
        await self._adopt(loaded.policy)

    async def run(self, world: World, second: Policy) -> None:
        # The stream is opened at the same moment in every world, whatever has happened in it by then.
        last = max((step.minute for step in world.steps), default=1.0)
        opening = round(last * 2 / 3)
        for step in world.steps:
            if step.minute > opening:
                await self._watching.open()
            self._loaded.clock.at = step.at
            self._loaded.ids.begin(step.key)
            await self._take(step, second)
            await self._follow()
            await self._watching.read()
        self._watching.end()

    async def _take(self, step: Step, second: Policy) -> None:
        match step:
            case Publish():
                await self._receive(step.agency, json.dumps(step.document).encode())
            case Withdraw():
                notice = {"id": step.identity, "version": 9, "withdrawn": True, "reason": "Mistaken."}
                await self._receive(step.agency, json.dumps(notice).encode())
            case Theme():
                await self._theme(step)
            case Link():
                await self._link(step)
            case Decide():
                await self._decide(step)
            case Consent():
                await self._consent(step)
            case Ask():
                await self._ask(step)
            case Adopt():
                await self._adopt(second)
            case _:
                await self._take_in(step)

    async def _take_in(self, step: Step) -> None:
        """What a deployment hesitates to hold, or does not."""
        match step:
            case Contest():
                agency, identity, version = step.text
                document = step.wording.document(identity, version, step.day)
                await self._receive(agency, json.dumps(document).encode())
                self._loaded.conflicts.append(
                    str(conflict_id(str(identity_of(step.text)), VersionScheme.NUMBER.value, str(version)))
                )
            case Settle():
                await self._settle(step)
            case Deny():
                await self._deny(step)
            case Spill():
                await self._receive(step.agency, step.value)
            case Spoil():
                await self._receive(step.agency, f"{{{codeword(step.seed)}".encode())
            case _:
                raise TypeError(f"nothing is known of {step}")

    async def _receive(self, agency: str, value: bytes) -> None:
        topic = f"threatfeed.submission.{agency}.v1"
        offset = self._loaded.offsets.get(topic, 0)
        self._loaded.offsets[topic] = offset + 1
        process = self._loaded.process
        processor = BatchProcessor(
            self._ingest,
            process.database,
            clock=process.clock,
            telemetry=process.telemetry,
            crash=process.crash,
        )
        record = Record(topic, 0, offset, b"k", value, (), 1_760_000_000_000)
        if any(await processor.process(Partition(topic, 0), [record])):
            self._loaded.records.append(f"{topic}:0:{offset}")

    def _headers(self, subject: str, party: str, organisation: str, role: str, key: str) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self._loaded.token(subject, party, organisation, [role])}",
            "idempotency-key": str(uuid5(NAMES, key)),
        }

    def _secretariat(self, audience: tuple[str, str], key: str) -> dict[str, str]:
        subject, organisation = SECRETARIATS[audience]
        return self._headers(subject, audience[1], organisation, "secretariat", key)

    async def _theme(self, step: Theme) -> None:
        client, headers = self._loaded.client, self._secretariat(step.audience, step.key)
        path = f"/v1/assessments/{identity_of(step.text)}"
        query = {"series": step.audience[0]}
        standing = await client.get(f"{path}/themes", params=query, headers=headers)
        if standing.status_code == 200:
            body = {
                "series": step.audience[0],
                "theme": step.theme,
                "verdict": step.verdict,
                "reason": _TELLING + codeword(step.seed),
            }
            given = {**headers, "if-match": standing.headers["etag"]}
            await client.post(f"{path}/theme-decisions", json=body, headers=given)

    async def _link(self, step: Link) -> None:
        body = {
            "series": step.audience[0],
            "one": str(identity_of(step.one)),
            "other": str(identity_of(step.other)),
            "reason": _TELLING + codeword(step.seed),
        }
        headers = self._secretariat(step.audience, step.key)
        answer = await self._loaded.client.post("/v1/links", json=body, headers=headers)
        if answer.status_code == 201:
            self._loaded.links.append(answer.json()["id"])

    async def _decide(self, step: Decide) -> None:
        request = assessment_service_pb2.DecideReleasabilityRequest()
        request.occasion.series = step.audience[0]
        request.occasion.meeting_id = str(MEETINGS[step.audience[0]])
        request.occasion.used_at.FromDatetime(MEETS)
        request.texts.add(
            assessment_id=str(identity_of(step.text)),
            revision=step.text[2],
            rendition=f"RENDITION_{step.rendition}",
            mode=f"RELEASE_MODE_{step.mode}",
        )
        headers = self._secretariat(step.audience, step.key)
        try:
            await self._stub.DecideReleasability(
                request, metadata=[("authorization", headers["authorization"])]
            )
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.PERMISSION_DENIED:
                raise

    async def _consent(self, step: Consent) -> None:
        party, organisation = AGENCIES[step.text[0]]
        officer = (f"{organisation.lower()}-release-officer", party, organisation, "release-officer")
        body = {
            "use": {
                "assessment_id": str(identity_of(step.text)),
                "revision": step.text[2],
                "rendition": step.rendition,
                "party": step.party,
                "mode": step.mode,
                "series": step.series,
                "meeting_id": str(MEETINGS[step.series]) if step.series else None,
            },
            "expires_time": "2027-06-01T00:00:00Z",
            "statement": _TELLING + codeword(step.seed),
        }
        client = self._loaded.client
        made = await client.post("/v1/consents", json=body, headers=self._headers(*officer, step.key))
        if made.status_code != 201:
            return
        self._loaded.consents.append(made.json()["id"])
        if step.withdrawn:
            await self._follow()
            await self._watching.read()
            headers = self._headers(*officer, f"{step.key}-withdrawn")
            await client.post(
                f"/v1/consents/{made.json()['id']}/withdraw",
                json={"reason": _TELLING + codeword(step.seed)},
                headers={**headers, "if-match": made.headers["etag"]},
            )

    async def _ask(self, step: Ask) -> None:
        body: dict[str, Any] = {
            "use": {
                "assessment_id": str(identity_of(step.text)),
                "revision": step.text[2],
                "rendition": step.rendition,
                "party": step.party,
                "mode": "RELEASE",
                "series": step.audience[0],
            },
            "reason": _TELLING + codeword(step.seed),
            "needed_by_time": "2026-12-01T00:00:00Z",
        }
        headers = self._secretariat(step.audience, step.key)
        stating = self._secretariat(step.audience, f"{step.key}-stated")
        client = self._loaded.client
        stated = await client.post("/v1/clearances/statement", json=body, headers=stating)
        if stated.status_code != 200:
            return
        statement = stated.json()
        jws = signed_as(
            self._loaded.platform.keys, SECRETARIATS[step.audience][0], statement["payload"].encode()
        )
        body |= {"stated_time": statement["stated_time"], "jws": jws}
        made = await client.post("/v1/clearances", json=body, headers=headers)
        if made.status_code != 201:
            return
        self._loaded.clearances.append(made.json()["id"])
        if step.answer:
            await self._follow()
            await self._watching.read()
            await self._answer(step, made)

    async def _answer(self, step: Ask, made: httpx.Response) -> None:
        party, organisation = AGENCIES[step.text[0]]
        officer = f"{organisation.lower()}-release-officer"
        here, words = made.headers["location"], _TELLING + codeword(step.seed)
        line = {"text": f"It is so, {codeword(step.seed)}", "marking": "TLP:CLEAR"}
        offered = step.answer == "TEAR_LINE_OFFERED"
        body: dict[str, Any] = {"tear_line": line} if offered else {}

        def headers(key: str) -> dict[str, str]:
            return self._headers(officer, party, organisation, "release-officer", f"{step.key}-{key}")

        client = self._loaded.client
        stated = await client.post(
            f"{here}/statement",
            json={"kind": step.answer, "words": words, **body},
            headers=headers("stating"),
        )
        if stated.status_code != 200:
            return
        statement = stated.json()
        jws = signed_as(self._loaded.platform.keys, officer, statement["payload"].encode())
        body |= {"reason": words, "stated_time": statement["stated_time"], "jws": jws}
        answered = await client.post(
            f"{here}/{'offer-tear-line' if offered else 'refuse'}",
            json=body,
            headers={**headers("answered"), "if-match": made.headers["etag"]},
        )
        assert answered.status_code == 200, answered.text

    async def _settle(self, step: Settle) -> None:
        """Where there is a conflict to settle, and a secretariat that may."""
        audience = ("uk-us-cmr", "US") if step.text[0] == "cisa" else ("uk-eu", AGENCIES[step.text[0]][0])
        client, headers = self._loaded.client, self._secretariat(audience, step.key)
        listed = (await client.get("/v1/conflicts", headers=headers)).json().get("conflicts", [])
        for conflict in listed:
            if conflict["assessment_id"] != str(identity_of(step.text)):
                continue
            here = f"/v1/conflicts/{conflict['id']}"
            sides = (await client.get(here, headers=headers)).json()["alternatives"]
            first = min(sides, key=lambda one: one["received_at"])
            settled = await client.post(
                f"{here}/resolve",
                json={"choice": first["choice"], "reason": _TELLING + codeword(step.seed)},
                headers={**headers, "if-match": conflict["etag"]},
            )
            assert settled.status_code == 200, settled.text

    async def _deny(self, step: Deny) -> None:
        client = self._loaded.client

        def headers(key: str) -> dict[str, str]:
            return self._headers("operator", "UK", "DSIT", "operator", f"{step.key}-{key}")

        reason = _TELLING + codeword(step.seed)
        denied = await client.post(
            "/v1/source-denials",
            json={"kind": "OBJECT", "agency": step.agency, "value": step.identity, "reason": reason},
            headers=headers("denied"),
        )
        assert denied.status_code == 201, denied.text
        self._loaded.denials.append(denied.json()["id"])
        await self._receive(step.agency, json.dumps(step.document).encode())
        if step.lifted:
            here = f"/v1/source-denials/{denied.json()['id']}/lift"
            lifted = await client.post(here, json={"reason": reason}, headers=headers("lifted"))
            assert lifted.status_code == 200, lifted.text

    async def _adopt(self, policy: Policy) -> None:
        process = self._loaded.process
        await adopt_policy(process.database, policy, {"policy": {"version": policy.version}}, process.clock())
        await decide_anew(process.database, policy, process.clock())

    async def _follow(self) -> None:
        """What the worker, the views process and the picture worker do after a change."""
        process = self._loaded.process
        async with await psycopg.AsyncConnection.connect(self._dsn, autocommit=True) as connection:
            rows = await oldest_rows(connection, 1_000_000_000)
            await delete_rows(connection, rows)
        for row in rows:
            for key, value, headers in row.records():
                record = Record(row.topic, 0, 0, key, value, tuple(headers), 0)
                if row.topic == ASSESSMENT_TOPIC:
                    kept = state_after(self._loaded.told.get(key), key, headers, value)
                    if kept is not None:
                        self._loaded.told[key] = kept
                if row.topic in self._follower.topics:
                    async with process.database.transaction() as tx:
                        content = self._follower.decode(record)
                        await self._follower.apply(tx, [Delivery(record, content)])
        while await make_due_views(process.database, self._maker, process.clock()):
            pass
        await decide_anew(process.database, self._loaded.policy, process.clock())
