"""Named points at which a process can be made to die, to prove that nothing is lost or doubled there."""

import os
from collections.abc import Callable

from services.chassis.settings import ChaosSettings

CrashPoints = Callable[[str], None]

BEFORE_DATABASE_COMMIT = "before_db_commit"
AFTER_DATABASE_COMMIT = "after_db_commit"
AFTER_SEND = "after_send"
BEFORE_MARK = "before_mark"


def crash_points(settings: ChaosSettings) -> CrashPoints:
    """Gives a function to call with a point's name; it ends the process at the point that is set."""
    remaining = settings.crash_after

    def passed(name: str) -> None:
        nonlocal remaining
        if name == settings.crash_at:
            if remaining == 0:
                os._exit(9)
            remaining -= 1

    return passed
