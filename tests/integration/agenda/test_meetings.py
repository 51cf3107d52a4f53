"""Meetings over REST: what the next one starts from."""

from dataclasses import replace

import pytest

from tests.support.dialogue import EU_SECRETARIAT, UK_SECRETARIAT, Account, Dialogue, account, meeting_body
from tests.support.series import three_series

STATE = account("STATE", "US", "secretariat")
STRATCOM = account("STRATCOM", "UK", "secretariat")
NEXT = [
    (UK_SECRETARIAT, "uk-eu", "UK", "Cyber skills"),
    (STRATCOM, "uk-us-cmr", "US", "Shared insights, collective defence and common costs"),
    (STATE, "us-eu", "US", "Ransomware attacks against businesses and citizens"),
]


async def test_the_next_agenda_of_each_series_has_its_standing_and_recurring_items(
    dialogue: Dialogue,
) -> None:
    policy = three_series()
    dialogue.app.state.agenda = replace(dialogue.parts, policy=policy)
    for who, series, host, recurring in NEXT:
        planned = meeting_body(series=series, host_party=host)
        meeting = await dialogue.done(who, "POST", "/v1/meetings", planned)
        titles = [item["title"] for item in (await dialogue.draft(meeting, who))["items"]]
        standing = [item.title for item in policy.get_series(series).standing_items]
        assert [title for title in titles if title in standing] == standing
        assert titles.count(recurring) == 1
    guessed = await dialogue.ask(EU_SECRETARIAT, "GET", "/v1/meetings?series=uk-us-cmr")
    assert guessed.status_code == 403


@pytest.mark.parametrize("who", [EU_SECRETARIAT, UK_SECRETARIAT])
async def test_a_third_series_that_is_not_laid_in_does_not_exist(dialogue: Dialogue, who: Account) -> None:
    refused = await dialogue.ask(who, "POST", "/v1/meetings", meeting_body(series="us-eu", host_party="EU"))
    assert (refused.status_code, refused.json()["reason"]) == (403, "NO_ACCESS")
