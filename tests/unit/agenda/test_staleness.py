"""Who comes late is told what changed since: officials by name to their own party, fields where known."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from google.protobuf import json_format, struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from services.agenda.domain.assembly.planning import Planning
from services.agenda.domain.proposal import ProposalState
from services.agenda.domain.refusals import StaleVersion
from services.agenda.domain.staleness import Step, changed_fields, plain, stale
from services.chassis.rpc.statuses import status_of

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_an_official_is_named_to_the_own_party_alone() -> None:
    steps = [Step("rescheduled", "UK", "anna", AT, ("venue",)), Step("held", "EU", "berta", AT)]
    told = stale("meeting", 3, steps, party="EU", current={"venue": "Paris"}, state="HELD").members()
    assert told == {
        "version": "3",
        "state": "HELD",
        "changes": [
            {"change": "rescheduled", "party": "UK", "at": AT.isoformat(), "fields": ["venue"]},
            {"change": "held", "party": "EU", "at": AT.isoformat(), "official": "berta"},
        ],
        "current": {"venue": "Paris"},
    }


def test_nothing_is_said_of_what_is_not_kept() -> None:
    assert stale("planning", 3, [], party="UK", current={}).members() == {"version": "3"}


def test_values_are_told_as_json_has_them() -> None:
    assert plain({"a": (UUID(int=1), date(2026, 1, 2)), "b": ProposalState.TAKEN, "c": None}) == {
        "a": ["00000000-0000-0000-0000-000000000001", "2026-01-02"],
        "b": "TAKEN",
        "c": None,
    }
    planning = Planning(1)
    assert changed_fields(planning, replace(planning, gap=5, version=2)) == ["version", "gap"]


@given(st.lists(st.text(max_size=400), max_size=40), st.text(max_size=6_000))
def test_over_grpc_the_newest_changes_are_told_that_fit_into_a_trailer(texts: list[str], words: str) -> None:
    changes = [{"change": str(place), "text": text} for place, text in enumerate(texts)]
    refusal = StaleVersion("late", version="4", changes=changes, current={"words": words})
    told = struct_pb2.Struct()
    status = status_of(refusal)
    assert any(detail.Unpack(told) for detail in status.details) or not told.fields
    assert told.ByteSize() <= 4_096
    document = json_format.MessageToDict(told)
    kept = document.get("changes", [])
    assert kept == changes[len(changes) - len(kept) :]
    if len(str(changes).encode()) + len(words.encode()) < 2_000:
        assert len(kept) == len(changes)
        assert document["current"]["words"] == words
