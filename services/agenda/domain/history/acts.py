"""Every act on a meeting that is told of, and to whom: one table. What is not in it is told to nobody."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.agenda.domain.permissions import Command


class HistoryKind(StrEnum):
    """What was acted on."""

    MEETING = "MEETING"
    PROPOSAL = "PROPOSAL"
    DRAFT = "DRAFT"
    COMMENT = "COMMENT"
    """On an item of the own draft."""
    CLEARANCE = "CLEARANCE"
    BRIEF = "BRIEF"
    AGENDA = "AGENDA"
    REGISTER = "REGISTER"
    RUN = "RUN"
    MINUTES = "MINUTES"
    OUTCOME = "OUTCOME"
    CONCLUSIONS = "CONCLUSIONS"
    WITHDRAWAL_TASK = "WITHDRAWAL_TASK"


@dataclass(frozen=True, slots=True)
class Act:
    """`needs` is what a reader must be allowed in the series. A joint act is told to every side, any other to
    its own. `reasoned` says that its reason was given for whoever is told of the act.
    """

    action: str
    words: str
    kind: HistoryKind
    needs: Command
    joint: bool
    reasoned: bool


def _joint(kind: HistoryKind, needs: Command, words: Mapping[str, str], *, reasoned: bool) -> Iterator[Act]:
    return (Act(action, said, kind, needs, joint=True, reasoned=reasoned) for action, said in words.items())


def _own(kind: HistoryKind, needs: Command, words: Mapping[str, str]) -> Iterator[Act]:
    return (Act(action, said, kind, needs, joint=False, reasoned=True) for action, said in words.items())


_MEETING = {
    "meeting.planned": "planned the meeting",
    "meeting.items-called-for": "called for items",
    "meeting.rescheduled": "rescheduled the meeting",
    "meeting.postponed": "postponed the meeting",
    "meeting.cancelled": "cancelled the meeting",
    "meeting.agenda-exchanged": "exchanged the agenda",
    "meeting.agenda-agreed": "closed the negotiation: the agenda is agreed",
    "meeting.held": "said that the meeting was held",
    "meeting.conclusions-drafted": "began to conclude",
    "meeting.concluded": "concluded the meeting",
    "meeting.published": "published the conclusions",
}
_AGENDA = {
    "agenda.tabled": "tabled a version of the agenda",
    "agenda.superseded": "took a version off the table",
    "agenda.agreements-voided": "voided what had been agreed of a version",
    "agenda.items-answered": "answered items",
    "agenda.agreement-given": "signed the agenda",
    "agenda.agreed": "signed last: the agenda is agreed",
    "agenda.references-marked": "marked references whose texts no longer stand, or stand again",
}
_REGISTER = {
    "participant.added": "entered somebody on the register",
    "participant.accepted": "noted that somebody comes",
    "participant.declined": "noted that somebody does not come",
    "participant.attended": "noted that somebody was there",
    "participant.absent": "noted that somebody was not there",
    "register.closed": "closed its register",
    "register.reopened": "reopened its register",
}
_RUN = {
    "run.item-started": "started an item",
    "run.item-finished": "finished an item",
    "run.break-begun": "began a break",
    "run.break-ended": "ended a break",
}
_MINUTES = {
    "minutes.written": "wrote a section of the minutes",
    "minutes.accepted": "accepted a section of the minutes",
    "minutes.commented": "commented on a section of the minutes",
}
_OUTCOME = {
    "outcome.proposed": "proposed an outcome",
    "outcome.revised": "put an outcome in other words",
    "outcome.agreements-voided": "voided what had been agreed of an outcome",
    "outcome.agreement-given": "signed an outcome",
    "outcome.agreed": "signed last: the outcome is agreed",
}
_CONCLUSIONS = {
    "conclusions.put": "put the conclusions to the parties",
    "conclusions.superseded": "took back the conclusions",
    "conclusions.agreements-voided": "voided what had been agreed of the conclusions",
    "conclusions.agreement-given": "signed the conclusions",
    "conclusions.agreed": "signed last: the conclusions are agreed",
}
_DRAFT = {
    "draft.started": "started the draft",
    "draft.item-added": "added an item to the draft",
    "draft.item-rewritten": "rewrote an item of the draft",
    "draft.item-removed": "removed an item from the draft",
    "draft.version-taken-over": "took over a tabled version into the draft",
    "draft.returning-taken-in": "took in what came back",
    "draft.amendments-applied": "applied amendments to the draft",
    "draft.planned": "planned the draft",
    "draft.assembled": "had the draft assembled",
}
_PROPOSAL = {
    "proposal.made": "made a proposal",
    "proposal.rewritten": "rewrote a proposal",
    "proposal.parked": "parked a proposal",
    "proposal.resumed": "resumed a proposal",
    "proposal.withdrawn": "withdrew a proposal",
    "proposal.taken": "took a proposal into the draft",
}
_LEGAL = {
    "outcome.cleared": "cleared an outcome",
    "outcome.clearance-refused": "refused to clear an outcome",
}
_TASK = {
    "withdrawal-task.opened": "opened a task: a text no longer stands",
    "withdrawal-task.lapsed": "let a task lapse",
    "withdrawal-task.closed": "closed a task",
}

ACTS: Mapping[str, Act] = {
    act.action: act
    for group in (
        _joint(HistoryKind.MEETING, Command.READ_MEETING, _MEETING, reasoned=True),
        _joint(HistoryKind.AGENDA, Command.READ_AGENDA, _AGENDA, reasoned=False),
        _joint(HistoryKind.REGISTER, Command.READ_REGISTER, _REGISTER, reasoned=False),
        _joint(HistoryKind.RUN, Command.READ_RUN, _RUN, reasoned=False),
        _joint(HistoryKind.MINUTES, Command.READ_MINUTES, _MINUTES, reasoned=False),
        _joint(HistoryKind.OUTCOME, Command.READ_OUTCOME, _OUTCOME, reasoned=False),
        _joint(HistoryKind.CONCLUSIONS, Command.READ_OUTCOME, _CONCLUSIONS, reasoned=False),
        _own(HistoryKind.DRAFT, Command.READ_DRAFT, _DRAFT),
        _own(HistoryKind.DRAFT, Command.READ_RANKING, {"draft.ranked": "had the draft ranked"}),
        _own(HistoryKind.COMMENT, Command.READ_DRAFT, {"draft.commented": "commented on an item"}),
        _own(HistoryKind.CLEARANCE, Command.READ_DRAFT, {"clearance.asked": "asked for a clearance"}),
        _own(HistoryKind.CLEARANCE, Command.READ_DRAFT, {"clearance.answered": "answered for a clearance"}),
        _own(HistoryKind.BRIEF, Command.READ_BRIEF, {"brief.written": "wrote a brief"}),
        _own(HistoryKind.PROPOSAL, Command.READ_PROPOSAL, _PROPOSAL),
        _own(HistoryKind.REGISTER, Command.READ_REGISTER, {"participant.noted": "made a note on somebody"}),
        _own(HistoryKind.CLEARANCE, Command.READ_CLEARANCES, _LEGAL),
        _own(HistoryKind.WITHDRAWAL_TASK, Command.READ_WITHDRAWAL_TASKS, _TASK),
    )
    for act in group
}
UNTOLD: frozenset[str] = frozenset(
    {
        # Bookkeeping of a signature that is told of already.
        "agenda.agreement-counted",
        "outcome.agreement-counted",
        "outcome.agreed-in-set",
        "conclusions.agreement-counted",
        # Of no meeting, or of another series, which may be withheld from a reader of this one.
        "actions.linked",
        "actions.unlinked",
        "proposal.forwarded",
    }
)
"""What is recorded and told of in no history of a meeting."""
OF_EVERY_SIDE: tuple[str, ...] = tuple(act.action for act in ACTS.values() if act.joint)
