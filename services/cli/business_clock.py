"""The clock that all processes of a local system share, which the demo sets forward."""

from datetime import UTC, datetime
from pathlib import Path

from deploy.local.files import write_whole
from services.chassis.clock import ShiftedClock


class BusinessClock:
    """System time plus the seconds in a file. It never goes back."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._clock = ShiftedClock(path)

    def now(self) -> datetime:
        return self._clock()

    def forward_to(self, instant: datetime) -> None:
        """From now on it is at least that instant."""
        shift = (instant - datetime.now(UTC)).total_seconds()
        if shift > float(self._path.read_text()):
            write_whole(self._path, f"{shift:.0f}")
