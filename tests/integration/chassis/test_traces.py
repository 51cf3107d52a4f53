"""One thread of spans through the database and Kafka; what leaves the house starts a trace of its own."""

import asyncio
from collections.abc import Sequence

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from services.chassis.consumer.records import Delivery, Quarantined
from services.chassis.database import Transaction
from services.chassis.outbox import enqueue
from services.chassis.telemetry import current_traceparent
from tests.support.plumbing import AT, Plumbing, crashing, message, store_applied
from tests.support.processes import Traces, running


def links(span: ReadableSpan) -> list[tuple[int, int]]:
    return [(link.context.trace_id, link.context.span_id) for link in span.links]


def place(span: ReadableSpan) -> tuple[int, int]:
    context = span.get_span_context()
    assert context is not None
    return context.trace_id, context.span_id


def one(traces: Traces, name: str) -> ReadableSpan:
    (span,) = [span for span in traces.exporter.get_finished_spans() if span.name == name]
    return span


async def test_what_a_consumer_does_links_to_what_made_its_records(plumbing: Plumbing) -> None:
    topic = await plumbing.topic()
    sender, receiver = Traces.kept_in_memory(), Traces.kept_in_memory()
    sending = await plumbing.process(traces=sender)
    for name in ("first change", "second change"):
        with sender.telemetry.span(name):
            async with sending.database.transaction() as tx:
                told = message(topic, "k", name, traceparent=current_traceparent())
                await enqueue(tx, [told], AT)
    async with sending.database.transaction() as tx:
        await enqueue(tx, [message(topic, "k", "untraced")], AT)
    seen: list[str | None] = []

    async def apply(tx: Transaction, batch: Sequence[Delivery[str]]) -> Sequence[Quarantined]:
        seen.append(current_traceparent())
        return await store_applied(tx, batch)

    async with running(sending.relay()):
        await plumbing.outbox_empty()
    receiving = await plumbing.process(traces=receiver)
    async with running(receiving.consumer(plumbing.subscription(topic, apply=apply))):
        await plumbing.reached(topic, 3)
    span = one(receiver, f"process {topic}")
    assert links(span) == [place(one(sender, "first change")), place(one(sender, "second change"))]
    assert span.kind is SpanKind.CONSUMER
    assert span.parent is None
    trace, identity = place(span)
    assert [(seen[0] or "").split("-")[1:3]] == [[f"{trace:032x}", f"{identity:016x}"]]


async def test_a_span_says_where_and_how_many_but_not_what(plumbing: Plumbing) -> None:
    topic = await plumbing.topic()
    await plumbing.publish(topic, "a secret", "bad secret")
    traces = Traces.kept_in_memory()
    process = await plumbing.process(traces=traces)
    async with running(process.consumer(plumbing.subscription(topic))):
        await plumbing.reached(topic, 2)
    for span in traces.exporter.get_finished_spans():
        assert "secret" not in span.to_json()
    span = traces.exporter.get_finished_spans()[0]
    assert span.attributes is not None
    assert dict(span.attributes) | {"messaging.batch.message_count": 0} == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.destination.name": topic,
        "messaging.destination.partition.id": "0",
        "messaging.consumer.group.name": plumbing.group,
        "messaging.batch.message_count": 0,
    }


async def test_a_batch_that_crashes_shows_in_its_span_only_the_kind_of_the_error(plumbing: Plumbing) -> None:
    async def apply(_: Transaction, __: Sequence[Delivery[str]]) -> Sequence[Quarantined]:
        raise KeyError("a secret")

    topic = await plumbing.topic()
    await plumbing.publish(topic, "first")
    traces = Traces.kept_in_memory()
    component = (await plumbing.process(traces=traces)).consumer(plumbing.subscription(topic, apply=apply))
    async with crashing(component.run) as task:
        await asyncio.wait([task], timeout=60)
    assert isinstance(task.exception(), KeyError)
    span = one(traces, f"process {topic}")
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "KeyError"
    assert "secret" not in span.to_json()
