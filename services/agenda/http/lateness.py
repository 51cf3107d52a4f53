"""How it is shown that something came after its deadline."""

from datetime import date

from pydantic import BaseModel

from services.agenda.domain.lateness import MissedDeadline


class MissedDeadlineModel(BaseModel):
    """The deadline that something came after; `due` is the working day on which it was."""

    name: str
    due: date


def missed_model(missed: MissedDeadline | None) -> MissedDeadlineModel | None:
    """None for what came in time, or where there is no deadline."""
    return None if missed is None else MissedDeadlineModel(name=missed.name, due=missed.due)
