"""Bad input to the agenda: each a precise refusal, and no effect."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from joserfc.jwk import OKPKey

from deploy.local.files import write_private
from deploy.local.keys import ISSUER, KeyRing, issue_token
from tests.support.dialogue import (
    CNECT,
    DSIT,
    EEAS,
    EU_SECRETARIAT,
    FCDO,
    LEADERSHIP,
    NSA,
    STARTS,
    UK_SECRETARIAT,
    Dialogue,
    account,
    after_the_meeting,
    item_body,
    meeting_body,
)
from tests.support.outcome_bodies import outcome_body


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"starts_at": "2026-11-01T09:00:00Z"}, 400, "MEETING_IN_THE_PAST"),
        ({"ends_at": "2026-12-09T08:00:00Z"}, 400, "MEETING_ENDS_BEFORE_IT_STARTS"),
        ({"host_party": "FR"}, 400, "UNKNOWN_PARTY"),
        ({"host_party": "US"}, 400, "NOT_A_PARTY"),
        ({"edition": 26}, 400, "EDITION_INVALID"),
        ({"series": "uk-us-cmr"}, 403, "NO_ACCESS"),
        ({"series": "no-such-series"}, 403, "NO_ACCESS"),
        ({"edition": "2026"}, 400, "INVALID_REQUEST"),
        ({"starts_at": "2026-12-09T25:00:00"}, 400, "INVALID_REQUEST"),
        ({"venue": "London\u0000"}, 400, "INVALID_REQUEST"),
        ({"colour": "blue"}, 400, "INVALID_REQUEST"),
    ],
)
async def test_a_meeting_that_cannot_be_planned(
    dialogue: Dialogue, changes: dict[str, object], status: int, reason: str
) -> None:
    refused = await dialogue.ask(UK_SECRETARIAT, "POST", "/v1/meetings", meeting_body(**changes))
    assert (refused.status_code, refused.json()["reason"]) == (status, reason)
    assert refused.headers["content-type"] == "application/problem+json"
    assert dialogue.rows("SELECT 1 FROM meeting UNION ALL SELECT 1 FROM audit") == []


async def test_a_second_meeting_of_an_edition(dialogue: Dialogue) -> None:
    await dialogue.meeting()
    refused = await dialogue.ask(EU_SECRETARIAT, "POST", "/v1/meetings", meeting_body())
    assert (refused.status_code, refused.json()["reason"]) == (409, "MEETING_EXISTS")


async def test_a_second_draft_of_a_party(dialogue: Dialogue) -> None:
    meeting = await dialogue.meeting()
    await dialogue.draft(meeting)
    refused = await dialogue.ask(
        account("DSIT", "UK", "secretariat"), "POST", f"/v1/meetings/{meeting['id']}/drafts", {}
    )
    assert refused.json()["reason"] == "DRAFT_EXISTS"
    assert (await dialogue.draft(meeting, EU_SECRETARIAT))["party"] == "EU"


async def test_the_first_answer_is_given_to_a_repeat_and_the_key_kept_from_another_body(
    dialogue: Dialogue,
) -> None:
    key = str(uuid4())
    first = await dialogue.ask(UK_SECRETARIAT, "POST", "/v1/meetings", meeting_body(), key=key)
    again = await dialogue.ask(UK_SECRETARIAT, "POST", "/v1/meetings", meeting_body(), key=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    other = await dialogue.ask(UK_SECRETARIAT, "POST", "/v1/meetings", meeting_body(edition=2027), key=key)
    assert (other.status_code, other.json()["reason"]) == (400, "REQUEST_KEY_REUSED")
    assert dialogue.rows("SELECT edition FROM meeting") == [(2026,)]


async def test_a_request_without_a_key_or_without_the_version_it_changes(dialogue: Dialogue) -> None:
    draft = await dialogue.draft(await dialogue.meeting())
    headers = {"Authorization": f"Bearer {dialogue.token(UK_SECRETARIAT)}"}
    keyless = await dialogue.client.post("/v1/meetings", json=meeting_body(), headers=headers)
    assert keyless.json()["reason"] == "REQUEST_KEY_MISSING"
    path = f"/v1/drafts/{draft['id']}/items"
    assert (await dialogue.ask(UK_SECRETARIAT, "POST", path, item_body())).json()["reason"] == "ETAG_MISSING"
    stale = await dialogue.ask(UK_SECRETARIAT, "POST", path, item_body(), version=7)
    assert (stale.status_code, stale.json()["reason"]) == (412, "STALE_VERSION")


async def test_tokens_that_are_missing_expired_or_of_another_issuer(
    dialogue: Dialogue, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ring = KeyRing(tmp_path_factory.mktemp("issuer"))
    key = OKPKey.generate_key("Ed25519")
    write_private(ring.issuer_key(), json.dumps({**key.as_dict(private=True), "kid": key.thumbprint()}))
    now = datetime.now(UTC)

    def token_of(keys: KeyRing, at: datetime, issuer: str = ISSUER) -> str:
        return issue_token(
            keys,
            subject="fcdo-secretariat",
            party="UK",
            organisation="FCDO",
            roles=["secretariat"],
            at=at,
            issuer=issuer,
        )

    keys = dialogue.platform.keys
    tokens = {
        None: "TOKEN_MISSING",
        "garbage": "TOKEN_INVALID",
        token_of(ring, now): "TOKEN_INVALID",
        token_of(keys, now, "https://elsewhere.example"): "TOKEN_ISSUER_UNKNOWN",
        token_of(keys, now - timedelta(days=2)): "TOKEN_EXPIRED",
    }
    for token, reason in tokens.items():
        headers = {"Idempotency-Key": str(uuid4())}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        refused = await dialogue.client.post("/v1/meetings", json=meeting_body(), headers=headers)
        assert (refused.status_code, refused.json()["reason"]) == (401, reason)
        assert refused.headers["www-authenticate"] == "Bearer"
    assert dialogue.rows("SELECT 1 FROM meeting") == []


async def test_a_role_that_may_not(dialogue: Dialogue) -> None:
    refused = await dialogue.ask(LEADERSHIP, "POST", "/v1/meetings", meeting_body())
    assert (refused.status_code, refused.json()["reason"]) == (403, "ROLE_MISSING")


async def test_a_role_in_the_token_that_no_entitlement_backs(dialogue: Dialogue) -> None:
    impostor = account("HOME-OFFICE", "UK", "secretariat")
    refused = await dialogue.ask(impostor, "POST", "/v1/meetings", meeting_body())
    assert (refused.status_code, refused.json()["reason"]) == (403, "NO_ACCESS")


async def test_malformed_and_oversize_bodies(dialogue: Dialogue) -> None:
    headers = {
        "Authorization": f"Bearer {dialogue.token(UK_SECRETARIAT)}",
        "Idempotency-Key": str(uuid4()),
        "Content-Type": "application/json",
    }
    for content in (b'{"series": "uk-eu"', b"\xff\xfe", b'{"edition": NaN}', b"[" * 2_000):
        refused = await dialogue.client.post("/v1/meetings", content=content, headers=headers)
        assert (refused.status_code, refused.json()["reason"]) == (400, "INVALID_REQUEST")
    large = json.dumps(meeting_body(venue="x" * 1_100_000)).encode()
    refused = await dialogue.client.post("/v1/meetings", content=large, headers=headers)
    assert (refused.status_code, refused.json()["reason"]) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"theme": "NO_SUCH_THEME"}, "UNKNOWN_THEME"),
        ({"commitments": ["C99"]}, "COMMITMENT_UNKNOWN"),
        ({"leads": {"US": "NSA"}}, "NOT_A_PARTY"),
        ({"leads": {"UK": "EEAS"}}, "ORGANISATION_OF_ANOTHER_PARTY"),
        ({"marking": "VERY SECRET"}, "MARKING_UNKNOWN"),
        ({"marking": "UK SECRET"}, "ABOVE_CEILING"),
        ({"marking": "UK OFFICIAL - HMG USE ONLY"}, "MARKING_NOT_FOR_ALL_PARTIES"),
        ({"position": 0}, "POSITION_OUT_OF_RANGE"),
        ({"position": 16}, "POSITION_OUT_OF_RANGE"),
    ],
)
async def test_an_item_that_names_what_its_series_does_not_have(
    dialogue: Dialogue, changes: dict[str, object], reason: str
) -> None:
    draft = await dialogue.draft(await dialogue.meeting())
    refused = await dialogue.ask(
        UK_SECRETARIAT, "POST", f"/v1/drafts/{draft['id']}/items", item_body(**changes), version=1
    )
    assert refused.json()["reason"] == reason
    assert await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/drafts/{draft['id']}") == draft


async def test_standing_items_stay(dialogue: Dialogue) -> None:
    draft = await dialogue.draft(await dialogue.meeting())
    path = f"/v1/drafts/{draft['id']}/items/{draft['items'][0]['id']}"
    refused = await dialogue.ask(UK_SECRETARIAT, "DELETE", path, version=1)
    assert refused.json()["reason"] == "STANDING_ITEM_KEPT"
    refused = await dialogue.ask(UK_SECRETARIAT, "PUT", path, item_body(), version=1)
    assert refused.json()["reason"] == "STANDING_ITEM_KEPT"


async def test_a_reference_the_caller_may_not_see_and_one_that_does_not_exist_look_alike(
    dialogue: Dialogue,
) -> None:
    hidden = dialogue.assessment(seen_by=frozenset({"EU"}))
    absent = dialogue.assessment()
    del dialogue.threatfeed.held[str(absent.id)]
    draft = await dialogue.draft(await dialogue.meeting())
    path = f"/v1/drafts/{draft['id']}/items"
    first, second = [
        await dialogue.ask(UK_SECRETARIAT, "POST", path, item_body(held), version=1)
        for held in (hidden, absent)
    ]
    assert first.status_code == second.status_code == 403
    assert {**first.json(), "instance": ""} == {**second.json(), "instance": ""}


async def test_a_reference_that_a_party_may_not_have_is_named_with_its_rule(
    dialogue: Dialogue,
) -> None:
    held = dialogue.assessment(rules={"UK": "ALL_PASSED", "EU": "NATIONAL_CAVEAT"})
    draft = await dialogue.item(await dialogue.draft(await dialogue.meeting()), held)
    path = f"/v1/drafts/{draft['id']}/table"
    body = {"marking": "TLP:GREEN"}
    refused = await dialogue.ask(UK_SECRETARIAT, "POST", path, body, version=draft["version"])
    problem = refused.json()
    assert (refused.status_code, problem["reason"]) == (409, "REFERENCE_NOT_RELEASABLE")
    assert problem["rule_id"] == "NATIONAL_CAVEAT"
    assert problem["party"] == "EU"
    assert problem["item_id"] == draft["items"][-1]["id"]
    assert dialogue.rows("SELECT 1 FROM agenda") == []
    assert dialogue.published("agenda.agenda.v1") == []


@pytest.mark.parametrize("changes", [{"revision": 2}, {"state": "WITHDRAWN"}])
async def test_a_reference_that_no_longer_stands(dialogue: Dialogue, changes: dict[str, object]) -> None:
    held = dialogue.assessment()
    draft = await dialogue.item(await dialogue.draft(await dialogue.meeting()), held)
    for name, value in changes.items():
        setattr(held, name, value)
    path = f"/v1/drafts/{draft['id']}/table"
    body = {"marking": "TLP:GREEN"}
    refused = await dialogue.ask(UK_SECRETARIAT, "POST", path, body, version=draft["version"])
    assert (refused.status_code, refused.json()["reason"]) == (409, "REFERENCE_STALE")
    assert refused.json()["item_id"] == draft["items"][-1]["id"]


async def test_a_marking_below_what_it_holds(dialogue: Dialogue) -> None:
    held = dialogue.assessment(tlp="AMBER")
    draft = await dialogue.item(await dialogue.draft(await dialogue.meeting()), held)
    path = f"/v1/drafts/{draft['id']}/table"
    body = {"marking": "TLP:AMBER"}
    refused = await dialogue.ask(UK_SECRETARIAT, "POST", path, body, version=draft["version"])
    assert refused.json()["reason"] == "MARKING_TOO_LOW"
    assert refused.json()["errors"][0]["pointer"] == "/items/14/marking"


async def test_tabling_when_the_meeting_has_begun(dialogue: Dialogue) -> None:
    draft = await dialogue.draft(await dialogue.meeting())
    dialogue.clock.at = STARTS
    path = f"/v1/drafts/{draft['id']}/table"
    refused = await dialogue.ask(UK_SECRETARIAT, "POST", path, {"marking": "TLP:GREEN"}, version=1)
    assert refused.json()["reason"] == "MEETING_HAS_BEGUN"


async def test_agreeing_on_a_hash_that_is_not_on_the_table(dialogue: Dialogue) -> None:
    _, draft, first = await dialogue.tabled()
    wrong = await dialogue.try_to_agree(FCDO, "agendas", first["id"], content_hash="sha256:" + "0" * 64)
    assert (wrong.status_code, wrong.json()["reason"]) == (409, "STALE_CONTENT_HASH")
    await dialogue.table(await dialogue.item(draft))
    stale = await dialogue.try_to_agree(FCDO, "agendas", first["id"])
    assert (stale.status_code, stale.json()["reason"]) == (409, "STALE_CONTENT_HASH")
    assert dialogue.rows("SELECT 1 FROM agreement") == []


async def test_signatures_that_are_not_the_callers_over_this_text(dialogue: Dialogue) -> None:
    _, _, agenda = await dialogue.tabled()
    await dialogue.accept(agenda["id"])
    mine = (await dialogue.statement(FCDO, "agendas", agenda["id"]))["payload"]
    good = dialogue.signature(FCDO, mine)
    header, _, rest = good.split(".")
    other_header = dialogue.signature(DSIT, mine).split(".")[0]
    unknown = "eyJhbGciOiJFZERTQSIsImtpZCI6Im5vYm9keSJ9"
    none = "eyJhbGciOiJub25lIiwia2lkIjoibm9ib2R5In0"
    forgeries = {
        dialogue.signature(DSIT, mine): (403, "SIGNATURE_KEY_FOREIGN"),
        f"{other_header}..{rest}": (403, "SIGNATURE_KEY_FOREIGN"),
        dialogue.signature(FCDO, mine + " "): (403, "SIGNATURE_INVALID"),
        f"{header}..{rest[:-4]}AAAA": (403, "SIGNATURE_INVALID"),
        f"{unknown}..{rest}": (403, "SIGNATURE_KEY_UNKNOWN"),
        f"{none}..{rest}": (400, "SIGNATURE_MALFORMED"),
        f"{header}.e30.{rest}": (400, "SIGNATURE_MALFORMED"),
        "no signature": (400, "SIGNATURE_MALFORMED"),
    }
    for forgery, (status, reason) in forgeries.items():
        refused = await dialogue.try_to_agree(FCDO, "agendas", agenda["id"], jws=forgery)
        assert (refused.status_code, refused.json()["reason"]) == (status, reason), forgery
    assert dialogue.rows("SELECT 1 FROM agreement") == []


async def test_a_series_that_is_not_the_callers_shows_nothing(dialogue: Dialogue) -> None:
    meeting, _, agenda = await dialogue.tabled(dialogue.assessment())
    absent = str(uuid4())
    pairs = [
        (f"/v1/meetings/{meeting['id']}", f"/v1/meetings/{absent}"),
        (f"/v1/meetings/{meeting['id']}/agendas", f"/v1/meetings/{absent}/agendas"),
        (f"/v1/agendas/{agenda['id']}", f"/v1/agendas/{absent}"),
        (f"/v1/trace/{agenda['id']}", f"/v1/trace/{absent}"),
        ("/v1/meetings?series=uk-eu", "/v1/meetings?series=none"),
    ]
    for there, nowhere in pairs:
        seen = await dialogue.ask(NSA, "GET", there)
        unseen = await dialogue.ask(NSA, "GET", nowhere)
        assert seen.status_code == unseen.status_code == 403
        name = there.split("/")[3] if "series" not in there else "uk-eu"
        other = absent if "series" not in there else "none"
        expected = unseen.json()["detail"].replace(other, name)
        assert seen.json()["detail"] == expected


async def test_a_draft_is_its_own_partys_only(dialogue: Dialogue) -> None:
    meeting = await dialogue.meeting()
    draft = await dialogue.draft(meeting)
    refused = await dialogue.ask(EU_SECRETARIAT, "GET", f"/v1/drafts/{draft['id']}")
    absent = await dialogue.ask(EU_SECRETARIAT, "GET", f"/v1/drafts/{uuid4()}")
    assert refused.status_code == absent.status_code == 403
    assert await dialogue.done(EU_SECRETARIAT, "GET", f"/v1/meetings/{meeting['id']}") == meeting


async def test_outcomes_are_of_agreed_items_after_the_meeting(dialogue: Dialogue) -> None:
    meeting, draft, agenda = await dialogue.tabled()
    path = f"/v1/meetings/{meeting['id']}/outcomes"
    body = outcome_body(draft["items"][2]["id"])
    early = await dialogue.ask(UK_SECRETARIAT, "POST", path, body)
    assert (early.status_code, early.json()["reason"]) == (409, "MEETING_NOT_HELD")
    with after_the_meeting(dialogue):
        unregistered = await dialogue.ask(UK_SECRETARIAT, "POST", path, body)
        assert (unregistered.status_code, unregistered.json()["reason"]) == (409, "REGISTER_OPEN")
        await dialogue.attended(meeting)
        unagreed = await dialogue.ask(UK_SECRETARIAT, "POST", path, body)
    assert unagreed.json()["reason"] == "AGENDA_NOT_AGREED"
    await dialogue.agree("agendas", agenda["id"])
    with after_the_meeting(dialogue):
        foreign = await dialogue.ask(UK_SECRETARIAT, "POST", path, outcome_body(str(uuid4())))
        assert foreign.json()["reason"] == "UNKNOWN_ITEM"
        two = outcome_body(draft["items"][2]["id"])
        action = dict(two["action"])  # type: ignore[call-overload]
        owner = {"party": "UK", "organisation": "FCDO", "accountable": True}
        shown = {"kind": "PHYSICAL", "wording": "The device.", "due": "2027-05-31"}
        for change, reason in (
            ({"owners": [*action["owners"], owner]}, "ACCOUNTABLE_OWNER_WRONG"),
            ({"owners": [{**owner, "accountable": False}]}, "ACCOUNTABLE_OWNER_WRONG"),
            ({"owners": [{**owner, "party": "US", "organisation": "NSA"}]}, "NOT_A_PARTY"),
            ({"due_date": "2026-12-08"}, "DUE_DATE_BEFORE_MEETING"),
            ({"commitment": "C99"}, "COMMITMENT_UNKNOWN"),
            ({"expected_evidence": [{**shown, "party": "US"}]}, "EXPECTED_EVIDENCE_WRONG"),
            ({"expected_evidence": [{**shown, "kind": "HEARSAY"}]}, "INVALID_REQUEST"),
            ({"expected_evidence": [shown] * 21}, "INVALID_REQUEST"),
        ):
            refused = await dialogue.ask(
                UK_SECRETARIAT, "POST", path, {**two, "action": {**action, **change}}
            )
            assert refused.json()["reason"] == reason
    assert dialogue.rows("SELECT 1 FROM outcome") == []


async def test_an_outcome_is_agreed_by_signatures_over_its_own_hash(dialogue: Dialogue) -> None:
    meeting, draft, agenda = await dialogue.tabled()
    await dialogue.agree("agendas", agenda["id"])
    with after_the_meeting(dialogue):
        await dialogue.attended(meeting)
        outcome = await dialogue.done(
            UK_SECRETARIAT,
            "POST",
            f"/v1/meetings/{meeting['id']}/outcomes",
            outcome_body(draft["items"][2]["id"]),
        )
        other = (await dialogue.statement(EEAS, "agendas", agenda["id"]))["payload"]
        forged = await dialogue.try_to_agree(
            EEAS, "outcomes", outcome["id"], jws=dialogue.signature(EEAS, other)
        )
        assert forged.json()["reason"] == "SIGNATURE_INVALID"
        stale = await dialogue.try_to_agree(
            CNECT, "outcomes", outcome["id"], content_hash=agenda["content_hash"]
        )
        assert stale.json()["reason"] == "STALE_CONTENT_HASH"
        secretary = await dialogue.ask(
            UK_SECRETARIAT,
            "POST",
            f"/v1/outcomes/{outcome['id']}/agreements",
            {"content_hash": outcome["content_hash"], "jws": "a..b"},
        )
        assert secretary.json()["reason"] == "ROLE_MISSING"
    assert dialogue.published("agenda.outcome.v1") == []
