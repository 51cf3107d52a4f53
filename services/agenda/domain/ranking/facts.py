"""What a ranking for one party is made from: what that party may see, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.kernel.instruments import CommitmentKind


class SubjectKind(StrEnum):
    """What could become an item of an agenda. Equal scores come in this order, then by id."""

    PROPOSAL = "PROPOSAL"
    RETURNING = "RETURNING"
    """An item of an earlier edition that was put off, or for which there was no time."""
    TABLED = "TABLED"
    """An item that another party has put on the table for this meeting."""
    ACTION = "ACTION"
    COMMITMENT = "COMMITMENT"
    THEME = "THEME"


@dataclass(frozen=True, slots=True)
class Subject:
    """`key` is the kind in lower case, a colon and an id. `theme` is empty where there is none."""

    kind: SubjectKind
    id: str
    title: str
    theme: str = ""
    commitments: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.kind.value.lower()}:{self.id}"

    @property
    def place(self) -> tuple[int, str]:
        """Where it stands among equal scores."""
        return list(SubjectKind).index(self.kind), self.id


@dataclass(frozen=True, slots=True)
class JudgementFact:
    """`likelihood` is a scale and one of its terms; a confidence that is not stated is empty."""

    id: str
    likelihood: tuple[str, str] | None
    confidence: str


@dataclass(frozen=True, slots=True)
class AssessmentFact:
    """A current assessment in the rendition that the party may have."""

    id: str
    revision: int
    published_on: date
    themes: tuple[str, ...]
    judgements: tuple[JudgementFact, ...]

    @property
    def source(self) -> str:
        return f"assessment:{self.id}"


@dataclass(frozen=True, slots=True)
class TempoFact:
    """What the party's own picture says of a theme in one window."""

    theme: str
    days: int
    count: int
    before: int
    rising: bool

    @property
    def source(self) -> str:
        return f"tempo:{self.theme}"


@dataclass(frozen=True, slots=True)
class ThemeFact:
    """A theme with those of the series' commitments that it serves."""

    id: str
    title: str
    commitments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommitmentFact:
    """`discussed_on` is the last day of a meeting whose agreed agenda held it; None where none did."""

    id: str
    title: str
    kind: CommitmentKind
    due: date | None
    discussed_on: date | None

    @property
    def source(self) -> str:
        return f"commitment:{self.id}"


@dataclass(frozen=True, slots=True)
class ActionFact:
    """An open action of the series."""

    id: UUID
    reference: str
    due: date | None
    state: str


@dataclass(frozen=True, slots=True)
class ReturningFact:
    """An item that comes back to the meeting under `id`; `times` is how often it has been put off."""

    id: str
    title: str
    edition: int
    not_reached: bool
    times: int
    theme: str
    commitments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProposedFact:
    """A proposal of the own party, or an item that another party has put on the table (`by`)."""

    id: UUID
    title: str
    theme: str
    commitments: tuple[str, ...]
    by: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a ranking may look at. The order within a sequence means nothing; ids are unique."""

    as_of: date
    meets_on: date
    themes: Sequence[ThemeFact] = ()
    assessments: Sequence[AssessmentFact] = ()
    tempos: Sequence[TempoFact] = ()
    commitments: Sequence[CommitmentFact] = ()
    actions: Sequence[ActionFact] = ()
    returning: Sequence[ReturningFact] = ()
    proposals: Sequence[ProposedFact] = ()
    tabled: Sequence[ProposedFact] = ()
