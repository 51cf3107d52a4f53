"""Contexts cross as `traceparent`; spans, metrics and logs tell no content."""

import json
import logging

import pytest
import structlog
from opentelemetry.trace import StatusCode

from services.chassis.settings import KafkaSettings
from services.chassis.telemetry import (
    current_traceparent,
    link_current_span,
    links_to,
    start_logging,
)
from tests.support.processes import Traces

TRACEPARENT = f"00-{'a' * 32}-{'b' * 16}-01"


def test_outside_any_span_there_is_no_context() -> None:
    assert current_traceparent() is None


def test_links_are_made_once_each_and_malformed_ones_are_left_out() -> None:
    links = links_to([TRACEPARENT, None, "nonsense", TRACEPARENT, "00-0-0-00", ""])
    assert [f"{link.context.trace_id:032x}" for link in links] == ["a" * 32]


def test_a_large_batch_links_to_no_more_than_a_span_holds() -> None:
    assert len(links_to(f"00-{number:032x}-{'b' * 16}-01" for number in range(1, 500))) == 128


def test_a_span_can_be_linked_to_what_it_builds_on() -> None:
    traces = Traces.kept_in_memory()
    with traces.telemetry.span("reading"):
        link_current_span(TRACEPARENT, None)
    (span,) = traces.exporter.get_finished_spans()
    assert [f"{link.context.span_id:016x}" for link in span.links] == ["b" * 16]


def test_of_an_error_a_span_tells_only_the_type() -> None:
    traces = Traces.kept_in_memory()
    with pytest.raises(KeyError), traces.telemetry.span("failing"):
        raise KeyError("a secret")
    (span,) = traces.exporter.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes == {"error.type": "KeyError"}
    assert "secret" not in span.to_json()


def test_what_leaves_the_house_starts_a_trace_of_its_own_that_only_we_can_follow() -> None:
    traces = Traces.kept_in_memory()
    with traces.telemetry.span("a change"):
        here, outside = current_traceparent() or "", traces.telemetry.own_trace("tell an agency") or ""
    assert here.split("-")[1] != outside.split("-")[1]
    told, change = traces.exporter.get_finished_spans()
    assert told.parent is None
    assert [link.context for link in told.links] == [change.get_span_context()]
    assert told.context is not None
    assert f"{told.context.span_id:016x}" == outside.split("-")[2]


@pytest.mark.usefixtures("logging_as_before")
def test_logs_are_json_lines_with_the_trace_and_without_secrets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    start_logging("INFO", service="agenda", process="worker")
    traces = Traces.kept_in_memory()
    settings = KafkaSettings(bootstrap_servers="b:1", username="agenda", password="a secret")
    with traces.telemetry.span("working"):
        structlog.get_logger("ours").info("starting", settings=settings.model_dump(mode="json"))
        logging.getLogger("theirs").warning("of a library")
        structlog.get_logger("ours").debug("not told")
    ours, theirs = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (span,) = traces.exporter.get_finished_spans()
    assert span.context is not None
    trace = f"{span.context.trace_id:032x}"
    assert (ours["event"], ours["logger"], ours["level"], ours["service"]) == (
        "starting", "ours", "info", "agenda",
    )  # fmt: skip
    assert ours["trace_id"] == theirs["trace_id"] == trace
    assert "secret" not in json.dumps(ours)
    assert theirs["event"] == "of a library"


@pytest.mark.usefixtures("logging_as_before")
def test_a_traceback_in_a_log_tells_no_local_variable(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("INFO", service="agenda", process="worker")

    def fails(bearer: str) -> None:
        raise KeyError(len(bearer))

    try:
        fails("a secret")
    except KeyError:
        structlog.get_logger("ours").exception("crashed")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["exception"][0]["exc_type"] == "KeyError"
    assert "a secret" not in line
