"""A ranking worked out by hand, and its explanation."""

from dataclasses import replace
from datetime import date

from services.agenda.domain.ranking.explaining import Change, ChangeKind, explain, points
from services.agenda.domain.ranking.facts import (
    ActionFact,
    AssessmentFact,
    CommitmentFact,
    Facts,
    JudgementFact,
    ProposedFact,
    ReturningFact,
    TempoFact,
    ThemeFact,
)
from services.agenda.domain.ranking.scoring import rank
from services.kernel.instruments import CommitmentKind
from services.kernel.ranking import RankingRule
from tests.support.ranking import AS_OF, MEETS_ON, WEIGHTS, day, uid

LIKELY = JudgementFact("j1", ("PHIA_2025", "Highly likely"), "HIGH")
UNSURE = JudgementFact("j2", ("PHIA_2025", "Likely or probable"), "")
UNSTATED = JudgementFact("j3", None, "HIGH")
FACTS = Facts(
    as_of=AS_OF,
    meets_on=MEETS_ON,
    themes=(
        ThemeFact("THREAT_LANDSCAPE", "Threat landscape", ("C1",)),
        ThemeFact("CNI_PRIVATE_SECTOR", "Critical infrastructure", ("C3",)),
        ThemeFact("COST_IMPOSITION", "Deterrence", ()),
    ),
    assessments=(
        AssessmentFact("a1", 2, day(10), ("THREAT_LANDSCAPE", "CNI_PRIVATE_SECTOR"), (LIKELY, UNSTATED)),
        AssessmentFact("a2", 1, day(60), ("THREAT_LANDSCAPE",), (UNSURE,)),
        AssessmentFact("a3", 1, day(366), ("THREAT_LANDSCAPE",), (LIKELY,)),
    ),
    tempos=(
        TempoFact("THREAT_LANDSCAPE", 30, 9, 1, rising=True),
        TempoFact("CNI_PRIVATE_SECTOR", 30, 1, 1, rising=False),
    ),
    commitments=(
        CommitmentFact("C1", "Engage", CommitmentKind.STANDING, None, day(351)),
        CommitmentFact("C3", "Develop", CommitmentKind.DELIVERABLE, date(2027, 6, 7), None),
        CommitmentFact("P1", "Confirm", CommitmentKind.REAFFIRMATION, None, None),
    ),
    actions=(
        ActionFact(uid(1), "UKEU-2025-A01", day(31), "BLOCKED"),
        ActionFact(uid(2), "UKEU-2025-A02", date(2027, 1, 1), "ASSIGNED"),
    ),
    returning=(ReturningFact("r1", "Quantum", 2025, not_reached=True, times=2, theme="", commitments=()),),
    proposals=(ProposedFact(uid(3), "Routers", "CNI_PRIVATE_SECTOR", ()),),
    tabled=(ProposedFact(uid(4), "Sanctions", "COST_IMPOSITION", (), "EU"),),
)


def test_a_ranking_worked_out_by_hand() -> None:
    # Assessments 4 points: fresh 1, two months old 0.7. Judgements 6: 0.9 * 1 * 1, and 0.7 * 0.5 * 0.7.
    threat = 4 * 1.7 + 6 * (0.9 + 0.245) + 15 + 1 * 11
    private = 4 * 1.0 + 6 * 0.9 + 20 + 18
    expected = [
        ("theme:CNI_PRIVATE_SECTOR", private),
        ("returning:r1", 20 * 2),
        ("theme:THREAT_LANDSCAPE", threat),
        ("commitment:C3", 20 + 18),
        (f"action:{uid(1)}", 10 + 8 * 2),
        (f"proposal:{uid(3)}", 12 + 4 * 1.0 + 6 * 0.9),
        (f"tabled:{uid(4)}", 12),
        ("commitment:C1", 11),
        (f"action:{uid(2)}", 10),
        ("commitment:P1", 20 * 0.4),
        ("theme:COST_IMPOSITION", 0),
    ]
    expected.sort(key=lambda entry: -entry[1])
    found = rank(FACTS, WEIGHTS)
    assert [(entry.subject.key, entry.score) for entry in found] == [
        (key, round(score * 10_000)) for key, score in expected
    ]
    assert points(found[0].score) == f"{private:.4f}"


def test_equal_scores_come_by_kind_and_then_by_id() -> None:
    facts = replace(
        FACTS,
        assessments=(),
        tempos=(),
        commitments=(),
        returning=(),
        actions=(),
        themes=(ThemeFact("COST_IMPOSITION", "", ()),),
        tabled=(ProposedFact(uid(9), "", "", ()), ProposedFact(uid(4), "", "", ())),
        proposals=(ProposedFact(uid(5), "", "", ()),),
    )
    order = [entry.subject.key for entry in rank(facts, WEIGHTS)]
    assert order == [
        f"proposal:{uid(5)}",
        f"tabled:{uid(4)}",
        f"tabled:{uid(9)}",
        "theme:COST_IMPOSITION",
    ]


def test_an_explanation_names_every_source_and_what_would_change_the_place() -> None:
    ranking = rank(FACTS, WEIGHTS)
    threat = next(entry for entry in ranking if entry.subject.id == "THREAT_LANDSCAPE")
    explanation = explain(ranking, threat, WEIGHTS)
    assert {worth.source: worth.loss for worth in explanation.sources} == {
        "assessment:a1": 94_000,
        "assessment:a2": 42_700,
        "tempo:THREAT_LANDSCAPE": 150_000,
        "commitment:C1": 110_000,
    }
    judged = threat.contribution(RankingRule.JUDGEMENTS)
    assert judged is not None
    assert dict(judged.inputs[1].values)["confidence"] == "UNSPECIFIED"
    assert {entry.part for entry in judged.inputs} == {"j1", "j2"}
    # 39.67 points against 40: one more assessment gives 4, and a point more for each would give 1.7.
    assert explanation.rises is not None
    assert (explanation.rises.neighbour, explanation.rises.needs) == ("returning:r1", 3_301)
    assert explanation.rises.changes == (
        Change(ChangeKind.NEW_ASSESSMENTS, "THREAT_LANDSCAPE", 1, 40_000),
        Change(ChangeKind.WEIGHT, RankingRule.ASSESSMENTS, 1, 17_000),
    )
    # 38 points below: without any one of the four sources the commitment would come before the theme.
    assert explanation.falls is not None
    assert explanation.falls.neighbour == "commitment:C3"
    assert explanation.falls.changes[0] == Change(ChangeKind.SOURCE_GONE, "assessment:a2", 1, 42_700)


def test_at_most_so_many_inputs_count_and_the_next_takes_the_place_of_one_that_goes() -> None:
    narrow = replace(WEIGHTS, most_inputs={**WEIGHTS.most_inputs, RankingRule.ASSESSMENTS: 1})
    ranking = rank(FACTS, narrow)
    threat = next(entry for entry in ranking if entry.subject.id == "THREAT_LANDSCAPE")
    counted = threat.contribution(RankingRule.ASSESSMENTS)
    assert counted is not None
    assert (counted.score, counted.without("assessment:a1").score) == (40_000, 28_000)
    assert len(counted.inputs) == 2
