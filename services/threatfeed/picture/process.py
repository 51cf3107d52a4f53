"""Puts the picture worker together: a process of its own, with Faust, and without a database.

Only this package knows Faust. Its loop also serves the probes, so that a loop which is blocked is seen
from outside as a process that does not answer.
"""

import asyncio
import logging
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from faust.contrib.asgi import faust_app_running

from services.chassis.documents import read_documents
from services.chassis.envelope import Event
from services.chassis.health import Health
from services.chassis.http.application import HttpServer, create_probe_app
from services.chassis.ids import random_ids
from services.chassis.lifecycle import Component, run_components
from services.chassis.log_ends import Ends, LogEnds
from services.chassis.process import clock_of
from services.chassis.telemetry import Telemetry, start_telemetry
from services.kernel.policy import Policy
from services.threatfeed.picture.figures import Figures
from services.threatfeed.picture.painter import Painter
from services.threatfeed.picture.progress import Progress
from services.threatfeed.picture.stream import Stream, create_app
from services.threatfeed.picture.topics import Names
from services.threatfeed.settings import PictureSettings

SERVICE = "threatfeed"
KIND = "picture"


class StreamCrashed(Exception):
    """Faust has given up; the process ends and is started again."""


def run_picture(settings: PictureSettings, names: Names | None = None) -> int:
    """Runs the worker to its end; gives its exit code."""
    telemetry = start_telemetry(settings.telemetry, SERVICE, KIND)
    for noisy in ("faust", "mode"):
        logging.getLogger(noisy).setLevel("WARNING")
    structlog.get_logger("process").info("starting", settings=settings.model_dump(mode="json"))
    try:
        with TemporaryDirectory(prefix="entente-picture-") as folder:
            return asyncio.run(_run(settings, names or Names(), telemetry, Path(folder)))
    finally:
        telemetry.flush()


async def _run(settings: PictureSettings, names: Names, telemetry: Telemetry, folder: Path) -> int:
    health = Health()
    worker = PictureWorker(settings, names, health, telemetry, folder)
    probes = HttpServer(create_probe_app(health, telemetry, random_ids), settings.http, grace=1)
    ends = LogEnds(
        (names.source,),
        settings.kafka,
        worker.note_ends,
        client=f"{SERVICE}-{KIND}-ends",
        every=settings.look_every,
    )

    async def drain() -> None:
        health.draining = True

    return await run_components(
        [
            Component("probes", probes.run),
            Component("log ends", ends.run),
            Component("stream", worker.run, grace=60.0),
        ],
        on_stopping=drain,
    )


class PictureWorker:
    """The stream with what watches it and what is made of it."""

    def __init__(
        self,
        settings: PictureSettings,
        names: Names,
        health: Health,
        telemetry: Telemetry,
        folder: Path,
    ) -> None:
        self._app = create_app(settings.kafka, names.group, folder)
        figures = Figures(telemetry.metrics.registry)
        stream = Stream(self._app, names, figures)
        self._progress = Progress(stream, health, figures, settings.progress_within)
        painter = Painter(
            stream,
            self._progress,
            self._publish,
            names,
            policy=Policy.from_documents(read_documents(settings.policy)).hosted_by(settings.home_party),
            clock=clock_of(settings),
            figures=figures,
        )
        self._heart = health.add_heart("picture timer", limit=settings.progress_within)

        async def look() -> None:
            await painter.look()
            self._heart.beat()

        self._app.timer(interval=settings.look_every, name="look")(look)
        self._found = asyncio.Event()

    def note_ends(self, ends: Ends | None) -> None:
        if ends is None:
            self._heart.beat()
        else:
            self._found.set()
        self._progress.note(ends)

    async def run(self, stop: asyncio.Event) -> None:
        """Starts when the broker answers. Raises `StreamCrashed`."""
        following = asyncio.create_task(self._follow(stop))
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait([following, waiting], return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set() and not self._app.started:
            following.cancel()
        await asyncio.wait([following])
        waiting.cancel()
        if not following.cancelled():
            following.result()

    async def _follow(self, stop: asyncio.Event) -> None:
        await self._found.wait()
        async with faust_app_running(self._app):
            await self._app.wait(stop.wait())
        if not stop.is_set():
            raise StreamCrashed("the stream has stopped") from self._app.crash_reason

    async def _publish(self, topic: str, event: Event) -> None:
        sent = await self._app.topic(topic).send(
            key=event.subject.encode(),
            value=event.data,
            headers={name: text.encode() for name, text in event.headers().items()},
            key_serializer="raw",
            value_serializer="raw",
        )
        await sent
