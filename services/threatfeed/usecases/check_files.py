"""Checks submissions before they leave an agency: what ingest would answer to a file, without any service.

The one module of a service that the command line may import. It reads with the readers of ingest and asks
the same question about holding; only what is already held elsewhere (an older version, a conflict with it, a
catalogue's removals) cannot be seen from here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.kernel.markings.levels import Level
from services.kernel.markings.refusals import MarkingMissing
from services.kernel.policy import Policy
from services.kernel.refusals import Refusal
from services.kernel.releasability import HoldingRefused
from services.threatfeed.domain.assessment import Revision, SourceFormat
from services.threatfeed.domain.refusals import PayloadClaimsOtherAgency
from services.threatfeed.domain.revisions import decide_all
from services.threatfeed.domain.submission import Reading, Rejection
from services.threatfeed.domain.taxonomies import Taxonomies
from services.threatfeed.domain.themes import ThemeMatcher
from services.threatfeed.formats.content_types import source_format
from services.threatfeed.formats.json_text import Json, read_json
from services.threatfeed.formats.submission import read_submission
from services.threatfeed.usecases.check_documents import rejection_to_document, revision_to_document
from services.threatfeed.usecases.holding import Holding

_OF_THE_AGENCY: Final = (MarkingMissing, PayloadClaimsOtherAgency, HoldingRefused)
"""Refusals that another agency's submission of the same bytes might not meet."""


class Verdict(StrEnum):
    """What would become of a file's assessments."""

    ACCEPTED = "accepted"
    PARTIAL = "partial"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What ingest would make of one file, submitted by `agency`.

    `format` is None where it cannot be told. `rejections` of a file of which nothing could be read have
    neither an object id nor a version.
    """

    file: str
    agency: str
    format: SourceFormat | None
    revisions: tuple[Revision, ...]
    rejections: tuple[Rejection, ...]

    @property
    def verdict(self) -> Verdict:
        """Accepted only where nothing at all is refused."""
        if not self.rejections:
            return Verdict.ACCEPTED
        return Verdict.PARTIAL if self.revisions else Verdict.REJECTED

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Every refusal, in the order of the assessments."""
        return tuple(refusal for rejection in self.rejections for refusal in rejection.refusals)

    @property
    def holding_refusals(self) -> tuple[HoldingRefused, ...]:
        """Why the file must not be sent at all: the deployment may not even hold it."""
        return tuple(refusal for refusal in self.refusals if isinstance(refusal, HoldingRefused))

    def to_document(self) -> dict[str, object]:
        """The JSON form, one line of `entente check --json`."""
        return {
            "file": self.file,
            "format": self.format,
            "agency": self.agency,
            "verdict": self.verdict,
            "assessments": [revision_to_document(revision) for revision in self.revisions],
            "rejections": [
                document for rejection in self.rejections for document in rejection_to_document(rejection)
            ],
        }


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks files for one deployment under one policy."""

    holding: Holding
    themes: ThemeMatcher
    taxonomies: Taxonomies

    @classmethod
    def of(
        cls, policy: Policy, reference: Mapping[str, object], *, home_party: str, ceiling: str
    ) -> "Checker":
        """Of a policy and the documents of the reference data, by file name.

        Raises `MarkingUnknown` for a ceiling that is no level, and `PolicyMalformed`.
        """
        holding = Holding(home_party=home_party, ceiling=Level.parse(ceiling), policy=policy)
        return cls(holding, ThemeMatcher.compile(policy.themes), Taxonomies.from_documents(reference))

    def check(
        self,
        file: str,
        raw: bytes,
        content_type: str | None = None,
        *,
        agency: str | None = None,
        at: datetime,
    ) -> FileCheck:
        """What ingest would make of `raw` at an instant.

        A file alone says no agency. Without one, it is checked as the agency of the policy that could best
        have submitted it: agencies that are no public source first, so that an unmarked text is taken as
        public only where nobody could have submitted it otherwise. Raises `UnknownAgency`.
        """
        if agency is not None:
            return self._check_as(file, raw, content_type, agency, at)
        found: FileCheck | None = None
        for candidate in self._candidates():
            checked = self._check_as(file, raw, content_type, candidate, at)
            if found is None or _faults(checked) < _faults(found):
                found = checked
            if _faults(found)[1] == 0:
                break
        if found is None:
            raise ValueError("the policy names no agency")
        return found

    def _candidates(self) -> Iterator[str]:
        """The agencies in the order of the policy, the public sources last."""
        agencies = self.holding.policy.agencies
        return iter(sorted(agencies, key=lambda name: agencies[name].public_source_rule is not None))

    def _check_as(
        self, file: str, raw: bytes, content_type: str | None, agency: str, at: datetime
    ) -> FileCheck:
        policy = self.holding.policy
        policy.agency(agency)
        readings: tuple[Reading, ...]
        try:
            readings = read_submission(
                raw,
                content_type,
                agency=agency,
                policy=policy,
                themes=self.themes,
                taxonomies=self.taxonomies,
            )
        except Refusal as refusal:
            readings = (Rejection(None, None, (refusal,)),)
        checked = list(map(self.holding.check(at), readings))
        revisions, rejections = _decided(checked)
        return FileCheck(file, agency, _format(raw, content_type, revisions), revisions, rejections)


def _faults(checked: FileCheck) -> tuple[int, int]:
    """How many assessments are rejected, and for how many faults that depend on the agency."""
    of_the_agency = [refusal for refusal in checked.refusals if isinstance(refusal, _OF_THE_AGENCY)]
    return len(checked.rejections), len(of_the_agency)


def _decided(readings: Iterable[Reading]) -> tuple[tuple[Revision, ...], tuple[Rejection, ...]]:
    """The revisions that stand beside each other, and the rejections with those that conflict within."""
    rejections = [reading for reading in readings if isinstance(reading, Rejection)]
    decisions, _ = decide_all({}, [reading for reading in readings if not isinstance(reading, Rejection)])
    revisions = []
    for decision in decisions:
        source = decision.incoming.source
        if decision.refusal is None:
            revisions.append(decision.incoming)
        else:
            rejections.append(Rejection(source.object_id, source.version.text, (decision.refusal,)))
    return tuple(revisions), tuple(rejections)


def _format(raw: bytes, content_type: str | None, revisions: tuple[Revision, ...]) -> SourceFormat | None:
    if revisions:
        return revisions[0].source.format
    document: Json
    try:
        document = read_json(raw)
        return source_format(content_type, document)
    except Refusal:
        return None
