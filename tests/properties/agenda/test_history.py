"""A reader's history is made of what the reader may know, and of nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from hypothesis import given, strategies

from services.agenda.domain.history.acts import ACTS, UNTOLD, HistoryKind
from services.agenda.domain.history.telling import Recorded, Sight, Wanted, history
from services.agenda.domain.permissions import PERMISSIONS, Command
from services.agenda.usecases.paging import cut, read_key, write_token
from services.kernel.parties import Role

_JOINT: Final = ("meeting.", "agenda.", "register.", "run.", "minutes.", "conclusions.")
"""What both sides do together, said without the table."""
_OWN: Final = {
    "draft.": (Role.SECRETARIAT, Role.CHAIR),
    "clearance.": (Role.SECRETARIAT, Role.CHAIR),
    "brief.": (Role.SECRETARIAT, Role.CHAIR),
    "proposal.": (Role.SECRETARIAT, Role.CHAIR),
    "withdrawal-task.": (Role.SECRETARIAT, Role.CHAIR),
    **dict.fromkeys(
        ("outcome.cleared", "outcome.clearance-refused"),
        (Role.SECRETARIAT, Role.CHAIR, Role.RELEASE_OFFICER),
    ),
    "draft.ranked": (Role.SECRETARIAT,),
}
_READERS: Final = (Role.SECRETARIAT, Role.CHAIR, Role.OWNER, Role.LEADERSHIP, Role.AUDITOR)
_ITEMS: Final = strategies.sampled_from([str(UUID(int=number)) for number in (1, 2, 3)])
_BEGINS: Final = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


def may_know(one: Recorded, party: str, role: Role) -> bool:
    if one.action in UNTOLD:
        return False
    roles = next((_OWN[key] for key in sorted(_OWN, reverse=True) if one.action.startswith(key)), _READERS)
    both = one.action.startswith((*_JOINT, "outcome.", "participant."))
    shared = both and one.action not in (
        *("outcome.cleared", "outcome.clearance-refused"),
        "participant.noted",
    )
    return role in roles and (shared or one.party in (None, party))


@strategies.composite
def recordings(draw: strategies.DrawFn) -> Recorded:
    detail: dict[str, Any] = {"by": {"organisation": draw(strategies.sampled_from(["FCDO", "EEAS"]))}}
    if draw(strategies.booleans()):
        detail["item_id"] = draw(_ITEMS)
    if draw(strategies.booleans()):
        detail["items"] = {draw(_ITEMS): {"minutes": ["5", draw(strategies.sampled_from(["10", None]))]}}
    return Recorded(
        action=draw(strategies.sampled_from([*ACTS, *sorted(UNTOLD)])),
        actor=draw(strategies.sampled_from(["one", "other"])),
        party=draw(strategies.sampled_from(["UK", "EU", None])),
        subject_id=UUID(int=draw(strategies.integers(1, 5))),
        # Few instants, so that many entries share one.
        at=_BEGINS + timedelta(hours=draw(strategies.integers(0, 2))),
        detail=detail,
    )


WANTED: Final = strategies.builds(
    Wanted,
    item_id=strategies.none() | _ITEMS.map(UUID),
    kind=strategies.none() | strategies.sampled_from(HistoryKind),
    organisation=strategies.none() | strategies.sampled_from(["FCDO", "EEAS", "NSA"]),
    since=strategies.none() | strategies.just(_BEGINS + timedelta(hours=1)),
)


def pages(records: list[Recorded], sight: Sight, wanted: Wanted, size: int) -> list[str]:
    """Every page with its token, as bytes would be made of it."""
    found, token = [], ""
    while True:
        after = read_key(token, (str, int), "history")
        shown, last = cut(history(records, sight, wanted), lambda one: one[0], after, size)
        token = write_token(last, "history")
        found.append(repr((shown, token)))
        if not token:
            return found


@given(
    strategies.lists(recordings(), max_size=25),
    strategies.sampled_from(Role),
    WANTED,
    strategies.integers(1, 4),
)
def test_what_a_reader_may_not_know_changes_no_byte_of_any_page(
    records: list[Recorded], role: Role, wanted: Wanted, size: int
) -> None:
    sight = Sight("UK", frozenset(one for one in Command if role in PERMISSIONS[one]))
    known = [one for one in records if may_know(one, "UK", role)]
    assert pages(records, sight, wanted, size) == pages(known, sight, wanted, size)


@given(strategies.lists(recordings(), max_size=25), strategies.sampled_from(Role))
def test_what_a_reader_may_know_is_told_once_and_in_the_order_of_time(
    records: list[Recorded], role: Role
) -> None:
    sight = Sight("UK", frozenset(one for one in Command if role in PERMISSIONS[one]))
    told = history(records, sight, Wanted())
    known = sorted((one for one in records if may_know(one, "UK", role)), key=lambda one: one.at)
    assert [(entry.at, entry.act.action) for _, entry in told] == [(one.at, one.action) for one in known]
    assert [place for place, _ in told] == sorted({place for place, _ in told})
    officials = [entry.by.official for _, entry in told]
    assert officials == [one.actor if one.party == "UK" else None for one in known]
