"""A picture worker on topics of a test's own: `python -m tests.support.picture_process`."""

import json
import os
import sys

from services.chassis.lifecycle import exit_with
from services.threatfeed.picture import stream
from services.threatfeed.picture.process import run_picture
from services.threatfeed.picture.topics import Names
from services.threatfeed.settings import PictureSettings


def main() -> None:
    document = json.loads(sys.argv[1])
    names = Names(
        group=document["group"],
        source=document["source"],
        state=document["state"],
        picture=document["pictures"].__getitem__,
    )
    if (defect := os.environ.pop("TEST_DEFECT_AT", "")) != "":
        _break(defect.encode())
    exit_with(run_picture(PictureSettings.load(), names))


def _break(key: bytes) -> None:
    """From now on the handler has a defect that one key brings to light."""
    sound = stream.state_after

    def broken(held: bytes | None, found: bytes | None, *more: object) -> bytes | None:
        if found == key:
            raise ZeroDivisionError
        return sound(held, found, *more)  # type: ignore[arg-type]

    stream.state_after = broken


if __name__ == "__main__":
    main()
