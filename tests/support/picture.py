"""Picture workers as processes, on topics of a test's own, and what is told to them."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from deploy.local.ports import free_port
from services.chassis.envelope import Event
from services.cli.environment import clean_environment
from services.kernel.identifiers import assessment_id
from services.kernel.markings.banner import parse
from services.kernel.themes import ThemeAssignment
from services.threatfeed.domain.assessment import (
    Assessment,
    Source,
    SourceFormat,
    TearLine,
    VersionKey,
    VersionScheme,
)
from services.threatfeed.domain.subjects import Sector, SectorScheme
from services.threatfeed.events import Change, assessment_changed
from services.threatfeed.store.histories import Standing
from tests.support.kafka import Broker
from tests.support.processes import POLICY
from tests.support.waiting import eventually

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
AUDIENCES = ("uk-eu.uk", "uk-eu.eu", "uk-us-cmr.uk", "uk-us-cmr.us")
PRINCIPAL = "threatfeed-picture"


@dataclass(slots=True)
class PictureTopics:
    """The topics and the group of one test's worker."""

    kafka: Broker
    source: str
    state: str
    pictures: dict[str, str]
    group: str

    @classmethod
    async def make(cls, kafka: Broker, partitions: int = 3) -> "PictureTopics":
        compact = {"cleanup.policy": "compact"}
        source = await kafka.topic(
            "picture-source", partitions=partitions, consumers=[PRINCIPAL], config=compact
        )
        state = await kafka.topic(
            "picture-state",
            partitions=partitions,
            producers=[PRINCIPAL],
            consumers=[PRINCIPAL],
            config=compact,
        )
        pictures = {
            audience: await kafka.topic(
                f"picture.{audience}", producers=[PRINCIPAL], consumers=["threatfeed"], config=compact
            )
            for audience in AUDIENCES
        }
        return cls(kafka, source, state, pictures, kafka.group(PRINCIPAL))

    async def tell(self, event: Event, *, value: bytes | None = None) -> None:
        await self.kafka.publish(
            self.source,
            event.data if value is None else value,
            key=event.subject.encode(),
            headers=[(name, text.encode()) for name, text in event.headers().items()],
        )

    async def latest(self, audience: str) -> dict[str, Any] | None:
        records = await self.kafka.records(self.pictures[audience])
        return json.loads(records[-1].value or b"{}") if records else None

    async def latest_bytes(self) -> dict[str, bytes]:
        """The record that compaction would leave, of every audience that has one."""
        found = {}
        for audience, topic in self.pictures.items():
            if records := await self.kafka.records(topic):
                found[audience] = records[-1].value or b""
        return found

    async def shows(self, audience: str, party: str, count: int, within: float = 60) -> dict[str, Any]:
        """Waits until the picture counts so many of a party in its shortest window."""

        async def found() -> dict[str, Any] | None:
            picture = await self.latest(audience)
            return picture if picture and counted(picture, "parties", party) == count else None

        return await eventually(found, within=within, describe=f"{audience} counts {count} of {party}") or {}


def counted(picture: dict[str, Any], kind: str, subject: str, window: int = 0) -> int:
    """A count of a picture; 0 for what it does not name."""
    for tempo in picture[kind]:
        if tempo["subject"] == subject:
            return int(tempo["windows"][window]["count"])
    return 0


@dataclass(slots=True)
class PictureProcess:
    """A worker that runs as a process of its own."""

    topics: PictureTopics
    folder: Path
    port: int = field(default_factory=free_port)
    process: "asyncio.subprocess.Process | None" = None
    more: dict[str, str] = field(default_factory=dict)

    @property
    def command(self) -> tuple[str, ...]:
        names = {
            "group": self.topics.group,
            "source": self.topics.source,
            "state": self.topics.state,
            "pictures": self.topics.pictures,
        }
        return (sys.executable, "-m", "tests.support.picture_process", json.dumps(names))

    @property
    def environment(self) -> dict[str, str]:
        clock = self.folder / "clock"
        if not clock.exists():
            set_clock(clock, NOW)
        return {
            **clean_environment(),
            **self.topics.kafka.login(PRINCIPAL).environment(),
            "ENTENTE_KAFKA__SESSION_TIMEOUT_MS": "6000",
            "ENTENTE_DEPLOYMENT": "local",
            "ENTENTE_HOME_PARTY": "UK",
            "ENTENTE_POLICY": str(POLICY),
            "ENTENTE_CLOCK__FILE": str(clock),
            "ENTENTE_HTTP__PORT": str(self.port),
            "ENTENTE_LOOK_EVERY": "0.2",
            **self.more,
        }

    async def start(self) -> None:
        with (self.folder / "picture.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, env=self.environment, stdout=log, stderr=log
            )

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)

    async def kill(self) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def answer(self, path: str) -> int:
        """The status of a probe; 0 where nobody answers within a second."""
        async with httpx.AsyncClient(timeout=1, trust_env=False) as client:
            try:
                return (await client.get(f"http://127.0.0.1:{self.port}{path}")).status_code
            except httpx.HTTPError:
                return 0

    async def ready(self) -> None:
        async def is_ready() -> bool:
            assert self.process is not None
            assert self.process.returncode is None, self.log()
            return await self.answer("/readyz") == 200

        await eventually(is_ready, within=60, describe=lambda: f"the worker is ready\n{self.log()}")

    def log(self) -> str:
        return (self.folder / "picture.log").read_text()[-4_000:]


@asynccontextmanager
async def running_picture(topics: PictureTopics, folder: Path, **more: str) -> AsyncIterator[PictureProcess]:
    worker = PictureProcess(topics, folder, more=more)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.kill()


def set_clock(path: Path, at: datetime) -> None:
    path.write_text(str((at - datetime.now(UTC)).total_seconds()))


def told(
    identity: str,
    *,
    agency: str = "ncsc",
    party: str = "UK",
    days_ago: int = 1,
    version: int = 1,
    revision: int = 1,
    state: str = "ACTIVE",
    marking: str = "TLP:CLEAR",
    tear_line: str | None = None,
    themes: tuple[str, ...] = (),
    sectors: tuple[str, ...] = (),
    now: datetime = NOW,
) -> Event:
    """The event that tells of an assessment, made by the code that makes the real ones."""
    published = now - timedelta(days=days_ago)
    key = assessment_id(agency, identity)
    source = Source(
        SourceFormat.NARRATIVE, identity, VersionKey(VersionScheme.NUMBER, version, str(version)), "0"
    )
    content = Assessment(
        assessment_id=key,
        originator=agency,
        source=source,
        title="t",
        text="t",
        marking=parse(marking),
        marking_rule_id=None,
        published=published,
        tear_lines=() if tear_line is None else (TearLine(None, "t", parse(tear_line)),),
        sectors=tuple(Sector(SectorScheme.OTHER, None, None, sector) for sector in sectors),
        themes=tuple(ThemeAssignment(theme, "R") for theme in themes),
    )
    standing = Standing(
        assessment_id=key,
        agency=agency,
        party=party,
        object_id=identity,
        state=state,
        revision=revision,
        current=source.version,
        published_at=published,
        themes=content.themes,
        line_themes=content.line_themes(),
        aggregate_version=version,
    )
    change = Change(standing, content if state == "ACTIVE" else None)
    return assessment_changed(change, None, now).event
