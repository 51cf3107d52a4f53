"""What `entente tail` makes of a feed: it goes on after a break, and shows what an office would hold."""

import io
import json
from collections.abc import AsyncGenerator, Sequence

import httpx
import pytest
from entente.actions.v1.action_service_pb2 import FeedNotice
from entente.exchange.v1.action_status_pb2 import ActionState, ActionStatus, BasisState, Rag
from entente.exchange.v1.outcome_pb2 import ActionOwner
from rich.console import Console

from services.cli.clients import status_feeds
from services.cli.clients.status_feeds import (
    ConnectionLost,
    Feed,
    Kind,
    Step,
    TopicLog,
    follow_for_good,
    read_told,
)
from services.cli.failures import Refused
from services.cli.status_table import StatusBoard, document, plain_line
from services.cli.terminal import json_line


def status(sequence: int, action: str = "x", epoch: str = "a", **members: object) -> ActionStatus:
    return ActionStatus(epoch=epoch, sequence=sequence, action_id=action, **members)  # type: ignore[arg-type]


def step(sequence: int, action: str = "x", epoch: str = "a") -> Step:
    return Step(Kind.STATUS, f"{epoch}:{sequence}", status(sequence, action, epoch))


class Line:
    """Connections one after the other: each its steps, and how it ends."""

    def __init__(self, *connections: tuple[Sequence[Step], Exception | None]) -> None:
        self._connections = iter(connections)
        self.asked: list[str] = []

    async def connect(self, token: str) -> AsyncGenerator[Step, None]:
        self.asked.append(token)
        steps, end = next(self._connections)
        for one in steps:
            yield one
        if end is not None:
            raise end


async def read(feed: Feed, count: int) -> list[str]:
    told = []
    async for one in feed:
        told.append(f"{one.kind} {one.token}")
        if len(told) == count:
            break
    await feed.aclose()
    return told


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_feeds, "_SHORTEST_PAUSE", 0.0)


@pytest.mark.parametrize(
    "break_",
    [None, ConnectionLost("UNAVAILABLE"), httpx.ReadError(""), Refused(401, "TOKEN_EXPIRED", "", "")],
)
async def test_after_a_break_it_goes_on_where_it_had_got_to(break_: Exception | None) -> None:
    line = Line(([step(1), step(2)], break_), ([step(3), step(4)], None))
    told = await read(follow_for_good(line.connect), 5)
    assert told == ["status a:1", "status a:2", "lost a:2", "status a:3", "status a:4"]
    assert line.asked == ["", "a:2"]


async def test_a_break_right_after_a_reset_asks_for_a_whole_snapshot() -> None:
    line = Line(([step(9), Step(Kind.RESET, "b")], ConnectionLost("")), ([step(1, epoch="b")], None))
    assert await read(follow_for_good(line.connect, "a:8"), 4) == [
        "status a:9",
        "reset b",
        "lost ",
        "status b:1",
    ]
    assert line.asked == ["a:8", ""]


@pytest.mark.parametrize("reason", ["NO_ACCESS", "ACCOUNT_DISABLED", "RESUME_TOKEN_MALFORMED"])
async def test_what_another_try_does_not_mend_ends_it(reason: str) -> None:
    line = Line(([step(1)], Refused(200, reason, "", "")))
    with pytest.raises(Refused, match=reason):
        await read(follow_for_good(line.connect), 9)
    assert line.asked == [""]


async def test_a_fresh_token_that_is_refused_too_ends_it() -> None:
    expired = Refused(401, "TOKEN_EXPIRED", "", "")
    with pytest.raises(Refused, match="TOKEN_EXPIRED"):
        await read(follow_for_good(Line(([], expired), ([], expired)).connect), 9)


@pytest.mark.parametrize(
    ("resume", "told"),
    [
        ("", ["status a:1", "status a:3", "snapshot-complete a:3"]),
        ("a:1", ["status a:3"]),
        ("a:3", []),
        ("a:4", ["reset a", "status a:1", "status a:3", "snapshot-complete a:3"]),
        ("b:2", ["reset a", "status a:1", "status a:3", "snapshot-complete a:3"]),
    ],
)
def test_a_reader_of_the_topic_resumes_by_the_same_token_as_the_others(resume: str, told: list[str]) -> None:
    log = TopicLog(resume)
    held = [status(1, epoch="0"), status(1), status(3, "y"), status(3, "y")]
    assert [f"{one.kind} {one.token}" for one in log.catch_up(held)] == told
    later = [status(3, "y"), status(4), status(1, epoch="0"), status(1, epoch="c"), status(5)]
    live = [f"{one.kind} {one.token}" for record in later for one in log.take(record)]
    assert live == ["status a:4", "reset c", "status c:1"]


@pytest.mark.parametrize("resume", ["7", "a:", "a:seven", "a:-1", ":7"])
def test_a_reader_of_the_topic_is_refused_a_malformed_token_by_the_same_name(resume: str) -> None:
    with pytest.raises(Refused) as refused:
        TopicLog(resume)
    assert refused.value.reason == "RESUME_TOKEN_MALFORMED"


def test_a_notice_on_the_topic_is_told_beside_the_order_and_the_newest_of_its_name_counts() -> None:
    silent, resumed = (
        FeedNotice(name="scheduler", state=state, at="noon") for state in ("silent", "resumed")
    )
    log = TopicLog("a:1")
    told = [*log.catch_up([status(1), silent, status(2), resumed, status(3)]), *log.take(silent)]
    assert [one.text or one.token for one in told] == [
        "a:2",
        "a:3",
        "scheduler resumed since noon",
        "scheduler silent since noon",
    ]
    assert read_told(b"notice:scheduler", b'{"name":"scheduler","later":1}') == FeedNotice(name="scheduler")
    assert read_told(b"096749d6", b'{"sequence":"7"}') == ActionStatus(sequence=7)


def test_an_empty_topic_is_an_empty_snapshot() -> None:
    assert TopicLog("").catch_up([]) == [Step(Kind.SNAPSHOT_COMPLETE, "")]


SHOWN = ActionStatus(
    epoch="a",
    sequence=7,
    action_id="x",
    reference="UKEU-2026-A07",
    text="Publish \x1b[31m guidance",
    owners=[ActionOwner(party="UK", organisation="DSIT")],
    state=ActionState.ACTION_STATE_BLOCKED,
    rag=Rag.RAG_AMBER,
    due_date="2027-06-30",
    due_date_change_count=2,
    basis=BasisState.BASIS_STATE_STALE,
    changed_at="2026-11-25T09:30:00Z",
)


def drawn(board: StatusBoard) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(board.table())
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_table_shows_the_newest_of_each_action_and_how_the_connection_does() -> None:
    board = StatusBoard("uk-eu.uk")
    board.take(Step(Kind.STATUS, "a:7", SHOWN))
    board.take(Step(Kind.NOTICE, "", text="SCHEDULER SILENT since 2026-11-25T09:00:00Z"))
    shown = drawn(board)
    for words in ("1 actions", "UKEU-2026-A07", "BLOCKED", "AMBER", "2027-06-30 (moved 2x)", "stale", "DSIT"):
        assert words in shown
    assert "live" in shown
    assert "SCHEDULER SILENT" in shown
    assert "a:7" in shown
    assert "\x1b" not in shown
    board.take(Step(Kind.LOST, "a:7", text="ReadError"))
    assert "reconnecting: ReadError" in drawn(board)
    board.take(Step(Kind.RESET, "b"))
    assert "0 actions" in drawn(board)


def test_an_action_that_is_withheld_is_shown_no_more() -> None:
    board = StatusBoard("uk-eu.uk")
    board.take(Step(Kind.STATUS, "a:7", SHOWN))
    at = "2026-11-26T08:00:00Z"
    gone = Step(Kind.STATUS, "a:8", ActionStatus(action_id="x", withheld=True, changed_at=at))
    board.take(gone)
    assert "0 actions" in drawn(board)
    assert "UKEU-2026-A07" not in drawn(board)
    assert plain_line(gone) == "2026-11-26T08:00:00  x is no longer shown  [a:8]"


def test_a_state_of_a_newer_service_is_shown_by_its_number() -> None:
    newer = ActionStatus.FromString(b"\x48\x4d")
    assert (plain_line(Step(Kind.STATUS, "a:1", newer)) or "").startswith("77  ")


def test_lines_hold_nothing_that_a_terminal_obeys_and_json_the_whole_record() -> None:
    line = plain_line(Step(Kind.STATUS, "a:7", SHOWN))
    assert line is not None
    assert line.startswith(
        "2026-11-25T09:30:00  UKEU-2026-A07  BLOCKED  AMBER  due 2027-06-30  stale basis  DSIT"
    )
    assert line.endswith("[a:7]")
    assert "\x1b" not in line
    assert plain_line(Step(Kind.HEARTBEAT, "a:7")) is None
    assert plain_line(Step(Kind.LOST, "a:7", text="gone")) == "-- lost gone a:7"
    told = json.loads(json_line(document(Step(Kind.STATUS, "a:7", SHOWN))))
    assert (told["kind"], told["token"], told["status"]["sequence"]) == ("status", "a:7", "7")
