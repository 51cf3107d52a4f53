"""What several commands under `agenda` are told."""

from typing import Annotated
from uuid import UUID

import typer

MeetingArgument = Annotated[UUID, typer.Argument(metavar="MEETING", help="As `agenda meetings` lists it")]
