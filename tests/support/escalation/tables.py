"""What the model of escalation counts by: its own table of holidays, its own clocks, its own ladders."""

import json
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

_TABLE = json.loads((Path(__file__).parents[2] / "data" / "escalation" / "holidays.json").read_text("utf-8"))
HOLIDAYS = {party: frozenset(map(date.fromisoformat, _TABLE[party])) for party in ("UK", "EU", "US")}
CLOCKS = {
    "UK": ZoneInfo("Europe/London"),
    "EU": ZoneInfo("Europe/Brussels"),
    "US": ZoneInfo("America/New_York"),
}
LADDERS = {
    "OVERDUE": {"OWNER": 1, "DEPUTY": 5, "DIRECTOR": 10, "MINISTER": 20},
    "SILENT": {"OWNER": 1, "DEPUTY": 10, "DIRECTOR": 20, "MINISTER": 40},
    "BLOCKED": {"OWNER": 1, "DEPUTY": 5, "DIRECTOR": 15},
    "NOT_TAKEN_ON": {"OWNER": 1, "DEPUTY": 5, "DIRECTOR": 10},
    "MISSED_REPORT": {"OWNER": 1, "DEPUTY": 5, "DIRECTOR": 15},
    "DORMANT": {"OWNER": 1, "DEPUTY": 5, "DIRECTOR": 10},
}
FROM_HOUR = 9
REMIND_BEFORE, REMIND_AFTER = (30, 14, 3), (1, 5, 10)
SILENT_AFTER, LONG, DORMANT_AFTER = timedelta(days=90), timedelta(days=30), timedelta(days=120)
FIRST_ROUNDS = {"uk-eu": date(2026, 1, 12), "uk-us-cmr": date(2026, 2, 9)}
ROUND_REMINDS, ROUND_DUE, ROUND_CLOSES = 5, 10, 15
FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)
WORKING = {
    party: [
        day
        for day in (FIRST + timedelta(days=count) for count in range((LAST - FIRST).days + 1))
        if day.isoweekday() <= 5 and day not in HOLIDAYS[party]
    ]
    for party in HOLIDAYS
}
OWNERS = {
    "uk-eu": (("UK", "DSIT"), ("EU", "CNECT")),
    "uk-us-cmr": (("UK", "STRATCOM"), ("US", "USCYBERCOM")),
}
"""Who can own in the stories, by series; the first owner is the one who acts."""
