"""Ladders of escalation are read strictly: whoever would be told of nothing, or could not read it, is found
when the policy is read.
"""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from services.kernel.escalation import LadderStep, Trigger
from services.kernel.parties import Role
from services.kernel.policy import Policy
from services.kernel.sections import PolicyMalformed
from tests.support.series import documents_of_three, three_series

Document = dict[str, Any]


@pytest.mark.parametrize("series", ["uk-eu", "uk-us-cmr", "us-eu"])
def test_every_series_has_a_ladder_of_four_steps_for_what_is_overdue_and_for_silence(series: str) -> None:
    escalation = three_series().escalations[series]
    for trigger in (Trigger.OVERDUE, Trigger.SILENT):
        assert list(escalation.ladders[trigger]) == list(LadderStep)
    assert escalation.addressees[LadderStep.OWNER].bodies == {}
    minister = escalation.addressees[LadderStep.MINISTER]
    assert set(minister.bodies) == set(three_series().series[series].parties)
    assert minister.role is Role.LEADERSHIP
    assert escalation.longest == 40


def damaged(change: Callable[[Document], object]) -> dict[str, Any]:
    documents = copy.deepcopy(dict(documents_of_three()))
    change(documents["escalation/uk-eu"])  # type: ignore[arg-type]
    return documents


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda it: it.update(series="uk-fr"), "there is no series 'uk-fr'"),
        (lambda it: it.update(series="uk-us-cmr"), "every party of the series is named, and no other"),
        (lambda it: it.update(from_hour=24), "'from_hour' is an hour of the day"),
        (lambda it: it.update(from_hour=-1), "'from_hour' is not a whole number above zero"),
        (lambda it: it.update(surprise=1), "unknown members: surprise"),
        (lambda it: it["steps"].append(it["steps"][1]), "DEPUTY stands there twice"),
        (lambda it: it["steps"][1].update(step="SOVEREIGN"), "'step' is none of OWNER"),
        (lambda it: it["steps"][1].update(role="auditor"), "'auditor' is none of chair, leadership, owner"),
        (
            lambda it: it["steps"][1]["bodies"].update(UK=["MOD"]),
            "nobody at 'MOD' of UK has the role",
        ),
        (lambda it: it["steps"][1]["bodies"].update(UK=["EEAS"]), "nobody at 'EEAS' of UK has the role"),
        (
            lambda it: it["steps"][3]["bodies"].update(UK=["NCSC"]),
            "nobody at 'NCSC' of UK has",
        ),
        (lambda it: it["steps"][1]["bodies"].pop("EU"), "every party of the series is named, and no other"),
        (lambda it: it["steps"][1]["bodies"].update(EU=[]), "a party names no organisation"),
        (lambda it: it["ladders"].pop("SILENT"), "SILENT has no ladder"),
        (lambda it: it["ladders"].update(LATE={"OWNER": 1}), "'LATE' is none of OVERDUE, SILENT"),
        (lambda it: it["ladders"]["OVERDUE"].update(OWNER=-1), "'OWNER' is not a whole number above zero"),
        (lambda it: it["ladders"]["OVERDUE"].update(OWNER=0), "'OWNER' is not a whole number above zero"),
        (lambda it: it["ladders"]["OVERDUE"].update(OWNER=True), "'OWNER' is not a whole number above zero"),
        (lambda it: it["ladders"]["OVERDUE"].update(DEPUTY=1), "each step is later than the one below it"),
        (lambda it: it["ladders"]["OVERDUE"].update(MINISTER=121), "at most 120 working days"),
        (lambda it: it["ladders"]["OVERDUE"].update(QUEEN=30), "'QUEEN' is addressed to nobody"),
        (lambda it: it["steps"].pop(3), "'MINISTER' is addressed to nobody"),
        (lambda it: it["ladders"].update(OVERDUE={"DEPUTY": 2}), "a ladder begins with the owner"),
        (lambda it: it["ladders"].update(OVERDUE={}), "a ladder begins with the owner"),
    ],
)
def test_a_ladder_that_cannot_be_climbed_is_refused_with_what_is_wrong(
    change: Callable[[Document], object], says: str
) -> None:
    with pytest.raises(PolicyMalformed) as refused:
        Policy.from_documents(damaged(change))
    assert "escalation/uk-eu" in refused.value.detail
    assert says in refused.value.detail


def test_a_series_without_ladders_and_one_with_two_documents_are_refused() -> None:
    documents = dict(documents_of_three())
    twice = {**documents, "escalation/again": documents["escalation/uk-eu"]}
    with pytest.raises(PolicyMalformed, match="two documents of escalation"):
        Policy.from_documents(twice)
    del documents["escalation/uk-eu"]
    with pytest.raises(PolicyMalformed, match="series 'uk-eu': it has no ladders of escalation"):
        Policy.from_documents(documents)
