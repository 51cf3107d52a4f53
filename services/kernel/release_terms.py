"""The terms of a release question: the text, the occasion, the consents and the recorded answer."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from services.kernel.canonical import content_hash
from services.kernel.identifiers import decision_id
from services.kernel.markings.levels import Level
from services.kernel.markings.marking import Marking
from services.kernel.parties import Authorship
from services.kernel.refusals import InvalidValue


class Mode(StrEnum):
    """How a text reaches a party (ICD 403). Consent to release implies consent to disclose."""

    DISCLOSE = "DISCLOSE"
    """Shown or spoken; nothing is kept."""
    RELEASE = "RELEASE"
    """A copy is kept."""


class Rendition(StrEnum):
    """Which words of an assessment are meant; each rendition has a marking of its own."""

    FULL = "FULL"
    TEAR_LINE = "TEAR_LINE"


class RevisionState(StrEnum):
    """What has become of the revision."""

    CURRENT = "CURRENT"
    SUPERSEDED = "SUPERSEDED"
    """A newer revision, or another document, has taken its place."""
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    """It was valid until an instant that has passed."""
    CONFLICTED = "CONFLICTED"
    """Its originator says two things at once, and nobody has chosen yet."""


class Rule(StrEnum):
    """Why a decision fell as it did: the first rule that denies, or that every rule passed."""

    ALL_PASSED = "ALL_PASSED"
    PARTY_UNKNOWN = "PARTY_UNKNOWN"
    PARTY_NOT_PRESENT = "PARTY_NOT_PRESENT"
    ORIGINATOR_UNKNOWN = "ORIGINATOR_UNKNOWN"
    MARKING_MISSING = "MARKING_MISSING"
    MARKING_UNKNOWN = "MARKING_UNKNOWN"
    ABOVE_PARTY_CEILING = "ABOVE_PARTY_CEILING"
    ABOVE_OCCASION_CEILING = "ABOVE_OCCASION_CEILING"
    AGREEMENT_MISSING = "AGREEMENT_MISSING"
    NATIONAL_CAVEAT = "NATIONAL_CAVEAT"
    HMG_USE_ONLY = "HMG_USE_ONLY"
    ORGANISATION_USE_ONLY = "ORGANISATION_USE_ONLY"
    RECIPIENTS_ONLY = "RECIPIENTS_ONLY"
    CODEWORD = "CODEWORD"
    NOFORN = "NOFORN"
    DISPLAY_ONLY = "DISPLAY_ONLY"
    ORCON = "ORCON"
    DISSEM_CONTROL = "DISSEM_CONTROL"
    PREFIX_MISSING = "PREFIX_MISSING"
    REL_MISSING = "REL_MISSING"
    THIRD_PARTY = "THIRD_PARTY"
    TLP_RED = "TLP_RED"
    TLP_AMBER_STRICT = "TLP_AMBER_STRICT"
    TLP_AMBER = "TLP_AMBER"
    TLP_GREEN = "TLP_GREEN"
    EMBARGO = "EMBARGO"
    STALE_REVISION = "STALE_REVISION"
    LINEAGE_UNKNOWN = "LINEAGE_UNKNOWN"
    LINEAGE_DENIED = "LINEAGE_DENIED"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextUnderDecision:
    """The exact words in question: one rendition of one revision.

    `marking` is None for unmarked text; `marking_rule` names the recorded rule that gave the
    marking where the originator gave none. `parent_has_national` says of a tear line whether its
    parent carries a national marking. `derived_from` holds the texts it was written from, None
    where nobody declared any; `sources_known` is false where a declared source is not held.
    """

    assessment_id: UUID
    revision: int
    rendition: Rendition
    marking: Marking | None
    originator_party: str
    originator_organisation: str
    state: RevisionState
    parent_has_national: bool = False
    marking_rule: str | None = None
    authorship: Authorship = Authorship.AGENCY
    derived_from: tuple["TextUnderDecision", ...] | None = None
    sources_known: bool = True


@dataclass(frozen=True, slots=True)
class Occasion:
    """Where and when the text would be used: the parties present, the ceiling, the planned instant.

    `used_at` is the dispatch for RELEASE and the meeting for DISCLOSE. Raises `InvalidValue` for an
    instant without a time zone.
    """

    parties: tuple[str, ...]
    ceiling: Level
    used_at: datetime
    meeting: UUID | None = None

    def __post_init__(self) -> None:
        if self.used_at.tzinfo is None:
            raise InvalidValue("the time of use needs a time zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A recorded consent of an originator: this text, this party, this mode, this meeting, until
    then.

    A consent for one meeting is none for the next; one whose `meeting` is None is for use outside
    any meeting. It has lapsed at `expires_at`.
    """

    originator: str
    party: str
    mode: Mode
    assessment_id: UUID
    revision: int
    rendition: Rendition
    meeting: UUID | None
    expires_at: datetime

    def __post_init__(self) -> None:
        if self.expires_at.tzinfo is None:
            raise InvalidValue("the end of a consent needs a time zone")

    def covers(
        self,
        text: TextUnderDecision,
        originator: str,
        party: str,
        occasion: Occasion,
        mode: Mode,
        at: datetime,
    ) -> bool:
        """Whether it is this originator's consent to this use, not lapsed at `at`."""
        return (
            (self.originator, self.party, self.meeting) == (originator, party, occasion.meeting)
            and (self.assessment_id, self.revision, self.rendition)
            == (text.assessment_id, text.revision, text.rendition)
            and self.mode in (mode, Mode.RELEASE)
            and at < self.expires_at
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The record of one decision for one party. `explanation` is for those who may know of the
    text.
    """

    allowed: bool
    party: str
    rule_id: Rule
    explanation: str
    marking: Marking | None
    marking_rule: str | None
    assessment_id: UUID
    revision: int
    rendition: Rendition
    mode: Mode
    meeting: UUID | None
    used_at: datetime
    evaluated_at: datetime
    policy_version: str

    @property
    def id(self) -> UUID:
        """An identifier derived from the whole record."""
        return decision_id(content_hash(self.to_document()))

    def to_document(self) -> dict[str, object]:
        """The JSON form, from which `from_document` makes an equal decision."""
        return {
            "allowed": self.allowed,
            "party": self.party,
            "rule_id": self.rule_id.value,
            "explanation": self.explanation,
            "marking": self.marking.to_document() if self.marking else None,
            "marking_rule": self.marking_rule,
            "assessment_id": str(self.assessment_id),
            "revision": self.revision,
            "rendition": self.rendition.value,
            "mode": self.mode.value,
            "meeting": str(self.meeting) if self.meeting else None,
            "used_at": _write_instant(self.used_at),
            "evaluated_at": _write_instant(self.evaluated_at),
            "policy_version": self.policy_version,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> "Decision":
        """The inverse of `to_document`. Raises `InvalidValue`, or a refusal of the marking."""
        if set(document) != {entry.name for entry in fields(cls)}:
            raise InvalidValue("a decision record has missing or unknown members")
        allowed, revision, marking, meeting, marking_rule = (
            document[name] for name in ("allowed", "revision", "marking", "meeting", "marking_rule")
        )
        if not isinstance(allowed, bool) or not isinstance(revision, int):
            raise InvalidValue("a decision record has a member of the wrong type")
        if not isinstance(marking, Mapping | None):
            raise InvalidValue("a decision record has a member of the wrong type")
        try:
            return cls(
                allowed=allowed,
                party=str(document["party"]),
                rule_id=Rule(str(document["rule_id"])),
                explanation=str(document["explanation"]),
                marking=Marking.from_document(marking) if marking is not None else None,
                marking_rule=str(marking_rule) if marking_rule is not None else None,
                assessment_id=UUID(str(document["assessment_id"])),
                revision=revision,
                rendition=Rendition(str(document["rendition"])),
                mode=Mode(str(document["mode"])),
                meeting=UUID(str(meeting)) if meeting is not None else None,
                used_at=datetime.fromisoformat(str(document["used_at"])),
                evaluated_at=datetime.fromisoformat(str(document["evaluated_at"])),
                policy_version=str(document["policy_version"]),
            )
        except ValueError:
            raise InvalidValue("a decision record has a value that does not exist") from None


def _write_instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
