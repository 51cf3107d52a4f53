"""The tables of states are whole, and permissions are one table."""

import itertools
from enum import StrEnum

import pytest

from services.agenda.domain.agenda import AGENDA_TRANSITIONS, AgendaCommand, AgendaState
from services.agenda.domain.conclusions import (
    CONCLUSIONS_TRANSITIONS,
    ConclusionsCommand,
    ConclusionsState,
)
from services.agenda.domain.meeting import MEETING_TRANSITIONS, MeetingCommand, MeetingState
from services.agenda.domain.outcome import OUTCOME_TRANSITIONS, OutcomeCommand, OutcomeState
from services.agenda.domain.permissions import PERMISSIONS, Command
from services.agenda.domain.proposal import PROPOSAL_TRANSITIONS, ProposalCommand, ProposalState
from services.agenda.domain.refusals import IllegalTransition
from services.agenda.domain.transitions import Table, step
from services.kernel.parties import Role

TABLES: list[tuple[Table[StrEnum, StrEnum], type[StrEnum], type[StrEnum]]] = [
    (MEETING_TRANSITIONS, MeetingState, MeetingCommand),  # type: ignore[list-item]
    (AGENDA_TRANSITIONS, AgendaState, AgendaCommand),  # type: ignore[list-item]
    (OUTCOME_TRANSITIONS, OutcomeState, OutcomeCommand),  # type: ignore[list-item]
    (CONCLUSIONS_TRANSITIONS, ConclusionsState, ConclusionsCommand),  # type: ignore[list-item]
    (PROPOSAL_TRANSITIONS, ProposalState, ProposalCommand),  # type: ignore[list-item]
]


@pytest.mark.parametrize(("table", "states", "commands"), TABLES)
def test_every_command_in_every_state_leads_somewhere_or_is_refused(
    table: Table[StrEnum, StrEnum], states: type[StrEnum], commands: type[StrEnum]
) -> None:
    assert set(table) == set(states)
    for state, command in itertools.product(states, commands):
        following = table[state][command]
        if following is None:
            with pytest.raises(IllegalTransition) as refused:
                step(table, state, command)
            assert refused.value.metadata == {"state": state.value, "command": command.value}
        else:
            assert step(table, state, command) in states


def test_nothing_leaves_a_superseded_agenda_or_an_agreed_outcome() -> None:
    assert set(AGENDA_TRANSITIONS[AgendaState.SUPERSEDED].values()) == {None}
    assert set(OUTCOME_TRANSITIONS[OutcomeState.AGREED].values()) == {None}


def test_only_the_last_agreement_makes_an_agenda_agreed() -> None:
    ways = {
        (state, command)
        for state, row in AGENDA_TRANSITIONS.items()
        for command, following in row.items()
        if following is AgendaState.AGREED
    }
    assert ways == {(AgendaState.TABLED, AgendaCommand.COMPLETE)}


def test_every_command_says_who_may_and_only_chairs_agree() -> None:
    assert set(PERMISSIONS) == set(Command)
    assert all(PERMISSIONS.values())
    for command in (Command.AGREE_AGENDA, Command.AGREE_OUTCOME):
        assert PERMISSIONS[command] == {Role.CHAIR}
    for command in (Command.PLAN_MEETING, Command.EDIT_DRAFT, Command.TABLE_AGENDA, Command.PROPOSE):
        assert PERMISSIONS[command] == {Role.SECRETARIAT}
