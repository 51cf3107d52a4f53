"""An operator sees what was refused, corrects it, and lets it in exactly once."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.platform import PlatformAccess
from services.chassis.consumer.records import Record
from services.chassis.crashpoints import BEFORE_DATABASE_COMMIT
from services.chassis.quarantine.depth import DepthGauge
from services.kernel.markings.levels import Level
from services.kernel.refusals import Refusal, RefusalKind
from services.threatfeed.events import ASSESSMENT_TOPIC
from tests.support.postgres import Databases
from tests.support.quarantine import ENISA, NCSC, Json, Quarantine, quarantine_at_work
from tests.support.submissions import narrative, real_policy


@pytest.fixture
async def held(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Quarantine]:
    async with quarantine_at_work(platform, postgres) as quarantine:
        yield quarantine


def document(identity: str, **changes: Any) -> Json:
    return narrative(id=identity, **changes)


def as_bytes(identity: str, **changes: Any) -> bytes:
    return json.dumps(document(identity, **changes)).encode()


def unmarked(identity: str) -> bytes:
    return as_bytes(identity, marking=None)


class ReaderBroken(Refusal):
    """What a defect of a reader looks like from outside."""

    kind = RefusalKind.INVALID
    reason = "READER_BROKEN"


def refuse_all(_: Record) -> Any:
    raise ReaderBroken("this version cannot read it")


async def test_a_corrected_record_is_admitted_with_its_original_kept_and_its_agency_told(
    held: Quarantine,
) -> None:
    original = as_bytes("Q-1")[:-20]
    (record,) = await held.receive(original)
    found = await held.entry(record)
    assert (found["state"], found["reason"], found["edition"]) == ("OPEN", "JSON_TRUNCATED", 0)
    assert await held.content(record) == original
    assert (await held.edit(record, document("Q-1"))).status_code == 200
    answer = await held.replay(record)
    assert (answer.status_code, answer.json()["state"]) == (200, "REPAIRED")
    assert held.admitted() == ["Q-1"]
    assert await held.content(record, edition=0) == original
    assert await held.content(record, edition=1) == as_bytes("Q-1")
    first, second = held.receipts(record)
    assert (first["results"][0]["result"], "replay" in first) == ("SUBMISSION_RESULT_REJECTED", False)
    assert (second["results"][0]["result"], second["replay"], second["edition"]) == (
        "SUBMISSION_RESULT_ACCEPTED", 1, 1,
    )  # fmt: skip
    assert first["receiptId"] != second["receiptId"]
    steps = (await held.entry(record))["ledger"]
    assert [(step["action"], step["actor"], step["edition"]) for step in steps] == [
        ("EDITED", "operator", 1),
        ("ADMITTED", "operator", 1),
    ]
    for action in ("quarantine.opened", "quarantine.edited", "quarantine.replayed"):
        assert ("operator", record) in held.audited(action)


async def test_a_wrong_content_type_is_corrected_beside_the_bytes(held: Quarantine) -> None:
    (record,) = await held.receive(as_bytes("Q-2"), headers=[("content-type", b"text/csv")])
    assert (await held.entry(record))["reason"] == "CONTENT_TYPE_UNKNOWN"
    await held.edit(record, as_bytes("Q-2"), body={"content_type": "application/json"})
    assert (await held.replay(record)).json()["state"] == "REPAIRED"
    assert held.admitted() == ["Q-2"]


async def test_a_replay_that_is_refused_again_says_why_and_the_agency_hears_of_it(held: Quarantine) -> None:
    (record,) = await held.receive(as_bytes("Q-3")[:-9])
    await held.edit(record, unmarked("Q-3"))
    answer = (await held.replay(record)).json()
    assert (answer["state"], answer["reason"], answer["pointer"]) == ("OPEN", "MARKING_MISSING", "/marking")
    found = await held.entry(record)
    assert (found["reason"], found["replays"]) == ("MARKING_MISSING", 1)
    assert [one.get("replay", 0) for one in held.receipts(record)] == [0, 1]
    assert held.admitted() == []


async def test_bytes_refused_three_times_wait_for_a_correction_or_a_reason_to_discard_them(
    held: Quarantine,
) -> None:
    (record,) = await held.receive(unmarked("Q-4"))
    for _ in range(3):
        assert (await held.replay(record)).json()["state"] == "OPEN"
    assert (await held.replay(record)).json()["reason"] == "REPLAYS_EXHAUSTED"
    etag = (await held.entry(record))["etag"]
    assert (await held.post(f"/{record}/discards", {"reason": " "}, etag=etag)).status_code == 400
    discarded = await held.post(f"/{record}/discards", {"reason": "the agency withdrew it"}, etag=etag)
    assert discarded.json()["state"] == "DISCARDED"
    closed = await held.post(f"/{record}/replays", {}, etag=discarded.headers["etag"])
    assert (closed.status_code, closed.json()["reason"]) == (409, "QUARANTINE_CLOSED")
    (*_, last) = (await held.entry(record))["ledger"]
    assert (last["action"], last["note"]) == ("DISCARDED", "the agency withdrew it")


async def test_after_a_fix_everything_that_can_be_repaired_is_admitted_exactly_once(
    held: Quarantine,
) -> None:
    fixed = held.subscription
    held.read_with(replace(fixed, decode=refuse_all))
    good = [as_bytes(f"Q-{number:02}") for number in range(12)]
    names = await held.receive(*good, unmarked("Q-BAD"))
    rehearsed = (await held.post("-replays", {"dry_run": True})).json()["outcomes"]
    assert {one["reason"] for one in rehearsed} == {"READER_BROKEN"}
    held.read_with(fixed)
    wanted = {"reason": "READER_BROKEN"}
    rehearsed = (await held.post("-replays", {**wanted, "dry_run": True})).json()["outcomes"]
    assert [one["state"] for one in rehearsed] == ["REPLAYED"] * 12 + ["OPEN"]
    assert held.admitted() == []
    assert [len(held.receipts(name)) for name in names] == [1] * 13
    swept = (await held.post("-replays", wanted)).json()["outcomes"]
    assert [one["reason"] for one in swept] == [None] * 12 + ["MARKING_MISSING"]
    assert held.admitted() == [f"Q-{number:02}" for number in range(12)]
    assert (await held.post("-replays", wanted)).json()["outcomes"] == []
    assert [len(held.receipts(name)) for name in names] == [2] * 13
    assert held.rows("SELECT count(*) FROM assessment_revision") == [(12,)]


async def test_two_operators_cannot_replay_the_same_record_twice(held: Quarantine) -> None:
    fixed = held.subscription
    held.read_with(replace(fixed, decode=refuse_all))
    names = await held.receive(*(as_bytes(f"Q-{number}") for number in range(8)))
    held.read_with(fixed)
    etags = [(await held.entry(name))["etag"] for name in names]
    one, other = held.uk("operator"), held.uk("second-operator")
    answers = await asyncio.gather(
        *(
            held.replay(name, etag=etag, who=who)
            for name, etag in zip(names, etags, strict=True)
            for who in (one, other)
        ),
        held.post("-replays", {"limit": 500}, who=one),
        held.post("-replays", {"limit": 500}, who=other),
    )
    swept = [found["record"] for answer in answers[-2:] for found in answer.json()["outcomes"]]
    singly = [answer.json()["record"] for answer in answers[:-2] if answer.status_code == 200]
    assert sorted([*swept, *singly]) == sorted(names)
    assert {answer.json()["reason"] for answer in answers[:-2] if answer.status_code != 200} <= {
        "QUARANTINE_CLOSED"
    }
    assert held.rows("SELECT count(*) FROM quarantine_ledger WHERE action = 'ADMITTED'") == [(8,)]
    assert [len(held.receipts(name)) for name in names] == [2] * 8
    assert held.rows("SELECT count(*) FROM assessment_revision") == [(8,)]


async def test_a_replay_cut_off_before_its_commit_leaves_nothing_and_is_done_once_when_asked_again(
    held: Quarantine,
) -> None:
    fixed = held.subscription
    held.read_with(replace(fixed, decode=refuse_all))
    (record,) = await held.receive(as_bytes("Q-5"))

    def die(point: str) -> None:
        if point == BEFORE_DATABASE_COMMIT:
            raise SystemError("killed")

    held.read_with(fixed, crash=die)
    key, etag = str(uuid4()), (await held.entry(record))["etag"]
    assert (await held.replay(record, key=key, etag=etag)).status_code == 500
    assert ((await held.entry(record))["state"], held.admitted(), len(held.receipts(record))) == (
        "OPEN",
        [],
        1,
    )
    held.read_with(fixed)
    assert (await held.replay(record, key=key, etag=etag)).json()["state"] == "REPLAYED"
    repeated = await held.replay(record, key=key, etag=etag)
    assert (repeated.json()["state"], repeated.headers["idempotent-replayed"]) == ("REPLAYED", "true")
    assert (held.admitted(), len(held.receipts(record))) == (["Q-5"], 2)


async def test_a_replay_keeps_to_the_order_of_revisions(held: Quarantine) -> None:
    fixed = held.subscription
    held.read_with(replace(fixed, decode=refuse_all))
    (record,) = await held.receive(as_bytes("Q-6", version=1, title="Old"))
    held.read_with(fixed)
    await held.receive(as_bytes("Q-6", version=2, title="New"))
    assert (await held.replay(record)).json()["state"] == "REPLAYED"
    assert held.receipts(record)[-1]["results"][0]["result"] == "SUBMISSION_RESULT_OLDER"
    current = held.rows(
        "SELECT document->>'title' FROM assessment_revision JOIN assessment USING (assessment_id, revision)"
    )
    assert current == [("New",)]


async def test_a_spill_has_no_content_to_open_to_correct_or_to_replay(held: Quarantine) -> None:
    (record,) = await held.receive(as_bytes("Q-7", marking={"national": "UK SECRET"}, text="the canary"))
    found = await held.entry(record)
    assert (found["reason"], found["held"]) == ("HOLDING_REFUSED", False)
    answers = [
        await held.get(f"/{record}/content"),
        await held.edit(record, document("Q-7")),
        await held.replay(record),
    ]
    assert {(one.status_code, one.json()["reason"]) for one in answers} == {(409, "CONTENT_NOT_HELD")}
    assert (await held.post("-replays", {})).json()["outcomes"] == []


async def test_a_correction_that_turns_out_not_to_be_holdable_is_wiped_with_the_original(
    held: Quarantine,
) -> None:
    secret = as_bytes("Q-8", marking={"national": "UK SECRET"}, text="the canary text")
    (record,) = await held.receive(as_bytes("Q-8")[:-5])
    await held.edit(record, secret)
    assert (await held.replay(record)).json()["reason"] == "HOLDING_REFUSED"
    assert (await held.entry(record))["held"] is False
    assert held.rows("SELECT value, key FROM quarantine") == [(None, None)]
    assert held.rows("SELECT count(*) FROM quarantine_edition") == [(0,)]


async def test_another_partys_operators_learn_nothing_and_the_hosts_only_that_something_waits(
    held: Quarantine,
) -> None:
    (own,) = await held.receive(as_bytes("Q-9", version="first"), topic=NCSC)
    (theirs,) = await held.receive(unmarked("E-9"), topic=ENISA)
    assert [one["record"] for one in (await held.get("", held.eu())).json()["records"]] == [theirs]
    listed = (await held.get("")).json()["records"]
    assert [(one["record"], one["detail"] is None) for one in listed] == [(own, False), (theirs, True)]
    hidden = await held.get(f"/{own}", held.eu())
    missing = await held.get(f"/{NCSC}:0:77", held.eu())
    assert hidden.status_code == missing.status_code == 403
    assert _told(hidden, own) == _told(missing, f"{NCSC}:0:77")
    closed, absent = await held.get(f"/{theirs}/content"), await held.get(f"/{ENISA}:0:77/content")
    assert closed.status_code == absent.status_code == 403
    assert _told(closed, theirs) == _told(absent, f"{ENISA}:0:77")
    assert held.audited("quarantine.opened") == []
    assert (await held.get(f"/{theirs}/content", held.eu())).status_code == 200


async def test_an_operator_whose_clearance_is_below_the_ceiling_opens_nothing(
    platform: PlatformAccess, postgres: Databases
) -> None:
    policy = real_policy()
    dsit = replace(policy.organisations["DSIT"], clearance=Level.parse("UK OFFICIAL"))
    lowered = replace(policy, organisations={**policy.organisations, "DSIT": dsit})
    async with quarantine_at_work(platform, postgres, lowered) as held:
        (record,) = await held.receive(unmarked("Q-10"))
        opened, absent = await held.get(f"/{record}/content"), await held.get(f"/{NCSC}:0:77/content")
        assert opened.status_code == absent.status_code == 403
        assert _told(opened, record) == _told(absent, f"{NCSC}:0:77")
        found = await held.entry(record)
        assert (found["detail"], found["pointer"], found["reason"]) == (None, None, "MARKING_MISSING")
        assert (await held.edit(record, document("Q-10"))).json()["reason"] == "NO_ACCESS"


def _told(answer: Any, record: str) -> str:
    document = answer.json()
    del document["instance"]
    return json.dumps(document).replace(record, "it")


@pytest.mark.parametrize("role", ["secretariat", "auditor", "agency"])
async def test_only_operators_open_and_act(held: Quarantine, role: str) -> None:
    (record,) = await held.receive(unmarked("Q-11"))
    who = held.token("a", "UK", "FCDO", role)
    assert (await held.get(f"/{record}/content", who)).json()["reason"] == "ROLE_MISSING"
    assert (await held.post("-replays", {}, who=who)).json()["reason"] == "ROLE_MISSING"
    assert (await held.get("", who)).status_code == (200 if role == "auditor" else 403)


async def test_pages_follow_the_filters_and_a_foreign_token_is_refused(held: Quarantine) -> None:
    names = await held.receive(*(unmarked(f"Q-{n}") for n in range(5)), b"{", *(unmarked("x") for _ in "12"))
    found: list[str] = []
    query: Json = {"reason": "MARKING_MISSING", "page_size": 3}
    while True:
        page = (await held.get("", **query)).json()
        found += [one["record"] for one in page["records"]]
        if not page["next_page_token"]:
            break
        query["page_token"] = page["next_page_token"]
    assert found == [name for name in names if name != names[5]]
    other = await held.get("", reason="JSON_TRUNCATED", page_token=query["page_token"])
    assert other.status_code == 400
    forged = await held.get("", page_token="W10=")
    assert (forged.status_code, forged.json()["reason"]) == (400, "INVALID_VALUE")


@pytest.mark.parametrize("name", ["x", "a:b:c", "t:0:-1", "t:99999999999:1", "t%00:0:1", "é:0:1"])
async def test_a_name_that_is_none_is_refused(held: Quarantine, name: str) -> None:
    assert (await held.get(f"/{name}")).status_code == 400


async def test_a_change_of_what_somebody_changed_meanwhile_is_refused(held: Quarantine) -> None:
    (record,) = await held.receive(unmarked("Q-12"))
    etag = (await held.entry(record))["etag"]
    await held.edit(record, document("Q-12"))
    late = await held.post(f"/{record}/discards", {"reason": "old news"}, etag=etag)
    assert (late.status_code, late.json()["reason"]) == (412, "QUARANTINE_CHANGED")
    assert (await held.post(f"/{record}/replays", {})).json()["reason"] == "ETAG_MISSING"


async def test_the_depth_of_quarantine_is_counted_by_reason(held: Quarantine) -> None:
    names = await held.receive(unmarked("Q-13"), unmarked("Q-14"), b"{")
    metrics = held.process.telemetry.metrics
    gauge = DepthGauge(held.process.database, metrics)
    await gauge.count()

    def waiting(reason: str) -> float | None:
        return metrics.registry.get_sample_value("entente_quarantine_open", {"reason": reason})

    assert (waiting("MARKING_MISSING"), waiting("JSON_TRUNCATED")) == (2, 1)
    etag = (await held.entry(names[2]))["etag"]
    await held.post(f"/{names[2]}/discards", {"reason": "noise"}, etag=etag)
    await gauge.count()
    assert (waiting("MARKING_MISSING"), waiting("JSON_TRUNCATED")) == (2, 0)


async def test_records_of_the_services_own_topics_wait_for_the_hosts_operators(held: Quarantine) -> None:
    held.subscription = held.follower
    (record,) = await held.receive(b"no event", topic=ASSESSMENT_TOPIC)
    assert (await held.entry(record))["reason"] == "NOT_A_CLOUD_EVENT"
    assert await held.content(record) == b"no event"
    assert (await held.replay(record)).json()["reason"] == "NOT_A_CLOUD_EVENT"
    assert (await held.get("", held.eu())).json()["records"] == []
