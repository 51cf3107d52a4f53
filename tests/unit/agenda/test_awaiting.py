"""What waits for whom after a meeting: by party, by office, and never for a side that is not asked."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from services.agenda.domain.attendance import (
    Participant,
    ParticipantRole,
    Person,
    Presence,
    Register,
)
from services.agenda.domain.awaiting import (
    WHAT_TO_DO,
    Awaiting,
    Matter,
    awaiting_agreement,
    awaiting_legal_adviser,
    awaiting_minutes,
    awaiting_register,
    awaiting_revision,
)
from services.agenda.domain.conclusions import Conclusions, ConclusionsState
from services.agenda.domain.legal_clearance import LegalClearance
from services.agenda.domain.meeting import MeetingLevel, MeetingState
from services.agenda.domain.minutes import Section, SectionText
from services.agenda.domain.outcome import Outcome, OutcomeState
from services.agenda.domain.outcome_kinds import OutcomeKind
from services.agenda.domain.quorum import Signatory
from tests.support.agenda import AGENDA_ID, AT, ITEM_ID, MEETING_ID, OUTCOME_ID, POLICY, meeting

SERIES = POLICY.get_series("uk-eu")
LEGAL = replace(SERIES, legal_clearance={"UK": ("FCDO", "DSIT")})
FCDO, ENISA = Signatory("UK", "FCDO"), Signatory("EU", "ENISA")
HASH = "sha256:" + "1" * 64


def outcome(**changes: Any) -> Outcome:
    members: dict[str, Any] = {
        "id": OUTCOME_ID,
        "meeting_id": MEETING_ID,
        "agenda_id": AGENDA_ID,
        "item_id": ITEM_ID,
        "series": "uk-eu",
        "version": 1,
        "state": OutcomeState.PROPOSED,
        "kind": OutcomeKind.CONCLUDED,
        "conclusion": "The parties will publish.",
        "reason": "",
        "deferred_to": None,
        "review_edition": None,
        "commitments": (),
        "theme": "",
        "action_id": None,
        "action_reference": None,
        "decision_reference": None,
        "content_hash": HASH,
        "payload": b"",
        "agreed": (),
        "proposed_at": AT,
        "agreed_at": None,
        "aggregate_version": 1,
        "traceparent": None,
    }
    return Outcome(**{**members, **changes})


def conclusions(state: ConclusionsState = ConclusionsState.PUT, *agreed: Signatory) -> Conclusions:
    return Conclusions(
        id=UUID(int=5),
        meeting_id=MEETING_ID,
        version=1,
        state=state,
        content_hash=HASH,
        payload=b"",
        put_by="UK",
        put_at=AT,
        agreed=agreed,
        agreed_at=None,
        aggregate_version=1,
    )


def matters(found: Sequence[Awaiting]) -> list[tuple[Matter, UUID]]:
    return [(one.matter, one.subject_id) for one in found]


def test_every_matter_says_what_to_do() -> None:
    assert set(WHAT_TO_DO) == set(Matter)
    assert len(set(WHAT_TO_DO.values())) == len(Matter)


@pytest.mark.parametrize("state", MeetingState)
def test_a_side_closes_its_own_register_until_the_meeting_is_settled(state: MeetingState) -> None:
    held, register = meeting(state=state), Register((), frozenset({"EU"}))
    settled = state.value in {"CONCLUDED", "PUBLISHED", "CANCELLED", "POSTPONED"}
    expected = [] if settled else [(Matter.REGISTER_TO_CLOSE, MEETING_ID)]
    assert matters(awaiting_register(held, register, "UK")) == expected
    assert awaiting_register(held, register, "EU") == ()


def test_experts_who_kept_no_register_have_none_to_close() -> None:
    experts = meeting(level=MeetingLevel.WORKING)
    person = Person("Director", ParticipantRole.DELEGATE, "NCSC", "GBR")
    there = Participant(UUID(int=7), MEETING_ID, "UK", person, Presence.ATTENDED, 1)
    register = Register((there,), frozenset())
    assert len(awaiting_register(experts, register, "UK")) == 1
    assert awaiting_register(experts, register, "EU") == ()


def section(key: str, revisions: int, *accepted: str) -> Section:
    texts = tuple(
        SectionText(key, number + 1, "Words.", "TLP:GREEN", "UK", AT) for number in range(revisions)
    )
    return Section(key, texts, frozenset(accepted), ())


def test_sections_wait_for_the_side_that_has_not_accepted_what_was_written_last() -> None:
    sections = [
        section("OPENING", 2, "UK"),
        section(str(ITEM_ID), 1, "UK"),
        section(str(UUID(int=8)), 1, "UK", "EU"),
        section("CLOSING", 0),
    ]
    (waiting,) = awaiting_minutes(meeting(), sections, "EU")
    assert (waiting.matter, waiting.item_ids) == (Matter.MINUTES_TO_ACCEPT, (ITEM_ID,))
    assert awaiting_minutes(meeting(), sections, "UK") == ()
    assert len(awaiting_minutes(meeting(), sections[:1], "EU")) == 1


def test_an_outcome_waits_for_each_seat_that_has_not_signed_until_all_are_one_text() -> None:
    fresh, done = outcome(), outcome(id=UUID(int=9), state=OutcomeState.AGREED)
    assert matters(awaiting_agreement([fresh, done], None, SERIES, FCDO, {})) == [
        (Matter.OUTCOME_TO_AGREE, OUTCOME_ID)
    ]
    assert awaiting_agreement([fresh], None, SERIES, ENISA, {}) == ()
    assert awaiting_agreement([outcome(agreed=(FCDO,))], None, SERIES, FCDO, {}) == ()
    put = matters(awaiting_agreement([fresh], conclusions(), SERIES, FCDO, {}))
    assert put == [(Matter.CONCLUSIONS_TO_SIGN, UUID(int=5))]
    signed = conclusions(ConclusionsState.PUT, FCDO)
    assert awaiting_agreement([fresh], signed, SERIES, FCDO, {}) == ()
    superseded = conclusions(ConclusionsState.SUPERSEDED)
    assert len(awaiting_agreement([fresh], superseded, SERIES, FCDO, {})) == 1


def test_the_law_of_a_side_is_asked_before_its_seats_and_of_that_side_alone() -> None:
    fresh, cleared = outcome(), {OUTCOME_ID: (LegalClearance("UK", "FCDO", HASH),)}
    other = {OUTCOME_ID: (LegalClearance("UK", "FCDO", "sha256:" + "2" * 64),)}
    for known in ({}, other):
        assert matters(awaiting_legal_adviser([fresh], LEGAL, FCDO, known)) == [
            (Matter.OUTCOME_TO_CLEAR, OUTCOME_ID)
        ]
        for put in (None, conclusions()):
            assert awaiting_agreement([fresh], put, LEGAL, FCDO, known) == ()
            assert len(awaiting_agreement([fresh], put, LEGAL, Signatory("EU", "EEAS"), known)) == 1
    assert awaiting_legal_adviser([fresh], LEGAL, FCDO, cleared) == ()
    for put in (None, conclusions()):
        assert len(awaiting_agreement([fresh], put, LEGAL, FCDO, cleared)) == 1
    assert awaiting_legal_adviser([fresh], LEGAL, ENISA, {}) == ()
    assert awaiting_legal_adviser([fresh], SERIES, FCDO, {}) == ()
    assert awaiting_legal_adviser([outcome(state=OutcomeState.AGREED)], LEGAL, FCDO, {}) == ()


def test_what_the_law_of_a_side_refuses_waits_for_its_secretariat_and_for_no_seat() -> None:
    fresh = outcome()
    refused = {OUTCOME_ID: (LegalClearance("UK", "FCDO", HASH, "It binds us."),)}
    assert matters(awaiting_revision([fresh], LEGAL, "UK", refused)) == [
        (Matter.OUTCOME_TO_REVISE, OUTCOME_ID)
    ]
    for office in (FCDO, Signatory("UK", "DSIT")):
        assert awaiting_legal_adviser([fresh], LEGAL, office, refused) == ()
        for put in (None, conclusions()):
            assert awaiting_agreement([fresh], put, LEGAL, office, refused) == ()
    other = outcome(content_hash="sha256:" + "2" * 64)
    agreed = outcome(state=OutcomeState.AGREED)
    for held, series, party in (
        (other, LEGAL, "UK"),
        (agreed, LEGAL, "UK"),
        (fresh, LEGAL, "EU"),
        (fresh, SERIES, "UK"),
    ):
        assert awaiting_revision([held], series, party, refused) == ()
    assert len(awaiting_legal_adviser([other], LEGAL, FCDO, refused)) == 1
