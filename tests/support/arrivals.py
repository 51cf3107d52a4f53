"""Submissions arriving in some order, and the state that they end in, without a database."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from services.threatfeed.domain.assessment import Assessment, Revision, VersionKey
from services.threatfeed.domain.catalogues import Release, take_release
from services.threatfeed.domain.end_state import EndState, state_hash
from services.threatfeed.domain.revisions import NOTHING_HELD, Decision, History, decide
from services.threatfeed.formats.kev import read_release, removal
from tests.support.submissions import read


class Arrivals:
    """What has arrived so far, of one agency's catalogue and of any number of other assessments."""

    def __init__(self) -> None:
        self.histories: dict[UUID, History] = {}
        self.decisions: list[Decision] = []
        self._contents: dict[tuple[UUID, str | None], Assessment] = {}
        self._standing: dict[str, VersionKey] = {}
        self._releases: dict[int, list[Release]] = defaultdict(list)

    def take(self, *revisions: Revision) -> None:
        for revision in revisions:
            key = revision.assessment_id
            decision, self.histories[key] = decide(self.histories.get(key, NOTHING_HELD), revision)
            self.decisions.append(decision)
            if isinstance(revision, Assessment):
                self._contents[key, revision.source.content_sha256] = revision

    def take_release(self, document: Any) -> None:
        """A release of the catalogue of `cisa`."""
        readings = read(json.dumps(document).encode(), agency="cisa")
        entries = [reading for reading in readings if isinstance(reading, Assessment)]
        release = read_release(document)
        copies = self._releases[release.version.ordinal]
        if all(copy.content_sha256 != release.content_sha256 for copy in copies):
            present = [entry.source.object_id for entry in entries]
            newer = [one for held in self._releases.values() for one in held]
            newer = [one for one in newer if one.version.newer_than(release.version)]
            later = {absence for one in newer for absence in one.lacks(present)}
            absences = take_release(self._standing, release, copies, later, present)
            copies.append(release)
            self.take(*(removal("cisa", absence) for absence in absences))
        self.take(*entries)

    def states(self) -> Iterator[EndState]:
        for key, history in self.histories.items():
            status = history.status
            assert status is not None
            content = self._contents.get((key, status.content_sha256))
            yield EndState(
                assessment_id=key,
                state=status.state.value,
                cause=None if status.cause is None else status.cause.value,
                version=status.version,
                content_sha256=status.content_sha256,
                themes=() if content is None else tuple(theme.theme for theme in content.themes),
                versions=history.recorded,
                choices=history.choices,
            )

    def hash(self) -> str:
        return state_hash(self.states())


def hash_after(revisions: Iterable[Revision]) -> str:
    """The hash of the state in which the revisions end that arrive in this order."""
    arrivals = Arrivals()
    arrivals.take(*revisions)
    return arrivals.hash()


def hash_after_releases(releases: Iterable[Any]) -> str:
    """The same of releases of a catalogue."""
    arrivals = Arrivals()
    for release in releases:
        arrivals.take_release(release)
    return arrivals.hash()
