"""What is stored of a revision is the whole of it."""

import json
from pathlib import Path

import pytest

from services.kernel.scales import Confidence, InformationCredibility, SourceReliability, likelihood
from services.threatfeed.domain.assessment import Assessment, Withdrawal, WithdrawalCause
from services.threatfeed.domain.documents import revision_from_document, revision_to_document
from services.threatfeed.domain.ratings import Rated, Ratings, Scale
from services.threatfeed.domain.sectors import unclassified
from services.threatfeed.domain.subjects import Actor, Location, Technique
from tests.support.formats import csaf, event, tagged
from tests.support.submissions import SAMPLES, accepted, narrative, read, withdrawal

FILES = sorted(SAMPLES.glob("[!b]*/*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_revision_survives_being_stored_as_json(file: Path) -> None:
    for revision in read(file.read_bytes(), agency=file.parent.name):
        assert isinstance(revision, Assessment | Withdrawal)
        stored = json.loads(json.dumps(revision_to_document(revision)))
        again = revision_from_document(stored)
        assert again == revision
        assert again.source.version.text == revision.source.version.text
        if isinstance(revision, Assessment) and isinstance(again, Assessment):
            assert again.marking.original_text == revision.marking.original_text


def test_ratings_severities_handling_and_causes_are_stored() -> None:
    rated = accepted(
        tagged(
            *("tlp:green", "PAP:AMBER", 'admiralty-scale:source-reliability="b"'),
            'estimative-language:likelihood-probability="likely"',
            threat_level_id="1",
        )
    )
    assert rated.ratings != Ratings()
    assert rated.severities
    assert rated.handling
    superseded = withdrawal(csaf(category="csaf_superseded"))
    for revision in (rated, superseded, withdrawal(event(deleted=True))):
        stored = json.loads(json.dumps(revision_to_document(revision)))
        assert revision_from_document(stored) == revision


def test_what_was_stored_before_there_were_ratings_and_causes_is_still_read() -> None:
    document = revision_to_document(accepted(event()))
    for name in ("ratings", "severities", "handling"):
        del document[name]
    assert revision_from_document(document) == accepted(event())
    notice = revision_to_document(withdrawal(event(deleted=True)))
    del notice["cause"]
    again = revision_from_document(notice)
    assert isinstance(again, Withdrawal)
    assert again.cause is WithdrawalCause.WITHDRAWN


def test_what_was_stored_as_plain_words_is_read_as_it_was_said() -> None:
    judged = narrative(judgements=[{"id": "J1", "statement": "It happens."}])
    document = revision_to_document(accepted(judged)) | {
        "sectors": ["energy"],
        "techniques": ["T1566"],
        "actors": ["APT28"],
        "locations": ["France"],
        "ratings": {
            "likelihood": {"scheme": "ICD203", "term": "remote"},
            "confidence": "LOW",
            "source_reliability": "F",
            "information_credibility": "6",
            "stix_confidence": None,
        },
        "judgements": [
            {
                "judgement_id": "J1",
                "statement": "It happens.",
                "likelihood": {"scheme": "PHIA_2025", "term": "Unlikely"},
                "confidence": "HIGH",
                "confidence_grounds": "Seen twice.",
                "marking": None,
            }
        ],
    }
    del document["tactics"]
    again = revision_from_document(json.loads(json.dumps(document)))
    assert isinstance(again, Assessment)
    assert again.sectors == (unclassified("energy"),)
    assert again.techniques == (Technique("T1566"),)
    assert again.actors == (Actor("APT28"),)
    assert again.locations == (Location("France"),)
    assert again.tactics == ()
    assert again.ratings == Ratings(
        likelihood=Rated(Scale.ICD203, likelihood("remote", "ICD203"), "remote"),
        analytic_confidence=Rated(Scale.UNSTATED, Confidence.LOW, "LOW"),
        source_reliability=Rated(Scale.ADMIRALTY_RELIABILITY, SourceReliability.F, "F"),
        info_credibility=Rated(Scale.ADMIRALTY_CREDIBILITY, InformationCredibility.SIX, "6"),
    )
    (judgement,) = again.judgements
    assert judgement.ratings == Ratings(
        likelihood=Rated(Scale.PHIA_2025, likelihood("unlikely", "PHIA_2025"), "Unlikely"),
        analytic_confidence=Rated(Scale.UNSTATED, Confidence.HIGH, "HIGH"),
    )
    assert judgement.confidence_grounds == "Seen twice."
    assert revision_from_document(json.loads(json.dumps(revision_to_document(again)))) == again
