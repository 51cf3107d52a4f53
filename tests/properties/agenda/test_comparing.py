"""What differs between two versions is enough to make the one from the other, and no more than that."""

import json
from typing import Any

from hypothesis import given, strategies

from services.agenda.domain.comparing import compare
from services.kernel.canonical import canonical_json

WORDS = strategies.sampled_from(["", "Water", "<script>alert(1)</script>", "Énergie"])
ITEMS = strategies.permutations(range(6)).flatmap(
    lambda order: strategies.integers(0, 6).flatmap(
        lambda many: strategies.lists(
            strategies.fixed_dictionaries({"title": WORDS, "minutes": strategies.integers(0, 2)}),
            min_size=many,
            max_size=many,
        ).map(lambda contents: list(zip(order, contents, strict=False)))
    )
)
WHOLE = strategies.fixed_dictionaries({"venue": WORDS, "marking": WORDS})


def version(whole: dict[str, str], items: list[tuple[int, dict[str, Any]]]) -> bytes:
    return canonical_json(
        {
            **{name: value for name, value in whole.items() if value},
            "items": [
                {
                    "itemId": f"00000000-0000-0000-0000-{identity:012d}",
                    "position": place,
                    **{name: value for name, value in content.items() if value},
                }
                for place, (identity, content) in enumerate(items, start=1)
            ],
        }
    )


def contents(payload: bytes) -> dict[str, dict[str, Any]]:
    return {item["itemId"]: item for item in json.loads(payload)["items"]}


@given(whole=strategies.tuples(WHOLE, WHOLE), items=strategies.tuples(ITEMS, ITEMS))
def test_the_difference_makes_the_one_version_from_the_other(
    whole: tuple[dict[str, str], dict[str, str]], items: tuple[Any, Any]
) -> None:
    before, after = (version(one, many) for one, many in zip(whole, items, strict=True))
    found = compare(before, after)
    olds, news = contents(before), contents(after)
    assert {str(one.item_id) for one in found.removed} == olds.keys() - news.keys()
    assert {str(one.item_id) for one in found.added} == news.keys() - olds.keys()
    for change in found.rewritten:
        item = olds[str(change.item_id)]
        for field in change.fields:
            assert item.get(field.name) == field.before != field.after
            item = {**item, field.name: field.after}
        olds[str(change.item_id)] = {name: value for name, value in item.items() if value is not None}
    for identity in olds.keys() & news.keys():
        assert {**olds[identity], "position": 0} == {**news[identity], "position": 0}
    head = json.loads(before)
    for field in found.whole:
        assert head.get(field.name) == field.before
        head[field.name] = field.after
    assert {name: value for name, value in head.items() if name != "items" and value is not None} == {
        name: value for name, value in json.loads(after).items() if name != "items"
    }
    moved = {str(one.item_id) for one in found.moved}
    kept_before = [one for one in olds if one in news and one not in moved]
    kept_after = [one for one in news if one in olds and one not in moved]
    assert kept_before == kept_after


@given(items=ITEMS, place=strategies.integers(0, 5))
def test_one_item_put_elsewhere_is_the_only_one_moved(items: Any, place: int) -> None:
    before = version({}, items)
    if len(items) > 1:
        at = place % len(items)
        rest = [*items[:at], *items[at + 1 :]]
        found = compare(before, version({}, [items[at], *rest]))
        assert len(found.moved) == (0 if at == 0 else 1)
        assert not found.rewritten
    same = compare(before, before)
    assert same == type(same)((), (), (), (), ())
