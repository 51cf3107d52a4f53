"""Where two linked actions part."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from services.agenda.domain.action_links import (
    LinkedAction,
    LinkWarning,
    require_two_series,
    warnings_of,
)
from services.kernel.refusals import Refusal

ONE = LinkedAction(
    action_id=UUID(int=1),
    reference="UKEU-2026-A01",
    series="uk-eu",
    open=True,
    state="IN_PROGRESS",
    due_date=date(2027, 6, 30),
    text="Publish joint guidance, by June.",
    marking="TLP:GREEN",
)
OTHER = replace(ONE, action_id=UUID(int=2), reference="UKUSCMR-2026-A01", series="uk-us-cmr")


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (OTHER, ()),
        (replace(OTHER, text="publish  JOINT guidance by June"), ()),
        (replace(OTHER, text="Publish joint guidance by July."), (LinkWarning.WORDINGS_DIFFER,)),
        (replace(OTHER, due_date=date(2027, 7, 1)), (LinkWarning.DUE_DATES_DIFFER,)),
        (replace(OTHER, due_date=None), (LinkWarning.DUE_DATES_DIFFER,)),
        (replace(OTHER, open=False, state="CLOSED"), (LinkWarning.ONE_IS_ENDED,)),
        (replace(OTHER, text="", due_date=None, open=False), tuple(LinkWarning)),
    ],
)
def test_a_party_is_warned_of_each_thing_in_which_the_two_differ(
    other: LinkedAction, expected: tuple[LinkWarning, ...]
) -> None:
    assert warnings_of(ONE, other) == expected
    assert warnings_of(other, ONE) == expected


@pytest.mark.parametrize("other", [ONE, replace(OTHER, series="uk-eu")])
def test_a_link_joins_two_series(other: LinkedAction) -> None:
    require_two_series(ONE, OTHER)
    with pytest.raises(Refusal) as refused:
        require_two_series(ONE, other)
    assert refused.value.reason == "LINK_WITHIN_SERIES"
