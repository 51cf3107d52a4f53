"""What readers take away is valid, marked as a whole, inert in a spreadsheet, and theirs only."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import stix2
from stix2.v21 import Grouping, MarkingDefinition, Note, Report

from services.kernel.markings.stix import STIX_TLP
from services.kernel.release_terms import Rendition
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.exports import Exported, ExportFormat, Manifest, Member
from services.threatfeed.domain.views import in_rendition
from services.threatfeed.formats.exports import COLUMNS, inert, open_writer
from services.threatfeed.formats.stix_objects import objects_of
from services.threatfeed.formats.submission import read_submission
from tests.support.submissions import real_policy, real_taxonomies, real_themes

SHOWN = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
RICH = {
    "id": "RICH",
    "version": 1,
    "title": "Grid operators were scanned",
    "text": "SANDWORM used T1059 against CVE-2024-3400.",
    "published": "2026-11-20T09:00:00Z",
    "marking": {"tlp": "TLP:AMBER", "national": "UK OFFICIAL REL EU"},
    "judgements": [
        {
            "id": "KJ1",
            "statement": "It will go on.",
            "likelihood": {"scheme": "PHIA_2025", "term": "likely"},
            "confidence": {"level": "HIGH", "grounds": "Seen twice."},
            "marking": {"national": "UK OFFICIAL-SENSITIVE REL EU"},
        }
    ],
    "actors": ["Sandworm"],
    "techniques": ["T1059"],
    "sectors": [{"scheme": "NIS2", "code": "energy"}],
    "locations": ["United Kingdom", "The Baltic"],
    "tear_line": {"title": "Scanning", "text": "Patch.", "marking": {"national": "UK OFFICIAL REL EU"}},
}


def read(**changes: object) -> Assessment:
    document = {key: value for key, value in {**RICH, **changes}.items() if value is not None}
    (reading,) = read_submission(
        json.dumps(document).encode(),
        None,
        agency="ncsc",
        policy=real_policy(),
        themes=real_themes(),
        taxonomies=real_taxonomies(),
    )
    assert isinstance(reading, Assessment), reading
    return reading


def exported(content: Assessment, rendition: Rendition = Rendition.FULL) -> Exported:
    return Exported(in_rendition(content, rendition), 1, "CURRENT", rendition, "UK", SHOWN)


def written(form: ExportFormat, *entries: Exported) -> bytes:
    manifest = Manifest()
    for entry in entries:
        member = Member(entry.content.assessment_id, entry.revision, entry.rendition, entry.shown)
        manifest = manifest.having(member, entry.marking)
    writer = open_writer(form, manifest)
    return b"".join([writer.head(), *(writer.one(entry) for entry in entries), writer.tail()])


def bundle(*entries: Exported) -> Any:
    """As the stix2 library reads it, strictly."""
    return stix2.parse(written(ExportFormat.STIX, *entries).decode(), allow_custom=False)


def test_a_bundle_is_valid_stix_and_holds_all_that_its_objects_refer_to() -> None:
    parsed = bundle(exported(read()))
    known = {one.id for one in parsed.objects}
    assert len(known) == len(parsed.objects)
    kinds = {one.type for one in parsed.objects}
    assert {
        "report",
        "identity",
        "grouping",
        "note",
        "threat-actor",
        "attack-pattern",
        "vulnerability",
    } <= kinds
    for one in parsed.objects:
        refs = {
            *one.get("object_marking_refs", []),
            *one.get("object_refs", []),
            *([one["created_by_ref"]] if "created_by_ref" in one else []),
        }
        assert refs <= known, one.id


def test_every_object_but_agencies_and_markings_is_marked() -> None:
    for one in bundle(exported(read())).objects:
        unmarked = isinstance(one, MarkingDefinition) or one.get("identity_class") in (
            "organization",
            "system",
        )
        assert bool(one.get("object_marking_refs")) is not unmarked, one.id


def test_tlp_is_told_by_the_standards_own_objects_and_national_markings_in_their_own_words() -> None:
    for text in ("TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED", "TLP:WHITE"):
        objects = objects_of(exported(read(marking={"tlp": text}, judgements=None, tear_line=None)))
        (definition,) = [one for one in objects if one["type"] == "marking-definition"]
        assert str(STIX_TLP[definition["id"]]) == text
    statements = [
        one["definition"]["statement"]
        for one in bundle(exported(read(judgements=None))).objects
        if one.get("definition_type") == "statement"
    ]
    assert statements == ["UK OFFICIAL REL EU"]


def test_the_whole_is_never_marked_lower_than_a_part() -> None:
    entries = [
        exported(read(id="A", marking={"tlp": "TLP:GREEN"}, judgements=None, tear_line=None)),
        exported(read(id="B")),
        exported(read(id="C", marking={"national": "UK OFFICIAL-SENSITIVE - HMG USE ONLY"}, judgements=None)),
    ]
    parsed = bundle(*entries)
    definitions = {one.id: one for one in parsed.objects if isinstance(one, MarkingDefinition)}
    (whole,) = [one for one in parsed.objects if isinstance(one, Grouping)]
    words = [definitions[ref].get("name") for ref in whole.object_marking_refs]
    assert words == ["TLP:AMBER", "UK OFFICIAL-SENSITIVE - HMG USE ONLY"]
    assert len({tuple(one.object_marking_refs) for one in parsed.objects if isinstance(one, Report)}) == 3
    rows = list(csv.DictReader(io.StringIO(written(ExportFormat.CSV, *entries).decode())))
    banner = "TLP:AMBER//UK OFFICIAL-SENSITIVE - HMG USE ONLY"
    assert {row["file_marking"] for row in rows} == {banner}
    assert json.loads(written(ExportFormat.JSONL, *entries).splitlines()[0])["marking"] == banner


def test_a_judgement_keeps_its_own_marking_and_the_text_that_of_the_whole() -> None:
    parsed = bundle(exported(read()))
    names = {one.id: one.get("name") for one in parsed.objects if isinstance(one, MarkingDefinition)}
    (note,) = [one for one in parsed.objects if isinstance(one, Note)]
    (report,) = [one for one in parsed.objects if isinstance(one, Report)]
    assert [names[ref] for ref in note.object_marking_refs] == ["UK OFFICIAL-SENSITIVE REL EU"]
    assert [names[ref] for ref in report.object_marking_refs] == ["TLP:AMBER", "UK OFFICIAL-SENSITIVE REL EU"]
    assert "It will go on." in note.content


@pytest.mark.parametrize("form", ExportFormat)
def test_an_export_of_a_tear_line_holds_nothing_of_the_text_around_it(form: ExportFormat) -> None:
    text = written(form, exported(read(), Rendition.TEAR_LINE)).decode()
    assert "Patch." in text
    for word in (
        "SANDWORM",
        "Sandworm",
        "T1059",
        "CVE-2024-3400",
        "energy",
        "It will go on",
        "AMBER",
        "scanned",
    ):
        assert word not in text, word


def test_the_same_text_is_the_same_objects_and_another_state_of_it_is_a_later_version() -> None:
    first, again = (written(ExportFormat.STIX, exported(read())) for _ in range(2))
    assert first == again
    later = Exported(read(version=2), 2, "CURRENT", Rendition.FULL, "UK", SHOWN.replace(minute=31))
    one, other = (
        next(found for found in objects_of(entry) if found["type"] == "report")
        for entry in (exported(read()), later)
    )
    assert one["id"] == other["id"]
    assert one["modified"] < other["modified"]


def test_a_name_in_texts_of_two_markings_is_two_objects() -> None:
    public = objects_of(exported(read(id="A", marking={"tlp": "TLP:CLEAR"}, judgements=None, tear_line=None)))
    closed = objects_of(exported(read(id="B")))
    shared = {one["id"] for one in public} & {one["id"] for one in closed}
    assert {identity.partition("--")[0] for identity in shared} == {"identity"}


@pytest.mark.parametrize("form", ExportFormat)
def test_an_empty_export_is_well_formed_and_has_no_marking(form: ExportFormat) -> None:
    text = written(form).decode()
    match form:
        case ExportFormat.STIX:
            assert [one.type for one in stix2.parse(text).objects] == ["identity"]
        case ExportFormat.CSV:
            assert text == ",".join(COLUMNS) + "\r\n"
        case ExportFormat.JSONL:
            assert json.loads(text) == {"type": "export", "marking": "", "assessments": 0}


@pytest.mark.parametrize(
    "cell",
    [
        *(f"{sign}1+1" for sign in "=+-@\t\r\n"),
        *(f"{blank}=1" for blank in (" ", "\u00a0", "\u200b", "\ufeff")),
        *(f"{wide}1" for wide in "\uff1d\uff0b\uff0d\uff20"),
        '=HYPERLINK("https://evil.example","x")',
        "=cmd|' /C calc'!A0",
    ],
)
def test_no_cell_is_taken_for_a_formula(cell: str) -> None:
    assert inert(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "plain", "a=b", "1-2", "'quoted'", "TLP:RED", "x\n=1"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert inert(cell) == cell


def test_hostile_text_stays_in_its_cell() -> None:
    title = '=1+1",x,"'
    text = '@SUM(1)\r\n"","x",=2\n\tend, "quoted"'
    entry = exported(read(title=title, text=text, judgements=None, tear_line=None))
    raw = written(ExportFormat.CSV, entry).decode()
    header, row = list(csv.reader(io.StringIO(raw, newline=""), strict=True))
    cells = dict(zip(header, row, strict=True))
    assert tuple(header) == COLUMNS
    assert cells["title"] == f"'{title}"
    assert cells["text"] == f"'{text}"
    assert raw.count("\r\n") == 2 + text.count("\r\n")


def test_what_an_originator_says_about_handling_is_told() -> None:
    entry = exported(read())
    assert entry.content.handling == ()
    words = "Not for systems of third parties"
    told = replace(entry, content=replace(entry.content, handling=(words,)))
    assert any(one.get("name") == words for one in bundle(told).objects)
    assert words in written(ExportFormat.CSV, told).decode()
