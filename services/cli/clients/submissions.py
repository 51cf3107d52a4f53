"""An agency's feed: publishes submissions and waits for their receipts."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from entente.threatfeed.v1.submission_receipt_pb2 import (
    SubmissionReceipt,
    SubmissionResult,
)
from google.protobuf import json_format
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind

from deploy.local.access import KafkaLogin
from services.chassis.kafka import LARGEST_RECORD
from services.chassis.telemetry import FileSpanExporter, current_traceparent
from services.cli.contents import Contents
from services.cli.failures import CommandFailed
from services.cli.signing import HEADER as SIGNATURE_HEADER
from services.cli.signing import Signer

Place = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Published:
    """One file and the receipt for it."""

    contents: Contents
    receipt: SubmissionReceipt

    @property
    def rejected(self) -> bool:
        return any(
            result.result == SubmissionResult.SUBMISSION_RESULT_REJECTED for result in self.receipt.results
        )


class Feed:
    """One agency's way in."""

    def __init__(
        self,
        agency: str,
        producer: AIOKafkaProducer,
        receipts: AIOKafkaConsumer,
        provider: TracerProvider,
    ) -> None:
        self.agency = agency
        self._topic = f"threatfeed.submission.{agency}.v1"
        self._producer = producer
        self._receipts = receipts
        self._tracer = provider.get_tracer("entente")

    async def publish(
        self, files: Sequence[Contents], *, within: float = 30.0, signer: Signer | None = None
    ) -> list[Published]:
        """One receipt a file, in the order of the files, which are signed if there is a signer.

        Raises `CommandFailed` when a receipt does not come within that many seconds.
        """
        places: dict[Place, Contents] = {}
        for contents in files:
            places[await self._send(contents, signer)] = contents
        found = await self._receipts_for(places, replayed=False, within=within)
        return [Published(contents, found[place]) for place, contents in places.items()]

    async def await_replays(
        self, published: Sequence[Published], *, within: float = 30.0
    ) -> list[SubmissionReceipt]:
        """The receipts for replays of what was published before. Raises `CommandFailed`."""
        places = {_place(one.receipt): one.contents for one in published}
        found = await self._receipts_for(places, replayed=True, within=within)
        return [found[place] for place in places]

    async def _receipts_for(
        self, places: Mapping[Place, Contents], *, replayed: bool, within: float
    ) -> Mapping[Place, SubmissionReceipt]:
        found: dict[Place, SubmissionReceipt] = {}
        try:
            async with asyncio.timeout(within):
                while len(found) < len(places):
                    receipt = await self._next_receipt()
                    place = _place(receipt)
                    if place in places and bool(receipt.replay) is replayed:
                        found[place] = receipt
        except TimeoutError:
            missing = ", ".join(one.name for at, one in places.items() if at not in found)
            raise CommandFailed(f"no receipt within {within:.0f} s for {missing}") from None
        return found

    async def _send(self, contents: Contents, signer: Signer | None) -> Place:
        with self._tracer.start_as_current_span(
            "publish submission",
            kind=SpanKind.PRODUCER,
            attributes={"messaging.destination.name": self._topic},
        ):
            headers = [("traceparent", (current_traceparent() or "").encode())]
            if contents.content_type is not None:
                headers.append(("content-type", contents.content_type.encode()))
            if signer is not None:
                signature = signer.sign(contents.raw, agency=self.agency, topic=self._topic)
                headers.append((SIGNATURE_HEADER, signature))
            sent = await self._producer.send_and_wait(
                self._topic, contents.raw, key=contents.key.encode(), headers=headers
            )
        return sent.topic, sent.partition, sent.offset

    async def _next_receipt(self) -> SubmissionReceipt:
        record = await self._receipts.getone()
        return json_format.Parse(record.value, SubmissionReceipt(), ignore_unknown_fields=True)


def _place(receipt: SubmissionReceipt) -> Place:
    return receipt.topic, receipt.partition, receipt.offset


@asynccontextmanager
async def open_feed(agency: str, login: KafkaLogin, spans: Path | None = None) -> AsyncIterator[Feed]:
    """Connects with the agency's own login; `spans` is a file for the spans of the publishing."""
    provider = TracerProvider(resource=Resource.create({"service.name": f"agency-{agency}"}))
    if spans is not None:
        provider.add_span_processor(SimpleSpanProcessor(FileSpanExporter(spans)))
    producer = AIOKafkaProducer(
        **login.aiokafka(),
        client_id=f"agency-{agency}",
        acks="all",
        enable_idempotence=True,
        max_request_size=LARGEST_RECORD,
    )
    receipts = AIOKafkaConsumer(
        f"threatfeed.receipt.{agency}.v1",
        **login.aiokafka(),
        client_id=f"agency-{agency}",
        group_id=None,
        enable_auto_commit=False,
        fetch_max_wait_ms=100,
    )
    try:
        await asyncio.gather(producer.start(), receipts.start())
        await receipts.seek_to_end()
        for place in receipts.assignment():
            await receipts.position(place)
        yield Feed(agency, producer, receipts, provider)
    finally:
        await asyncio.gather(producer.stop(), receipts.stop())
        provider.shutdown()
