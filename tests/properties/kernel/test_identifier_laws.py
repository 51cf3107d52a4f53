"""Derived identifiers follow from the canonical form of their parts, whatever the parts hold."""

from uuid import uuid5

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.canonical import canonical_json
from services.kernel.identifiers import RECEIPTS, derived_id

PARTS = st.lists(st.one_of(st.text(), st.integers(-(2**53) + 1, 2**53 - 1)), min_size=1, max_size=4)


@given(PARTS)
def test_an_identifier_is_made_from_the_canonical_json_of_its_parts(parts: list[str | int]) -> None:
    assert derived_id(RECEIPTS, *parts) == uuid5(RECEIPTS, canonical_json(parts).decode())


@given(PARTS, PARTS)
def test_no_two_lists_of_parts_share_an_identifier(one: list[str | int], other: list[str | int]) -> None:
    assert (derived_id(RECEIPTS, *one) == derived_id(RECEIPTS, *other)) == (one == other)
