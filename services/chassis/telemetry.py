"""Traces, metrics and logs of one process.

No title, actor, text or marking goes into a span, a label or a log line: telemetry is a release
channel. Contexts cross Kafka as `traceparent` headers; a consumer links to them.
"""

import json
import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, TraceFlags, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from structlog.tracebacks import ExceptionDictTransformer

from services.chassis.settings import TelemetrySettings

_PROPAGATOR = TraceContextTextMapPropagator()
_MOST_LINKS = 128


def current_traceparent() -> str | None:
    """The W3C trace context of the current span, to be stored or sent; None outside any span."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


def links_to(traceparents: Iterable[str | None]) -> list[Link]:
    """Links to earlier contexts, each once; malformed and missing ones are left out."""
    links: list[Link] = []
    for traceparent in dict.fromkeys(traceparents):
        if traceparent is None:
            continue
        context = trace.get_current_span(_PROPAGATOR.extract({"traceparent": traceparent})).get_span_context()
        if context.is_valid:
            links.append(Link(context))
        if len(links) == _MOST_LINKS:
            break
    return links


def link_current_span(*traceparents: str | None) -> None:
    """Links the current span to the contexts of what it builds on."""
    for link in links_to(traceparents):
        trace.get_current_span().add_link(link.context)


class FileSpanExporter(SpanExporter):
    """Spans as JSON lines, flushed span by span, so that another process can read them."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        for span in spans:
            self._file.write(json.dumps(json.loads(span.to_json(indent=None))) + "\n")
        self._file.flush()
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        self._file.close()


class DiscreetExporter(SpanExporter):
    """Passes spans on without events and status texts: libraries quote error messages in both."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_discreet(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _discreet(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=span.attributes,
        links=span.links,
        kind=span.kind,
        instrumentation_scope=span.instrumentation_scope,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
    )


class Telemetry:
    """The tracer and the metrics of a process; `flush` before it ends."""

    def __init__(self, provider: TracerProvider, metrics: "Metrics") -> None:
        self.provider = provider
        self.metrics = metrics

    def tracer(self) -> Tracer:
        return self.provider.get_tracer("entente")

    def own_trace(self, name: str) -> str | None:
        """The context of a new root span, for a record that leaves the house.

        The span links to the current one: the link stays in our telemetry, the record tells nothing of it.
        """
        here = trace.get_current_span().get_span_context()
        links = [Link(here)] if here.is_valid else []
        span = self.tracer().start_span(name, Context(), SpanKind.PRODUCER, links=links)
        span.end()
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, trace.set_span_in_context(span, Context()))
        return carrier.get("traceparent")

    @contextmanager
    def span(
        self,
        name: str,
        kind: SpanKind = SpanKind.INTERNAL,
        links: Sequence[Link] = (),
        **attributes: str | int,
    ) -> Iterator[trace.Span]:
        """Of an error only its type is told: its message may quote what must not leave."""
        with self.tracer().start_as_current_span(
            name,
            kind=kind,
            links=list(links),
            attributes={key.replace("__", "."): value for key, value in attributes.items()},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except BaseException as error:
                span.set_status(StatusCode.ERROR)
                span.set_attribute("error.type", type(error).__name__)
                raise

    def flush(self) -> None:
        self.provider.shutdown()


class Metrics:
    """Every metric of the plumbing, by name; labels hold no business content."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        place = ["group", "topic", "partition"]
        self.consumed = Counter("entente_records_consumed", "Records applied", place, registry=self.registry)
        self.quarantined = Counter(
            "entente_records_quarantined",
            "Records put in quarantine",
            [*place, "reason"],
            registry=self.registry,
        )
        self.quarantine_depth = Gauge(
            "entente_quarantine_open",
            "Records in quarantine that wait for an operator",
            ["reason"],
            registry=self.registry,
        )
        self.lag = Gauge("entente_consumer_lag", "Records not yet applied", place, registry=self.registry)
        self.halted = Gauge(
            "entente_partition_halted",
            "1 while a partition is stopped",
            place,
            registry=self.registry,
        )
        self.stalled = Gauge(
            "entente_partition_stalled",
            "1 while a batch takes too long",
            place,
            registry=self.registry,
        )
        self.batch_seconds = Histogram(
            "entente_batch_seconds",
            "One batch, decoded and stored",
            ["group"],
            registry=self.registry,
        )
        self.retries = Counter(
            "entente_transient_failures",
            "Work that was tried again",
            ["work"],
            registry=self.registry,
        )
        self.published = Counter(
            "entente_events_published", "Events acknowledged", ["topic"], registry=self.registry
        )
        self.outbox_age = Gauge(
            "entente_outbox_oldest_seconds",
            "Age of the oldest event not yet published",
            registry=self.registry,
        )
        self.scheduler_age = Gauge(
            "entente_scheduler_last_run_age_seconds",
            "Since a scheduler last ended a round, by the clock of this process",
            ["scheduler"],
            registry=self.registry,
        )
        self.scheduler_silent = Gauge(
            "entente_scheduler_silent",
            "1 while a scheduler has not run for too long",
            ["scheduler"],
            registry=self.registry,
        )
        self.webhook_stopped = Gauge(
            "entente_webhook_stopped",
            "1 while an endpoint is told nothing: its receiver fails, wants no more or may read no more",
            ["endpoint", "state"],
            registry=self.registry,
        )
        self.webhook_attempts = Counter(
            "entente_webhook_attempts",
            "Messages sent to webhook endpoints, by what became of it",
            ["endpoint", "outcome"],
            registry=self.registry,
        )
        self.subscribers = Gauge(
            "entente_feed_subscribers", "Open feed streams", ["feed"], registry=self.registry
        )


def start_telemetry(settings: TelemetrySettings, service: str, process: str) -> Telemetry:
    provider = TracerProvider(
        resource=Resource.create({"service.name": service, "service.instance.id": process})
    )
    if settings.otlp_endpoint is not None:
        collector = DiscreetExporter(OTLPSpanExporter(endpoint=settings.otlp_endpoint))
        provider.add_span_processor(BatchSpanProcessor(collector))
    if settings.file is not None:
        file = DiscreetExporter(FileSpanExporter(settings.file))
        provider.add_span_processor(SimpleSpanProcessor(file))
    start_logging(settings.log_level, service=service, process=process)
    return Telemetry(provider, Metrics())


def _add_trace(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid and context.trace_flags & TraceFlags.SAMPLED:
        event["trace_id"] = f"{context.trace_id:032x}"
        event["span_id"] = f"{context.span_id:016x}"
    return event


def start_logging(level: str, **fields: str) -> None:
    """JSON lines on stderr, the libraries' too."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # Local variables hold tokens and texts.
                structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("aiokafka", "httpx", "yoyo"):
        logging.getLogger(noisy).setLevel("WARNING")
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(**fields)
