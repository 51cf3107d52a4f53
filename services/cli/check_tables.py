"""A checked file as a person reads it. Every text of the file is made safe for the terminal first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli.terminal import printable
from services.threatfeed.usecases.check_files import FileCheck, Verdict

_STYLES: Final = {Verdict.ACCEPTED: "green", Verdict.PARTIAL: "yellow", Verdict.REJECTED: "red"}
_SHOWN: Final = 20
_LISTS: Final = ("actors", "techniques", "vulnerabilities", "sectors", "locations")
_LONGEST: Final = 200


def print_check(checked: FileCheck, console: Console) -> None:
    """The verdict, what was understood of each assessment, and why anything is rejected."""
    document = checked.to_document()
    head = Text(f"{printable(checked.file)}: ")
    head.append(checked.verdict.value, style=_STYLES[checked.verdict])
    head.append(f"  {checked.format or 'unrecognised'}, as {checked.agency}", style="dim")
    console.print(head, soft_wrap=True)
    assessments: Any = document["assessments"]
    rejections: Any = document["rejections"]
    for assessment in assessments[:_SHOWN]:
        console.print(_assessment(assessment))
    if len(assessments) > _SHOWN:
        console.print(Text(f"  and {len(assessments) - _SHOWN} more accepted", style="dim"))
    if rejections:
        console.print(_rejections(rejections))


def _assessment(assessment: Mapping[str, Any]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _rows(assessment):
        table.add_row(f"  {name}", Text(_shortened(value)))
    return table


def _rows(assessment: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "id", f"{assessment['source_object_id']}  version {assessment['version_key']}"
    if assessment["revoked"]:
        yield "withdrawn", f"{assessment['cause']}: {assessment['reason']}"
        return
    yield "title", assessment["title"]
    yield "dates", _dates(assessment)
    yield "marking", _marking(assessment["marking"])
    for name in _LISTS:
        if assessment[name]:
            yield name, ", ".join(map(_named, assessment[name]))
    if assessment["themes"]:
        yield "themes", ", ".join(f"{item['theme']} ({item['rule_id']})" for item in assessment["themes"])
    for judgement in assessment["judgements"]:
        likely, sound = judgement["likelihood"], judgement["analytic_confidence"]
        yield (
            "judgement",
            " | ".join(
                [
                    judgement["statement"],
                    likely["value"] if likely else "no likelihood",
                    f"confidence {sound['value'] if sound else 'unspecified'}",
                ]
            ),
        )
    for severity in assessment["severity"]:
        yield "severity", f"{severity['scheme']}: {severity['original']}"


def _named(item: str | Mapping[str, Any]) -> str:
    """A name, a technique by its id, a sector or a place by its words with its code."""
    if isinstance(item, str):
        return item
    if "id" in item:
        return str(item["id"])
    return item["as_reported"] if item["code"] is None else f"{item['as_reported']} ({item['code']})"


def _dates(assessment: Mapping[str, Any]) -> str:
    parts = [f"published {assessment['published']}"]
    if assessment["modified"]:
        parts.append(f"modified {assessment['modified']}")
    if assessment["language"]:
        parts.append(f"language {assessment['language']}")
    return ", ".join(parts)


def _marking(marking: Mapping[str, Any]) -> str:
    text = " + ".join(part for part in (marking["national"], marking["tlp"]) if part)
    return f"{text} (unmarked: public by rule {marking['rule']})" if marking["rule"] else text


def _rejections(rejections: Sequence[Mapping[str, Any]]) -> Table:
    table = Table("  rejected", "at", "because", box=None, pad_edge=False, header_style="dim")
    for column in table.columns:
        column.overflow = "fold"
    for rejection in rejections[:_SHOWN]:
        table.add_row(
            Text(f"  {rejection['code']}", style="red"),
            Text(_shortened(rejection["pointer"] or "-")),
            Text(_shortened(rejection["message"])),
        )
    if len(rejections) > _SHOWN:
        table.add_row("", "", Text(f"and {len(rejections) - _SHOWN} more", style="dim"))
    return table


def _shortened(text: str) -> str:
    return printable(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
