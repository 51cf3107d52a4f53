"""How often a law over generated input is tried: ten times as often by `make long` as by `make test`."""

import os

from hypothesis import settings

TIMES = int(os.environ.get("ENTENTE_LAWS", "1"))


def law(examples: int) -> settings:
    """Without a deadline for one example: a busy machine breaks no law."""
    return settings(deadline=None, max_examples=examples * TIMES)
