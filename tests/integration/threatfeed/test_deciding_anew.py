"""A change of the policy, or of a consent, decides anew what stands, and says what fell otherwise."""

import copy
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import grpc
import pytest
from entente.threatfeed.v1 import policy_event_pb2, policy_service_pb2

from deploy.local.platform import PlatformAccess
from services.chassis.documents import read_documents
from services.kernel.policy import Policy
from services.threatfeed.usecases.adopt_policy import adopt_policy
from services.threatfeed.usecases.decide_anew import LONGEST_MEETING, decide_anew
from services.threatfeed.usecases.make_views import ViewMaker
from tests.support.postgres import Databases
from tests.support.processes import POLICY
from tests.support.releasing import MEETING_TIME, Releasing, narrative, releasing
from tests.support.rpc import refusal

Documents = dict[str, Any]
SENSITIVE = "UK OFFICIAL-SENSITIVE REL EU"


def documents(change: Callable[[Documents], object] | None = None) -> Documents:
    found = copy.deepcopy({name: dict(one) for name, one in read_documents(POLICY).items()})
    if change is not None:
        change(found)
    return found


def lower_ceiling(found: Documents) -> None:
    found["series/uk-eu"]["ceiling"] = "UK OFFICIAL"


def end_agreement(found: Documents) -> None:
    found["policy"]["agreements"][0]["ends"] = (MEETING_TIME - timedelta(days=1)).date()


def forget_agency(found: Documents) -> None:
    del found["policy"]["agencies"]["ncsc"]


def forget_series(found: Documents) -> None:
    del found["series/uk-eu"], found["escalation/uk-eu"]
    for edition in [name for name in found if name.startswith("editions/uk-eu-")]:
        del found[edition]
    kept = [one for one in found["entitlements"]["entitlements"] if one["series"] != "uk-eu"]
    found["entitlements"]["entitlements"] = kept


def more_themes(found: Documents) -> None:
    found["themes"]["version"] = "another"


async def adopt(release: Releasing, found: Mapping[str, Any]) -> Policy:
    policy = Policy.from_documents(found)
    await adopt_policy(release.process.database, policy, found, release.clock())
    return policy


async def settle(release: Releasing, policy: Policy) -> int:
    """Decides until nothing is left; gives how many were decided."""
    decided = 0
    while count := await decide_anew(release.process.database, policy, release.clock()):
        decided += count
    return decided


async def changes(release: Releasing, series: str = "uk-eu") -> list[policy_service_pb2.DecisionChange]:
    request = policy_service_pb2.ListDecisionChangesRequest(series=series)
    answer = await release.policies.ListDecisionChanges(request, metadata=release.secretariat(series))
    return list(answer.changes)


def told(release: Releasing) -> list[policy_event_pb2.ReleaseChanged]:
    rows = release.rows(
        """
        SELECT value FROM outbox, unnest(data) WITH ORDINALITY AS one (value, place)
        WHERE topic = 'threatfeed.policy.v1' ORDER BY id, place
        """
    )
    events = [policy_event_pb2.PolicyEvent.FromString(value) for (value,) in rows if value is not None]
    return [event.release_changed for event in events if event.HasField("release_changed")]


@pytest.mark.parametrize(
    ("change", "party", "rule"),
    [
        (lower_ceiling, {"UK", "EU"}, "ABOVE_OCCASION_CEILING"),
        (end_agreement, {"EU"}, "AGREEMENT_MISSING"),
        (forget_agency, {"UK", "EU"}, "ORIGINATOR_UNKNOWN"),
    ],
)
async def test_what_a_policy_denies_from_now_on_is_reported_with_the_rule(
    platform: PlatformAccess,
    postgres: Databases,
    change: Callable[[Documents], None],
    party: set[str],
    rule: str,
) -> None:
    before = Policy.from_documents(documents())
    async with releasing(platform, postgres, policy=before) as release:
        await adopt(release, documents())
        text, kept = await release.hold(
            "ncsc", narrative("A", SENSITIVE), narrative("B", {"tlp": "TLP:CLEAR"})
        )
        meeting = uuid4()
        assert await release.allowed(text, meeting=meeting)
        assert await release.allowed(kept, meeting=meeting)
        after = await adopt(release, documents(change))
        release.clock.forward(minutes=1)
        assert await settle(release, after) == 2
        assert await settle(release, after) == 0
        rows = release.rows(
            "SELECT party, rule_before, rule_after, policy_before, policy_after FROM decision_change"
            " WHERE assessment_id = %s",
            text,
        )
        assert {row[0] for row in rows} == party
        assert {row[1:] for row in rows} == {("ALL_PASSED", rule, before.version, after.version)}
        events = [event for event in told(release) if event.assessment_id == str(text)]
        assert [(event.allowed, event.meeting_id) for event in events] == [(False, str(meeting))]
        stored = release.rows(
            "SELECT count(*) FROM releasability_decision WHERE document->>'policy_version' = %s",
            after.version,
        )
        assert stored == [(4,)]


async def test_the_report_is_for_those_who_may_have_the_texts(
    platform: PlatformAccess, postgres: Databases
) -> None:
    async with releasing(platform, postgres, policy=Policy.from_documents(documents())) as release:
        await adopt(release, documents())
        shared, own = await release.hold(
            "ncsc", narrative("A", SENSITIVE), narrative("B", "UK OFFICIAL-SENSITIVE - HMG USE ONLY")
        )
        meeting = uuid4()
        for text in (shared, own):
            await release.decide(text, meeting=meeting)
        after = await adopt(release, documents(lower_ceiling))
        await settle(release, after)
        found = await changes(release)
        assert {change.assessment_id for change in found} == {str(shared), str(own)}
        eu = release.bearer("EU", "EEAS", "secretariat")
        request = policy_service_pb2.ListDecisionChangesRequest(series="uk-eu", page_size=1)
        pages: list[policy_service_pb2.DecisionChange] = []
        while True:
            page = await release.policies.ListDecisionChanges(request, metadata=eu)
            pages += page.changes
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        assert {(change.assessment_id, change.party) for change in pages} == {
            (str(shared), "UK"),
            (str(shared), "EU"),
        }
        rest = await release.client.get(
            "/v1/decision-changes?series=uk-eu", headers=dict(release.bearer("UK", "DSIT", "auditor"))
        )
        told = rest.json()["changes"]
        assert [(one["assessment_id"], one["party"]) for one in told] == [
            (change.assessment_id, change.party) for change in found
        ]
        # A number would count what others are told of.
        assert not any("number" in one for one in told)
        assert not any(change.number for change in found)
        for stranger in (release.bearer("US", "NSA", "secretariat"), release.bearer("UK", "NCSC", "agency")):
            answer = await release.client.get("/v1/decision-changes?series=uk-eu", headers=dict(stranger))
            assert answer.status_code == 403


async def test_who_has_a_tear_line_is_told_nothing_of_decisions_on_the_text_around_it(
    platform: PlatformAccess, postgres: Databases
) -> None:
    async with releasing(platform, postgres, policy=Policy.from_documents(documents())) as release:
        await adopt(release, documents())
        line = {"text": "Less.", "marking": {"national": "UK OFFICIAL REL EU"}}
        (torn,) = await release.hold("ncsc", narrative("N-1", "UK OFFICIAL-SENSITIVE", tear_line=line))
        await release.decide(torn, meeting=uuid4())
        await settle(release, await adopt(release, documents(lower_ceiling)))
        assert {change.assessment_id for change in await changes(release)} == {str(torn)}
        request = policy_service_pb2.ListDecisionChangesRequest(series="uk-eu")
        eu = release.bearer("EU", "EEAS", "secretariat")
        assert await release.policies.ListDecisionChanges(request, metadata=eu) == (
            policy_service_pb2.ListDecisionChangesResponse()
        )


async def test_meetings_that_are_over_are_left_as_they_were(
    platform: PlatformAccess, postgres: Databases
) -> None:
    async with releasing(platform, postgres, policy=Policy.from_documents(documents())) as release:
        await adopt(release, documents())
        (text,) = await release.hold("ncsc", narrative("A", SENSITIVE))
        await release.decide(text, meeting=uuid4())
        release.clock.at = MEETING_TIME + LONGEST_MEETING
        after = await adopt(release, documents(lower_ceiling))
        assert await settle(release, after) == 0
        release.clock.at = MEETING_TIME + LONGEST_MEETING - timedelta(seconds=1)
        assert await settle(release, after) == 1


async def test_a_worker_whose_policy_is_not_in_force_decides_nothing(
    platform: PlatformAccess, postgres: Databases
) -> None:
    before = Policy.from_documents(documents())
    async with releasing(platform, postgres, policy=before) as release:
        await adopt(release, documents())
        (text,) = await release.hold("ncsc", narrative("A", SENSITIVE))
        await release.decide(text, meeting=uuid4())
        after = await adopt(release, documents(lower_ceiling))
        assert await settle(release, before) == 0
        assert await settle(release, after) == 1
        await adopt(release, documents())
        assert await settle(release, after) == 0
        assert await settle(release, before) == 1
        assert [event.allowed for event in told(release)] == [False, True]


async def test_each_policy_is_recorded_once_for_as_long_as_it_is_in_force(
    platform: PlatformAccess, postgres: Databases
) -> None:
    async with releasing(platform, postgres, policy=Policy.from_documents(documents())) as release:
        for found in (
            documents(),
            documents(),
            documents(more_themes),
            documents(),
            documents(lower_ceiling),
        ):
            await adopt(release, found)
            release.clock.forward(minutes=1)
        answer = await release.policies.ListPolicies(
            policy_service_pb2.ListPoliciesRequest(), metadata=release.secretariat()
        )
        assert [one.number for one in answer.policies] == [4, 3, 2, 1]
        versions = [one.version for one in answer.policies]
        assert versions[1] == versions[2] == versions[3] != versions[0]
        assert release.rows("SELECT count(*) FROM audit WHERE action = 'policy.adopted'") == [(4,)]
        kept = release.rows(
            "SELECT documents->'series/uk-eu'->>'ceiling' FROM policy_version WHERE number = 4"
        )
        assert kept == [("UK OFFICIAL",)]
        rest = await release.client.get("/v1/policies?page_size=3", headers=dict(release.secretariat()))
        assert [one["number"] for one in rest.json()["policies"]] == [4, 3, 2]


async def test_a_series_that_is_no_more_has_no_decisions_that_allow(
    platform: PlatformAccess, postgres: Databases
) -> None:
    async with releasing(platform, postgres, policy=Policy.from_documents(documents())) as release:
        await adopt(release, documents())
        (text,) = await release.hold("ncsc", narrative("A", SENSITIVE))
        await release.decide(text, meeting=uuid4())
        after = await adopt(release, documents(forget_series))
        assert await settle(release, after) == 1
        assert [event.allowed for event in told(release)] == [False]


async def test_a_consent_that_comes_or_goes_decides_its_meeting_anew(
    platform: PlatformAccess, postgres: Databases
) -> None:
    policy = Policy.from_documents(documents())
    async with releasing(platform, postgres, policy=policy) as release:
        await adopt(release, documents())
        source, text = await release.hold(
            "ncsc",
            narrative("S", {"tlp": "TLP:AMBER"}),
            narrative(
                "A", {"tlp": "TLP:GREEN"}, derived_from=[{"agency": "ncsc", "id": "S", "version": "1"}]
            ),
        )
        meeting, other = uuid4(), uuid4()
        for one in (meeting, other):
            assert not await release.allowed(text, meeting=one)
        consent = await release.consent("NCSC", release.use(source, "EU", meeting=meeting))
        assert await settle(release, policy) == 1
        await release.withdraw(consent)
        assert await settle(release, policy) == 1
        assert [(event.assessment_id, event.allowed) for event in told(release)] == [
            (str(text), True),
            (str(text), False),
        ]
        found = [
            (change.cause, change.party, change.rule_before, change.rule_after)
            for change in reversed(await changes(release))
        ]
        cause = policy_service_pb2.CHANGE_CAUSE_CONSENT
        assert found == [
            (cause, "EU", "LINEAGE_DENIED", "ALL_PASSED"),
            (cause, "EU", "ALL_PASSED", "LINEAGE_DENIED"),
        ]


@pytest.mark.parametrize(
    "source",
    [
        {"agency": "ncsc", "id": "unheard-of"},
        {"agency": "ncsc", "id": "S", "version": "2"},
        {"agency": "cisa", "id": "S"},
        {"agency": "ncsc", "id": "A"},
    ],
)
async def test_a_text_whose_declared_source_is_not_held_is_for_nobody(
    platform: PlatformAccess, postgres: Databases, source: dict[str, str]
) -> None:
    async with releasing(platform, postgres) as release:
        await release.hold("ncsc", narrative("S", {"tlp": "TLP:CLEAR"}))
        (text,) = await release.hold("ncsc", narrative("A", {"tlp": "TLP:CLEAR"}, derived_from=[source]))
        code, reason = await refusal(release.decide(text, meeting=uuid4()))
        assert (code, reason) == (grpc.StatusCode.PERMISSION_DENIED, "NO_ACCESS")
        declared = {"agency": "ncsc", "id": "S", "version": "1"}
        (sound,) = await release.hold("ncsc", narrative("B", {"tlp": "TLP:CLEAR"}, derived_from=[declared]))
        assert await release.allowed(sound, meeting=uuid4())


async def test_a_source_that_is_withdrawn_takes_what_was_written_from_it_along(
    platform: PlatformAccess, postgres: Databases
) -> None:
    policy = Policy.from_documents(documents())
    async with releasing(platform, postgres, policy=policy) as release:
        await adopt(release, documents())
        (source,) = await release.hold("ncsc", narrative("SOURCE", SENSITIVE))
        derived = {"derived_from": [{"agency": "ncsc", "id": "SOURCE"}]}
        (text,) = await release.hold("ncsc", narrative("A", SENSITIVE, **derived))
        meeting = uuid4()
        assert await release.allowed(text, meeting=meeting)
        assert await release.allowed(source, meeting=meeting)
        maker = ViewMaker(policy, release.process.ids)
        async with release.process.database.transaction() as tx:
            await maker.make(tx, [source, text], release.clock())
        await settle(release, policy)
        await release.hold("ncsc", {"id": "SOURCE", "version": 2, "withdrawn": True, "reason": "Mistaken."})
        async with release.process.database.transaction() as tx:
            await maker.make(tx, [source], release.clock())
        release.clock.forward(minutes=1)
        assert await settle(release, policy) == 2
        found = release.rows(
            "SELECT DISTINCT assessment_id, cause, rule_before, rule_after FROM decision_change"
        )
        assert sorted(found) == sorted(
            [
                (source, "STANDING", "ALL_PASSED", "STALE_REVISION"),
                (text, "STANDING", "ALL_PASSED", "LINEAGE_DENIED"),
            ]
        )
        assert {(event.assessment_id, event.allowed) for event in told(release)} == {
            (str(source), False),
            (str(text), False),
        }
