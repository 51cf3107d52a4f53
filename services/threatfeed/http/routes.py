"""Every route of threatfeed."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.threatfeed.http import assessments, changes, pictures, quarantine


def routes() -> Sequence[APIRouter]:
    return (assessments.routes(), changes.routes(), pictures.routes(), quarantine.routes())
