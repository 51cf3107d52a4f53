"""Joint draft minutes, section by section: written by any side, accepted by every side."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.agenda.domain.items import TabledItem
from services.agenda.domain.protection import require_joint, require_protection
from services.agenda.domain.refusals import StaleVersion
from services.kernel.markings.banner import parse
from services.kernel.policy import Policy
from services.kernel.refusals import Refusal, RefusalKind
from services.kernel.series import Series


class SectionUnknown(Refusal):
    """The minutes have no such section."""

    kind = RefusalKind.NOT_FOUND
    reason = "SECTION_UNKNOWN"


class MinutesFinal(Refusal):
    """The conclusions that the minutes belong to are agreed."""

    kind = RefusalKind.CONFLICT
    reason = "MINUTES_FINAL"


class MinutesNotAccepted(Refusal):
    """A side has not accepted a section as it stands."""

    kind = RefusalKind.CONFLICT
    reason = "MINUTES_NOT_ACCEPTED"


class Frame(StrEnum):
    """The sections that are of no item."""

    OPENING = "OPENING"
    CLOSING = "CLOSING"


@dataclass(frozen=True, slots=True)
class SectionText:
    """One revision of a section. `section` is an item's id, or a frame; revisions count from 1."""

    section: str
    revision: int
    text: str
    marking: str
    party: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Comment:
    """What a side says of a revision, to every side."""

    id: UUID
    section: str
    revision: int
    party: str
    organisation: str
    text: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Section:
    """A section with all its revisions, oldest first, and who has accepted the newest."""

    key: str
    revisions: tuple[SectionText, ...]
    accepted: frozenset[str]
    comments: tuple[Comment, ...]

    @property
    def newest(self) -> SectionText | None:
        return self.revisions[-1] if self.revisions else None

    @property
    def revision(self) -> int:
        """0 while nobody has written."""
        return len(self.revisions)

    def require_revision(self, expected: int) -> None:
        """Raises `StaleVersion` with what was written since the caller read it."""
        if self.revision == expected:
            return
        raise StaleVersion(
            "the section has been written anew since it was read",
            version=str(self.revision),
            changes=[
                {
                    "revision": one.revision,
                    "party": one.party,
                    "at": one.written_at.isoformat(),
                    "text": one.text,
                }
                for one in self.revisions
                if one.revision > expected
            ],
        )

    def written(self, text: str, marking: str, party: str, expected: int, now: datetime) -> SectionText:
        """The next revision; its own side has accepted it by writing it. Raises `StaleVersion`."""
        self.require_revision(expected)
        return SectionText(self.key, self.revision + 1, text, marking, party, now)


def section_keys(items: Sequence[TabledItem]) -> tuple[str, ...]:
    """The sections that the minutes of an agenda have, in their order."""
    return (Frame.OPENING.value, *(str(item.id) for item in items), Frame.CLOSING.value)


def check_section(
    key: str,
    marking: str,
    items: Sequence[TabledItem],
    *,
    series: Series,
    policy: Policy,
    meeting_id: UUID,
    at: datetime,
) -> None:
    """Raises `SectionUnknown`, or what is wrong with the marking of joint text."""
    if key not in section_keys(items):
        raise SectionUnknown("the minutes have no such section")
    whole = parse(marking)
    require_joint(whole, series, policy, "/marking", at=at, text=meeting_id)
    own = [parse(item.marking) for item in items if str(item.id) == key]
    require_protection(whole, own, "the section", "/marking")


def require_accepted(sections: Sequence[Section], parties: Collection[str]) -> None:
    """Raises `MinutesNotAccepted` for the first section that a side has not accepted."""
    for section in sections:
        missing = sorted(set(parties) - section.accepted)
        if section.newest is not None and missing:
            raise MinutesNotAccepted(
                "a side has not accepted a section", section=section.key, parties=",".join(missing)
            )
