"""Which actions are asked for, and in which order: one question for lists, changes and figures alike."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from services.actions.domain.action import Rag
from services.actions.domain.states import State
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue
from services.kernel.series import Series

LONGEST_TEXT = 200


class Order(StrEnum):
    """What a list is sorted by; equals stand in the order of their references."""

    ORIGINAL_DUE_DATE = "ORIGINAL_DUE_DATE"
    DUE_DATE = "DUE_DATE"
    OPENED_AT = "OPENED_AT"
    REFERENCE = "REFERENCE"


class Archived(StrEnum):
    """Whether what is archived is asked for: it alone, all but it, or both."""

    ONLY = "true"
    LEFT_OUT = "false"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFilter:
    """Every member that is given must hold; of several values of one member, any.

    `owner` is an accountable organisation, `supporting` one that helps, `party` one whose organisation owns.
    `lead_official` is the post of whoever leads, of any party, or on the asking side the id of that official;
    `assigned_to_me` is whether that is the one who asks, for the own organisation.
    `contradicted` is whether the owner rates it better than the rules do. `due_from` and `due_to` are days of
    the date agreed now, both within. `text` stands somewhere in the agreed text, in whichever case. Without
    `archived` everything counts, and lists leave out what is archived.
    """

    states: Collection[State] = ()
    claimed: Collection[Rag] = ()
    computed: Collection[Rag] = ()
    open_only: bool = False
    contradicted: bool | None = None
    owner: str = ""
    party: str = ""
    supporting: str = ""
    lead_official: str = ""
    assigned_to_me: bool = False
    commitment: str = ""
    instrument: str = ""
    edition: int | None = None
    meeting_id: str = ""
    overdue: bool | None = None
    blocked: bool | None = None
    standing: bool | None = None
    due_from: date | None = None
    due_to: date | None = None
    text: str = ""
    archived: Archived | None = None

    def check(self, series: Series, policy: Policy) -> None:
        """Raises `InvalidValue` for what can hold of no action of the series."""
        for name in ("owner", "supporting"):
            organisation = getattr(self, name)
            if organisation and organisation not in policy.organisations:
                raise InvalidValue("no organisation of the policy", pointer=f"/{name}")
        if self.party and self.party not in series.parties:
            raise InvalidValue("no party of the series", pointer="/party")
        if self.instrument and self.instrument not in series.instruments:
            raise InvalidValue("no instrument of the series", pointer="/instrument")
        if self.commitment and self.commitment not in _commitments(series.instruments, policy):
            raise InvalidValue("no commitment of an instrument of the series", pointer="/commitment")
        if self.edition is not None and not 1 <= self.edition <= 9999:
            raise InvalidValue("an edition is a year", pointer="/edition")
        if self.due_from and self.due_to and self.due_from > self.due_to:
            raise InvalidValue("the first day lies after the last", pointer="/due_from")
        for name in ("text", "meeting_id", "lead_official"):
            value = getattr(self, name)
            if len(value) > LONGEST_TEXT or not value.isprintable():
                raise InvalidValue(f"at most {LONGEST_TEXT} printable characters", pointer=f"/{name}")

    def listed(self) -> "ActionFilter":
        """As it is asked of a list: what is archived is left out unless the filter speaks of it."""
        return self if self.archived is not None else replace(self, archived=Archived.LEFT_OUT)

    def commitments(self, policy: Policy) -> list[str] | None:
        """The commitments of the instrument asked for; None where none is."""
        return _commitments([self.instrument], policy) if self.instrument else None


ANY = ActionFilter()
"""Every action of a series."""


def _commitments(instruments: Collection[str], policy: Policy) -> list[str]:
    return [
        commitment.id
        for instrument in instruments
        for commitment in policy.instrument(instrument).commitments
    ]
