"""Whether somebody is silent against their own usual rhythm, never against anybody else's."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median
from typing import Final

SILENT_AFTER: Final = 3
"""Silent is who has let more than this many of their usual gaps pass."""
FEWEST_GAPS: Final = 4
"""With fewer gaps than these nothing is called usual."""
LATEST_GAPS: Final = 20
"""Only the latest gaps count, so that a changed rhythm becomes the usual one."""


class Rhythm(StrEnum):
    """How the present silence compares with what is usual."""

    UNKNOWN = "UNKNOWN"
    """Too little was seen to know what is usual."""
    USUAL = "USUAL"
    SILENT = "SILENT"


def usual_gap(moments: Iterable[datetime]) -> timedelta | None:
    """The median gap between the latest distinct moments; None where there are too few of them.

    Give moments of one grain (days, hours): what falls into one grain counts once.
    """
    latest = sorted(set(moments))[-(LATEST_GAPS + 1) :]
    gaps = [later - earlier for earlier, later in pairwise(latest)]
    if len(gaps) < FEWEST_GAPS:
        return None
    return timedelta(seconds=median(gap.total_seconds() for gap in gaps))


def judge(silence: timedelta, gap: timedelta | None) -> Rhythm:
    """How a silence stands to the usual gap."""
    if gap is None:
        return Rhythm.UNKNOWN
    return Rhythm.SILENT if silence > SILENT_AFTER * gap else Rhythm.USUAL
