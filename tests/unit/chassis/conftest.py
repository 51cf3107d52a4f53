"""Fixtures of the plumbing's unit tests."""

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged, kept instead of printed: a traceback takes seconds to be drawn."""
    with structlog.testing.capture_logs() as entries:
        yield entries
