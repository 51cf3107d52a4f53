"""Who may do what: one table of commands and roles. A role counts only as an entitlement in the series."""

from collections.abc import Mapping
from enum import StrEnum

from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess


class Command(StrEnum):
    PLAN_MEETING = "PLAN_MEETING"
    READ_MEETING = "READ_MEETING"
    READ_HISTORY = "READ_HISTORY"
    HOLD_MEETING = "HOLD_MEETING"
    LIST_CANDIDATES = "LIST_CANDIDATES"
    READ_RANKING = "READ_RANKING"
    READ_PROPOSAL = "READ_PROPOSAL"
    PROPOSE = "PROPOSE"
    START_DRAFT = "START_DRAFT"
    READ_DRAFT = "READ_DRAFT"
    EDIT_DRAFT = "EDIT_DRAFT"
    COMMENT_DRAFT = "COMMENT_DRAFT"
    ASK_CLEARANCE = "ASK_CLEARANCE"
    ANSWER_CLEARANCE = "ANSWER_CLEARANCE"
    READ_BRIEF = "READ_BRIEF"
    WRITE_BRIEF = "WRITE_BRIEF"
    TABLE_AGENDA = "TABLE_AGENDA"
    READ_AGENDA = "READ_AGENDA"
    ANSWER_ITEMS = "ANSWER_ITEMS"
    AGREE_AGENDA = "AGREE_AGENDA"
    READ_REGISTER = "READ_REGISTER"
    EDIT_REGISTER = "EDIT_REGISTER"
    READ_RUN = "READ_RUN"
    RUN_MEETING = "RUN_MEETING"
    READ_MINUTES = "READ_MINUTES"
    EDIT_MINUTES = "EDIT_MINUTES"
    PROPOSE_OUTCOME = "PROPOSE_OUTCOME"
    LINK_ACTIONS = "LINK_ACTIONS"
    READ_LINKS = "READ_LINKS"
    READ_OUTCOME = "READ_OUTCOME"
    AGREE_OUTCOME = "AGREE_OUTCOME"
    CLEAR_OUTCOME = "CLEAR_OUTCOME"
    READ_CLEARANCES = "READ_CLEARANCES"
    TRACE = "TRACE"
    READ_WITHDRAWAL_TASKS = "READ_WITHDRAWAL_TASKS"
    CLOSE_WITHDRAWAL_TASK = "CLOSE_WITHDRAWAL_TASK"


_SECRETARIES = frozenset({Role.SECRETARIAT})
_DELEGATION = frozenset({Role.SECRETARIAT, Role.CHAIR})
_READERS = frozenset({Role.SECRETARIAT, Role.CHAIR, Role.OWNER, Role.LEADERSHIP, Role.AUDITOR})
_OFFICIALS = frozenset({Role.SECRETARIAT, Role.CHAIR, Role.OWNER, Role.LEADERSHIP, Role.RELEASE_OFFICER})
_CHAIRS = frozenset({Role.CHAIR})

PERMISSIONS: Mapping[Command, frozenset[Role]] = {
    Command.PLAN_MEETING: _SECRETARIES,
    Command.READ_MEETING: _READERS,
    Command.READ_HISTORY: _READERS,
    Command.HOLD_MEETING: _DELEGATION,
    Command.LIST_CANDIDATES: _SECRETARIES,
    Command.READ_RANKING: _SECRETARIES,
    Command.READ_PROPOSAL: _DELEGATION,
    Command.PROPOSE: _SECRETARIES,
    Command.START_DRAFT: _SECRETARIES,
    Command.READ_DRAFT: _DELEGATION,
    Command.EDIT_DRAFT: _SECRETARIES,
    Command.COMMENT_DRAFT: _DELEGATION,
    Command.ASK_CLEARANCE: _SECRETARIES,
    Command.ANSWER_CLEARANCE: _OFFICIALS,
    Command.READ_BRIEF: _DELEGATION,
    Command.WRITE_BRIEF: _DELEGATION,
    Command.TABLE_AGENDA: _SECRETARIES,
    Command.READ_AGENDA: _READERS,
    Command.ANSWER_ITEMS: _SECRETARIES,
    Command.AGREE_AGENDA: _CHAIRS,
    Command.READ_REGISTER: _READERS,
    Command.EDIT_REGISTER: _SECRETARIES,
    Command.READ_RUN: _READERS,
    Command.RUN_MEETING: _DELEGATION,
    Command.READ_MINUTES: _READERS,
    Command.EDIT_MINUTES: _DELEGATION,
    Command.PROPOSE_OUTCOME: _DELEGATION,
    Command.LINK_ACTIONS: _SECRETARIES,
    Command.READ_LINKS: _DELEGATION,
    Command.READ_OUTCOME: _READERS,
    Command.AGREE_OUTCOME: _CHAIRS,
    Command.CLEAR_OUTCOME: _DELEGATION | {Role.RELEASE_OFFICER},
    Command.READ_CLEARANCES: _DELEGATION | {Role.RELEASE_OFFICER},
    Command.TRACE: _READERS,
    Command.READ_WITHDRAWAL_TASKS: _DELEGATION,
    Command.CLOSE_WITHDRAWAL_TASK: _SECRETARIES,
}


def may(policy: Policy, reader: Reader, command: Command, series: str) -> bool:
    """Whether token and entitlements together allow it."""
    return bool(PERMISSIONS[command] & policy.roles(reader, series))


def require(policy: Policy, reader: Reader, command: Command, series: str, resource: str) -> None:
    """Raises `NoAccess`, which is also the answer for a resource that does not exist."""
    if not may(policy, reader, command, series):
        raise NoAccess(resource)
