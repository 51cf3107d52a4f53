"""Facts for rankings, drawn and fixed."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from hypothesis import strategies as st

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
from services.kernel.instruments import CommitmentKind
from services.kernel.ranking import RankingRule, RankingWeights
from tests.support.agenda import POLICY

AS_OF, MEETS_ON = date(2026, 11, 25), date(2026, 12, 9)
THEMES = ("THREAT_LANDSCAPE", "SECURITY_BY_DESIGN", "COST_IMPOSITION")
COMMITMENTS = ("C1", "C3", "C5")
WEIGHTS = POLICY.ranking


def uid(number: int) -> UUID:
    return UUID(int=number)


def day(age: int) -> date:
    return AS_OF - timedelta(days=age)


_themes = st.sets(st.sampled_from(THEMES)).map(lambda found: tuple(sorted(found)))
_commitments = st.sets(st.sampled_from(COMMITMENTS)).map(lambda found: tuple(sorted(found)))
_theme = st.sampled_from(("", *THEMES))
_judgement = st.tuples(
    st.sampled_from((None, *WEIGHTS.likelihood)), st.sampled_from(("", "LOW", "MODERATE", "HIGH"))
)


@st.composite
def _assessments(draw: st.DrawFn) -> tuple[AssessmentFact, ...]:
    return tuple(
        AssessmentFact(
            id=str(uid(number)),
            revision=draw(st.integers(1, 3)),
            published_on=day(draw(st.integers(-2, 400))),
            themes=draw(_themes),
            judgements=tuple(
                JudgementFact(f"j{place}", *draw(_judgement)) for place in range(draw(st.integers(0, 2)))
            ),
        )
        for number in range(draw(st.integers(0, 6)))
    )


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    due = st.one_of(st.none(), st.integers(-400, 400).map(day))
    numbers = st.integers(0, 3)
    return Facts(
        as_of=AS_OF,
        meets_on=MEETS_ON,
        themes=tuple(ThemeFact(one, one.title(), draw(_commitments)) for one in THEMES),
        assessments=draw(_assessments()),
        tempos=tuple(TempoFact(one, 30, 9, 1, draw(st.booleans())) for one in draw(_themes)),
        commitments=tuple(
            CommitmentFact(one, one, draw(st.sampled_from(CommitmentKind)), draw(due), draw(due))
            for one in COMMITMENTS
        ),
        actions=tuple(
            ActionFact(uid(100 + one), f"A{one}", draw(due), "IN_PROGRESS") for one in range(draw(numbers))
        ),
        returning=tuple(
            ReturningFact(
                str(uid(200 + one)),
                "Put off",
                2025,
                draw(st.booleans()),
                draw(st.integers(1, 4)),
                draw(_theme),
                draw(_commitments),
            )
            for one in range(draw(numbers))
        ),
        proposals=tuple(
            ProposedFact(uid(300 + one), "Proposed", draw(_theme), draw(_commitments))
            for one in range(draw(numbers))
        ),
        tabled=tuple(
            ProposedFact(uid(400 + one), "Tabled", draw(_theme), draw(_commitments), "EU")
            for one in range(draw(numbers))
        ),
    )


@st.composite
def weights(draw: st.DrawFn) -> RankingWeights:
    """The shipped weights with other points and narrower limits, so that limits are met."""
    return replace(
        WEIGHTS,
        points={rule: draw(st.integers(0, 9)) for rule in RankingRule},
        most_inputs={rule: draw(st.integers(1, 3)) for rule in WEIGHTS.most_inputs},
    )


def without(found: Facts, source: str) -> Facts:
    """The same facts, had that source never been there."""
    kind, _, identity = source.partition(":")
    return replace(
        found,
        assessments=[one for one in found.assessments if source != f"assessment:{one.id}"],
        tempos=[one for one in found.tempos if source != f"tempo:{one.theme}"],
        commitments=[one for one in found.commitments if source != f"commitment:{one.id}"],
        actions=[one for one in found.actions if (kind, identity) != ("action", str(one.id))],
        returning=[one for one in found.returning if (kind, identity) != ("returning", one.id)],
        proposals=[one for one in found.proposals if (kind, identity) != ("proposal", str(one.id))],
        tabled=[one for one in found.tabled if (kind, identity) != ("tabled", str(one.id))],
    )


def with_new(found: Facts, theme: str, number: int) -> Facts:
    """The same facts and so many assessments more, published today."""
    new = [AssessmentFact(str(uid(900 + one)), 1, AS_OF, (theme,), ()) for one in range(number)]
    return replace(found, assessments=[*found.assessments, *new])
