"""The markings of what stands alone in an assessment: the text with its judgements, and its tear lines."""

from services.threatfeed.domain.assessment import Assessment
from tests.support.submissions import accepted


def american(judgement: str) -> Assessment:
    return accepted(
        {
            "id": "CISA-2026-0001",
            "version": 1,
            "title": "Access brokers sell entry to hospitals",
            "text": "Access brokers offer entry to the networks of hospitals.",
            "published": "2026-03-04T09:00:00Z",
            "marking": {"national": "SECRET//REL TO USA, GBR"},
            "judgements": [{"id": "J1", "statement": "It happens.", "marking": {"national": judgement}}],
        },
        "cisa",
    )


def test_a_silent_unclassified_portion_counts_only_in_the_roll_up() -> None:
    assert [str(marking) for marking in american("(U)").markings()] == ["SECRET//REL TO USA, GBR"]


def test_a_report_that_is_marked_lower_than_a_judgement_of_it_is_held_as_the_judgement() -> None:
    assert [str(marking) for marking in american("(TS//NF)").markings()] == ["TOP SECRET//NOFORN"]
    assert str(american("(S//DISPLAY ONLY GBR)").whole_marking()) == "SECRET//DISPLAY ONLY GBR"
