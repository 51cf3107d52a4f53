"""The golden messages of threatfeed, made by the code that makes the real ones."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.chassis.consumer.records import Record, Replay
from services.kernel.identifiers import assessment_id, meeting_id
from services.kernel.markings.banner import parse
from services.kernel.markings.refusals import MarkingMissing
from services.kernel.refusals import InvalidValue
from services.kernel.release_terms import Consent, Mode, Rendition
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.consents import RecordedConsent
from services.threatfeed.domain.decided_texts import DecidedText, Verdict
from services.threatfeed.domain.picture import Picture, pictures
from services.threatfeed.domain.submission import Result, ResultKind
from services.threatfeed.domain.visibility import Told
from services.threatfeed.events import (
    CHANGED,
    POLICY,
    RECEIPT,
    Change,
    assessment_changed,
    consent_changed,
    policy_adopted,
    receipt,
    release_changed,
)
from services.threatfeed.picture.records import PICTURE, picture_event
from services.threatfeed.store.histories import Standing
from tests.support.submissions import ROOT, SAMPLES, accepted, real_policy

EXAMPLES = ROOT / "proto" / "examples"
RECEIVED = datetime(2026, 5, 18, 8, 31, 7, 250000, tzinfo=UTC)
_RECORD = Record("threatfeed.submission.ncsc.v1", 3, 41, b"NCSC-2026-0142", b"{}", (), 0)


def _published(name: str, agency: str) -> Assessment:
    return accepted(json.loads((SAMPLES / agency / name).read_text("utf-8")), agency)


def _standing(content: Assessment, state: str, revision: int, aggregate_version: int, party: str) -> Standing:
    return Standing(
        assessment_id=content.assessment_id,
        agency=content.originator,
        party=party,
        object_id=content.source.object_id,
        state=state,
        revision=revision,
        current=content.source.version,
        published_at=content.published,
        themes=content.themes,
        line_themes=content.line_themes(),
        aggregate_version=aggregate_version,
    )


def _changes() -> dict[str, Change]:
    revised = _published("ransomware-msp.v2.json", "ncsc")
    public = _published("2025-06-24-01flip-ransomware.json", "unit42")
    return {
        "revised": Change(_standing(revised, "ACTIVE", 2, 2, "UK"), revised),
        "of-a-public-source": Change(_standing(public, "ACTIVE", 1, 1, "US"), public),
        "withdrawn": Change(replace(_standing(revised, "WITHDRAWN", 3, 3, "UK"), cause="WITHDRAWN"), None),
        "expired": Change(
            replace(_standing(revised, "EXPIRED", 2, 3, "UK"), cause="VALIDITY_ENDED"), revised
        ),
    }


def _result(kind: ResultKind, identity: UUID | None, revision: int | None, **members: str) -> Result:
    return Result(kind, "NCSC-2026-0142", "2", identity, revision, **members)  # type: ignore[arg-type]


def _results() -> dict[str, tuple[Result, ...]]:
    identity = assessment_id("ncsc", "NCSC-2026-0142")
    refusals = (
        MarkingMissing("the assessment carries no marking", pointer="/marking"),
        InvalidValue("a version counts from 1", pointer="/version"),
    )
    return {
        "accepted": (_result(ResultKind.ACCEPTED, identity, 2),),
        "duplicate": (_result(ResultKind.DUPLICATE, identity, 2),),
        "older": (_result(ResultKind.OLDER, identity, 1),),
        "withdrawn": (_result(ResultKind.WITHDRAWN, identity, 3),),
        "accepted-by-rule": (_result(ResultKind.ACCEPTED, identity, 1, marking_rule_id="PS-1"),),
        "rejected": (Result(ResultKind.REJECTED, "NCSC-2026-0142", None, refusals=refusals),),
        "one-accepted-one-rejected": (
            _result(ResultKind.ACCEPTED, identity, 2),
            Result(ResultKind.REJECTED, refusals=refusals[:1]),
        ),
    }


def _pictures() -> dict[str, Picture]:
    """Of the deployed series: one in which something rises and somebody is silent, and the first of all."""
    days = [2, 3, 4, 5, 6, 6, 12, 19, 26, 33, 40]
    told = [
        Told(
            assessment_id=assessment_id(agency, f"A-{agency}-{ago}"),
            aggregate_version=1,
            agency=agency,
            marking=parse("TLP:CLEAR"),
            themes=("RANSOMWARE",),
            sectors=("healthcare",),
            published=RECEIVED - timedelta(days=ago),
        )
        for agency, agos in (("ncsc", days), ("enisa", range(40, 90, 7)))
        for ago in agos
    ]
    held = {one.assessment_id: one for one in told}
    return {
        "rising-and-silent": pictures(held, real_policy(), RECEIVED)["uk-eu.eu"],
        "nothing-yet": pictures({}, real_policy(), RECEIVED)["uk-us-cmr.us"],
    }


def picture_records() -> dict[str, bytes]:
    """The value of the record for each example of a picture, by its place."""
    return {f"{PICTURE}/{name}.json": picture_event(picture).data for name, picture in _pictures().items()}


def events() -> dict[str, bytes]:
    """The value of the event for each example, in binary form, by its place below `proto/examples`."""
    return {
        f"{CHANGED}/{name}.json": assessment_changed(change, None, RECEIVED).event.data
        for name, change in _changes().items()
    }


def receipts() -> dict[str, bytes]:
    """The value of the receipt for each example, as an agency reads it, by its place."""
    results = _results()
    replayed = replace(_RECORD, replay=Replay(number=2, edition=1, received_at=RECEIVED))
    made = {name: receipt("ncsc", _RECORD, found, RECEIVED) for name, found in results.items()}
    made["accepted-on-replay"] = receipt("ncsc", replayed, results["accepted"], RECEIVED)
    return {f"{RECEIPT}/{name}.json": message.event.data for name, message in made.items()}


def a_consent(**changes: Any) -> RecordedConsent:
    """NCSC's consent that the EU is handed one of its texts at a meeting."""
    terms = Consent(
        originator="NCSC",
        party="EU",
        mode=Mode.RELEASE,
        assessment_id=assessment_id("ncsc", "NCSC-2026-0142"),
        revision=2,
        rendition=Rendition.FULL,
        meeting=meeting_id("uk-eu", "2026"),
        expires_at=RECEIVED + timedelta(days=90),
    )
    consent = RecordedConsent(
        terms=replace(terms, **{name: changes.pop(name) for name in {*changes} & {*terms.__slots__}}),
        series=changes.pop("series", "uk-eu"),
        originator_party="UK",
        statement="Agreed for the dialogue.",
        recorded_by="ncsc-release-officer",
        recorded_at=RECEIVED,
    )
    return replace(consent, **changes)


def _decided() -> DecidedText:
    terms = a_consent().terms
    assert terms.meeting is not None
    return DecidedText(
        series="uk-eu",
        meeting_id=terms.meeting,
        assessment_id=terms.assessment_id,
        revision=terms.revision,
        rendition=terms.rendition,
        mode=terms.mode,
        used_at=RECEIVED + timedelta(days=30),
        allowed=False,
        verdicts={"UK": Verdict(True, "ALL_PASSED"), "EU": Verdict(False, "TLP_AMBER")},
        policy_version="2026.1+0123456789ab",
        evaluated_at=RECEIVED,
    )


def policy_events() -> dict[str, bytes]:
    """The value of the event of policy for each example, in binary form, by its place."""
    policy = replace(real_policy(), version="2026.1+0123456789ab", digest="ab" * 32)
    withdrawn = a_consent().withdraw("ncsc-release-officer", RECEIVED, "No longer agreed.", 1)
    made = {
        "policy-adopted": policy_adopted(policy, 1, RECEIVED),
        "consent-recorded": consent_changed(a_consent(), RECEIVED)[0],
        "consent-withdrawn": consent_changed(withdrawn, RECEIVED)[0],
        "release-denied": release_changed(_decided(), 1),
    }
    return {f"{POLICY}/{name}.json": message.event.data for name, message in made.items()}
