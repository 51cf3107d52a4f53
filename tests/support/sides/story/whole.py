"""What two sides do in two years, and what each of them does for itself.

A new kind of thing is a new step in one of its parts: what makes it, and who may know of it. Ids are found in
the answers.
"""

from typing import Final

from tests.support.sides.stage import Stage
from tests.support.sides.story import earlier, holding, preparing
from tests.support.sides.story.cast import BEFORE
from tests.support.sides.telling import Story

STORY: Final[Story[Stage]] = Story(
    BEFORE, [*earlier.STORY.steps, *preparing.STORY.steps, *holding.STORY.steps]
)
