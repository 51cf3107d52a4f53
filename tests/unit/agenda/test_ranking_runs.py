"""What a kept ranking says an item is worth."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.agenda.domain.items import DraftItem, ItemContent
from services.agenda.domain.ranking.run import POINT, RankingRun, worths_of
from services.kernel.series import ItemKind, ItemPurpose

ID, ACTION = UUID(int=1), UUID(int=2)
AT = datetime(2026, 11, 23, tzinfo=UTC)
ITEM = DraftItem(
    ID,
    ItemContent(
        "Routers", ItemKind.SUBSTANTIVE, ItemPurpose.DISCUSS, 20, {}, ("C3",), "CNI", "TLP:GREEN", ()
    ),
    (ACTION,),
    AT,
    None,
)


def run(**scores: int) -> RankingRun:
    named = {
        key.replace("_", ":").replace("ID", str(ID)).replace("ACTION", str(ACTION)): score
        for key, score in scores.items()
    }
    return RankingRun(1, date(2026, 11, 23), "2026.1", "", True, named, "official", AT)


@pytest.mark.parametrize(
    ("found", "points"),
    [
        (run(theme_CNI=42 * POINT), 42),
        (run(theme_CNI=42 * POINT, commitment_C3=50 * POINT + POINT - 1), 50),
        (run(theme_CNI=42 * POINT, returning_ID=45 * POINT), 45),
        (run(tabled_ID=12 * POINT), 12),
        (run(action_ACTION=18 * POINT), 18),
        (run(theme_OTHER=99 * POINT, commitment_C1=99 * POINT, proposal_ID=99 * POINT), 0),
    ],
)
def test_an_item_is_worth_the_highest_of_what_it_is_about(found: RankingRun, points: int) -> None:
    assert found.points(ITEM) == points
    assert worths_of(found, [ITEM], 100) == {ID: 100 + points}


def test_without_a_run_or_a_subject_an_item_is_worth_what_any_is() -> None:
    bare = replace(ITEM, action_ids=(), content=replace(ITEM.content, theme="", commitments=()))
    assert worths_of(None, [ITEM], 100) == {ID: 100}
    assert worths_of(run(theme_CNI=9 * POINT), [bare], 100) == {ID: 100}
