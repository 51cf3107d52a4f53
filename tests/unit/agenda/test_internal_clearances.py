"""A clearance is of the words it was given for; what waits, waits for whoever can do it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.agenda.domain.answers import Answer
from services.agenda.domain.awaiting import Matter, awaiting_chair, awaiting_secretariat
from services.agenda.domain.internal_clearances import (
    ClearanceCommand,
    ClearanceState,
    InternalClearance,
    check_request,
    missing,
    require_clearances,
    words_of,
)
from services.agenda.domain.items import DraftItem, ItemContent
from services.agenda.domain.quorum import Signatory
from services.agenda.domain.references import AssessmentStanding, AssessmentState
from services.agenda.domain.refusals import (
    ClearanceDueWrong,
    ClearanceOfItself,
    ClearanceOpen,
    ClearanceOutdated,
    ClearanceRefused,
    IllegalTransition,
    OrganisationOfAnotherParty,
)
from services.kernel.canonical import content_hash
from services.kernel.series import ItemKind, ItemPurpose
from tests.support.agenda import ASSESSMENT_ID, AT, ITEM_ID, POLICY, REFERENCE, accepted, meeting, tabled

ITEM = DraftItem(
    ITEM_ID,
    ItemContent(
        title="Attacks on water utilities",
        kind=ItemKind.SUBSTANTIVE,
        purpose=ItemPurpose.DISCUSS,
        minutes=20,
        leads={"UK": "DSIT"},
        commitments=("C3",),
        theme="",
        marking="TLP:GREEN",
        references=(REFERENCE,),
    ),
    (),
    AT,
    None,
)
SERIES = POLICY.get_series("uk-eu")


def clearance(number: int = 1, **changes: Any) -> InternalClearance:
    members: dict[str, Any] = {
        "id": UUID(int=number),
        "draft_id": UUID(int=9),
        "item_id": ITEM_ID,
        "meeting_id": meeting().id,
        "series": "uk-eu",
        "party": "UK",
        "organisation": "NCSC",
        "number": number,
        "question": "May this be said?",
        "required": True,
        "due_at": AT + timedelta(days=2),
        "item_hash": content_hash(words_of(ITEM)),
        "words": words_of(ITEM),
        "state": ClearanceState.OPEN,
        "remarks": "",
        "asked_by": "fcdo-secretariat",
        "asked_at": AT,
        "answered_by": "",
        "answered_at": None,
        "version": 1,
    }
    return InternalClearance(**{**members, **changes})


@pytest.mark.parametrize(
    ("state", "refusal"),
    [
        (ClearanceState.OPEN, ClearanceOpen),
        (ClearanceState.REFUSED, ClearanceRefused),
        (ClearanceState.GRANTED, None),
        (ClearanceState.GRANTED_WITH_REMARKS, None),
        (ClearanceState.WITHDRAWN, None),
    ],
)
def test_only_what_was_granted_or_is_not_asked_lets_a_draft_be_tabled(
    state: ClearanceState, refusal: type[Exception] | None
) -> None:
    held = [clearance(state=state)]
    if refusal is None:
        require_clearances([ITEM], held)
    else:
        with pytest.raises(refusal):
            require_clearances([ITEM], held)
    require_clearances([ITEM], [replace(held[0], required=False)])
    require_clearances([], held)


@pytest.mark.parametrize(
    "changes",
    [{"title": "Other"}, {"minutes": 21}, {"references": ()}, {"marking": "TLP:CLEAR"}, {"leads": {}}],
)
def test_a_clearance_is_of_the_words_it_was_given_for(changes: dict[str, Any]) -> None:
    rewritten = replace(ITEM, content=replace(ITEM.content, **changes))
    with pytest.raises(ClearanceOutdated):
        require_clearances([rewritten], [clearance(state=ClearanceState.GRANTED)])


def test_of_two_questions_to_one_body_the_last_counts_and_each_body_counts() -> None:
    refused = clearance(1, state=ClearanceState.REFUSED)
    granted = clearance(2, state=ClearanceState.GRANTED)
    assert missing([ITEM], [refused, granted]) == ()
    last = replace(refused, number=3)
    assert missing([ITEM], [last, granted]) == (last,)
    other = clearance(3, organisation="DSIT")
    assert missing([ITEM], [refused, granted, other]) == (other,)
    assert missing([ITEM], [refused, clearance(2, state=ClearanceState.WITHDRAWN)]) == (refused,)


def test_a_question_is_answered_once() -> None:
    for command in ClearanceCommand:
        answered = clearance().after(command, remarks="", official="ncsc", now=AT)
        assert answered.version == 2
        with pytest.raises(IllegalTransition):
            answered.after(ClearanceCommand.GRANT, remarks="", official="ncsc", now=AT)


@pytest.mark.parametrize(
    ("organisation", "days", "refusal"),
    [
        ("CNECT", 1, OrganisationOfAnotherParty),
        ("FCDO", 1, ClearanceOfItself),
        ("NCSC", 0, ClearanceDueWrong),
        ("NCSC", 30, ClearanceDueWrong),
    ],
)
def test_who_is_asked_and_until_when(organisation: str, days: int, refusal: type[Exception]) -> None:
    due_at = AT + timedelta(days=days)
    with pytest.raises(refusal):
        check_request(organisation, "FCDO", due_at, meeting(), POLICY, party="UK", now=AT)
    check_request("NCSC", "FCDO", AT + timedelta(days=1), meeting(), POLICY, party="UK", now=AT)


def matters(agenda: Any, party: str) -> list[Matter]:
    return [one.matter for one in awaiting_secretariat(agenda, meeting(), SERIES, party, ())]


def test_what_waits_for_each_side_at_a_version() -> None:
    fresh = tabled(answers=(accepted(ITEM_ID, "UK"),))
    chair = Signatory("EU", "EEAS")
    assert (matters(fresh, "EU"), matters(fresh, "UK")) == ([Matter.ITEMS_TO_ANSWER], [])
    assert awaiting_chair(fresh, meeting(), SERIES, chair, ()) == ()
    amended = tabled(answers=(accepted(ITEM_ID, "UK"), accepted(ITEM_ID, "EU", answer=Answer.DECLINED)))
    assert (matters(amended, "EU"), matters(amended, "UK")) == ([], [Matter.ITEMS_TO_RECONSIDER])
    whole = tabled()
    assert (matters(whole, "EU"), matters(whole, "UK")) == ([], [])
    (to_sign,) = awaiting_chair(whole, meeting(), SERIES, chair, ())
    assert (to_sign.matter, to_sign.subject_id) == (Matter.AGREEMENT_TO_SIGN, whole.id)
    assert awaiting_chair(whole, meeting(), SERIES, Signatory("EU", "ENISA"), ()) == ()
    signed = whole.agree(chair, whole.content_hash, SERIES.quorum, AT)
    assert awaiting_chair(signed, meeting(), SERIES, chair, ()) == ()
    stale = whole.note(AssessmentStanding(ASSESSMENT_ID, AssessmentState.WITHDRAWN, 2, 2))
    assert matters(stale, "EU") == matters(stale, "UK") == [Matter.REFERENCES_TO_REPLACE]
    assert awaiting_chair(stale, meeting(), SERIES, chair, ()) == ()
