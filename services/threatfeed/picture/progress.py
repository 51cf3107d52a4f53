"""Whether the stream is complete, and whether it moves: judged from outside of Faust."""

from typing import Protocol

from services.chassis.health import Health
from services.chassis.log_ends import Ends
from services.threatfeed.picture.figures import Figures


class Position(Protocol):
    """How far a stream has come."""

    @property
    def assigned(self) -> frozenset[int]: ...
    @property
    def handled(self) -> int: ...
    def position(self, partition: int) -> int: ...


class Progress:
    """Compares the stream with the ends of its topic, which another client asks for.

    A stream that is behind and does not move, or that never gets its partitions, lets its heart stop, and
    the process is restarted from outside. An outage of the broker is nobody's standstill.
    """

    def __init__(self, stream: Position, health: Health, figures: Figures, within: float) -> None:
        self._stream = stream
        self._health = health
        self._figures = figures
        self._heart = health.add_heart("picture stream", limit=within)
        self._seen = -1
        self.complete = False
        """Whether everything has been heard that was there when the partitions were taken over."""
        self._ends: Ends | None = None
        health.set_problem("picture", "has no partitions yet")

    def note(self, ends: Ends | None) -> None:
        """Takes the present ends; None when the broker does not answer."""
        if ends is None:
            self._heart.beat()
            return
        assigned = self._stream.assigned
        behind = sum(
            extent.end - max(self._stream.position(partition.number), extent.begin)
            for partition, extent in ends.items()
            if partition.number in assigned
        )
        whole = len(assigned) == len(ends)
        self._figures.lag(max(behind, 0))
        if not whole:
            self.complete = False
        elif not self.complete:
            self.complete = self._is_reached(ends)
        moved, self._seen = self._stream.handled != self._seen, self._stream.handled
        if assigned and (behind <= 0 or moved):
            self._heart.beat()
        self._health.set_problem("picture", self._problem(len(assigned), len(ends)))

    def _is_reached(self, ends: Ends) -> bool:
        """Compares with the ends first seen with all partitions: those of today would flee for ever."""
        self._ends = self._ends or ends
        reached = all(
            extent.begin == extent.end or self._stream.position(partition.number) >= extent.end
            for partition, extent in self._ends.items()
        )
        if reached:
            self._ends = None
        return reached

    def _problem(self, assigned: int, partitions: int) -> str | None:
        if assigned < partitions:
            return f"has {assigned} of {partitions} partitions: one worker needs them all"
        return None if self.complete else "is catching up"
