"""The Faust app of the picture: a table of the last state of every assessment, and a timer that reads it.

Faust acknowledges an event whose handler raises, and so loses it: nothing here raises in a handler or a
timer. What cannot be explained ends the process, and the event is delivered again.
"""

import os
import ssl
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, NoReturn

import faust
import structlog
from faust.types import TP

from services.chassis.lifecycle import CRASHED
from services.chassis.settings import KafkaSettings
from services.kernel.refusals import Refusal
from services.threatfeed.picture.figures import Figures
from services.threatfeed.picture.told import state_after
from services.threatfeed.picture.topics import Names


def create_app(kafka: KafkaSettings, group: str, folder: Path) -> faust.App:
    """An app that declares no topic, serves no pages, and commits only what has been handled."""
    encrypted = kafka.security_protocol == "SASL_SSL"
    session = kafka.session_timeout_ms / 1000
    return faust.App(
        group,
        broker=";".join(f"kafka://{server}" for server in kafka.bootstrap_servers.split(",")),
        broker_credentials=faust.SASLCredentials(
            mechanism=kafka.mechanism,
            username=kafka.username,
            password=kafka.password.get_secret_value(),
            ssl_context=ssl.create_default_context() if encrypted else None,
        ),
        processing_guarantee="at_least_once",
        stream_wait_empty=True,
        stream_buffer_maxsize=4_096,
        broker_max_poll_records=500,
        broker_commit_every=1_000,
        broker_commit_interval=2.0,
        broker_session_timeout=session,
        broker_heartbeat_interval=min(3.0, session / 3),
        broker_request_timeout=90.0,
        broker_rebalance_timeout=60.0,
        consumer_auto_offset_reset="earliest",
        consumer_metadata_max_age_ms=kafka.metadata_max_age_ms,
        key_serializer="raw",
        value_serializer="raw",
        producer_linger=0.005,
        producer_max_batch_size=262_144,
        producer_request_timeout=60.0,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_replication_factor=3,
        topic_partitions=12,
        table_standby_replicas=0,
        table_cleanup_interval=30.0,
        store="memory://",
        datadir=str(folder),
        web_enabled=False,
        worker_redirect_stdouts=False,
    )


class Stream:
    """What the topic of assessments has told so far, and how far it has been read."""

    def __init__(self, app: faust.App, names: Names, figures: Figures) -> None:
        self._app = app
        self._source = names.source
        self._figures = figures
        self._log = structlog.get_logger("picture")
        self._assigned: frozenset[int] = frozenset()
        self._handled: dict[int, int] = {}
        self.changes = 0
        """Counts what may have changed the table; a rebuilt table counts as a change."""
        self._table: Any = app.Table(
            "assessments",
            key_type=bytes,
            value_type=bytes,
            changelog_topic=app.topic(
                names.state,
                key_type=bytes,
                value_type=bytes,
                key_serializer="raw",
                value_serializer="raw",
                compacting=True,
                acks=False,
                internal=True,
                maxsize=131_072,
                allow_empty=True,
            ),
        )
        source = app.topic(
            names.source,
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
            allow_empty=True,
        )
        app.agent(source, name="assessments", concurrency=1)(self._hear)
        # Faust keeps only weak references to receivers.
        self._receivers = (self._note_assigned, self._note_revoked)
        app.on_partitions_assigned.connect(self._receivers[0])
        app.on_partitions_revoked.connect(self._receivers[1])

    @property
    def assigned(self) -> frozenset[int]:
        """The partitions that this worker has, with their part of the table recovered."""
        return frozenset() if self._app.rebalancing or self._app.in_recovery else self._assigned

    @property
    def handled(self) -> int:
        """How many records have been handled; only for seeing that it grows."""
        return self._figures.handled

    def position(self, partition: int) -> int:
        """The offset of the next record to handle: beyond what was handled here or committed before."""
        # Faust 0.15.3 tells nobody else where its group had come to when it was given a partition.
        consumer: Any = self._app.consumer
        committed = consumer._committed_offset[TP(self._source, partition)]
        return max(self._handled.get(partition, 0), committed or 0)

    def table(self) -> Iterable[tuple[bytes, bytes]]:
        return list(self._table.items())

    async def _hear(self, stream: Any) -> None:
        async for event in _events(stream):
            self._handle(event.message)

    def _handle(self, message: Any) -> None:
        try:
            held = self._table.get(message.key)
            state = state_after(held, message.key, message.headers, message.value)
            if state is not None:
                self._table[message.key] = state
                self.changes += 1
        except Refusal as refusal:
            self._figures.refuse(refusal.reason)
            self._log.error(
                "record is passed over",
                topic=message.topic,
                partition=message.partition,
                offset=message.offset,
                reason=refusal.reason,
            )
        except Exception as error:  # noqa: BLE001 the process ends with it
            die("record cannot be handled", error)
        self._figures.handle()
        self._handled[message.partition] = message.offset + 1

    async def _note_assigned(self, *told: Any, **_: Any) -> None:
        self._assigned = self._own(told[-1])
        self._handled = {number: at for number, at in self._handled.items() if number in self._assigned}
        self.changes += 1

    async def _note_revoked(self, *told: Any, **_: Any) -> None:
        self._assigned -= self._own(told[-1])

    def _own(self, places: Iterable[TP]) -> frozenset[int]:
        return frozenset(place.partition for place in places if place.topic == self._source)


async def _events(stream: Any) -> AsyncIterator[Any]:
    async for event in stream.events():
        yield event


def die(what: str, error: BaseException) -> NoReturn:
    """Ends the process at once, without a last commit: whoever runs it starts it again."""
    structlog.get_logger("picture").critical(what, exc_info=error)
    os._exit(CRASHED)
