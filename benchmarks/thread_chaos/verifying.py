"""What must be there after the last kill: actions as their officials were answered and leaders were told."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from io import BytesIO
from itertools import groupby
from typing import Final

import psycopg
from entente.exchange.v1.action_status_pb2 import ActionState, ActionStatus
from google.protobuf import json_format

from benchmarks.chaos.oracle import Tally, expect, read_topic
from benchmarks.thread_chaos.leaders import LEADERS, Leader
from benchmarks.thread_chaos.officials import RECORDED, Course, Officials
from deploy.local.platform import PlatformAccess
from services.actions.events import read_status_entry
from services.cli.agreement_check import verify_agenda
from services.cli.clients.status_feeds import read_told
from services.cli.layout import read_policy
from services.cli.year.cycle import Year
from services.kernel.refusals import Refusal

_STANDING: Final = "SELECT id::text, outcome_id, state FROM action"
_RECORDED: Final = "SELECT subject_id, action FROM audit WHERE action = ANY(%s)"
_WRITTEN: Final = "SELECT id::text, version, title FROM proposal WHERE id = ANY(%s::uuid[])"
_OUTCOMES: Final = "SELECT id::text FROM outcome WHERE state = 'AGREED'"
_SIGNED: Final = """
    SELECT subject_id::text, party, organisation FROM agreement JOIN outcome ON outcome.id = subject_id
    WHERE subject = 'OUTCOME' AND state = 'AGREED'
"""


def verify_actions(access: PlatformAccess, tally: Tally, officials: Officials) -> None:
    """One action of each agreed outcome, in the state of the model, with one entry for each command; each
    proposal in the version of its last wording.
    """
    courses = officials.courses
    with psycopg.connect(access.services["agenda"].dsn) as connection:
        agreed = Counter(row[0] for row in connection.execute(_OUTCOMES).fetchall())
        signed = Counter(connection.execute(_SIGNED).fetchall())
        written = connection.execute(_WRITTEN, [list(officials.edits)]).fetchall()
    versions = Counter((name, count, f"Version {count}") for name, count in officials.edits.items())
    expect(tally, "proposals as last worded", Counter(written), versions)
    with psycopg.connect(access.services["actions"].dsn) as connection:
        standing = Counter(connection.execute(_STANDING).fetchall())
        recorded = Counter(connection.execute(_RECORDED, [list(RECORDED.values())]).fetchall())
    expect(tally, "agreed outcomes", agreed, Counter(one.outcome_id for one in courses))
    quorums = {series.id: series.quorum for series in read_policy().series.values()}
    seats = Counter(
        (one.outcome_id, party, organisation)
        for one in courses
        for party, organisations in quorums[one.series].items()
        for organisation in organisations
    )
    expect(tally, "signatures of outcomes", signed, seats)
    wanted = Counter((one.action_id, one.outcome_id, one.states[-1]) for one in courses)
    expect(tally, "actions as their officials left them", standing, wanted)
    done = Counter((one.action_id, RECORDED[command]) for one in courses for command in one.commands)
    expect(tally, "commands recorded once", recorded, done)
    tally.figures |= {
        "actions": len(courses),
        "commands recorded once": recorded.total(),
        "wordings of proposals": officials.edits.total(),
    }


async def verify_agendas(tally: Tally, years: Sequence[Year]) -> None:
    """Each agreed agenda has the content that was signed before anything was killed, and whoever had to sign
    has signed once: the file of it holds without any service.
    """
    for year in years:
        path, content = f"/v1/agendas/{year.agenda['id']}/agreement-file", BytesIO()
        await year.stage.desk(year.cycle.drafting.secretariat).download("agenda", path, content)
        what = f"the agenda of {year.cycle.series}"
        try:
            found = verify_agenda(content.getvalue())
            found.require_quorum(read_policy().get_series(year.cycle.series).quorum)
        except Refusal as refusal:
            tally.problems.append(f"{what}: {refusal.reason}: {refusal.detail}")
            continue
        if found.content_hash != year.agenda["content_hash"]:
            tally.problems.append(f"{what} is no longer what was signed")
        tally.figures[f"signatures of {what} that hold offline"] = len(found.agreements)


async def verify_feeds(
    access: PlatformAccess, tally: Tally, courses: Sequence[Course], followers: Sequence[Leader]
) -> None:
    """Each feed tells every state of every action, in the order of the model, under one number each."""
    for audience in LEADERS:
        records = await read_topic(access, f"actions.status.{audience}.v1")
        told: dict[int, bytes] = {}
        for record in records:
            status = read_told(record.key, record.value)
            if not isinstance(status, ActionStatus):
                continue
            if told.setdefault(status.sequence, record.value) != record.value:
                tally.problems.append(f"{audience} was told two things under {status.sequence}")
        if sorted(told) != list(range(1, len(told) + 1)):
            tally.problems.append(f"{audience} has {len(told)} records up to {max(told, default=0)}")
        walked: dict[str, list[str]] = defaultdict(list)
        last: dict[str, ActionStatus] = {}
        for _, value in sorted(told.items()):
            status = _parse(value)
            walked[status.action_id].append(_state(status))
            last[status.action_id] = status
        mine = [one for one in courses if audience.startswith(f"{one.series}.")]
        expect(
            tally,
            f"ways of actions told to {audience}",
            Counter({(name, *_steps(states)): 1 for name, states in walked.items()}),
            Counter({(one.action_id, *_steps(one.states)): 1 for one in mine}),
        )
        for follower in followers:
            if follower.audience == audience:
                tally.problems += follower.problems
                if follower.held != last:
                    tally.problems.append(f"{follower.name} holds other than the topic")
                tally.figures[f"steps told to {follower.name}"] = follower.steps
                tally.figures[f"times {follower.name} resumed"] = follower.resumed
        twice = sum(read_status_entry(one.key, one.value) is not None for one in records) - len(told)
        tally.figures[f"records of {audience}, {twice} of them twice"] = len(told)


def _steps(states: Sequence[str]) -> list[str]:
    """Every change of state; a state that was told again is one."""
    return [state for state, _ in groupby(states)]


def _state(status: ActionStatus) -> str:
    return ActionState.Name(status.state).removeprefix("ACTION_STATE_")


def _parse(value: bytes) -> ActionStatus:
    return json_format.Parse(value, ActionStatus(), ignore_unknown_fields=True)
