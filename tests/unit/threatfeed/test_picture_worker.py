"""The parts of the picture worker, without a broker: its settings, its handler and what watches it."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import faust
import pytest
from faust.types.enums import ProcessingGuarantee
from pydantic import SecretStr

from services.chassis.consumer.positions import Partition
from services.chassis.envelope import Event
from services.chassis.health import Health
from services.chassis.log_ends import Extent
from services.chassis.settings import KafkaSettings
from services.kernel.refusals import Refusal
from services.kernel.release_terms import Rendition
from services.threatfeed.domain.visibility import Sight
from services.threatfeed.picture.figures import Figures
from services.threatfeed.picture.painter import Painter
from services.threatfeed.picture.progress import Progress
from services.threatfeed.picture.stream import Stream, create_app
from services.threatfeed.picture.told import Reader, read_told, state_after
from services.threatfeed.picture.topics import Names
from tests.support.picture import NOW, told
from tests.support.processes import SettableClock, Traces
from tests.support.submissions import real_policy


def kafka() -> KafkaSettings:
    return KafkaSettings(
        bootstrap_servers="one:9092,two:9092",
        username="u",
        password=SecretStr("p"),
        security_protocol="SASL_PLAINTEXT",
    )


def figures() -> Figures:
    return Figures(Traces.kept_in_memory().telemetry.metrics.registry)


class TestTheApp:
    """Each of these settings has lost events, or hidden that they were lost, where it was another."""

    @pytest.fixture
    def conf(self, tmp_path: Path) -> Any:
        return create_app(kafka(), "group", tmp_path).conf

    def test_is_the_edition_whose_ways_were_measured(self) -> None:
        assert faust.__version__ == "0.15.3"

    def test_acknowledges_what_was_handled_and_nothing_sooner(self, conf: Any) -> None:
        assert conf.processing_guarantee is ProcessingGuarantee.AT_LEAST_ONCE
        assert conf.stream_wait_empty is True
        assert conf.consumer_auto_offset_reset == "earliest"

    def test_takes_raw_bytes_so_that_no_codec_loses_them(self, conf: Any) -> None:
        assert (conf.key_serializer, conf.value_serializer) == ("raw", "raw")

    def test_makes_no_topic_elects_no_leader_and_keeps_no_standby(self, conf: Any) -> None:
        assert conf.topic_allow_declare is False
        assert conf.topic_disable_leader is True
        assert conf.table_standby_replicas == 0

    def test_serves_no_pages(self, conf: Any) -> None:
        assert conf.web_enabled is False

    def test_bounds_what_it_holds_and_how_long_it_waits(self, conf: Any) -> None:
        assert conf.broker_max_poll_records == 500
        assert conf.stream_buffer_maxsize == 4_096
        assert conf.producer_request_timeout == 60.0

    def test_logs_in_with_its_own_user(self, conf: Any) -> None:
        assert conf.broker_credentials.protocol.value == "SASL_PLAINTEXT"
        assert conf.broker_credentials.username == "u"
        assert [url.host for url in conf.broker] == ["one", "two"]

    def test_hands_its_stream_to_one_handler_at_a_time(self, tmp_path: Path) -> None:
        app = create_app(kafka(), "group", tmp_path)
        Stream(app, Names(), figures())
        (agent,) = app.agents.values()
        assert agent.concurrency == 1


def heard(held: bytes | None, event: Event, **changes: Any) -> bytes | None:
    parts = {
        "key": event.subject.encode(),
        "headers": [(name, text.encode()) for name, text in event.headers().items()],
        "value": event.data,
    } | changes
    return state_after(held, parts["key"], parts["headers"], parts["value"])


class TestTheHandler:
    def test_keeps_the_latest_version_whatever_comes_first(self) -> None:
        first, second = told("A"), told("A", version=2)
        assert heard(None, first) == first.data
        assert heard(first.data, second) == second.data
        assert heard(second.data, first) is None
        assert heard(second.data, second) is None

    def test_keeps_a_withdrawal_so_that_nothing_older_comes_back(self) -> None:
        withdrawn = told("A", version=2, state="WITHDRAWN")
        assert heard(told("A").data, withdrawn) == withdrawn.data
        assert read_told(withdrawn.data).published is None
        assert heard(withdrawn.data, told("A")) is None

    @pytest.mark.parametrize(
        "changes",
        [
            {"value": None},
            {"value": b"\xff\xff"},
            {"value": b""},
            {"headers": None},
            {"headers": [("ce_id", b"\xff")]},
            {"headers": {"ce_id": b"1"}},
            {"key": None},
            {"key": b"another"},
        ],
    )
    def test_refuses_what_is_none_of_its_topics_records(self, changes: dict[str, Any]) -> None:
        with pytest.raises(Refusal):
            heard(None, told("A"), **changes)

    def test_tells_of_no_text_so_none_can_leave(self) -> None:
        content = read_told(told("A", tear_line="TLP:GREEN").data)
        assert not {"title", "text"} & set(content.__dataclass_fields__)

    def test_denies_everybody_a_marking_that_it_cannot_read(self) -> None:
        message = told("A", marking="UK OFFICIAL REL EU")
        strange = message.data.replace(b"OFFICIAL", b"OFFICIEL")
        content = read_told(strange)
        assert content.marking is None
        sight = Sight("UK", {}, real_policy(), NOW)
        assert sight.rendition(content) is None
        assert sight.rendition(read_told(message.data)) is Rendition.FULL


def test_a_table_is_read_once_as_long_as_it_stays_the_same() -> None:
    reader, event = Reader(), told("A")
    rows = [(event.subject.encode(), event.data)]
    (first,) = reader.read(rows).values()
    (again,) = reader.read(rows).values()
    assert again is first
    assert reader.read([]) == {}


@dataclass
class Place:
    """How far a stream says that it has come."""

    assigned: frozenset[int] = frozenset()
    handled: int = 0
    at: dict[int, int] = field(default_factory=dict)

    def position(self, partition: int) -> int:
        return self.at.get(partition, 0)


def ends(**extents: tuple[int, int]) -> dict[Partition, Extent]:
    return {Partition("t", int(name[1:])): Extent(*extent) for name, extent in extents.items()}


class TestProgress:
    def watch(self, place: Place, within: float = 60.0) -> tuple[Progress, Health]:
        health = Health()
        return Progress(place, health, figures(), within), health

    async def test_is_complete_when_the_ends_of_all_partitions_are_reached(self) -> None:
        place = Place(frozenset({0, 1}), at={0: 3})
        progress, health = self.watch(place)
        assert await health.not_ready() == {"picture": "has no partitions yet"}
        progress.note(ends(p0=(0, 3), p1=(5, 9)))
        assert not progress.complete
        assert await health.not_ready() == {"picture": "is catching up"}
        place.at[1] = 9
        progress.note(ends(p0=(0, 30), p1=(5, 90)))
        assert progress.complete, "what has come since does not count"
        assert await health.not_ready() == {}

    async def test_knows_partitions_from_which_everything_is_gone(self) -> None:
        progress, _ = self.watch(Place(frozenset({0})))
        progress.note(ends(p0=(7, 7)))
        assert progress.complete

    async def test_needs_all_partitions(self) -> None:
        place = Place(frozenset({0, 1}))
        progress, health = self.watch(place)
        progress.note(ends(p0=(0, 0), p1=(0, 0)))
        assert progress.complete
        place.assigned = frozenset({1})
        progress.note(ends(p0=(0, 0), p1=(0, 0)))
        assert not progress.complete
        assert (await health.not_ready())["picture"].startswith("has 1 of 2 partitions")

    def test_lets_a_heart_stop_that_is_behind_and_does_not_move(self) -> None:
        place = Place(frozenset({0}))
        progress, health = self.watch(place, within=0.0)
        for handled, end, alive in ((1, 9, True), (1, 9, False), (2, 9, True), (2, 2, False), (2, 9, False)):
            place.handled, place.at = handled, {0: handled}
            heart = health._hearts["picture stream"]
            before = heart.last
            progress.note(ends(p0=(0, end)))
            assert (heart.last > before) is (alive or end == handled)

    def test_does_not_take_an_outage_of_the_broker_for_a_standstill(self) -> None:
        progress, health = self.watch(Place(frozenset({0})))
        heart = health._hearts["picture stream"]
        before = heart.last
        progress.note(None)
        assert heart.last > before

    def test_lets_a_heart_stop_that_never_gets_partitions(self) -> None:
        progress, health = self.watch(Place())
        heart = health._hearts["picture stream"]
        before = heart.last
        progress.note(ends(p0=(0, 0)))
        assert heart.last == before


@dataclass
class Board:
    """A table as the painter sees it."""

    rows: list[tuple[bytes, bytes]] = field(default_factory=list)
    changes: int = 0

    def table(self) -> list[tuple[bytes, bytes]]:
        return self.rows

    def put(self, event: Event) -> None:
        self.rows = [row for row in self.rows if row[0] != event.subject.encode()]
        self.rows.append((event.subject.encode(), event.data))
        self.changes += 1


class TestThePainter:
    def paint(self, *, broken: bool = False) -> tuple[Painter, Board, list[str], SettableClock, list[bool]]:
        board, sent, clock, broke = Board(), [], SettableClock(NOW), [broken]

        async def publish(topic: str, event: Event) -> None:
            await asyncio.sleep(0)
            if broke[0]:
                raise ConnectionError(event.subject)
            sent.append(topic)

        progress = Progress(Place(frozenset({0})), Health(), figures(), 60.0)
        progress.note(ends(p0=(0, 0)))
        painter = Painter(
            board, progress, publish, Names(), policy=real_policy(), clock=clock, figures=figures()
        )
        return painter, board, sent, clock, broke

    async def test_publishes_to_an_audience_only_when_its_own_picture_has_changed(self) -> None:
        painter, board, sent, _, _ = self.paint()
        await painter.look()
        assert len(sent) == 4
        sent.clear()
        board.put(told("A", marking="UK OFFICIAL-SENSITIVE - HMG USE ONLY"))
        await painter.look()
        assert sent == ["threatfeed.picture.uk-eu.uk.v1", "threatfeed.picture.uk-us-cmr.uk.v1"]
        sent.clear()
        await painter.look()
        assert sent == []

    async def test_draws_anew_when_a_day_begins(self) -> None:
        painter, _, sent, clock, _ = self.paint()
        await painter.look()
        clock.at = datetime.combine(NOW.date(), NOW.timetz()) + timedelta(days=1)
        await painter.look()
        assert len(sent) == 8

    async def test_never_raises_and_tries_again(self) -> None:
        painter, _, sent, _, broke = self.paint(broken=True)
        await painter.look()
        assert sent == []
        broke[0] = False
        await painter.look()
        assert len(sent) == 4
