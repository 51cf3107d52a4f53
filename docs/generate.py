"""Writes the pages of docs/reference that are drawn from the code: `python docs/generate.py`."""

import importlib
import json
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from fastapi import APIRouter

import services
from services.actions.app import TITLE as ACTIONS
from services.actions.app import routers as action_routes
from services.actions.domain import definitions
from services.actions.domain.rounds import ROUND_STEPS
from services.actions.domain.states import RULES, diagram
from services.agenda.app import TITLE as AGENDA
from services.agenda.domain.agenda import AGENDA_TRANSITIONS
from services.agenda.domain.meeting import MEETING_TRANSITIONS
from services.agenda.domain.outcome import OUTCOME_TRANSITIONS
from services.agenda.http.routes import routes as agenda_routes
from services.chassis.http.description import new_application
from services.kernel.refusals import Refusal
from services.threatfeed.app import TITLE as THREATFEED
from services.threatfeed.formats.narrative import json_schema
from services.threatfeed.http.routes import routes as threatfeed_routes

FOLDER = Path(__file__).resolve().parent / "reference"
_OF_RECEIPTS = (
    *("services.threatfeed.domain.refusals", "services.kernel.markings.refusals"),
    *("services.kernel.scales", "services.chassis.consumer.records"),
)
_ALSO_OF_RECEIPTS = frozenset({"HOLDING_REFUSED", "AGENCY_UNKNOWN"})
_HEAD = """# Reasons

Why something is refused. The codes are stable: callers match on them; texts may change. This page is
generated from the refusals in the code; `make proto` writes it anew.
"""
_LIFECYCLE = """# How an action moves

Every move that is not drawn is refused with `ILLEGAL_MOVE`. A move of an owner belongs to an organisation
that is accountable for the action. What moves a due date, ends an action without completion or reopens it
is proposed by one party, and made when every party asked has accepted. This page is generated; `make proto`
writes it anew.
"""
_KINDS = "Over REST a reason is the member `reason` of the problem (RFC 9457), over gRPC that of `ErrorInfo`."


def pages() -> dict[Path, str]:
    """The text of each page."""
    return {
        FOLDER / "reasons.md": _reasons(),
        FOLDER / "action-lifecycle.md": _lifecycle(),
        FOLDER / "reporting.md": _reporting(),
        FOLDER / "agenda-states.md": _agenda_states(),
        FOLDER / "narrative.schema.json": _json(json_schema()),
        FOLDER / "openapi" / "threatfeed.json": _openapi(THREATFEED, threatfeed_routes()),
        FOLDER / "openapi" / "agenda.json": _openapi(AGENDA, agenda_routes()),
        FOLDER / "openapi" / "actions.json": _openapi(ACTIONS, action_routes()),
    }


_REPORTING = """# How actions are rated and reported on

Two ratings stand side by side: the owner's own, and one that is computed. This page is generated from the
definitions in the code, which `GET /v1/rating-definitions` and `GetRatingDefinitions` give too; `make proto`
writes it anew.
"""
_ROUNDS = """## A reporting round

A round that is CLOSED or NOT_HELD stays so. What the steps mean is on the page of
[actions](../architecture/actions.md).
"""


def _reporting() -> str:
    claimed = [f"| {rag} | {meaning} |" for rag, meaning in definitions.MEANINGS.items()]
    rules = [f"| `{rule.name}` | {rule.rating} | {rule.meaning} |" for rule in definitions.computed_rules()]
    words = [f"| {word} | {meaning} |" for word, meaning in definitions.TIMELINESS.items()]
    owner = f"The words are those of the {definitions.SOURCE}; AMBER and RED need a narrative."
    ratings = [
        *("## The owner's rating", "", owner, "", "| rating | means |", "|---|---|", *claimed, ""),
        *("## The computed rating", "", definitions.COMPUTED, ""),
        *("| rule | at best | holds where |", "|---|---|---|", *rules, ""),
        *(
            "## Beside both",
            "",
            f"Contradicted: {definitions.CONTRADICTED}",
            "",
            f"Stale: {definitions.STALE}",
            "",
        ),
        *("| timeliness | means |", "|---|---|", *words, ""),
    ]
    steps: Mapping[StrEnum, Mapping[StrEnum, StrEnum | None]] = ROUND_STEPS  # type: ignore[assignment]
    drawn = _diagram("A reporting round", steps).split("\n", 2)[2]
    return "\n".join([_REPORTING, *ratings, _ROUNDS, drawn])


_STATES = """# States of meetings, agendas and outcomes

Drawn from the tables of the agenda service; `make proto` writes this page anew. A command that no arrow of
a state bears is refused there with ILLEGAL_TRANSITION.
"""


def _agenda_states() -> str:
    tables: dict[str, Mapping[StrEnum, Mapping[StrEnum, StrEnum | None]]] = {
        "A meeting": MEETING_TRANSITIONS,  # type: ignore[dict-item]
        "A tabled agenda": AGENDA_TRANSITIONS,  # type: ignore[dict-item]
        "An outcome": OUTCOME_TRANSITIONS,  # type: ignore[dict-item]
    }
    return "\n".join([_STATES, *(_diagram(title, table) for title, table in tables.items())])


def _diagram(title: str, table: Mapping[StrEnum, Mapping[StrEnum, StrEnum | None]]) -> str:
    arrows: dict[tuple[str, str], list[str]] = {}
    for state, row in table.items():
        for command, following in row.items():
            if following is not None:
                arrows.setdefault((state.value, following.value), []).append(command.value)
    lines = [f"    {start} --> {end}: {', '.join(names)}" for (start, end), names in arrows.items()]
    first = next(iter(table)).value
    return "\n".join(
        [f"## {title}", "", "```mermaid", "stateDiagram-v2", f"    [*] --> {first}", *lines, "```", ""]
    )


def _json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _openapi(title: str, routers: Sequence[APIRouter]) -> str:
    return _json(new_application(title, "v1", routers).openapi())


def _lifecycle() -> str:
    rows = [
        f"| `{move}` | {', '.join(sorted(role.value for role in rule.roles))} | `{rule.audit}` |"
        for move, rule in RULES.items()
    ]
    head = ["| move | who may | recorded as |", "|---|---|---|"]
    return "\n".join([_LIFECYCLE, "```mermaid", diagram(), "```", "", *head, *rows, ""])


def _reasons() -> str:
    of_receipts: list[str] = []
    of_requests: list[str] = []
    for refusal in sorted(_refusals(), key=lambda found: (found.reason, found.__module__)):
        meaning = " ".join((refusal.__dict__["__doc__"] or "").split())
        row = f"| `{refusal.reason}` | {meaning} | {refusal.kind} |"
        in_receipts = refusal.__module__ in _OF_RECEIPTS or refusal.reason in _ALSO_OF_RECEIPTS
        (of_receipts if in_receipts else of_requests).append(row)
    head = ["| code | meaning | kind |", "|---|---|---|"]
    return "\n".join(
        [
            *(_HEAD, "## Of submissions: in receipts and in `entente check`", "", *head, *of_receipts, ""),
            *("## Of requests and events", "", _KINDS, "", *head, *of_requests, ""),
        ]
    )


def _refusals() -> Iterator[type[Refusal]]:
    """Every refusal that names a reason, of every module that can be imported."""
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    waiting: list[type[Refusal]] = [Refusal]
    found: dict[type[Refusal], None] = {}
    while waiting:
        for refusal in waiting.pop().__subclasses__():
            waiting.append(refusal)
            if "reason" in refusal.__dict__ and refusal.__module__.startswith("services."):
                found[refusal] = None
    return iter(found)


if __name__ == "__main__":
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
