"""Readiness and liveness of a process.

Ready: everything it needs to do its work is there. Alive: its loops turn. Liveness never looks at
Kafka or PostgreSQL, or an outage would restart everything.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Check = Callable[[], Awaitable[str | None]]
"""Gives why the process is not ready, or None."""


@dataclass(slots=True)
class Heart:
    """A loop that must turn at least every `limit` seconds."""

    limit: float
    last: float = field(default_factory=time.monotonic)

    def beat(self) -> None:
        self.last = time.monotonic()

    def stopped(self) -> bool:
        return time.monotonic() - self.last > self.limit


class Health:
    """Collects what components say of themselves."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self._problems: dict[str, str] = {}
        self._warnings: dict[str, str] = {}
        self._hearts: dict[str, Heart] = {}
        self.draining = False

    def add_check(self, name: str, check: Check) -> None:
        self._checks[name] = check

    def add_heart(self, name: str, limit: float) -> Heart:
        heart = Heart(limit)
        self._hearts[name] = heart
        return heart

    def beat_all(self) -> None:
        """For those who wait for something outside together: none of their loops has stopped."""
        for heart in self._hearts.values():
            heart.beat()

    def set_problem(self, name: str, problem: str | None) -> None:
        """Says that something is wrong until it is said to be right (None)."""
        if problem is None:
            self._problems.pop(name, None)
        else:
            self._problems[name] = problem

    def set_warning(self, name: str, warning: str | None) -> None:
        """Says what an operator must look at though the process does its work, until it is over (None)."""
        if warning is None:
            self._warnings.pop(name, None)
        else:
            self._warnings[name] = warning

    def warnings(self) -> dict[str, str]:
        return dict(self._warnings)

    async def not_ready(self) -> dict[str, str]:
        """Why the process is not ready, by component; empty when it is."""
        if self.draining:
            return {"process": "shutting down"}
        reasons = dict(self._problems)
        for name, check in self._checks.items():
            reason = await check()
            if reason is not None:
                reasons[name] = reason
        return reasons

    def not_alive(self) -> list[str]:
        return [name for name, heart in self._hearts.items() if heart.stopped()]
