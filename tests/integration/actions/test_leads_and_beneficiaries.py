"""Whom an action is for, and who leads it."""

from uuid import uuid4

import grpc
import pytest
from entente.actions.v1 import action_service_pb2 as api
from entente.actions.v1 import (
    action_service_pb2_grpc,
    beneficiary_service_pb2_grpc,
)
from entente.actions.v1 import beneficiary_service_pb2 as beneficiaries

from tests.support.action_cases import under_way
from tests.support.tracking import EVIDENCE, Tracker

CANARY = "canary-7f3a"
PAPER = {**EVIDENCE, "title": f"Paper {CANARY}", "digest": None}


@pytest.fixture
def tracker(shared_tracker: Tracker) -> Tracker:
    return shared_tracker


async def test_an_owner_says_whom_an_action_is_for_and_it_is_found_by_that(tracker: Tracker) -> None:
    case = await under_way(tracker)
    mark = f"Operators {uuid4()}"
    wanted = {"beneficiaries": [f" {mark} ", "Partners' <b>CERTs</b>"]}
    named = await case.ask("PUT", "/beneficiaries", wanted, case.dsit)
    assert named["beneficiaries"] == [mark, "Partners' <b>CERTs</b>"]
    for names, reason in (
        (["x" * 201], "INVALID_REQUEST"),
        (["x"] * 21, "INVALID_REQUEST"),
        (["One", "one"], "INVALID_VALUE"),
        (["a\x00"], "INVALID_VALUE"),
    ):
        refused = await case.refused("/beneficiaries", {"beneficiaries": names}, case.dsit, method="PUT")
        assert refused == (400, reason)
    supporting = tracker.headers("FCDO", "UK", "owner")
    refused = await case.refused("/beneficiaries", wanted, supporting, method="PUT")
    assert refused == (403, "NOT_ACCOUNTABLE")
    query = {"series": "uk-eu", "beneficiary": mark.upper()}
    found = await tracker.http.get("/v1/benefiting-actions", params=query, headers=case.eeas)
    assert [action["id"] for action in found.json()["actions"]] == [case.identity]
    stranger = tracker.headers("NSA", "US", "owner")
    denied = await tracker.http.get("/v1/benefiting-actions", params=query, headers=stranger)
    assert (denied.status_code, denied.json()["reason"]) == (403, "NO_ACCESS")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{tracker.settings.rpc.port}") as channel:
        stub = beneficiary_service_pb2_grpc.BeneficiaryServiceStub(channel)
        renamed = await stub.NameBeneficiaries(
            beneficiaries.NameBeneficiariesRequest(
                action_id=case.identity,
                etag=f'"{named["version"]}"',
                request_id=str(uuid4()),
                beneficiaries=[mark],
            ),
            metadata=tracker.metadata("DSIT", "UK", "owner"),
        )
        assert list(renamed.action.beneficiaries) == [mark]
        listed = await stub.ListBenefitingActions(
            beneficiaries.ListBenefitingActionsRequest(series="uk-eu", beneficiary=mark),
            metadata=tracker.metadata("CNECT", "EU", "owner"),
        )
        assert list(listed.actions) == [renamed.action]


async def test_an_owner_names_who_leads_and_only_the_post_is_told_to_the_other_side(tracker: Tracker) -> None:
    case = await under_way(tracker)
    post = f"Head of desk {uuid4()}"
    named = await case.ask("PUT", "/lead-official", {"post": f" {post} "}, case.dsit)
    told = tracker.rows("SELECT audience, sequence FROM audience_feed ORDER BY 1")
    held = await case.ask("PUT", "/lead-official", {"post": post, "subject": "dsit-owner"}, case.dsit)
    assert held["lead_officials"] == [
        {"party": "UK", "organisation": "DSIT", "post": post, "subject": "dsit-owner"}
    ]
    assert held["version"] == named["version"]
    assert tracker.rows("SELECT audience, sequence FROM audience_feed ORDER BY 1") == told
    seen = await case.get("", case.eeas)
    assert seen["lead_officials"] == [{"party": "UK", "organisation": "DSIT", "post": post, "subject": ""}]
    history = (await case.get("/history", case.eeas))["changes"]
    assert [one["fields"] for one in history if one["kind"] == "action.lead-official-named"] == [
        [{"field": "lead_officials", "before": [], "after": [f"UK DSIT: {post}"]}]
    ]

    async def found(who: dict[str, str], **wanted: str) -> bool:
        query = {"series": "uk-eu", **wanted}
        answer = await tracker.http.get("/v1/actions", params=query, headers=who)
        return case.identity in {one["id"] for one in answer.json()["actions"]}

    fcdo, namesake = (tracker.headers(body, "UK", "owner") for body in ("FCDO", "NCSC"))
    for who, wanted, is_found in (
        (case.eeas, {"lead_official": post.upper()}, True),
        (case.eeas, {"lead_official": "dsit-owner"}, False),
        (fcdo, {"lead_official": "dsit-owner"}, True),
        (case.dsit, {"assigned_to_me": "true"}, True),
        (namesake, {"assigned_to_me": "true"}, False),
    ):
        assert await found(who, **wanted) is is_found, wanted
    for body, who, reason in (
        ({"post": post}, fcdo, (403, "NOT_ACCOUNTABLE")),
        ({"post": "", "subject": "dsit-owner"}, case.dsit, (400, "INVALID_VALUE")),
        ({"post": post, "subject": "a@b.example"}, case.dsit, (400, "INVALID_VALUE")),
        ({"post": "a\x00"}, case.dsit, (400, "INVALID_VALUE")),
        ({"post": "x" * 201}, case.dsit, (400, "INVALID_REQUEST")),
    ):
        assert await case.refused("/lead-official", body, who, method="PUT") == reason
    async with grpc.aio.insecure_channel(f"127.0.0.1:{tracker.settings.rpc.port}") as channel:
        stub = action_service_pb2_grpc.ActionServiceStub(channel)
        cleared = await stub.NameLeadOfficial(
            api.NameLeadOfficialRequest(
                action_id=case.identity, etag=f'"{held["version"]}"', request_id=str(uuid4())
            ),
            metadata=tracker.metadata("DSIT", "UK", "owner"),
        )
    assert not cleared.action.snapshot.lead_officials
