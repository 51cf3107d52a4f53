"""The reader of the chaos run notes whatever breaks the promises of the stream."""

from pathlib import Path
from typing import cast

import pytest

from benchmarks.chaos.reader import Follower, Step, Words
from deploy.local.platform import PlatformAccess
from services.cli.accounts import account

ONE, TWO = Words(1, "Title", "Text"), Words(2, "Title", "Other text")


def told(*steps: Step) -> Follower:
    reader = Follower(cast("PlatformAccess", Path()), account("eeas-secretariat"), "", "")
    for step in steps:
        reader.take(step)
    return reader


def test_it_holds_the_newest_words_of_what_is_not_gone() -> None:
    reader = told(
        Step(""),
        Step("e:1", "A", ONE),
        Step("e:2", "B", ONE),
        Step("e:2"),
        Step("e:4", "A", TWO),
        Step("e:5", "B"),
        Step("e:7"),
    )
    assert reader.problems == []
    assert reader.held == {"A": (4, TWO)}
    assert (reader.token, reader.sequence, reader.steps) == ("e:7", 7, 4)


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (Step("e:2", "B", ONE), "told 2 after 2"),
        (Step("e:1", "A"), "told 1 after 2"),
        (Step("e:1"), "told 1 after 2"),
        (Step("f:3", "B", ONE), "another epoch: f:3 after e"),
        (Step("", reset=True), "told to forget what it holds after e:2"),
    ],
)
def test_it_notes_a_repeat_a_step_back_another_epoch_and_a_new_beginning(broken: Step, named: str) -> None:
    reader = told(Step("e:1", "A", ONE), Step("e:2", "B", ONE), broken)
    assert reader.problems == [f"reader of EU: {named}"]
