"""The golden messages of actions are what the code makes, and audiences' readers accept them."""

import json

import pytest
from google.protobuf.json_format import MessageToDict

from services.actions.events import read_status_entry
from tests.support.action_examples import EXAMPLES, examples


@pytest.mark.parametrize("place", sorted(examples()))
def test_a_golden_message_is_what_the_code_makes(place: str) -> None:
    assert json.loads((EXAMPLES / place).read_text()) == MessageToDict(examples()[place])


def test_no_golden_message_of_ours_is_left_over() -> None:
    folders = {place.partition("/")[0] for place in examples()}
    found = {f"{name}/{file.name}" for name in folders for file in (EXAMPLES / name).glob("*.json")}
    assert found == set(examples())


@pytest.mark.parametrize("place", sorted(place for place in examples() if "ActionStatus" in place))
def test_the_feed_is_read_from_golden_statuses_also_with_a_later_field(place: str) -> None:
    document = {**json.loads((EXAMPLES / place).read_text()), "later": {"field": 1}}
    entry = read_status_entry(document["actionId"].encode(), json.dumps(document).encode())
    assert entry is not None
    assert str(entry.token) == f"{document['epoch']}:{document['sequence']}"
