"""Whatever can be asked of threatfeed is asked in the proof that nobody is told what they may not see."""

from tests.support.idle import idle_threatfeed
from tests.support.worlds.asking import methods_of, questions, routes_of
from tests.support.worlds.values import Arguments

ANYTHING = Arguments(*[("one", "other")] * 10)


def test_every_route_and_every_method_is_asked() -> None:
    parts = idle_threatfeed()
    asked = {question.place for question in questions(parts, ANYTHING)}
    assert asked == {*routes_of(), *(method.name for method in methods_of(parts))}


def test_changes_are_asked_for_after_all_that_is_read() -> None:
    changing = [question.changes for question in questions(idle_threatfeed(), ANYTHING)]
    assert changing == sorted(changing)
    assert any(changing)
