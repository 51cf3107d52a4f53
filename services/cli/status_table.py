"""The actions of an audience as leadership reads them: what a feed's steps amount to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from entente.exchange.v1.action_status_pb2 import ActionState, ActionStatus, BasisState, Rag, Timeliness
from google.protobuf.json_format import MessageToDict
from rich.table import Table
from rich.text import Text

from services.cli.clients.status_feeds import Kind, Step
from services.cli.terminal import printable

_COLOURS: Final[Mapping[str, str]] = {"GREEN": "green", "AMBER": "yellow", "RED": "red"}
_LONGEST_TEXT: Final = 200
_COLUMNS: Final = (
    "action",
    "state",
    "RAG",
    "computed",
    "due",
    "basis",
    "owners",
    "what was agreed",
    "changed",
)
_WRAPPED: Final = frozenset({"owners", "what was agreed"})


@dataclass(slots=True)
class StatusBoard:
    """The newest status of every action, and how the connection does."""

    audience: str
    held: dict[str, ActionStatus] = field(default_factory=dict)
    token: str = ""
    connection: str = "connecting"
    notices: dict[str, str] = field(default_factory=dict)
    last: str = ""
    """The action that changed last."""

    def take(self, step: Step) -> None:
        self.connection = "live"
        match step.kind:
            case Kind.LOST:
                self.connection = f"reconnecting: {step.text}"
            case Kind.RESET:
                self.held.clear()
                self.token = ""
            case Kind.NOTICE:
                self.notices[step.text.partition(" ")[0]] = step.text
            case Kind.STATUS if step.status is not None and step.status.withheld:
                self.held.pop(step.status.action_id, None)
            case Kind.STATUS if step.status is not None:
                self.held[step.status.action_id] = step.status
                self.last = step.status.action_id
        if step.kind not in {Kind.RESET, Kind.LOST} and step.token:
            self.token = step.token

    def table(self) -> Table:
        table = Table(
            title=Text(f"{self.audience}: {len(self.held)} actions"),
            caption=Text(printable("  ".join([self.connection, *self.notices.values(), self.token]))),
            expand=True,
            header_style="bold",
        )
        for heading in _COLUMNS:
            table.add_column(heading, no_wrap=heading not in _WRAPPED)
        for status in sorted(self.held.values(), key=lambda one: one.reference):
            table.add_row(*_cells(status), style="bold" if status.action_id == self.last else "")
        return table


def _cells(status: ActionStatus) -> list[Text]:
    rag, computed = _rag(status.rag), _rag(status.computed_rag)
    due = status.due_date + (
        "" if not status.due_date_change_count else f" (moved {status.due_date_change_count}x)"
    )
    agreed = status.text if len(status.text) <= _LONGEST_TEXT else f"{status.text[:_LONGEST_TEXT]}…"
    return [
        Text(printable(status.reference)),
        Text(_state(status)),
        Text(f"{rag}{' (stale)' if status.rag_is_stale else ''}", style=_COLOURS.get(rag, "")),
        Text(f"{computed}{' !' if status.contradicted else ''}", style=_COLOURS.get(computed, "")),
        Text(printable(due), style="red" if status.timeliness == Timeliness.TIMELINESS_OVERDUE else ""),
        Text(_basis(status)),
        Text(printable(_owners(status))),
        Text(printable(agreed)),
        Text(printable(_when(status.changed_at))),
    ]


def plain_line(step: Step) -> str | None:
    """The step on one line; None for what a reader of lines need not see."""
    if step.kind is Kind.HEARTBEAT:
        return None
    status = step.status
    if status is None:
        return printable(" ".join(word for word in ("--", step.kind, step.text, step.token) if word))
    if status.withheld:
        return printable(f"{status.changed_at[:19]}  {status.action_id} is no longer shown  [{step.token}]")
    words = [
        status.changed_at[:19],
        status.reference,
        _state(status),
        _rag(status.rag),
        f"due {status.due_date}",
        f"{_basis(status)} basis",
        _owners(status),
        status.text,
        f"[{step.token}]",
    ]
    return printable("  ".join(word for word in words if word))


def document(step: Step) -> dict[str, Any]:
    """The step for programs."""
    told: dict[str, Any] = {"kind": step.kind.value, "token": step.token}
    if step.status is not None:
        told["status"] = MessageToDict(step.status)
    if step.text:
        told["text"] = step.text
    return told


def _state(status: ActionStatus) -> str:
    return _name(ActionState, status.state, "ACTION_STATE_")


def _rag(rag: int) -> str:
    return _name(Rag, rag, "RAG_") if rag else ""


def _basis(status: ActionStatus) -> str:
    return _name(BasisState, status.basis, "BASIS_STATE_").lower()


def _name(values: Any, value: int, prefix: str) -> str:
    """The word for a value; its number where a newer service knows more of them."""
    return str(values.Name(value)).removeprefix(prefix) if value in values.values() else str(value)


def _owners(status: ActionStatus) -> str:
    return ", ".join(owner.organisation for owner in status.owners)


def _when(instant: str) -> str:
    try:
        return f"{datetime.fromisoformat(instant):%Y-%m-%d %H:%M:%S}"
    except ValueError:
        return instant
