"""Adds to each release of a catalogue the notices that follow from what it no longer lists."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.chassis.database import Transaction
from services.threatfeed.domain.assessment import Assessment, SourceFormat, VersionKey
from services.threatfeed.domain.catalogues import take_release
from services.threatfeed.formats.json_text import read_json
from services.threatfeed.formats.kev import OBJECT_ID_PREFIX, read_release, removal
from services.threatfeed.store.catalogues import (
    absences_in_newer,
    lock_catalogue,
    record_release,
    releases_of,
)
from services.threatfeed.usecases.submission import Submission, readings_of


async def complete_catalogues(
    tx: Transaction, submissions: Sequence[Submission], at: datetime
) -> list[Submission]:
    """The submissions, those that hold a catalogue with the notices that follow from it.

    Releases of one agency's catalogue are taken in one after the other, also by several workers.
    """
    agencies = sorted({submission.agency for submission in submissions if _entries(submission)})
    catalogues = {agency: await lock_catalogue(tx, agency, OBJECT_ID_PREFIX) for agency in agencies}
    return [
        await _completed(tx, submission, catalogues[submission.agency], at)
        if _entries(submission)
        else submission
        for submission in submissions
    ]


def _entries(submission: Submission) -> list[str]:
    return [
        reading.source.object_id
        for reading in readings_of(submission)
        if isinstance(reading, Assessment) and reading.source.format is SourceFormat.KEV
    ]


async def _completed(
    tx: Transaction, submission: Submission, standing: dict[str, VersionKey], at: datetime
) -> Submission:
    agency, present = submission.agency, _entries(submission)
    release = read_release(read_json(submission.record.value))
    copies = await releases_of(tx, agency, release.version)
    if any(copy.content_sha256 == release.content_sha256 for copy in copies):
        return submission
    await record_release(tx, agency, release, at)
    later = await absences_in_newer(tx, agency, release.version, present)
    absences = take_release(standing, release, copies, later, present)
    # Before the entries: what a newer release lacks never stands, not even for a moment.
    notices = [removal(agency, absence) for absence in absences]
    return replace(submission, content=(*notices, *readings_of(submission)))
