"""The weights are read whole or not at all."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from services.chassis.documents import read_documents
from services.kernel.ranking import read_ranking
from services.kernel.sections import PolicyMalformed
from tests.support.processes import POLICY as POLICY_FOLDER

Document = dict[str, Any]


def document() -> Document:
    return copy.deepcopy(dict(read_documents(POLICY_FOLDER)["ranking"]))


def setting(*path: str | int, to: object) -> Callable[[Document], None]:
    def damage(content: Any) -> None:
        for step in path[:-1]:
            content = content[step]
        content[path[-1]] = to

    return damage


def test_the_version_names_the_content() -> None:
    changed = document()
    changed["points"]["TEMPO"] = 16
    one, other = read_ranking(document(), "ranking"), read_ranking(changed, "ranking")
    assert one.version.startswith("2026.1+")
    assert one.version != other.version
    assert read_ranking(document(), "ranking") == one


@pytest.mark.parametrize(
    "damage",
    [
        setting("points", "TEMPO", to=-1),
        setting("points", "TEMPO", to=10**9),
        setting("points", "TEMPO", to=1.5),
        setting("points", "TEMPO", to=True),
        setting("points", "TEMPO", to="15"),
        setting("points", "CHARM", to=1),
        lambda content: content["points"].pop("TEMPO"),
        setting("most_inputs", "ASSESSMENTS", to=0),
        setting("most_units", "PROPOSED", to=2),
        setting("recency", to=[]),
        setting("recency", 0, "days", to=100),
        setting("recency", 1, "percent", to=101),
        setting("recency", 2, "percent", to=80),
        setting("tempo_days", to=31),
        setting("due_within_days", to=-1),
        setting("confidence", "UNSPECIFIED", to=None),
        lambda content: content["confidence"].pop("LOW"),
        setting("likelihood", "PHIA_2025", "Maybe", to=50),
        lambda content: content["likelihood"]["ICD203"].pop("likely"),
        setting("likelihood", "WEP", to={}),
        setting("commitments", "STANDING", to=-5),
        setting("version", to=""),
        setting("note", to="more"),
    ],
)
def test_a_damaged_document_is_refused(damage: Callable[[Document], None]) -> None:
    content = document()
    damage(content)
    with pytest.raises(PolicyMalformed):
        read_ranking(content, "ranking")
