"""Pictures and the health of feeds, as a person reads them."""

from typing import Any, Final

from rich.table import Table

_TREND: Final = {"RISING": "↑", "STEADY": "", "FALLING": "↓"}
_KINDS: Final = ("themes", "sectors", "parties")
_MOST: Final = 12
_MOST_REASONS: Final = 4


def tempo_table(picture: Any) -> Table:
    """What was published in each window, with the window before it, the busiest first."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"{picture['audience']}, {picture['as_of']}")
    for days in _windows(picture):
        table.add_column(f"{days} days", justify="right", no_wrap=True)
    if not any(picture[kind] for kind in _KINDS):
        table.add_row("nothing was published in the windows that are counted")
    for kind in _KINDS:
        tempos = sorted(picture[kind], key=lambda tempo: -tempo["windows"][-1]["count"])
        for tempo in tempos[:_MOST]:
            table.add_row(f"{kind}: {tempo['subject']}", *(_count(window) for window in tempo["windows"]))
    return table


def _windows(picture: Any) -> list[int]:
    for kind in _KINDS:
        for tempo in picture[kind]:
            return [window["days"] for window in tempo["windows"]]
    return []


def _count(window: Any) -> str:
    return f"{window['count']} (before {window['before']}) {_TREND[window['trend']]:1}"


def rhythm_table(picture: Any) -> Table:
    """How long each agency has published nothing, beside what is usual for it."""
    table = Table("agency", "last published", "silent for", "usually", "", box=None, pad_edge=False)
    for agency in picture["agencies"]:
        table.add_row(
            agency["agency"],
            agency["last_published"],
            f"{agency['silent_days']} d",
            _gap(agency["usual_gap_hours"]),
            agency["rhythm"].lower(),
        )
    return table


def feeds_table(feeds: list[Any]) -> Table:
    """How each feed does: what came, what was rejected and why, what waits, and how long it is silent."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in (
        "feed",
        "last seen",
        "usually",
        "",
        "last day",
        "last week",
        "waiting",
        "rejected, and why",
    ):
        table.add_column(title, no_wrap=title == "last seen")
    for feed in feeds:
        day, week = feed["rates"][0], feed["rates"][-1]
        table.add_row(
            feed["agency"],
            feed["last_seen"][:16].replace("T", " ") if feed["last_seen"] else "never",
            _gap(feed["usual_gap_hours"]),
            feed["rhythm"].lower(),
            str(day["submissions"]),
            str(week["submissions"]),
            "?" if feed["lag"] is None else str(feed["lag"]),
            ", ".join(f"{reject['count']} {reject['reason']}" for reject in feed["rejects"][:_MOST_REASONS]),
        )
    return table


def _gap(hours: int | None) -> str:
    if hours is None:
        return "not known"
    return f"{hours} h" if hours < 48 else f"{hours / 24:g} d"
