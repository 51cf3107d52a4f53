"""What must be there after the last kill, worked out from the plan alone, and whether it is."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias

import psycopg
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from entente.threatfeed.v1 import assessment_event_pb2

from benchmarks.applying import apply_events
from benchmarks.chaos.plan import Sent, Stored
from benchmarks.platform import AGENCY, CATALOGUE_AGENCY, CHANGES, receipts_of
from deploy.local.platform import PlatformAccess

Identity = tuple[str, str]
TopicRecord: TypeAlias = "ConsumerRecord[Any, Any]"
_ALL, _NOBODY = "*", ""
_FOUND_ONCE = """
    SELECT agency, object_id, assessment_revision.version_ordinal, notice
    FROM assessment_revision JOIN assessment USING (assessment_id)
"""


@dataclass(slots=True)
class Tally:
    """What was done, what each kill hit, and what was found amiss."""

    seed: int
    sent: list[Sent] = field(default_factory=list)
    kills: list[str] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)
    """How often each process was."""
    crash_points: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[phase] = time.monotonic() - started

    def note_kill(self, name: str, hit: str) -> None:
        self.killed[name] += 1
        self.kills.append(f"kill {len(self.kills) + 1}: {name}, {hit}")

    def report(self) -> str:
        formats = Counter(sent.content_type for sent in self.sent)
        lines = [f"seed {self.seed}: {len(self.sent)} submissions, {len(self.kills)} kills", *self.kills]
        lines += [f"{name}: {count} submissions" for name, count in sorted(formats.items())]
        lines += [
            f"crash point {name}: died there {count} times" for name, count in self.crash_points.items()
        ]
        lines += [f"{name}: {count}" for name, count in self.figures.items()]
        lines += [f"{phase} took {seconds:.1f} s" for phase, seconds in self.seconds.items()]
        lines += [f"PROBLEM {problem}" for problem in self.problems] or ["nothing lost, nothing doubled"]
        return "\n".join(lines)


@dataclass(slots=True)
class Expected:
    """What follows from what was sent, in its order: repeats count for nothing."""

    rows: set[Stored] = field(default_factory=set)
    changes: Counter[Identity] = field(default_factory=Counter)
    """How often the readers of each assessment must hear of it."""
    ends: dict[Identity, tuple[str, int]] = field(default_factory=dict)
    """How each assessment stands in the end, and the version of its newest content."""
    _words: dict[Identity, str | None] = field(default_factory=dict)
    _shown: dict[Identity, list[str]] = field(default_factory=lambda: defaultdict(list))
    """To whom each assessment was shown after each of its changes: a party, all or nobody."""

    @classmethod
    def of(cls, sent: Sequence[Sent]) -> "Expected":
        expected = cls()
        for submission in sent:
            for stored in submission.stored:
                expected._take(stored)
        return expected

    def readable(self, party: str) -> set[Identity]:
        """What a party may read in the end."""
        return {
            identity
            for identity, (state, _) in self.ends.items()
            if state == "ACTIVE" and self._shown[identity][-1] in (_ALL, party)
        }

    def told(self, party: str) -> int:
        """How often what a party may read has changed, at most: changes soon after each other are one."""
        moves = 0
        for shown in self._shown.values():
            sees = [who in (_ALL, party) for who in shown]
            moves += sum(now or before for before, now in pairwise([False, *sees]))
        return moves

    def _take(self, stored: Stored) -> None:
        if stored in self.rows:
            return
        self.rows.add(stored)
        identity = stored.identity
        standing = None if stored.notice is not None else stored.words
        if identity not in self.ends or self._words[identity] != standing:
            self.changes[identity] += 1
            self._shown[identity].append(_NOBODY if stored.notice is not None else stored.only or _ALL)
        self._words[identity] = standing
        if stored.notice is None:
            self.ends[identity] = ("ACTIVE", stored.ordinal)
        else:
            self.ends[identity] = ("WITHDRAWN", self.ends[identity][1])


async def verify(access: PlatformAccess, dsn: str, tally: Tally) -> None:
    """Compares what is there with what must be there."""
    expected = Expected.of(tally.sent)
    refused = Counter(sent.value for sent in tally.sent if sent.refused)
    with psycopg.connect(dsn) as connection:
        stored = Counter(connection.execute(_FOUND_ONCE).fetchall())
        quarantined = Counter(
            bytes(value) for (value,) in connection.execute("SELECT value FROM quarantine").fetchall()
        )
        standing = connection.execute(
            "SELECT agency, object_id, assessment_id::text, state, version_ordinal FROM assessment"
        ).fetchall()
    rows = Counter((one.agency, one.object_id, one.ordinal, one.notice) for one in expected.rows)
    expect(tally, "contents and notices stored once", stored, rows)
    expect(tally, "refused submissions in quarantine with their bytes", quarantined, refused)
    ends = Counter((agency, object_id, state, ordinal) for agency, object_id, _, state, ordinal in standing)
    told = Counter((*identity, *end) for identity, end in expected.ends.items())
    expect(tally, "assessments that stand as published", ends, told)
    events = await read_topic(access, CHANGES)
    ids = {assessment_id: (agency, object_id) for agency, object_id, assessment_id, *_ in standing}
    _verify_order(tally, expected, events, ids)
    applied, distinct = await apply_events(access, dsn, CHANGES, len(events))
    changes = expected.changes.total()
    if not applied == distinct == changes:
        tally.problems.append(f"{applied} events applied, {distinct} different, of {changes}")
    receipts = [
        receipt
        for agency in (AGENCY, CATALOGUE_AGENCY)
        for receipt in await read_topic(access, receipts_of(agency))
    ]
    _verify_receipts(tally, receipts)
    tally.figures |= {
        "assessments": len(standing),
        "contents and notices stored once": stored.total(),
        "refused submissions in quarantine": quarantined.total(),
        "events published": len(events),
        "events published again after a kill": len(events) - changes,
        "events applied once": applied,
        "receipts published": len(receipts),
        "receipts published again after a kill": len(receipts) - len(tally.sent),
    }


def _verify_order(
    tally: Tally, expected: Expected, events: Sequence[TopicRecord], ids: dict[str, Identity]
) -> None:
    """Every change of every assessment was published, and each for the first time after those before it."""
    order: dict[Identity, list[int]] = defaultdict(list)
    for record in events:
        event = assessment_event_pb2.AssessmentChanged.FromString(record.value)
        order[ids.get(event.assessment_id, ("?", event.assessment_id))].append(event.aggregate_version)
    for identity in order.keys() | expected.changes.keys():
        first, count = list(dict.fromkeys(order[identity])), expected.changes[identity]
        if first != list(range(1, count + 1)):
            tally.problems.append(f"events of {identity} came as {order[identity]}, expected 1 to {count}")


def _verify_receipts(tally: Tally, receipts: Sequence[TopicRecord]) -> None:
    documents = [json.loads(record.value) for record in receipts]
    answered = {(one["topic"], one["partition"], one["offset"]) for one in documents}
    if len(answered) != len(tally.sent):
        tally.problems.append(f"{len(answered)} submissions have a receipt, of {len(tally.sent)}")


def expect(tally: Tally, what: str, found: Counter[Any], expected: Counter[Any]) -> None:
    if found != expected:
        missing, surplus = expected - found, found - expected
        shown = [*list(missing)[:3], *list(surplus)[:3]]
        tally.problems.append(
            f"{what}: {missing.total()} missing, {surplus.total()} too many, such as {shown}"
        )


async def read_topic(access: PlatformAccess, topic: str) -> list[TopicRecord]:
    """All that a topic holds, each partition in its order."""
    consumer = AIOKafkaConsumer(topic, **access.kafka_admin.aiokafka(), auto_offset_reset="earliest")
    await consumer.start()
    found: list[TopicRecord] = []
    try:
        places = consumer.assignment()
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for messages in (await consumer.getmany(timeout_ms=200)).values():
                found.extend(messages)
    finally:
        await consumer.stop()
    return found
