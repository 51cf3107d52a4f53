"""A meeting's run clock as a room reads it from a screen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from services.cli.terminal import printable

_STATES: Final[Mapping[str, str]] = {
    "WAITING": "between items",
    "ON_ITEM": "an item runs",
    "ON_BREAK": "break",
}
_COLUMNS: Final = ("", "item", "minutes", "used", "left", "starts")
_LONGEST_TITLE: Final = 120


@dataclass(slots=True)
class ClockBoard:
    """The newest answer, and how the connection does."""

    shown: dict[str, Any] | None = None
    connection: str = "connecting"

    def take(self, shown: dict[str, Any]) -> None:
        self.shown, self.connection = shown, "live"

    def lost(self, why: str) -> None:
        self.connection = f"reconnecting: {why}"

    def table(self) -> Table:
        shown = self.shown
        title = "the run clock" if shown is None else heading(shown)
        table = Table(
            title=Text(title),
            caption=Text(printable(self.connection)),
            expand=True,
            header_style="bold",
        )
        for column in _COLUMNS:
            table.add_column(
                column, no_wrap=column != "item", justify="right" if column != "item" else "left"
            )
        if shown is None:
            return table
        current = shown["current"]
        if current is not None:
            over = current["over_by"] > 0
            left = f"{current['over_by']:.0f} over" if over else f"{current['left_minutes']:.0f}"
            table.add_row(
                Text(f"> {current['number']}"),
                Text(_title(current)),
                Text(str(current["planned_minutes"])),
                Text(f"{current['elapsed_minutes']:.0f}"),
                Text(left, style="bold red" if over else ""),
                Text("now"),
                style="bold",
            )
        for one in shown["coming"]:
            table.add_row(
                Text(str(one["number"])),
                Text(_title(one)),
                Text(_minutes(one), style="yellow" if one["minutes"] != one["planned_minutes"] else ""),
                Text(""),
                Text(""),
                Text(_clock(one["starts_at"], shown["time_zone"])),
            )
        table.add_section()
        table.add_row("", Text(ending(shown), style="bold red" if shown["late_by"] > 0 else "green"))
        return table


def clock_lines(shown: Mapping[str, Any]) -> Iterator[str]:
    """The same where no terminal is."""
    yield heading(shown)
    current = shown["current"]
    if current is not None:
        over = f", {current['over_by']:.0f} over" if current["over_by"] > 0 else ""
        yield (
            f">{current['number']:>3}. {_title(current)}"
            f"  {current['elapsed_minutes']:.0f} of {current['planned_minutes']} min{over}"
        )
    for one in shown["coming"]:
        starts = _clock(one["starts_at"], shown["time_zone"])
        yield f" {one['number']:>3}. {_title(one)}  {_minutes(one)} min{f', from {starts}' if starts else ''}"
    yield ending(shown)


def heading(shown: Mapping[str, Any]) -> str:
    """Which meeting, what happens, and what is left."""
    at = _clock(shown["as_of"], shown["time_zone"])
    state = _STATES.get(shown["state"], shown["state"])
    left = f"{shown['remaining_minutes']:.0f} minutes remain"
    return printable(f"{shown['title']} {shown['edition']}  {at}  {state}, {left}")


def ending(shown: Mapping[str, Any]) -> str:
    """When it will end, by how much that is late, and when by a new plan of the rest."""
    zone = shown["time_zone"]
    said = f"ends about {_clock(shown['predicted_end'], zone)}"
    if shown["late_by"] <= 0:
        return f"{said}, in time"
    return (
        f"{said}, {shown['late_by']:.0f} minutes late;"
        f" by a new plan of the rest at {_clock(shown['replanned_end'], zone)}"
    )


def _title(item: Mapping[str, Any]) -> str:
    title = printable(item["title"])
    return title if len(title) <= _LONGEST_TITLE else f"{title[:_LONGEST_TITLE]}…"


def _minutes(item: Mapping[str, Any]) -> str:
    if item["minutes"] is None:
        return f"0 of {item['planned_minutes']}"
    if item["minutes"] == item["planned_minutes"]:
        return str(item["minutes"])
    return f"{item['minutes']} of {item['planned_minutes']}"


def _clock(instant: str | None, zone: str) -> str:
    """As the clocks of the place show it, with the day, since a meeting may have several."""
    if instant is None:
        return ""
    return f"{datetime.fromisoformat(instant).astimezone(ZoneInfo(zone)):%d %b %H:%M}"
