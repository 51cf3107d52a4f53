"""The worked cases of release, read from their table: what each room may be shown and given."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from services.kernel.markings.banner import parse
from services.kernel.markings.levels import Level
from services.kernel.markings.marking import Marking
from services.kernel.markings.stix import stix_tlp
from services.kernel.parties import Party, PartyKind
from services.kernel.policy import Policy
from services.kernel.refusals import Refusal
from services.kernel.releasability import (
    Authorship,
    Consent,
    Decision,
    Mode,
    Rendition,
    RevisionState,
    TextUnderDecision,
    decide_all,
    jointly_allowed,
)
from tests.support.release import CMR, NOW, UK_EU, consents, occasion, shipped_policy, text

TABLE = Path(__file__).parents[2] / "data" / "releasability_vectors.toml"
CASES: list[dict[str, Any]] = tomllib.loads(TABLE.read_text())["case"]
NAMES = [case["id"] for case in CASES]
NUMBERED = {*map(str, range(1, 24)), "19b", "21b", "22b"}
SEATS = {"uk_eu": (("UK", "EU"), UK_EU), "cmr": (("UK", "US"), CMR)}
MODES = {"show": Mode.DISCLOSE, "copy": Mode.RELEASE}
OBSERVER = Party("FR", "France", PartyKind.EU_MEMBER_STATE, frozenset({"FRA"}), Level.parse("UK SECRET"))


@dataclass(frozen=True)
class Question:
    """One cell of the table."""

    case: Mapping[str, Any]
    room: str
    mode: Mode

    @property
    def answer(self) -> str:
        cells = self.case[self.room]
        found: str = cells["show" if self.mode is Mode.DISCLOSE else "copy"]
        return found

    def decisions(self, subject: TextUnderDecision, *, consented: bool) -> tuple[Decision, ...]:
        parties, meeting = SEATS[self.room]
        seated = (*parties, "FR") if self.case.get("observer") else parties
        room = occasion(*seated, ceiling=self.case.get("ceiling", "UK SECRET"), meeting=meeting)
        given: tuple[Consent, ...] = ()
        for originator in asked(self.case) if consented else ():
            given += consents(
                originator, *seated, mode=self.mode, meeting=meeting, rendition=subject.rendition
            )
        return decide_all(subject, room, self.mode, policy=policy_of(self.case), consents=given, now=NOW)

    def allowed(self, subject: TextUnderDecision, *, consented: bool = False) -> bool:
        return jointly_allowed(self.decisions(subject, consented=consented))


QUESTIONS = [
    pytest.param(Question(case, room, mode), id=f"{case['id']}, {room}, {word}")
    for case in CASES
    for room in SEATS
    if room in case
    for word, mode in MODES.items()
]


def asked(case: Mapping[str, Any]) -> set[str]:
    """Every originator whose consent the case could need."""
    sources = (asked(source) for source in case.get("sources", []))
    return {case.get("originator", "NCSC"), *case.get("also_ask", [])}.union(*sources)


@lru_cache
def seated_observer() -> Policy:
    base = shipped_policy()
    pacts = tuple(
        replace(base.agreements[0], id=f"FR-{party}", parties=frozenset({"FR", party}))
        for party in ("UK", "EU")
    )
    return replace(base, parties={**base.parties, "FR": OBSERVER}, agreements=base.agreements + pacts)


def policy_of(case: Mapping[str, Any]) -> Policy:
    policy = seated_observer() if case.get("observer") else shipped_policy()
    return policy if case.get("agreements", True) else replace(policy, agreements=())


def read_marking(case: Mapping[str, Any]) -> Marking | None:
    if (stix := case.get("stix")) is not None:
        definition = {"type": "marking-definition", "id": stix["id"], "definition_type": "tlp"}
        return Marking(tlp=stix_tlp(stix["id"], {**definition, "definition": {"tlp": stix["tlp"]}}))
    marking = parse(case["marking"]) if "marking" in case else None
    return marking and marking.with_originators(case.get("also_ask", []))


def marking_of(case: Mapping[str, Any]) -> Marking | None:
    """The marking, None where there is none or it is refused, as the table then says."""
    if "refused" not in case:
        return read_marking(case)
    with pytest.raises(Refusal) as refused:
        read_marking(case)
    assert refused.value.reason == case["refused"]
    return None


def text_of(case: Mapping[str, Any]) -> TextUnderDecision:
    originator = case.get("originator", "NCSC")
    home = shipped_policy().organisations.get(originator)
    sources = tuple(text_of(source) for source in case["sources"]) if "sources" in case else None
    return text(
        marking_of(case),
        party=home.party if home else "UK",
        organisation=originator,
        authorship=Authorship.SECRETARIAT if case.get("secretariat") else Authorship.AGENCY,
        derived_from=sources,
        state=RevisionState(case.get("state", "CURRENT")),
        rendition=Rendition(case.get("rendition", "FULL")),
        parent_has_national=case.get("parent_has_national", False),
        marking_rule=case.get("marking_rule"),
    )


def tear_line_of(case: Mapping[str, Any]) -> TextUnderDecision:
    return replace(
        text_of(case),
        marking=parse(case["tear_line"]),
        rendition=Rendition.TEAR_LINE,
        parent_has_national=True,
    )


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_worked_case_is_decided_as_written(question: Question) -> None:
    subject = text_of(question.case)
    answer = question.answer
    if "tear_line" not in question.case:
        assert answer in {"yes", "no", "consent"}
        assert question.allowed(subject) is (answer == "yes")
        assert question.allowed(subject, consented=True) is (answer != "no")
        return
    for consented in (False, True):
        full = question.allowed(subject, consented=consented)
        torn = question.allowed(tear_line_of(question.case), consented=consented)
        assert ("full" if full else "tear line" if torn else "no") == answer


@pytest.mark.parametrize("case", [case for case in CASES if "rule" in case], ids=lambda case: case["id"])
def test_the_rule_that_denies_is_the_one_written(case: Mapping[str, Any]) -> None:
    found = {
        next(decision.rule_id.value for decision in decisions if not decision.allowed)
        for room in SEATS
        if room in case
        for mode in Mode
        if not jointly_allowed(
            decisions := Question(case, room, mode).decisions(text_of(case), consented=False)
        )
    }
    assert found == set(case["rule"])


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_withdrawn_text_is_denied_whatever_it_was_marked(question: Question) -> None:
    withdrawn = replace(text_of(question.case), state=RevisionState.WITHDRAWN)
    assert not question.allowed(withdrawn, consented=True)


def test_the_table_holds_every_numbered_case_once() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert {name.split(" ")[0] for name in NAMES} >= NUMBERED
