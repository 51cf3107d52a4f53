"""What stops the local platform from coming up: always raised, never turned into a degraded start."""

from pathlib import Path


class PlatformFailed(Exception):
    """A part of the local platform cannot be had; the message says which and why."""


class ProcessDied(PlatformFailed):
    """A broker or database ended before it was ready. Carries the end of its log."""

    def __init__(self, name: str, log: Path) -> None:
        super().__init__(f"{name} ended before it was ready; the end of {log}:\n{_tail(log)}")


def _tail(log: Path, lines: int = 25) -> str:
    if not log.exists():
        return "(no log)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
