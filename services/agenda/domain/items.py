"""The lines of an agenda."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.agenda.domain.protection import require_joint
from services.agenda.domain.references import Reference
from services.agenda.domain.refusals import (
    NotAParty,
    OrganisationOfAnotherParty,
    ReferenceTwice,
    ReservedItemHasContent,
    UnknownTheme,
)
from services.kernel.markings.banner import parse
from services.kernel.policy import Policy
from services.kernel.release_terms import Mode, Rendition
from services.kernel.series import ItemKind, ItemPurpose, Series


@dataclass(frozen=True, slots=True)
class ItemContent:
    """What a secretariat writes of an item. `leads` names one organisation a party, `marking` is a
    banner, `theme` is empty where the item has none.
    """

    title: str
    kind: ItemKind
    purpose: ItemPurpose
    minutes: int
    leads: Mapping[str, str]
    commitments: tuple[str, ...]
    theme: str
    marking: str
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class DraftItem:
    """An item as one party proposes it; its position is its place in the draft.

    `action_ids` are the outstanding actions taken up under it, `traceparent` the trace in which it
    was proposed.
    """

    id: UUID
    content: ItemContent
    action_ids: tuple[UUID, ...]
    proposed_at: datetime
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class TabledReference:
    """A reference with the title that every party may see."""

    assessment_id: UUID
    revision: int
    rendition: Rendition
    mode: Mode
    title: str


@dataclass(frozen=True, slots=True)
class TabledItem:
    """An item as it lies on the table."""

    id: UUID
    position: int
    title: str
    kind: ItemKind
    purpose: ItemPurpose
    leads: tuple[tuple[str, str], ...]
    minutes: int
    commitments: tuple[str, ...]
    theme: str
    references: tuple[TabledReference, ...]
    action_ids: tuple[UUID, ...]
    marking: str

    def content(self, references: tuple[Reference, ...] = ()) -> ItemContent:
        """Its words as a draft holds them; its texts stay behind unless they are given."""
        return ItemContent(
            title=self.title,
            kind=self.kind,
            purpose=self.purpose,
            minutes=self.minutes,
            leads=dict(self.leads),
            commitments=self.commitments,
            theme=self.theme,
            marking=self.marking,
            references=references,
        )


RESERVED_TITLE = "Reserved item"
"""The placeholder of a reserved item that the series' template does not name."""


def _public_lines(series: Series, policy: Policy) -> list[tuple[str, tuple[str, ...]]]:
    """Titles and themes of reserved items that are public: the template's, and those of earlier editions'
    published texts, which come back on drafts.
    """
    past = [item for one in policy.editions if one.series == series.id for item in one.items if item.recurs]
    standing = [
        (one.title, tuple(one.themes)) for one in series.standing_items if one.kind is ItemKind.RESERVED
    ]
    return [*standing, *((one.title, tuple(one.themes)) for one in past if one.kind is ItemKind.RESERVED)]


def require_placeholder(kind: ItemKind, title: str, series: Series, policy: Policy, pointer: str) -> None:
    """A reserved item is called what the template or a published text calls one, or `RESERVED_TITLE`.

    Raises `ReservedItemHasContent`.
    """
    named = {name for name, _ in _public_lines(series, policy)}
    if kind is ItemKind.RESERVED and title not in {RESERVED_TITLE, *named}:
        raise ReservedItemHasContent("a reserved item has a placeholder as its title", pointer=pointer)


def check_reserved(content: ItemContent, series: Series, policy: Policy, pointer: str) -> None:
    """A reserved item refers to no text, and to no theme that its public line does not name.

    Raises `ReservedItemHasContent`.
    """
    if content.kind is not ItemKind.RESERVED:
        return
    require_placeholder(content.kind, content.title, series, policy, f"{pointer}/title")
    if content.references:
        raise ReservedItemHasContent("a reserved item refers to no text", pointer=f"{pointer}/references")
    lines = _public_lines(series, policy)
    public = {theme for title, themes in lines if title == content.title for theme in themes}
    if content.theme and content.theme not in public:
        raise ReservedItemHasContent("a reserved item names no theme", pointer=f"{pointer}/theme")


def check_content(
    content: ItemContent, series: Series, policy: Policy, *, draft_id: UUID, at: datetime
) -> None:
    """Whether everything an item names exists in its series.

    Raises `NotAParty`, `OrganisationOfAnotherParty`, `UnknownTheme`, `ReferenceTwice`,
    `ReservedItemHasContent`, and the refusals of organisations, commitments and markings.
    """
    for party, organisation in content.leads.items():
        if party not in series.parties:
            raise NotAParty("a lead is of no party of the series", pointer="/leads")
        if policy.organisation(organisation).party != party:
            raise OrganisationOfAnotherParty("a lead is of another party", pointer="/leads")
    for commitment in content.commitments:
        policy.commitment(series.id, commitment)
    if content.theme and content.theme not in policy.themes.themes:
        raise UnknownTheme("there is no such theme", pointer="/theme")
    check_reserved(content, series, policy, "")
    require_joint(parse(content.marking), series, policy, "/marking", at=at, text=draft_id)
    assessments = [reference.assessment_id for reference in content.references]
    if len(set(assessments)) != len(assessments):
        raise ReferenceTwice("an item refers to an assessment once", pointer="/references")
