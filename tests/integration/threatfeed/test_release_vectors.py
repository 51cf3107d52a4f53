"""The worked cases of release, asked of the service: published, consented to, withdrawn and lapsed."""

import json
import tomllib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy.local.platform import PlatformAccess
from services.chassis.migrations import migrate
from services.kernel.identifiers import assessment_id
from services.kernel.markings.levels import Level
from services.kernel.parties import Party, PartyKind
from services.kernel.policy import Policy
from services.kernel.release_terms import Mode, Rendition
from services.threatfeed.app import MIGRATIONS
from tests.support.postgres import Databases
from tests.support.releasing import CONSENTING, MEETING_TIME, Releasing, narrative, releasing, widened
from tests.support.submissions import real_policy

TABLE = Path(__file__).parents[2] / "data" / "releasability_vectors.toml"
CASES: list[dict[str, Any]] = tomllib.loads(TABLE.read_text())["case"]
AGENCIES = {
    "NCSC": "ncsc",
    "ENISA": "enisa",
    "NSA": "nsa",
    "CISA": "cisa",
    "FCDO": "fcdo",
    "UNIT42": "unit42",
}
ROOMS = {"uk_eu": ("uk-eu", ("UK", "EU")), "cmr": ("uk-us-cmr", ("UK", "US"))}
LAPSES = MEETING_TIME + timedelta(days=1)
MODES = {"show": Mode.DISCLOSE, "copy": Mode.RELEASE}
NOT_PUBLISHED = {
    # What an agency's own words cannot bring about: another system's reading is tested where it is read.
    "21 a STIX identifier of TLP:GREEN with other content",
    "21 unknown label",
    "21 unmarked",
    "an unknown originator",
    "21b an agency that is not registered",
    "the public source rule gives no other marking",
    # A format in which an agency could name further originators does not exist.
    "a UK paper that carries an EU marking too",
    # Tear lines are asked of the service beside the text that they belong to.
    "a tear line with a national marking",
    "a tear line of a parent with TLP only",
}

HELD_BY_NOBODY = {
    "NATO text, whose owner the policy does not name",
    "a marking of another government than the originator's",
}
"""What no deployment takes in: of it the service knows nothing, and says so."""


def marking(banner: str) -> dict[str, str]:
    label, _, rest = banner.partition("//") if banner.startswith("TLP:") else ("", "", banner)
    return {name: text for name, text in (("tlp", label), ("national", rest)) if text}


def policy_of(case: Mapping[str, Any]) -> Policy:
    policy = widened(real_policy())
    ceiling = Level.parse(case.get("ceiling", "UK SECRET"))
    series = {key: replace(one, ceiling=ceiling) for key, one in policy.series.items()}
    if not case.get("agreements", True):
        policy = replace(policy, agreements=())
    if case.get("observer"):
        observer = Party(
            "FR", "France", PartyKind.EU_MEMBER_STATE, frozenset({"FRA"}), Level.parse("UK SECRET")
        )
        pacts = tuple(
            replace(policy.agreements[0], id=f"FR-{party}", parties=frozenset({"FR", party}))
            for party in ("UK", "EU")
        )
        seated = replace(series["uk-eu"], parties=("UK", "EU", "FR"))
        series["uk-eu"] = seated
        policy = replace(
            policy, parties={**policy.parties, "FR": observer}, agreements=policy.agreements + pacts
        )
    return replace(policy, series=series)


@dataclass(slots=True)
class Table:
    """One database with every case published, and an api for each policy that the cases ask for."""

    platform: PlatformAccess
    dsn: str
    stack: AsyncExitStack
    apis: dict[str, Releasing] = field(default_factory=dict)

    async def api(self, case: Mapping[str, Any], postgres: Databases) -> Releasing:
        key = json.dumps([case.get(name) for name in ("ceiling", "agreements", "observer")])
        if key not in self.apis:
            opened = releasing(self.platform, postgres, policy=policy_of(case), dsn=self.dsn)
            self.apis[key] = await self.stack.enter_async_context(opened)
        return self.apis[key]


@pytest.fixture
async def table(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Table]:
    dsn = postgres.database("threatfeed", lambda dsn: migrate(dsn, MIGRATIONS))
    async with AsyncExitStack() as stack:
        yield Table(platform, dsn, stack)


async def publish(api: Releasing, case: Mapping[str, Any], identity: str) -> UUID:
    """Where the originator's own side holds it: what may not be held elsewhere has a test of its own."""
    originator = case.get("originator", "NCSC")
    agency = "fcdo-secretariat" if case.get("secretariat") else AGENCIES[originator]
    home = api.policy.agency(agency).party
    more: dict[str, Any] = {}
    if "sources" in case:
        for place, source in enumerate(case["sources"]):
            name = f"{identity}-source-{place}"
            await publish(api, {"id": "", **source}, name)
            more.setdefault("derived_from", []).append(
                {"agency": AGENCIES[source["originator"]], "id": name, "version": "1"}
            )
    if "tear_line" in case:
        more["tear_line"] = {"text": "Less.", "marking": marking(case["tear_line"])}
    state = case.get("state", "CURRENT")
    document = narrative(identity, marking(case["marking"]), **more)
    if "marking_rule" in case:
        del document["marking"]
    refused = await api.ingest(agency, document, home=home, ceiling="UK TOP SECRET")
    assert refused == (["HOLDING_REFUSED"] if case["id"] in HELD_BY_NOBODY else [])
    if state == "WITHDRAWN":
        notice = {"id": identity, "version": 2, "withdrawn": True, "reason": "Wrong."}
        await api.hold(agency, notice, home=home, ceiling="UK TOP SECRET")
    if state == "SUPERSEDED":
        newer = narrative(identity, marking(case["marking"]), **more, version=2)
        newer["text"] = "Other words."
        if "marking_rule" in case:
            del newer["marking"]
        await api.hold(agency, newer, home=home, ceiling="UK TOP SECRET")
    return assessment_id(agency, identity)


def originators(case: Mapping[str, Any], identity: str) -> Iterator[tuple[str, str, str]]:
    """Who could be asked, and about which text."""
    originator = case.get("originator", "NCSC")
    yield originator, "fcdo-secretariat" if case.get("secretariat") else AGENCIES[originator], identity
    for place, source in enumerate(case.get("sources", [])):
        yield from originators(source, f"{identity}-source-{place}")


PUBLISHED = [case for case in CASES if case["id"] not in NOT_PUBLISHED]


async def test_every_case_is_answered_by_the_service_as_it_is_written(
    table: Table, postgres: Databases
) -> None:
    wrong: list[str] = []
    for number, case in enumerate(PUBLISHED):
        api = await table.api(case, postgres)
        identity = f"CASE-{number}"
        text = await publish(api, case, identity)
        for room in (name for name in ROOMS if name in case):
            for word, mode in MODES.items():
                found = await answers(api, case, text, identity, room, mode)
                if found != expected(case[room][word]):
                    wrong.append(f"{case['id']}, {room}, {word}: {found}")
    assert wrong == []
    assert len(PUBLISHED) > 45


def expected(answer: str) -> tuple[str, ...]:
    """What the service says before any consent and with it; and, where that differs, once it has lapsed
    and once it is withdrawn.
    """
    match answer:
        case "consent":
            return ("no", "full", "no", "no")
        case "yes":
            return ("full", "full")
        case _:
            return (answer, answer)


async def answers(
    api: Releasing, case: Mapping[str, Any], text: UUID, identity: str, room: str, mode: Mode
) -> tuple[str, ...]:
    series, parties = ROOMS[room]
    if case.get("observer"):
        parties = (*parties, "FR")
    use = {"series": series, "meeting": uuid4(), "mode": mode}
    before = await answer(api, case, text, use)
    given = [
        await api.consent(originator, api.use(assessment_id(agency, name), party, **use), expires_at=LAPSES)
        for originator, agency, name in originators(case, identity)
        if originator in CONSENTING and case["id"] not in HELD_BY_NOBODY
        for party in parties
    ]
    consented = await answer(api, case, text, use)
    if consented == before:
        return before, consented
    lapsed = await answer(api, case, text, use, used_at=LAPSES)
    for consent in given:
        await api.withdraw(consent)
    return before, consented, lapsed, await answer(api, case, text, use)


async def answer(
    api: Releasing, case: Mapping[str, Any], text: UUID, use: Mapping[str, Any], **more: Any
) -> str:
    if await api.allowed(text, **use, **more):
        return "full"
    if "tear_line" in case and await api.allowed(text, **use, **more, rendition=Rendition.TEAR_LINE):
        return "tear line"
    return "no"


def test_the_cases_that_nobody_can_publish_exist() -> None:
    assert {case["id"] for case in CASES} >= NOT_PUBLISHED
