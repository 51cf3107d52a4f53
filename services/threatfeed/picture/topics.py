"""The topics of the picture worker, which has a Kafka user of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.threatfeed.events import ASSESSMENT_TOPIC

STATE_TOPIC: Final = "threatfeed.picture-state.v1"
"""What was told of each assessment: the changelog of the worker's table."""


def picture_topic(audience: str) -> str:
    return f"threatfeed.picture.{audience}.v1"


@dataclass(frozen=True, slots=True)
class Names:
    """Where a worker reads, keeps its state and publishes.

    `group` is the name of the app as well. Another name is another group, which reads everything anew.
    """

    group: str = "threatfeed-picture.v1"
    source: str = ASSESSMENT_TOPIC
    state: str = STATE_TOPIC
    picture: Callable[[str], str] = picture_topic
