"""What a secretariat is told to do about a text, and what a reserved item may hold."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from services.agenda.domain.items import ItemContent, check_reserved
from services.agenda.domain.references import AssessmentState, Reference, ReferenceState
from services.agenda.domain.refusals import ReservedItemHasContent
from services.agenda.domain.releases import ReleaseDecision, TextAnswer
from services.agenda.domain.remedies import Remedy, advise, alternatives, what_to_do
from services.kernel.release_terms import Mode, Rendition
from services.kernel.series import ItemKind, ItemPurpose
from tests.support.agenda import ASSESSMENT_ID, AT, POLICY, REFERENCE

PARTIES = ("UK", "EU")
WHOLE = Reference(ASSESSMENT_ID, 2, Rendition.FULL, Mode.RELEASE)


def answer(reference: Reference, state: AssessmentState = AssessmentState.ACTIVE, **rules: str) -> TextAnswer:
    """A denied text where any rule is given, by party."""
    decisions = tuple(
        ReleaseDecision(
            decision_id="",
            party=party,
            allowed=party not in rules,
            rule_id=rules.get(party, "ALL_PASSED"),
            explanation="",
            reference=reference,
            marking=None,
            evaluated_at=AT,
            document={},
        )
        for party in PARTIES
    )
    allowed = not rules and state is AssessmentState.ACTIVE
    return TextAnswer(reference, allowed, decisions, "", state)


def others(*texts: Reference) -> Mapping[Reference, TextAnswer]:
    return {text: answer(text) for text in texts}


def told(asked: TextAnswer, *texts: Reference) -> list[Remedy]:
    return [one.remedy for one in advise(asked, others(*texts), PARTIES)]


def test_the_tear_line_is_offered_where_the_whole_may_not_be_shown() -> None:
    tear_line = replace(WHOLE, rendition=Rendition.TEAR_LINE)
    advice = advise(answer(WHOLE, EU="NATIONAL_CAVEAT"), others(tear_line), PARTIES)
    assert [one.remedy for one in advice] == [Remedy.USE_TEAR_LINE, Remedy.RESERVE, Remedy.TAKE_OFF]
    assert advice[0].reference == tear_line
    assert advice[0].words == "use the tear line of revision 2, handed over"


def test_a_revised_text_says_which_revision_to_take() -> None:
    newest = replace(REFERENCE, revision=3)
    advice = advise(answer(REFERENCE, AssessmentState.SUPERSEDED), others(newest), PARTIES)
    assert (advice[0].remedy, advice[0].words) == (Remedy.REVISE, "revise to revision 3, handed over")


def test_consent_is_asked_for_only_where_consent_would_do() -> None:
    assert Remedy.ASK_CONSENT in told(answer(WHOLE, EU="ORCON"))
    assert Remedy.ASK_CONSENT not in told(answer(WHOLE, EU="NOFORN"))
    assert Remedy.ASK_CONSENT not in told(answer(WHOLE, UK="ORCON", EU="NATIONAL_CAVEAT"))
    assert Remedy.ASK_CONSENT not in told(answer(WHOLE, AssessmentState.WITHDRAWN, EU="ORCON"))


def test_what_may_only_be_shown_is_offered_to_be_shown() -> None:
    shown = replace(WHOLE, mode=Mode.DISCLOSE)
    assert told(answer(WHOLE, EU="DISPLAY_ONLY"), shown)[0] is Remedy.SHOW_ONLY
    assert told(answer(WHOLE, EU="DISPLAY_ONLY")) == [Remedy.RESERVE, Remedy.TAKE_OFF]


def test_nothing_is_said_of_a_text_that_everybody_may_have() -> None:
    assert advise(answer(WHOLE), {}, PARTIES) == ()
    assert told(TextAnswer.of_nothing(WHOLE)) == [Remedy.RESERVE, Remedy.TAKE_OFF]


def test_the_alternatives_are_the_other_texts_of_the_revision_that_stands() -> None:
    found = alternatives(WHOLE, 3)
    assert WHOLE not in found
    assert {one.revision for one in found} == {3}
    assert len(found) == 4
    assert len(alternatives(WHOLE, 2)) == len(alternatives(WHOLE, None)) == 3


@pytest.mark.parametrize("state", ReferenceState)
def test_every_state_of_a_reference_says_what_to_do_and_no_number(state: ReferenceState) -> None:
    assert bool(what_to_do(state)) is (state is not ReferenceState.CURRENT)
    assert not any(character.isdigit() for character in what_to_do(state))


def reserved(**changes: Any) -> ItemContent:
    members: dict[str, Any] = {
        "title": "Reserved item",
        "kind": ItemKind.RESERVED,
        "purpose": ItemPurpose.DISCUSS,
        "minutes": 20,
        "leads": {},
        "commitments": (),
        "theme": "",
        "marking": "TLP:CLEAR",
        "references": (),
    }
    return ItemContent(**{**members, **changes})


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"title": "Operation Tell-All"}, "/title"),
        ({"title": "Reserved item: Operation Tell-All"}, "/title"),
        ({"references": (REFERENCE,)}, "/references"),
        ({"theme": "COMBINED_OPERATIONS"}, "/theme"),
    ],
)
def test_a_reserved_item_tells_nothing(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(ReservedItemHasContent) as refused:
        check_reserved(reserved(**changes), POLICY.get_series("uk-eu"), POLICY, "")
    assert refused.value.pointer == pointer
    check_reserved(reserved(**changes, kind=ItemKind.SUBSTANTIVE), POLICY.get_series("uk-eu"), POLICY, "")


def test_the_placeholders_of_the_template_and_their_themes_are_public() -> None:
    series = POLICY.get_series("uk-us-cmr")
    check_reserved(reserved(), series, POLICY, "")
    for line in series.standing_items:
        if line.kind is ItemKind.RESERVED:
            for theme in (*line.themes, ""):
                check_reserved(reserved(title=line.title, theme=theme), series, POLICY, "")
            with pytest.raises(ReservedItemHasContent):
                check_reserved(reserved(title=line.title, theme="CYBERCRIME_RANSOMWARE"), series, POLICY, "")


def test_what_a_published_text_calls_a_reserved_item_comes_back_and_can_be_tabled() -> None:
    series = POLICY.get_series("uk-us-cmr")
    past = [item for one in POLICY.editions if one.series == series.id for item in one.items if item.recurs]
    public = [item for item in past if item.kind is ItemKind.RESERVED]
    assert public
    for item in public:
        for theme in ("", *item.themes):
            check_reserved(reserved(title=item.title, theme=theme), series, POLICY, "")
        with pytest.raises(ReservedItemHasContent):
            check_reserved(reserved(title=item.title), POLICY.get_series("uk-eu"), POLICY, "")
