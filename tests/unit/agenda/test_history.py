"""Who is told of an act, and what an act is recorded to have changed."""

import ast
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.agenda.domain.attendance import Presence
from services.agenda.domain.history.acts import ACTS, UNTOLD, HistoryKind
from services.agenda.domain.history.changes import content_differences, item_differences
from services.agenda.domain.history.telling import Recorded, Sight, Wanted, Who, history, tell
from services.agenda.domain.items import DraftItem
from services.agenda.domain.permissions import PERMISSIONS, Command
from services.kernel.parties import Role
from tests.support.agenda import REFERENCE, tabled_item

AT = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
ITEM = UUID(int=7)
USE_CASES = Path(__file__).parents[3] / "services/agenda/usecases"


def sight(role: Role, party: str = "UK") -> Sight:
    return Sight(party, frozenset(one for one in Command if role in PERMISSIONS[one]))


def item(identity: UUID) -> DraftItem:
    return DraftItem(identity, tabled_item().content((REFERENCE,)), (), AT, None)


def recorded(action: str, party: str | None = "EU", **detail: Any) -> Recorded:
    by = {"by": {"organisation": "EEAS", "roles": ["secretariat"]}}
    return Recorded(action, "eeas-secretariat", party, UUID(int=1), AT, {**by, **detail})


def test_every_act_that_is_recorded_is_told_of_to_somebody_or_named_as_told_to_nobody() -> None:
    said = {
        node.value
        for path in USE_CASES.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    kinds = "|".join(sorted({one.partition(".")[0] for one in {*ACTS, *UNTOLD}}))
    found = {one for one in said if re.fullmatch(rf"({kinds})\.[a-z-]+", one)}
    found |= {f"participant.{one.value.lower()}" for one in Presence if one is not Presence.INVITED}
    found |= {f"run.{one}" for one in ("item-started", "item-finished", "break-begun", "break-ended")}
    found |= {f"withdrawal-task.{one}" for one in ("opened", "lapsed")}
    found |= {"meeting.postponed", "meeting.cancelled"}
    assert found == {*ACTS, *UNTOLD}
    assert not set(ACTS) & UNTOLD


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", ["draft.item-added", "draft.ranked", "draft.commented", "brief.written",
                                    "clearance.asked", "proposal.made", "outcome.cleared",
                                    "outcome.clearance-refused", "participant.noted",
                                    "withdrawal-task.closed"])  # fmt: skip
def test_what_a_side_does_for_itself_is_told_to_nobody_else(action: str, role: Role) -> None:
    assert tell(recorded(action), sight(role)) is None
    own = tell(recorded(action, "UK"), sight(role))
    assert (own is not None) is (role in PERMISSIONS[ACTS[action].needs])


def test_of_another_sides_joint_act_party_and_organisation_are_told() -> None:
    act = recorded("register.reopened", reason="A name was wrong.")
    entry = tell(act, sight(Role.AUDITOR))
    assert entry is not None
    assert (entry.by, entry.reason) == (Who("EU", "EEAS"), None)
    own = tell(act, sight(Role.AUDITOR, "EU"))
    assert own is not None
    assert own.by == Who("EU", "EEAS", "eeas-secretariat", ("secretariat",))
    assert own.reason == "A name was wrong."


def test_the_reason_of_a_move_is_for_every_side_and_what_the_service_did_is_nobodys() -> None:
    moved = tell(recorded("meeting.postponed", reason="Elections."), sight(Role.LEADERSHIP))
    marked = tell(recorded("agenda.references-marked", None), sight(Role.LEADERSHIP))
    assert moved is not None
    assert marked is not None
    assert (moved.reason, marked.by) == ("Elections.", Who(None))


def test_what_nobody_has_named_is_told_to_nobody() -> None:
    assert tell(recorded("meeting.invented", "UK"), sight(Role.SECRETARIAT)) is None
    assert tell(recorded("agenda.agreement-counted", "UK"), sight(Role.SECRETARIAT)) is None


def test_entries_are_chosen_by_item_kind_organisation_and_time() -> None:
    answers = recorded("agenda.items-answered", items={str(ITEM): {"answer": [None, "ACCEPTED"]}})
    minutes = recorded("minutes.written", section=str(ITEM), changes={"revision": [None, "1"]})
    opening = replace(recorded("minutes.written", section="OPENING"), at=AT.replace(hour=10))
    records, reader = [answers, minutes, opening], sight(Role.OWNER)

    def chosen(**wanted: Any) -> list[tuple[str, str | None]]:
        found = history(records, reader, Wanted(**wanted))
        return [(entry.act.action, entry.section) for _, entry in found]

    assert chosen(item_id=ITEM) == [("agenda.items-answered", None), ("minutes.written", str(ITEM))]
    assert chosen(kind=HistoryKind.AGENDA) == [("agenda.items-answered", None)]
    assert chosen(organisation="FCDO") == []
    assert len(chosen(organisation="EEAS")) == 3
    assert chosen(since=opening.at) == [("minutes.written", "OPENING")]


def test_a_draft_is_recorded_with_codes_as_they_were_and_with_no_words() -> None:
    first, second = item(UUID(int=1)), item(UUID(int=2))
    hushed = replace(second, content=replace(second.content, title="Hushed", minutes=45, references=()))
    assert item_differences([first, second], [first, hushed]) == {
        str(second.id): {"title": (), "minutes": ("20", "45"), "references": ()}
    }
    assert item_differences([first], []) == {str(first.id): {"position": ("1", None)}}
    assert item_differences([first], [second, first]) == {str(second.id): {"position": (None, "1")}}
    rewritten = replace(first.content, leads={"UK": "FCDO"}, theme="")
    assert content_differences(first.content, rewritten) == {
        "leads": ("EU CNECT, UK DSIT", "UK FCDO"),
        "theme": ("CNI_PRIVATE_SECTOR", None),
    }
