"""The one clock of a process, passed down and into SQL; nothing else asks what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

Clock = Callable[[], datetime]
"""Gives the present instant, aware, in UTC."""


def system_clock() -> datetime:
    return datetime.now(UTC)


class ShiftedClock:
    """The system clock moved by the number of seconds that a file holds; for tests and the demo.

    The file is read again whenever it changes, so that several processes move together.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = -1
        self._shift = timedelta()

    def __call__(self) -> datetime:
        stamp = self._path.stat().st_mtime_ns
        if stamp != self._stamp:
            self._shift = timedelta(seconds=float(self._path.read_text()))
            self._stamp = stamp
        return system_clock() + self._shift
