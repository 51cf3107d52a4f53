"""Fixtures for all tests: the session's platform, a broker's and a database's share for each test."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from structlog.tracebacks import ExceptionDictTransformer

pytest_plugins = [
    "tests.support.platform",
    "tests.support.kafka",
    "tests.support.postgres",
    "tests.support.terminal",
]

_TESTS = Path(__file__).parent
_LONGEST = (
    "journeys/test_nothing_lost.py",
    "integration/test_local_platform_life.py",
    "integration/threatfeed/test_picture_process.py",
    "integration/threatfeed/test_noninterference.py",
    "journeys/test_thread.py",
    "integration/threatfeed/test_start_order.py",
    "integration/threatfeed/test_described.py",
    "integration/agenda/test_noninterference.py",
    "integration/agenda/test_described.py",
    "integration/threatfeed/test_chains.py",
    "integration/actions/test_processes.py",
)
"""Files that take ten seconds and more go first: no worker waits at the end for one of them.

The two journeys have processes enough for both cores, and stand apart.
"""


def pytest_configure() -> None:
    """As the product does, and unlike what structlog does unasked: drawing the local variables of all that is
    on the stack takes seconds.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ]
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; with `--no-loadscope-reorder` xdist hands them out in this order."""
    order = {_TESTS / name: place for place, name in enumerate(_LONGEST)}
    if missing := [str(path) for path in order if not path.exists()]:
        raise pytest.UsageError(f"tests/conftest.py names files that are not there: {', '.join(missing)}")
    items.sort(key=lambda item: order.get(item.path, len(order)))


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """For a test that starts the logging of a process."""
    root = logging.getLogger()
    handlers, level, configuration = list(root.handlers), root.level, structlog.get_config()
    yield
    root.handlers, root.level = handlers, level
    structlog.configure(**configuration)
    structlog.contextvars.clear_contextvars()
