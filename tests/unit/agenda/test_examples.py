"""The golden messages of the agenda: what its producers make, byte for byte."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from entente.agenda.v1 import agenda_event_pb2, outcome_event_pb2
from google.protobuf import json_format

from services.agenda.domain.action_text import ActionText, Owner
from services.agenda.domain.agenda import AgendaState
from services.agenda.domain.answers import Answer, Proposal, item_hashes
from services.agenda.domain.conclusions import ConclusionsContent
from services.agenda.domain.meeting import Meeting, MeetingCommand, MeetingState
from services.agenda.domain.minutes import SectionText
from services.agenda.domain.moves import move_of
from services.agenda.domain.outcome import (
    Addressee,
    Outcome,
    OutcomeContent,
    OutcomeState,
    conclude,
    numbered_action,
)
from services.agenda.domain.outcome_kinds import OutcomeKind
from services.agenda.events import agenda_changed, meeting_moved, outcome_agreed
from services.agenda.statements import (
    Statement,
    agreement,
    item_answer,
    proposed_outcome,
    put_conclusions,
    read_items,
    tabled_agenda,
)
from services.kernel.canonical import canonical_json, content_hash
from tests.support.agenda import (
    AGENDA_ID,
    AT,
    ITEM_ID,
    OUTCOME_ID,
    POLICY,
    accepted,
    meeting,
    tabled,
    tabled_item,
)

EXAMPLES = Path(__file__).resolve().parents[3] / "proto" / "examples"
AGREED_AT = datetime(2026, 12, 11, 10, 30, tzinfo=UTC)


def on_the_table() -> Statement:
    return tabled_agenda(
        agenda_id=AGENDA_ID,
        meeting=meeting(),
        version=2,
        tabled_by="UK",
        items=(tabled_item(),),
        marking="TLP:GREEN",
    )


def concluded(content: OutcomeContent) -> Statement:
    return proposed_outcome(
        conclude(
            id=OUTCOME_ID,
            version=1,
            meeting=meeting(),
            agenda_id=AGENDA_ID,
            item=tabled_item(),
            content=content,
            action_reference=numbered_action(POLICY.get_series("uk-eu"), meeting(), 1),
            series=POLICY.get_series("uk-eu"),
            policy=POLICY,
            at=datetime(2026, 12, 20, 12, tzinfo=UTC),
        )
    )


def with_action() -> Statement:
    return concluded(
        OutcomeContent(
            kind=OutcomeKind.CONCLUDED,
            conclusion="The parties will publish joint guidance.",
            marking="TLP:GREEN",
            action=ActionText(
                text="Publish joint guidance for operators of water utilities.",
                guidance="Build on what both agencies have published.",
                owners=(
                    Owner("UK", "DSIT", accountable=True),
                    Owner("UK", "NCSC", accountable=False),
                    Owner("EU", "CNECT", accountable=True),
                ),
                due_date=date(2027, 6, 30),
                commitment="C3",
            ),
        )
    )


def deferred() -> Statement:
    return concluded(
        OutcomeContent(
            kind=OutcomeKind.DEFERRED,
            conclusion="",
            marking="TLP:GREEN",
            reason="Both sides await the regulator's report.",
            deferred_to=2028,
        )
    )


def guidance() -> Statement:
    return concluded(
        OutcomeContent(
            kind=OutcomeKind.GUIDANCE,
            conclusion="Exercise together before the next dialogue.",
            marking="TLP:GREEN",
            action=ActionText(
                text="Keep a joint exercise programme.",
                guidance="One exercise a year.",
                owners=(Owner("UK", "DSIT", accountable=True),),
                due_date=None,
                commitment="C5",
                review_date=date(2027, 11, 1),
            ),
            addressees=(Addressee("UK", "NCSC"), Addressee("EU", "ENISA")),
        )
    )


def as_one_text() -> Statement:
    return put_conclusions(
        ConclusionsContent(
            id=AGENDA_ID,
            version=2,
            meeting=meeting(),
            agenda_id=AGENDA_ID,
            outcomes=(outcome(with_action()), outcome(guidance(), kind=OutcomeKind.GUIDANCE)),
            minutes=(SectionText("OPENING", 3, "The agenda was adopted.", "TLP:GREEN", "UK", AGREED_AT),),
        )
    )


def by_a_chair() -> Statement:
    return agreement(
        subject="AGENDA",
        subject_id=AGENDA_ID,
        version=2,
        content_hash=on_the_table().content_hash,
        party="UK",
        organisation="FCDO",
        official="fcdo-chair",
    )


def amended() -> Statement:
    on_table = on_the_table()
    answer = accepted(
        ITEM_ID,
        "EU",
        answer=Answer.AMENDED,
        comment="Twenty minutes are too few.",
        proposal=Proposal("", 40, 2),
        marking="TLP:GREEN",
        item_hash=item_hashes(on_table.payload)[ITEM_ID],
        organisation="EEAS",
    )
    return item_answer(answer, agenda_id=AGENDA_ID, version=2, content_hash=on_table.content_hash)


def outcome(statement: Statement, **changes: Any) -> Outcome:
    agreed = Outcome(
        id=OUTCOME_ID,
        meeting_id=meeting().id,
        agenda_id=AGENDA_ID,
        item_id=ITEM_ID,
        series="uk-eu",
        version=1,
        state=OutcomeState.AGREED,
        kind=OutcomeKind.CONCLUDED,
        reason="",
        deferred_to=None,
        review_edition=None,
        commitments=("C3",),
        theme="CNI_PRIVATE_SECTOR",
        decision_reference="UKEU-2026-D01",
        conclusion="The parties will publish joint guidance.",
        action_id=UUID(statement.document["action"]["actionId"]),
        action_reference="UKEU-2026-A01",
        content_hash=statement.content_hash,
        payload=statement.payload,
        agreed=(),
        proposed_at=AT,
        agreed_at=AGREED_AT,
        aggregate_version=5,
        traceparent=None,
    )
    return replace(agreed, **changes)


def agenda_event(state: AgendaState) -> dict[str, Any]:
    content = on_the_table().content_hash
    message = agenda_changed(tabled(state=state, version=2, content_hash=content), None, AT)
    event = agenda_event_pb2.AgendaChanged.FromString(message.event.data)
    return json_format.MessageToDict(event)


def meeting_event(command: MeetingCommand) -> dict[str, Any]:
    former = Meeting(
        id=UUID("5a0f7f6e-0f8c-5c1c-8f2b-0d3c1e9a7b04"),
        series="uk-eu",
        edition=2026,
        host_party="UK",
        venue="London",
        starts_at=datetime(2026, 12, 9, 9, 0, tzinfo=UTC),
        ends_at=datetime(2026, 12, 10, 16, 0, tzinfo=UTC),
        state=MeetingState.AGENDA_EXCHANGED,
        version=3,
        time_zone="Europe/London",
    )
    moved = former.called_off(command) if command is not MeetingCommand.RESCHEDULE else None
    if moved is None:
        moved = replace(
            former.after(command),
            moves=1,
            starts_at=datetime(2027, 1, 6, 9, 30, tzinfo=UTC),
            ends_at=datetime(2027, 1, 6, 16, 30, tzinfo=UTC),
            venue="Windsor",
        )
    move = move_of(moved, command, reason="An election.", party="EU", at=AT)
    message = meeting_moved(former, moved, move, ("UK", "EU"), None, AT)
    event = agenda_event_pb2.MeetingMoved.FromString(message.event.data)
    return json_format.MessageToDict(event)


def outcome_event(agreed: Outcome) -> dict[str, Any]:
    message = outcome_agreed(agreed, None, AGREED_AT)
    return json_format.MessageToDict(outcome_event_pb2.OutcomeAgreed.FromString(message.event.data))


def agreed_guidance() -> Outcome:
    return outcome(guidance(), kind=OutcomeKind.GUIDANCE, decision_reference="UKEU-2026-D02")


CASES = {
    "entente.exchange.v1.TabledAgenda/second-version.json": lambda: on_the_table().document,
    "entente.exchange.v1.Outcome/with-action.json": lambda: with_action().document,
    "entente.exchange.v1.Outcome/deferred.json": lambda: deferred().document,
    "entente.exchange.v1.Outcome/guidance.json": lambda: guidance().document,
    "entente.exchange.v1.Conclusions/second-version.json": lambda: as_one_text().document,
    "entente.exchange.v1.Agreement/chair-on-agenda.json": lambda: by_a_chair().document,
    "entente.exchange.v1.ItemAnswer/amended.json": lambda: amended().document,
    "entente.agenda.v1.AgendaChanged/tabled.json": lambda: agenda_event(AgendaState.TABLED),
    "entente.agenda.v1.AgendaChanged/agreed.json": lambda: agenda_event(AgendaState.AGREED),
    "entente.agenda.v1.AgendaChanged/superseded.json": lambda: agenda_event(AgendaState.SUPERSEDED),
    "entente.agenda.v1.MeetingMoved/rescheduled.json": lambda: meeting_event(MeetingCommand.RESCHEDULE),
    "entente.agenda.v1.MeetingMoved/postponed.json": lambda: meeting_event(MeetingCommand.POSTPONE),
    "entente.agenda.v1.MeetingMoved/cancelled.json": lambda: meeting_event(MeetingCommand.CANCEL),
    "entente.agenda.v1.OutcomeAgreed/with-action.json": lambda: outcome_event(outcome(with_action())),
    "entente.agenda.v1.OutcomeAgreed/guidance.json": lambda: outcome_event(agreed_guidance()),
}


@pytest.mark.parametrize("case", CASES)
def test_the_producer_makes_the_example(case: str) -> None:
    assert json.loads((EXAMPLES / case).read_text("utf-8")) == CASES[case]()


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (on_the_table, "TABLED"),
        (with_action, "OUTCOME"),
        (by_a_chair, "AGREEMENT"),
    ],
)
def test_hashes_over_the_canonical_form_never_change(statement: Any, expected: str) -> None:
    made = statement()
    assert made.content_hash == content_hash(made.document)
    assert made.payload == canonical_json(made.document)
    assert made.content_hash == HASHES[expected]


def test_the_items_read_back_from_a_tabled_version_are_those_put_on_it() -> None:
    assert read_items(on_the_table().payload) == (tabled_item(),)


HASHES = {
    "TABLED": "sha256:9a5c8c779cd49b3d81e1819d2b93c63adb5d1c39c2d64979a52c62ce836b02e6",
    "OUTCOME": "sha256:c9b0238f99d206d392bb26a5f93664648cd8d72cce71f0804d98bc57f07b3863",
    "AGREEMENT": "sha256:51164ce2506d0625c1139a52d047c4200def51c8eafd91ada322009f43d3665f",
}
