"""Hostile and malformed submissions get their exact reason, and their neighbours nothing."""

import json
import time
from typing import Any

import pytest

from services.kernel.refusals import Refusal
from services.threatfeed.domain import limits
from services.threatfeed.domain.assessment import Assessment, Withdrawal
from services.threatfeed.domain.revisions import Outcome, decide_all
from services.threatfeed.domain.status import State
from services.threatfeed.domain.submission import Rejection
from tests.support.formats import csaf, event, kev, kev_entry, tracking
from tests.support.submissions import HOSTILE, REPORT_ID, accepted, bundle, narrative, read, refused, report

OTHER_ID = "report--2f0f9f5d-0c4a-4c54-9d0c-0a4c7e8d1b01"
WHITE = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"
RED = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"
ACTOR = "intrusion-set--c21dd6f1-1364-4a70-a1f7-783080ec34ee"
RIGHT_TO_LEFT = "\u202egnp.exe\u202c"
HOMOGLYPH = "\u0410PT28"  # its first letter is Cyrillic
NAUGHTY: list[str] = json.loads((HOSTILE / "naughty-strings.json").read_text("utf-8"))


def reason(document: Any, agency: str = "ncsc") -> str:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(Refusal) as caught:
        read(raw, agency=agency)
    return caught.value.reason


def white(**members: Any) -> dict[str, Any]:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": WHITE,
        "created": "2017-01-20T00:00:00.000Z",
        "definition_type": "tlp",
        "name": "TLP:WHITE",
        "definition": {"tlp": "white"},
    } | members


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"x": [value]}
    return value


@pytest.mark.parametrize(
    "document",
    [
        bundle(report(x_bomb=nested(40))),
        narrative(text=nested(40)),
        event(Attribute=[nested(40)]),
        csaf(notes=[nested(40)]),
        kev(nested(40)),
    ],
)
def test_a_nesting_bomb_is_refused_in_every_format(document: Any) -> None:
    assert reason(document) == "JSON_TOO_DEEP"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (narrative(text="x" * 10_000_000), "SUBMISSION_TOO_LARGE"),
        (bundle(report(description="x" * 10_000_000)), "SUBMISSION_TOO_LARGE"),
    ],
)
def test_a_description_of_10_mb_is_refused_with_its_submission(document: Any, expected: str) -> None:
    assert reason(document) == expected


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        (narrative(text="x" * 3_000_000), "/text"),
        (bundle(report(description="x" * 3_000_000)), "/objects/0/description"),
        (csaf(notes=[{"category": "summary", "text": "x" * 3_000_000}]), "/document/notes/0/text"),
        (event(EventReport=[{"content": "x" * 3_000_000}]), "/Event/EventReport/0/content"),
        (kev(kev_entry(shortDescription="x" * 3_000_000)), "/vulnerabilities/0/shortDescription"),
    ],
)
def test_a_description_of_3_mb_is_refused_where_it_stands(document: Any, pointer: str) -> None:
    assert refused(document, "cisa") == [("FIELD_TOO_LONG", pointer)]


def objects(number: int) -> list[dict[str, Any]]:
    return [
        {"type": "tool", "spec_version": "2.1", "id": f"tool--00000000-0000-4000-8000-{n:012x}"}
        for n in range(number)
    ]


def seconds(document: Any) -> float:
    raw = json.dumps(document, separators=(",", ":")).encode()
    assert len(raw) <= limits.SUBMISSION_BYTES
    start = time.perf_counter()
    read(raw)
    return time.perf_counter() - start


def test_the_time_to_read_a_bundle_grows_with_its_objects_and_not_with_their_square() -> None:
    def document(number: int) -> Any:
        held = objects(number)
        return bundle(report(object_refs=[one["id"] for one in held[: number // 2]]), *held)

    few, many = (min(seconds(document(number)) for _ in range(3)) for number in (4_000, 28_000))
    assert many < 5
    assert many / few < 7 * 3


def test_50_000_objects_without_a_report_are_refused_in_time() -> None:
    start = time.perf_counter()
    assert reason(bundle(*({"type": "tool", "id": f"tool--{n}"} for n in range(50_000)))) == (
        "NO_REPORT_IN_BUNDLE"
    )
    assert time.perf_counter() - start < 5


def test_more_reports_than_a_submission_may_hold_are_refused() -> None:
    many = limits.ASSESSMENTS_PER_SUBMISSION + 1
    assert reason(bundle(*(report() for _ in range(many)))) == "TOO_MANY_ASSESSMENTS"
    assert reason([event()] * many) == "TOO_MANY_ASSESSMENTS"


def actors(document: Any) -> list[str]:
    """The names as reported, none of which may be taken for a known actor."""
    found = accepted(document).actors
    assert not any(actor.candidates for actor in found)
    return [actor.name_as_reported for actor in found]


def test_names_that_deceive_the_eye_are_kept_as_reported_and_match_nothing() -> None:
    deceiving = [HOMOGLYPH, RIGHT_TO_LEFT, "APT\u200b28", "\u2066APT28\u2069"]
    assert actors(narrative(actors=deceiving)) == deceiving
    for name in deceiving:
        actor = {"type": "intrusion-set", "spec_version": "2.1", "id": ACTOR, "name": name}
        assert actors(bundle(report(object_refs=[ACTOR]), actor)) == [name]
        assert actors(event(Attribute=[{"type": "threat-actor", "value": name}])) == [name]
    assert accepted(narrative(title=f"Report {RIGHT_TO_LEFT}")).title == f"Report {RIGHT_TO_LEFT}"


@pytest.mark.parametrize(
    "marking", ["TLP:GR\u0415EN", "TLP:GREEN\u202e", "TLP\u200b:GREEN", "UK SECR\u0415T"]
)
def test_a_marking_that_deceives_the_eye_is_no_marking(marking: str) -> None:
    member = "national" if marking.startswith("UK") else "tlp"
    ((code, pointer),) = refused(narrative(marking={member: marking}))
    assert code in {"MARKING_UNKNOWN", "MARKING_MALFORMED"}
    assert pointer == f"/marking/{member}"
    if member == "tlp":
        ((code, pointer),) = refused(event(Tag=[{"name": marking}]))
        assert code in {"MARKING_UNKNOWN", "MARKING_MALFORMED", "MARKING_MISSING"}


@pytest.mark.parametrize("control", ["\x1b[2J", "\x07", "\x7f", "two\nlines", "\r", "\x00"])
def test_control_characters_have_no_place_in_names(control: str) -> None:
    name = f"x{control}y"
    for document, pointer in (
        (narrative(title=name), "/title"),
        (narrative(actors=[name]), "/actors/0"),
        (narrative(locations=[name]), "/locations/0"),
        (bundle(report(name=name)), "/objects/0/name"),
        (csaf(title=name), "/document/title"),
        (csaf(tracking=tracking(id=name)), "/document/tracking/id"),
        (event(info=name), "/Event/info"),
        (kev(kev_entry(vulnerabilityName=name)), "/vulnerabilities/0/vulnerabilityName"),
    ):
        if "\x00" in name:
            assert reason(document, "cisa") == "JSON_CHARACTER_INVALID"
        else:
            assert refused(document, "cisa") == [("FIELD_INVALID", pointer)]


YEARS = [
    ("0000-01-01T00:00:00Z", False),
    ("0001-01-01T00:00:00Z", True),
    ("9999-12-31T23:59:59Z", True),
    ("10000-01-01T00:00:00Z", False),
]


@pytest.mark.parametrize(("instant", "stands"), YEARS)
def test_the_ends_of_the_calendar_are_read_and_what_lies_beyond_is_refused(
    instant: str, *, stands: bool
) -> None:
    history = tracking() | {
        "current_release_date": instant,
        "revision_history": [{"date": instant, "number": "1"}],
    }
    for document in (
        narrative(published=instant),
        bundle(report(published=instant)),
        bundle(report(modified=instant)),
        csaf(tracking=history),
    ):
        (reading,) = read(json.dumps(document).encode())
        if stands:
            assert isinstance(reading, Assessment), reading
        else:
            assert isinstance(reading, Rejection)
            assert {refusal.reason for refusal in reading.refusals} <= {"TIMESTAMP_INVALID", "FIELD_INVALID"}


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_an_instant_that_leaves_the_calendar_in_utc_is_refused(instant: str) -> None:
    assert refused(narrative(published=instant)) == [("TIMESTAMP_INVALID", "/published")]


@pytest.mark.parametrize("seconds", ["0", "253402300799", "99999999999"])
def test_seconds_of_misp_are_read_or_refused(seconds: str) -> None:
    (reading,) = read(json.dumps(event(timestamp=seconds)).encode())
    assert isinstance(reading, Assessment | Rejection)
    if seconds == "0":
        assert accepted(event(timestamp=seconds)).source.version.ordinal == 0


@pytest.mark.parametrize(
    "raw",
    [
        b'{"type": "bundle", "objects": [], "objects": []}',
        b'{"id": "A", "version": 1, "marking": {"tlp": "TLP:RED", "tlp": "TLP:CLEAR"}}',
        b'{"Event": {"Tag": [{"name": "tlp:red", "name": "tlp:clear"}]}}',
        rb'{"type": "bundle", "\u0074ype": "report"}',
    ],
)
def test_one_name_twice_is_refused_however_it_is_written(raw: bytes) -> None:
    assert reason(raw) == "JSON_DUPLICATE_KEY"


@pytest.mark.parametrize(
    "definition",
    [
        white(definition={"tlp": "red"}),
        white(definition_type="statement", definition={"statement": "Copyright"}),
        white(name="TLP:RED"),
        white(definition={}),
    ],
)
def test_a_definition_that_reuses_the_id_of_tlp_with_other_content_is_refused(definition: Any) -> None:
    marked = bundle(report(object_marking_refs=[WHITE]), definition)
    assert refused(marked) == [("MARKING_CONTRADICTED", "/objects/0/object_marking_refs")]
    twice = bundle(report(object_marking_refs=[WHITE]), white(), definition)
    assert refused(twice)[0][0] in {"MARKING_CONTRADICTED", "MARKING_UNKNOWN"}
    assert str(accepted(bundle(report(object_marking_refs=[WHITE]), white())).marking) == "TLP:WHITE"


def test_a_whole_that_marks_itself_lower_than_a_part_is_protected_as_the_part() -> None:
    actor = {
        "type": "intrusion-set",
        "spec_version": "2.1",
        "id": ACTOR,
        "name": "GREY HERON",
        "object_marking_refs": [RED],
    }
    marked = bundle(report(object_refs=[ACTOR], object_marking_refs=[WHITE]), actor)
    assert str(accepted(marked).whole_marking().tlp) == "TLP:RED"
    judged = narrative(
        marking={"tlp": "TLP:CLEAR"},
        judgements=[{"id": "J1", "statement": "It goes on.", "marking": {"tlp": "TLP:AMBER"}}],
    )
    assert str(accepted(judged).whole_marking().tlp) == "TLP:AMBER"
    attribute = {"type": "threat-actor", "value": "GREY HERON", "Tag": [{"name": "tlp:red"}]}
    tagged = event(Tag=[{"name": "tlp:clear"}], Attribute=[attribute])
    assert str(accepted(tagged).whole_marking().tlp) == "TLP:RED"


def test_a_revoked_id_that_comes_back_stays_withdrawn() -> None:
    (revoked,) = read(json.dumps(bundle(report(revoked=True, modified="2026-03-05T09:00:00Z"))).encode())
    (back,) = read(json.dumps(bundle(report(modified="2026-03-06T09:00:00Z"))).encode())
    assert isinstance(revoked, Withdrawal)
    decisions, histories = decide_all({}, [revoked, back])
    assert [decision.outcome for decision in decisions] == [Outcome.WITHDRAWN, Outcome.OLDER]
    assert {history.status.state for history in histories.values() if history.status} == {State.WITHDRAWN}


def test_a_feed_that_writes_anothers_id_makes_an_assessment_of_its_own() -> None:
    document = bundle(report(created_by_ref="identity--57d5873e-086d-49d3-b4c0-5d368e3849fc"))
    own, others = accepted(document, "ncsc"), accepted(document, "enisa")
    assert own.source.object_id == others.source.object_id == REPORT_ID
    assert own.assessment_id != others.assessment_id
    assert refused(narrative(agency="enisa"), "ncsc") == [("PAYLOAD_CLAIMS_OTHER_AGENCY", "/agency")]


def test_each_assessment_of_a_submission_stands_or_falls_alone() -> None:
    good, bad = report(), report(id=OTHER_ID, published="yesterday")
    first, second = read(json.dumps(bundle(good, bad)).encode())
    assert isinstance(first, Assessment)
    assert isinstance(second, Rejection)
    assert (second.object_id, second.refusals[0].pointer) == (OTHER_ID, "/objects/1/published")
    events = read(json.dumps([event(), event(uuid="x"), event(published=False), event()]).encode())
    assert [type(reading) for reading in events] == [Assessment, Rejection, Rejection, Assessment]
    assert [r.refusals[0].pointer for r in events if isinstance(r, Rejection)] == [
        "/1/Event/uuid",
        "/2/Event/published",
    ]
    entries = read(json.dumps(kev(kev_entry(), 7, kev_entry(cveID="CVE-1"))).encode(), agency="cisa")
    assert [type(reading) for reading in entries] == [Assessment, Rejection, Rejection]


TEXT_FIELDS: dict[str, Any] = {
    "narrative title": lambda text: narrative(title=text),
    "narrative text": lambda text: narrative(text=text),
    "narrative id": lambda text: narrative(id=text),
    "narrative actor": lambda text: narrative(actors=[text]),
    "narrative sector": lambda text: narrative(sectors=[text]),
    "narrative marking": lambda text: narrative(marking={"national": text}),
    "narrative likelihood": lambda text: narrative(
        judgements=[{"id": "J1", "statement": text, "likelihood": {"scheme": "ICD203", "term": text}}]
    ),
    "narrative language": lambda text: narrative(language=text),
    "STIX name": lambda text: bundle(report(name=text, description=text)),
    "STIX reference": lambda text: bundle(report(object_refs=[text])),
    "STIX member": lambda text: bundle(report(**{f"x_{text}": text})),
    "STIX type": lambda text: bundle(report(), {"type": text, "id": text}),
    "MISP info": lambda text: event(info=text),
    "MISP tag": lambda text: event(Tag=[{"name": "tlp:green"}, {"name": text}]),
    "MISP tlp": lambda text: event(Tag=[{"name": f"tlp:{text}"}]),
    "MISP galaxy": lambda text: event(Galaxy=[{"GalaxyCluster": [{"type": "threat-actor", "value": text}]}]),
    "MISP report": lambda text: event(EventReport=[{"content": text}]),
    "CSAF title": lambda text: csaf(title=text, notes=[{"category": "summary", "text": text, "title": text}]),
    "CSAF category": lambda text: csaf(category=text),
    "CSAF version": lambda text: csaf(tracking=tracking() | {"version": text}),
    "CSAF vector": lambda text: csaf(
        vulnerabilities=[
            {"scores": [{"cvss_v2": {"version": "2.0", "vectorString": text, "baseScore": 1.0}}]}
        ]
    ),
    "KEV name": lambda text: kev(kev_entry(vulnerabilityName=text, notes=text, product=text)),
    "content": lambda text: {text: text},
}


@pytest.mark.parametrize("field", TEXT_FIELDS)
def test_a_naughty_string_in_any_text_is_accepted_or_refused(field: str) -> None:
    for text in NAUGHTY:
        raw = json.dumps(TEXT_FIELDS[field](text)).encode()
        try:
            readings = read(raw, agency="cisa" if field.startswith("KEV") else "ncsc")
        except Refusal:
            continue
        assert readings
        assert all(isinstance(reading, Assessment | Withdrawal | Rejection) for reading in readings)
