"""Where the thread is played: the ways into a running system, and what has happened so far."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import httpx
from pydantic import BaseModel, ConfigDict

from deploy.local.files import write_private
from services.cli.business_clock import BusinessClock
from services.cli.clients.rest import Desk, open_client
from services.cli.failures import CommandFailed
from services.cli.record import Access

THREAD_FILE: Final = "thread.json"
SERIES: Final = "uk-eu"
JOINT_MARKING: Final = "TLP:GREEN//UK OFFICIAL REL EU"
CHAIRS: Final = ("fcdo-chair", "dsit-chair", "eeas-chair", "cnect-chair")
SECRETARIAT: Final = "fcdo-secretariat"
OTHER_SECRETARIAT: Final = "eeas-secretariat"
PATIENCE: Final = 30.0


class ThreadRecord(BaseModel):
    """The ids of the thread, as far as it has come; empty where it has not. `done` names its steps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    done: tuple[str, ...] = ()
    assessments: dict[str, str] = {}
    """Ids by agency."""
    meeting_id: str = ""
    meeting_ends_at: str = ""
    draft_id: str = ""
    draft_item_id: str = ""
    agenda_id: str = ""
    item_id: str = ""
    outcome_id: str = ""
    action_id: str = ""
    action_reference: str = ""
    evidence_id: str = ""
    closure_id: str = ""

    @classmethod
    def read(cls, state: Path) -> Self:
        path = state / THREAD_FILE
        return cls.model_validate_json(path.read_text()) if path.exists() else cls()

    def write(self, state: Path) -> None:
        write_private(state / THREAD_FILE, self.model_dump_json(indent=2))

    def with_(self, **members: object) -> Self:
        """With these members replaced, and checked."""
        return type(self).model_validate(self.model_dump() | members)

    def ids(self) -> dict[str, str]:
        """Every id on the thread by the name of what it is the id of."""
        found = {
            "assessment": self.assessments.get("ncsc", ""),
            "item": self.item_id,
            "outcome": self.outcome_id,
            "action": self.action_id,
            "evidence": self.evidence_id,
            "closure": self.closure_id,
        }
        return {name: value for name, value in found.items() if value}


@dataclass(slots=True)
class Stage:
    """What every step of the thread is given."""

    access: Access
    client: httpx.AsyncClient
    clock: BusinessClock
    say: Callable[[str], None]
    record: ThreadRecord
    spans: Path | None = None
    patience: float = PATIENCE
    """Seconds that a desk waits for a service that is away."""
    _desks: dict[str, Desk] = field(default_factory=dict)

    def desk(self, account: str) -> Desk:
        if account not in self._desks:
            self._desks[account] = Desk(self.access, account, self.client, patience=self.patience)
        return self._desks[account]

    def keep(self, **members: object) -> None:
        """Remembers ids, on disk as well."""
        self.record = self.record.with_(**members)
        self.record.write(self.access.folders.state)


@asynccontextmanager
async def open_stage(
    access: Access, say: Callable[[str], None], *, spans: bool = False, patience: float = PATIENCE
) -> AsyncIterator[Stage]:
    async with open_client() as client:
        yield Stage(
            access=access,
            client=client,
            clock=BusinessClock(access.clock_file),
            say=say,
            record=ThreadRecord.read(access.folders.state),
            spans=access.folders.logs if spans else None,
            patience=patience,
        )


def require(condition: object, otherwise: str) -> None:
    """Raises `CommandFailed`: a link of the thread is missing."""
    if not condition:
        raise CommandFailed(otherwise)
