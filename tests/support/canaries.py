"""Phrases of an assessment that is published, built upon and withdrawn, and where they may be met."""

import json
import time
from collections.abc import Sequence
from typing import Final

from services.cli.layout import SAMPLES
from services.cli.thread.stage import Stage, ThreadRecord
from services.kernel.identifiers import assessment_id, export_id
from tests.support.crawling import Crawler, Found

_SAMPLE: Final = SAMPLES / "ncsc" / "ransomware-msp.v2.json"
_DOCUMENT: Final = json.loads(_SAMPLE.read_text())

TITLE: Final[str] = _DOCUMENT["title"]
TEXT: Final = "One regional water operator lost its customer systems"
GROUNDS: Final = "Nine incidents; in four of them manual operation was observed"
LINE_TITLE: Final[str] = _DOCUMENT["tear_line"]["title"]
LINE_TEXT: Final = "Four of nine known cases were reported late"
REASON: Final = "Two of the incidents were attributed to the wrong provider"
CANARIES: Final = (TITLE, TEXT, GROUNDS, LINE_TITLE, LINE_TEXT, REASON)
"""Of the revision that is withdrawn. The title that the parties agreed upon with an agenda stays in it."""

WITHIN: Final = 30.0
WITHDRAWAL: Final = "a withdrawal reaches everyone"
"""The step of the thread before which the phrases are met."""
FEW: Final = ("fcdo-secretariat", "eeas-secretariat")
"""The accounts of a quick search."""
AUDITORS: Final = frozenset({"auditor"})
BEFORE: Final = frozenset(
    {
        "threatfeed GET /v1/assessments",
        "threatfeed GET /v1/assessments/{assessment_id}",
        "threatfeed GET /v1/assessments/{assessment_id}/history",
        "threatfeed GET /v1/assessment-changes",
        "threatfeed GET /v1/exports/assessments.{form}",
        "threatfeed GET /taxii2/threatfeed/collections/{collection_id}/objects/",
        "agenda GET /v1/meetings/{meeting_id}/candidates",
        "agenda GET /v1/trace/{wanted}",
        "AssessmentService/GetAssessment",
        "AssessmentService/ListCandidates",
        "AssessmentService/WatchAssessments",
    }
)
"""Where the phrases are met while the assessment stands: else the search could not find anything."""

KEPT: Final = {
    "threatfeed": frozenset({"assessment_revision"}),
    "agenda": frozenset[str](),
    "actions": frozenset[str](),
}
"""Tables that hold the phrases afterwards: the record, which auditors read."""


def identity() -> str:
    return str(assessment_id("ncsc", _DOCUMENT["id"]))


def known(record: ThreadRecord) -> dict[str, dict[str, None]]:
    """What is asked about first, by the name of an argument."""
    assessment = identity()

    def one(*values: str) -> dict[str, None]:
        return dict.fromkeys(values)

    return {
        "assessment_id": one(assessment),
        "one": one(assessment),
        "one_id": one(assessment),
        "other": one(record.assessments["unit42"]),
        "other_id": one(record.assessments["unit42"]),
        "object_id": one(f"report--{assessment}"),
        "subject": one(f"assessment:{assessment}"),
        "wanted": one(record.action_id, assessment),
        "id": one(record.action_id, assessment),
        "collection_id": one(*(str(export_id("collection", of)) for of in ("uk-eu.uk", "uk-eu.eu"))),
        "meeting_id": one(record.meeting_id),
        "draft_id": one(record.draft_id),
        "agenda_id": one(record.agenda_id),
        "item_id": one(record.item_id),
        "outcome_id": one(record.outcome_id),
        "action_id": one(record.action_id),
    }


def crawler(stage: Stage, *, quick: bool = False) -> Crawler:
    """A quick one asks about the first of the ids that are known before."""
    most, rounds = (1, 1) if quick else (3, 2)
    return Crawler(stage.access, CANARIES, known(stage.record), most, rounds)


async def soon_nothing_is_left(
    stage: Stage, accounts: Sequence[str], since: float, *, quick: bool = False
) -> None:
    """Within the time after the withdrawal was sent. A search may end later: what counts is when it began."""
    deadline = since + WITHIN
    while True:
        began = time.monotonic()
        found = await crawler(stage, quick=quick).crawl(accounts)
        left = {surface: words for surface, words in found.words.items() if surface[0] not in AUDITORS}
        if not left:
            _was_thorough(found)
            return
        assert began < deadline, left


def _was_thorough(found: Found) -> None:
    """Most routes and methods were answered to somebody: silence is no proof."""
    surfaces = {surface for _, surface in found.asked}
    answered = {surface for _, surface in found.answered}
    assert len(answered) > len(surfaces) / 2, sorted(surfaces - answered)
