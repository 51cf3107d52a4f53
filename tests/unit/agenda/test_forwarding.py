"""What goes to another body of a party, and what stays behind."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.agenda.domain.forwarding import Forwarding, refused_text, require_other_body, require_put_off
from services.agenda.domain.items import ItemContent
from services.agenda.domain.meeting import Meeting, MeetingLevel, MeetingState
from services.agenda.domain.outcome_kinds import OutcomeKind
from services.agenda.domain.references import Reference
from services.agenda.domain.refusals import ItemNotPutOff, SameMeeting, SameSeries
from services.agenda.domain.remedies import Advice, Remedy
from services.kernel.release_terms import Mode, Rendition
from services.kernel.series import ItemKind, ItemPurpose

WHOLE = Reference(UUID(int=7), 2, Rendition.FULL, Mode.RELEASE)
TEAR_LINE = replace(WHOLE, rendition=Rendition.TEAR_LINE)
CONTENT = ItemContent(
    title="Water",
    kind=ItemKind.STANDING,
    purpose=ItemPurpose.DISCUSS,
    minutes=20,
    leads={"UK": "DSIT"},
    commitments=("C3",),
    theme="",
    marking="TLP:GREEN",
    references=(WHOLE,),
)
EDITION = Meeting(
    id=UUID(int=1),
    series="uk-eu",
    edition=2026,
    host_party="UK",
    venue="London",
    starts_at=datetime(2026, 12, 9, tzinfo=UTC),
    ends_at=datetime(2026, 12, 10, tzinfo=UTC),
    state=MeetingState.PLANNED,
    version=1,
)
EXPERTS = replace(EDITION, id=UUID(int=2), level=MeetingLevel.WORKING, parent=EDITION.id)
REVIEW = replace(EDITION, id=UUID(int=3), series="uk-us-cmr")


def test_within_a_series_everything_goes_along_that_is_not_said_otherwise() -> None:
    substance = replace(CONTENT, kind=ItemKind.SUBSTANTIVE)
    assert Forwarding("").content(CONTENT, same_series=True) == substance
    told = Forwarding("", title="Rivers", marking="TLP:CLEAR", commitments=(), leads={}, references=())
    assert told.content(CONTENT, same_series=True) == replace(
        substance, title="Rivers", marking="TLP:CLEAR", commitments=(), leads={}, references=()
    )


def test_commitments_and_leads_of_a_series_stay_in_it() -> None:
    there = Forwarding("").content(CONTENT, same_series=False)
    assert (there.commitments, there.leads, there.references) == ((), {}, (WHOLE,))
    given = Forwarding("", commitments=("S1",), leads={"US": "NSA"})
    there = given.content(CONTENT, same_series=False)
    assert (there.commitments, there.leads) == (("S1",), {"US": "NSA"})


def test_another_body_is_another_series_or_a_working_level_meeting() -> None:
    for source, destination in ((EDITION, EXPERTS), (EXPERTS, EDITION), (EDITION, REVIEW)):
        require_other_body(source, destination)
    with pytest.raises(SameMeeting):
        require_other_body(EDITION, EDITION)
    with pytest.raises(SameSeries):
        require_other_body(EDITION, replace(EDITION, id=UUID(int=4), edition=2027))


@pytest.mark.parametrize("kind", [*OutcomeKind, None])
def test_from_an_agenda_goes_what_was_deferred_or_not_reached(kind: OutcomeKind | None) -> None:
    if kind in {OutcomeKind.DEFERRED, OutcomeKind.NOT_REACHED}:
        require_put_off(kind)
    else:
        with pytest.raises(ItemNotPutOff):
            require_put_off(kind)


def test_a_text_that_is_not_to_be_had_is_refused_with_the_one_that_is() -> None:
    advice = (
        Advice(Remedy.USE_TEAR_LINE, "use the tear line", TEAR_LINE),
        Advice(Remedy.TAKE_OFF, "take it off"),
    )
    told = refused_text(WHOLE, None, advice).members()
    assert told == {
        "rule_id": "NO_DECISION",
        "what_to_do": "use the tear line; take it off",
        "assessment_id": str(WHOLE.assessment_id),
        "offered_revision": "2",
        "offered_rendition": "TEAR_LINE",
        "offered_mode": "RELEASE",
    }
    assert "offered_rendition" not in refused_text(WHOLE, None, advice[1:]).members()
