"""The spans that processes wrote to files, as a graph of traces that links join."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SpanName:
    """A span by the process it ran in and its name, for example `agenda-api`, `POST /v1/meetings`."""

    process: str
    name: str


@dataclass(slots=True)
class LinkedTraces:
    """Which spans there are in each trace, and which traces are joined by a link."""

    spans: dict[str, set[SpanName]] = field(default_factory=lambda: defaultdict(set))
    _joined: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def read(cls, files: Iterable[Path]) -> "LinkedTraces":
        traces = cls()
        for file in files:
            for line in file.read_text().splitlines():
                traces._add(json.loads(line))
        return traces

    def _add(self, span: dict[str, object]) -> None:
        trace = _trace_id(span)
        resource = span["resource"]
        assert isinstance(resource, dict)
        attributes = resource["attributes"]
        process = f"{attributes['service.name']}-{attributes['service.instance.id']}"
        self.spans[trace].add(SpanName(process, str(span["name"])))
        links = span["links"]
        assert isinstance(links, list)
        for link in links:
            other = _trace_id(link)
            self._joined[trace].add(other)
            self._joined[other].add(trace)

    def traces_with(self, name: str) -> set[str]:
        return {trace for trace, spans in self.spans.items() if name in {span.name for span in spans}}

    def reached_from(self, start: str) -> set[SpanName]:
        """Every span in a trace that links join to this one, however far."""
        seen, waiting = {start}, [start]
        while waiting:
            for trace in self._joined[waiting.pop()] - seen:
                seen.add(trace)
                waiting.append(trace)
        return set().union(*(self.spans[trace] for trace in seen))


def _trace_id(holder: dict[str, object]) -> str:
    context = holder["context"]
    assert isinstance(context, dict)
    return str(context["trace_id"])
