"""The next agenda of each series has its standing items and what recurred at the editions before."""

from uuid import UUID

import pytest

from services.agenda.domain.draft import Draft, start_draft
from services.kernel.editions import recurring_items
from services.kernel.series import ItemKind
from tests.support.agenda import AT
from tests.support.series import three_series

BACK = {
    "uk-eu": [
        "Work with the multi-stakeholder community",
        "Cyber incident response and cyber defence",
        "Cyber skills",
    ],
    "uk-us-cmr": ["Shared insights, collective defence and common costs"],
    "us-eu": [
        "Supply chains, critical infrastructure and intellectual property",
        "Ransomware attacks against businesses and citizens",
        "Cyber defense",
        "Holding states accountable, prevention, deterrence and response",
        "Strategies, policies and legislation",
    ],
}


def next_agenda(series_id: str, *outstanding: UUID) -> Draft:
    policy = three_series()
    series = policy.get_series(series_id)
    return start_draft(
        id=UUID(int=1_000),
        meeting_id=UUID(int=2_000),
        series=series,
        party=series.parties[0],
        outstanding=outstanding,
        recurring=recurring_items(policy.editions, series, 2026),
        now=AT,
        traceparent=None,
    )


@pytest.mark.parametrize("series_id", list(BACK))
def test_standing_items_come_first_then_what_recurs_then_what_closes(series_id: str) -> None:
    template = three_series().get_series(series_id).standing_items
    closing = [item.title for item in template if item.kind in {ItemKind.AOB, ItemKind.NEXT_MEETING}]
    opening = [item.title for item in template if item.title not in closing]
    titles = [item.content.title for item in next_agenda(series_id).items]
    assert titles == [*opening, *BACK[series_id], *closing]


@pytest.mark.parametrize("series_id", list(BACK))
def test_a_recurring_item_is_led_by_an_organisation_of_each_party_and_takes_up_no_actions(
    series_id: str,
) -> None:
    policy = three_series()
    parties = set(policy.get_series(series_id).parties)
    draft = next_agenda(series_id, UUID(int=7))
    for item in draft.items:
        assert {policy.organisation(lead).party for lead in item.content.leads.values()} == parties
    assert len([item for item in draft.items if item.action_ids]) == 1
