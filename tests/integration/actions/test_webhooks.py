"""Leadership offices are told by webhook what the streams tell: signed, in order, and only what is theirs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from deploy.local.keys import issue_token
from deploy.local.platform import PlatformAccess
from services.actions.app import MIGRATIONS, make_http, make_publication
from services.actions.clients.webhooks import WebhookSender
from services.actions.domain.webhooks import Endpoint, read_endpoints
from services.actions.rpc.parts import ActionParts
from services.actions.settings import ActionsSettings, WebhookSettings
from services.actions.usecases.deliver_webhooks import WebhookDeliveries, WebhookParts
from services.actions.usecases.given_evidence import Holding
from services.actions.usecases.watch_status import Gallery
from services.chassis.crashpoints import CrashPoints
from services.chassis.feed import Entry, FeedView, Notice, Token
from services.chassis.migrations import migrate
from services.chassis.process import Process
from services.kernel.identifiers import EVENTS, derived_id
from services.kernel.markings.levels import Level
from services.kernel.policy import Policy
from tests.support.postgres import Databases
from tests.support.processes import process_parts
from tests.support.receiving import FAILED, GONE, TAKEN, Receiver, answering, certificate, receiving, secret
from tests.support.waiting import eventually

UK, EU = "uk-eu.uk", "uk-eu.eu"
READERS = {UK: "FCDO", EU: "EEAS"}
BUSY = b"503 Service Unavailable\r\n"


class Died(Exception):
    """The process was made to die."""


@dataclass(slots=True)
class House:
    """The feeds of an api, its webhook deliveries, and the secrets that it shares with offices."""

    process: Process
    dsn: str
    http: httpx.AsyncClient
    secrets: Path
    policy: Policy
    views: dict[str, FeedView]
    endpoints: dict[str, Endpoint]
    gallery: Gallery
    platform: PlatformAccess

    def settings(self, **changes: Any) -> WebhookSettings:
        given = {
            "secrets": self.secrets,
            "timeout_seconds": 5,
            "attempts": 3,
            "first_wait_seconds": 0.01,
            "longest_wait_seconds": 0.02,
            "again_seconds": 0.01,
        }
        return WebhookSettings(**{**given, **changes})

    def serve(self, receiver: Receiver, audience: str = UK, *, url: str = "", name: str = "office") -> None:
        document = {
            "audience": audience,
            "organisation": READERS[audience],
            "role": "leadership",
            "url": url or f"http://127.0.0.1:{receiver.port}/hooks/entente",
        }
        self.endpoints.update(read_endpoints({name: document}, local=True))
        self.share(name, name)

    def share(self, endpoint: str, *names: str) -> None:
        (self.secrets / endpoint).write_text("\n".join(secret(one) for one in names))

    def tell(self, sequence: int, action: str = "x", *, audience: str = UK, epoch: str = "a") -> None:
        value = (
            f'{{"actionId":"{action}","audience":"{audience}","changedAt":"2026-11-23T09:00:00Z",'
            f'"epoch":"{epoch}","sequence":"{sequence}","text":"Prüfung für {audience}"}}'
        )
        self.views[audience].apply(Entry(Token(epoch, sequence), action, value.encode()))

    @asynccontextmanager
    async def delivering(
        self, crash: CrashPoints = lambda _: None, **changes: Any
    ) -> AsyncIterator[asyncio.Task[None]]:
        settings = self.settings(**changes)
        parts = WebhookParts(
            lambda: self.endpoints,
            self.gallery,
            WebhookSender(settings),
            self.process.database,
            self.process.clock,
            settings,
            self.process.telemetry.metrics,
            self.process.health,
            crash,
            looked_every=0.02,
        )
        task = asyncio.create_task(WebhookDeliveries(parts).deliver())
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, Died):
                await task

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query).fetchall()

    def standing(self, name: str = "office") -> tuple[Any, ...]:
        found = {row[0]: row[1:] for row in self.rows("SELECT endpoint, state, token FROM webhook")}
        return found.get(name, ())

    async def stands(self, state: str, token: str, name: str = "office") -> None:
        await eventually(
            lambda: self.standing(name) == (state, token),
            within=20,
            describe=lambda: f"{self.standing(name)}",
        )

    def operator(
        self, party: str = "UK", organisation: str = "DSIT", role: str = "operator"
    ) -> dict[str, str]:
        token = issue_token(
            self.platform.keys,
            subject=f"{organisation.lower()}-{role}",
            party=party,
            organisation=organisation,
            roles=[role],
            at=datetime.now(UTC),
        )
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())}


@pytest.fixture
async def house(platform: PlatformAccess, postgres: Databases, tmp_path: Path) -> AsyncIterator[House]:
    dsn = postgres.database("actions", lambda dsn: migrate(dsn, MIGRATIONS))
    async with process_parts(platform, "actions", dsn) as process:
        settings = ActionsSettings(**dict(process.settings))
        publication = make_publication(process, settings)
        views = {UK: FeedView(), EU: FeedView()}
        for view in views.values():
            view.mark_caught_up()
        endpoints: dict[str, Endpoint] = {}
        gallery = Gallery(views, publication.policies, process.verifier)
        parts = ActionParts(
            database=process.database,
            publication=publication,
            holding=Holding(settings.home_party, Level.parse(settings.ceiling)),
            clock=process.clock,
            gallery=gallery,
        )
        app = make_http(process, parts, lambda: endpoints)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://actions.test"
        ) as http:
            yield House(process, dsn, http, tmp_path, publication.policy, views, endpoints, gallery, platform)


async def taken(receiver: Receiver, count: int) -> None:
    await eventually(lambda: len(receiver.taken) >= count, within=20, describe=lambda: f"{receiver.told()}")


async def test_an_office_is_told_signed_and_in_order_and_two_secrets_are_valid_while_one_replaces_the_other(
    house: House,
) -> None:
    house.tell(1)
    house.tell(2, "y")
    async with receiving(Receiver()) as office:
        house.serve(office)
        async with house.delivering():
            await taken(office, 2)
            house.share("office", "next", "office")
            house.tell(3)
            await taken(office, 3)
            house.share("office", "next")
            house.tell(4)
            await house.stands("DELIVERING", "a:4")
    first, _, third, fourth = office.taken
    assert office.told() == ["1", "2", "3", "4"]
    assert office.ids() == [str(derived_id(EVENTS, UK, "a", number)) for number in range(1, 5)]
    assert first.line == "POST /hooks/entente HTTP/1.1"
    assert first.document["type"] == "action.status"
    assert first.document["timestamp"] == "2026-11-23T09:00:00Z"
    assert first.document["data"]["text"] == f"Prüfung für {UK}"
    for received, good, bad in (
        (first, ["office"], "next"),
        (third, ["office", "next"], "x"),
        (fourth, ["next"], "office"),
    ):
        for name in good:
            received.verify(secret(name))
        with pytest.raises(WebhookVerificationError):
            received.verify(secret(bad))
    tampered = replace(first, body=first.body.replace(b'"x"', b'"z"'))
    with pytest.raises(WebhookVerificationError):
        tampered.verify(secret("office"))


async def test_what_was_not_taken_is_sent_again_under_its_id_and_no_redirect_is_followed(
    house: House,
) -> None:
    house.tell(1)
    house.tell(2, "y")
    async with receiving(Receiver()) as elsewhere, receiving(Receiver()) as office:
        away = f"307 Temporary Redirect\r\nlocation: http://127.0.0.1:{elsewhere.port}/\r\n".encode()
        office.answer = answering(FAILED, None, away, TAKEN, BUSY)
        house.serve(office)
        async with house.delivering(timeout_seconds=0.5, attempts=5):
            await house.stands("DELIVERING", "a:2")
    first, second = (str(derived_id(EVENTS, UK, "a", number)) for number in (1, 2))
    assert [one.id for one in office.got] == [first] * 4 + [second] * 2
    assert office.ids() == [first, second]
    assert elsewhere.got == []


async def test_a_crash_between_the_answer_and_its_record_repeats_the_message_under_its_id(
    house: House,
) -> None:
    def dying(_: str) -> None:
        raise Died

    house.tell(1)
    async with receiving(Receiver()) as office:
        house.serve(office)
        async with house.delivering(dying) as task:
            await eventually(task.done, within=20, describe="it died")
        assert house.standing() == ("DELIVERING", "")
        async with house.delivering():
            await house.stands("DELIVERING", "a:1")
    assert office.ids() == [str(derived_id(EVENTS, UK, "a", 1))] * 2
    assert office.taken[0].body == office.taken[1].body


async def test_a_receiver_that_is_down_counts_as_failing_and_goes_on_from_its_token_with_what_is_newest(
    house: House,
) -> None:
    house.tell(1)
    office = Receiver()
    async with receiving(office):
        house.serve(office)
        async with house.delivering():
            await house.stands("DELIVERING", "a:1")
    async with house.delivering():
        house.tell(2)
        await house.stands("FAILING", "a:1")
        shown = (await house.http.get("/v1/webhooks", headers=house.operator())).json()["webhooks"]
        assert [(one["endpoint"], one["state"], one["why"], one["token"]) for one in shown] == [
            ("office", "FAILING", "NOT_REACHED", "a:1")
        ]
        assert "hooks/entente" not in str(shown)
        stopped = house.process.telemetry.metrics.webhook_stopped.labels("office", "FAILING")
        assert stopped._value.get() == 1
        assert house.process.health.warnings() == {"webhook office": "FAILING NOT_REACHED"}
        for sequence in range(3, 1_504):
            house.tell(sequence, f"action {sequence % 3}")
        async with receiving(office):
            await house.stands("DELIVERING", "a:1503")
        assert stopped._value.get() == 0
    assert office.told() == ["1", "2", "1501", "1502", "1503"]
    assert [one.document.get("coalesced", False) for one in office.taken] == [False, False, True, True, True]
    query = "SELECT action, detail ->> 'why' FROM audit WHERE subject_kind = 'webhook' ORDER BY id"
    recorded = house.rows(query)
    assert recorded == [("webhook.failing", "NOT_REACHED"), ("webhook.delivering", "")]


async def test_a_receiver_that_says_it_is_gone_is_told_no_more_until_an_operator_resumes_it(
    house: House,
) -> None:
    house.tell(1)
    house.tell(2, "y")
    path, body = "/v1/webhooks/office/resumes", {"note": "The office has moved."}
    async with receiving(Receiver(answer=answering(TAKEN, GONE))) as office:
        house.serve(office)
        async with house.delivering():
            await house.stands("DISABLED", "a:1")
            house.tell(3)
            for headers, reason in (
                (house.operator("EU", "CNECT"), "NO_ACCESS"),
                (house.operator(role="leadership"), "ROLE_MISSING"),
            ):
                refused = await house.http.post(path, json=body, headers=headers)
                assert (refused.status_code, refused.json()["reason"]) == (403, reason)
            guessed = await house.http.post("/v1/webhooks/other/resumes", json=body, headers=house.operator())
            assert (guessed.status_code, guessed.json()["reason"]) == (403, "NO_ACCESS")
            tried = await house.http.post(
                path, params={"validate_only": True}, json=body, headers=house.operator()
            )
            assert (tried.status_code, tried.json()["state"]) == (200, "DELIVERING")
            assert (house.standing(), len(office.got)) == (("DISABLED", "a:1"), 2)
            resumed = await house.http.post(path, json=body, headers=house.operator())
            assert (resumed.status_code, resumed.json()["token"]) == (200, "a:1")
            await house.stands("DELIVERING", "a:3")
            again = await house.http.post(path, json=body, headers=house.operator())
            assert (again.status_code, again.json()["reason"]) == (409, "WEBHOOK_NOT_STOPPED")
            anew = await house.http.post(path, json={**body, "from_start": True}, headers=house.operator())
            assert anew.status_code == 200
            await taken(office, 5)
            await house.stands("DELIVERING", "a:3")
    assert office.told() == ["1", "2", "3", "2", "3"]
    assert [
        one for (one,) in house.rows("SELECT detail ->> 'note' FROM audit WHERE action = 'webhook.resumed'")
    ] == ["The office has moved."] * 2


async def test_each_office_is_told_of_its_own_audience_and_nothing_once_its_rights_have_ended(
    house: House,
) -> None:
    kept = house.gallery.policies
    narrower = replace(
        house.policy,
        entitlements=frozenset(one for one in house.policy.entitlements if one.organisation != "EEAS"),
    )
    async with receiving(Receiver()) as london, receiving(Receiver()) as brussels:
        house.serve(london, UK, name="london")
        house.serve(brussels, EU, name="brussels")
        async with house.delivering():
            for audience in (UK, EU):
                house.tell(1, audience=audience)
            await house.stands("DELIVERING", "a:1", "london")
            await house.stands("DELIVERING", "a:1", "brussels")
            house.gallery.policies = lambda: narrower
            for audience in (UK, EU):
                house.tell(2, audience=audience)
            await house.stands("DELIVERING", "a:2", "london")
            await house.stands("WITHHELD", "a:1", "brussels")
            assert len(brussels.got) == 1
            house.gallery.policies = kept
            await house.stands("DELIVERING", "a:2", "brussels")
    for office, audience in ((london, UK), (brussels, EU)):
        assert office.told() == ["1", "2"]
        assert {one.document["data"]["audience"] for one in office.got} == {audience}
    assert set(london.ids()).isdisjoint(brussels.ids())


async def noticed(house: House, count: int) -> None:
    query = "SELECT notices FROM webhook"
    await eventually(lambda: house.rows(query) == [(count,)], within=20, describe=f"{count} notices")


async def test_an_office_is_told_of_a_new_epoch_and_of_a_silent_scheduler_once(house: House) -> None:
    silent = Notice("scheduler", "silent", "2026-11-25T12:04:00Z")
    async with receiving(Receiver()) as office:
        house.serve(office)
        async with house.delivering():
            house.tell(7)
            await house.stands("DELIVERING", "a:7")
            house.views[UK].announce(silent)
            await noticed(house, 1)
        async with house.delivering():
            house.tell(1, epoch="b")
            await house.stands("DELIVERING", "b:1")
            house.views[UK].announce(replace(silent, state="resumed"))
            await noticed(house, 2)
    assert office.told() == ["7", "feed.notice", "feed.reset", "1", "feed.notice"]
    assert office.taken[1].document["data"] == {"name": "scheduler", "state": "silent", "at": silent.at}
    assert office.taken[2].document["data"] == {"epoch": "b"}
    assert len(set(office.ids())) == 5
    for one in office.taken:
        one.verify(secret("office"))


async def test_over_https_the_name_is_checked_and_a_private_address_reached_only_where_it_is_named(
    house: House, tmp_path: Path
) -> None:
    house.tell(1)
    context, authority = certificate(tmp_path, "localhost")
    async with receiving(Receiver(), context) as office:
        house.serve(office, url=f"https://localhost:{office.port}/")
        async with house.delivering(certificates=authority):
            await house.stands("FAILING", "")
        assert house.rows("SELECT why FROM webhook") == [("ADDRESS_REFUSED",)]
        loopback = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
        async with house.delivering(networks=loopback, certificates=authority):
            await house.stands("DELIVERING", "a:1")
        house.serve(office, url=f"https://127.0.0.1:{office.port}/", name="misnamed")
        async with house.delivering(networks=loopback, certificates=authority):
            await house.stands("FAILING", "", "misnamed")
        (house.secrets / "office").write_text("whsec_c2hvcnQ=")
        house.tell(2)
        async with house.delivering(networks=loopback, certificates=authority):
            await house.stands("FAILING", "a:1")
    assert office.told() == ["1"]
    assert len(office.got) == 1
