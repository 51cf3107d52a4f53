"""The filter of a list, of changes and of figures, as a query."""

from datetime import date
from typing import Annotated

from fastapi import Depends, Query

from services.actions.domain.action import Rag
from services.actions.domain.filters import LONGEST_TEXT, ActionFilter, Archived
from services.actions.domain.states import State

_Id = Query(max_length=100)
_States = Annotated[list[State] | None, Query(max_length=len(State), description="Any of these")]
_Rags = Annotated[list[Rag] | None, Query(max_length=len(Rag), description="Any of these")]


def _wanted(
    state: _States = None,
    claimed_rag: _Rags = None,
    computed_rag: _Rags = None,
    open_only: bool = False,
    contradicted: Annotated[
        bool | None, Query(description="The owner rates it better than the rules do")
    ] = None,
    owner: Annotated[str, Query(max_length=100, description="Accountable organisation")] = "",
    party: Annotated[str, Query(max_length=100, description="Owning party")] = "",
    supporting: Annotated[str, Query(max_length=100, description="Supporting organisation")] = "",
    lead_official: Annotated[
        str, Query(max_length=LONGEST_TEXT, description="A post, or an official of the own side")
    ] = "",
    assigned_to_me: Annotated[bool, Query(description="Led by the one who asks")] = False,
    commitment: Annotated[str, _Id] = "",
    instrument: Annotated[str, _Id] = "",
    edition: Annotated[int | None, Query(ge=1, le=9999, description="Year of the reference")] = None,
    meeting_id: Annotated[str, _Id] = "",
    overdue: bool | None = None,
    blocked: bool | None = None,
    standing: Annotated[bool | None, Query(description="Reviewed every year")] = None,
    due_from: Annotated[date | None, Query(description="The date agreed now, from this day on")] = None,
    due_to: Annotated[date | None, Query(description="Up to and with this day")] = None,
    text: Annotated[str, Query(max_length=LONGEST_TEXT, description="Stands in the agreed text")] = "",
    archived: Annotated[
        Archived | None,
        Query(description="Only what is archived, all but that, or all; else lists leave it out"),
    ] = None,
) -> ActionFilter:
    return ActionFilter(
        states=tuple(state or ()),
        claimed=tuple(claimed_rag or ()),
        computed=tuple(computed_rag or ()),
        open_only=open_only,
        contradicted=contradicted,
        owner=owner,
        party=party,
        supporting=supporting,
        lead_official=lead_official,
        assigned_to_me=assigned_to_me,
        commitment=commitment,
        instrument=instrument,
        edition=edition,
        meeting_id=meeting_id,
        overdue=overdue,
        blocked=blocked,
        standing=standing,
        due_from=due_from,
        due_to=due_to,
        text=text,
        archived=archived,
    )


FilterDependency = Annotated[ActionFilter, Depends(_wanted)]
