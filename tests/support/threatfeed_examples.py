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
from services.threatfeed.domain.clearances import (
    Clearance,
    ClearanceCommand,
    ClearanceRequest,
    Closing,
    ForMeeting,
    TearLineOffer,
    answer_needed_by,
    open_request,
)
from services.threatfeed.domain.consents import RecordedConsent
from services.threatfeed.domain.decided_texts import DecidedText, Verdict
from services.threatfeed.domain.picture import Picture, pictures
from services.threatfeed.domain.submission import Result, ResultKind
from services.threatfeed.domain.visibility import Told
from services.threatfeed.events import (
    CHANGED,
    NOTICE,
    POLICY,
    RECEIPT,
    Change,
    NoticeKind,
    assessment_changed,
    clearance_notices,
    consent_changed,
    policy_adopted,
    receipt,
    release_changed,
)
from services.threatfeed.picture.records import PICTURE, picture_event
from services.threatfeed.statements import consent_answer, consent_request
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


def a_clearance(**changes: Any) -> Clearance:
    """FCDO's request that NCSC consents to hand one of its texts to the EU at a meeting in 60 days."""
    terms, starts_at = a_consent().terms, RECEIVED + timedelta(days=60)
    assert terms.meeting is not None
    meeting = changes.pop("meeting", ForMeeting(terms.meeting, starts_at, starts_at + timedelta(hours=8)))
    request = ClearanceRequest(
        assessment_id=terms.assessment_id,
        revision=terms.revision,
        rendition=terms.rendition,
        party=terms.party,
        mode=terms.mode,
        series="uk-eu",
        meeting=meeting,
        agency="ncsc",
        originator="NCSC",
        reason="For the exchange on the threat landscape.",
        asked_by="fcdo-secretariat",
        asked_by_party="UK",
        asked_by_organisation="FCDO",
        asked_at=RECEIVED,
        needed_by=answer_needed_by(meeting, 7, RECEIVED) if meeting else RECEIVED + timedelta(days=30),
    )
    return open_request(UUID(int=13), replace(request, **changes))


def _answers() -> dict[str, Clearance]:
    officer, at = "ncsc-release-officer", RECEIVED + timedelta(days=1)
    offer = TearLineOffer("Patch edge devices.", "TLP:GREEN")
    return {
        "granted": a_clearance().close(
            ClearanceCommand.GRANT, Closing(officer, at, "Agreed for the dialogue.", a_consent().id)
        ),
        "refused": a_clearance().close(
            ClearanceCommand.REFUSE, Closing(officer, at, "An operation is under way.")
        ),
        "tear-line-offered": a_clearance().close(
            ClearanceCommand.OFFER_TEAR_LINE,
            Closing(officer, at, "Only what follows.", tear_line=offer),
        ),
    }


def exchanged() -> dict[str, str]:
    """The canonical form of each example of a request for consent and of an answer, by its place."""
    outside = a_clearance(meeting=None)
    made = {
        "entente.exchange.v1.ConsentRequest/for-a-meeting.json": consent_request(
            a_clearance()
        ).payload.decode(),
        "entente.exchange.v1.ConsentRequest/outside-meetings.json": consent_request(outside).payload.decode(),
    }
    for name, clearance in _answers().items():
        ends = a_consent().terms.expires_at if name == "granted" else None
        assert clearance.closing is not None
        answer = consent_answer(clearance, ends, clearance.closing.at)
        made[f"entente.exchange.v1.ConsentAnswer/{name}.json"] = answer.payload.decode()
    return made


def notices() -> dict[str, bytes]:
    """The value of the record for each example of a notice to an agency, by its place."""
    late = a_clearance().request.needed_by
    (asked,) = clearance_notices(a_clearance(), NoticeKind.ASKED, real_policy(), RECEIVED)
    (reminder,) = clearance_notices(a_clearance(), NoticeKind.REMINDER, real_policy(), late)
    return {
        f"{NOTICE}/{name}.json": message.event.data
        for name, message in {"asked": asked, "reminder": reminder}.items()
    }
