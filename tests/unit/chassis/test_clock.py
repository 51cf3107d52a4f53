"""The clock of a process, and the one that the demo and tests move."""

import os
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from services.chassis.clock import ShiftedClock, system_clock


def write(path: Path, text: str, stamp: int) -> None:
    path.write_text(text)
    os.utime(path, ns=(stamp, stamp))


def test_instants_are_aware_and_in_utc() -> None:
    assert system_clock().tzinfo is UTC


def test_a_moved_clock_follows_its_file(tmp_path: Path) -> None:
    file = tmp_path / "shift"
    write(file, "0", 1)
    clock = ShiftedClock(file)
    assert abs(clock() - system_clock()) < timedelta(minutes=1)
    write(file, "31536000\n", 2)
    assert abs(clock() - system_clock() - timedelta(days=365)) < timedelta(minutes=1)
    write(file, "-60.5", 3)
    assert clock() < system_clock()


def test_a_clock_file_that_is_gone_or_unreadable_is_no_silent_present(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ShiftedClock(tmp_path / "missing")()
    write(tmp_path / "words", "tomorrow", 1)
    with pytest.raises(ValueError, match="tomorrow"):
        ShiftedClock(tmp_path / "words")()
