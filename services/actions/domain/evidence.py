"""What shows that an action was carried out, and what a signature under it rests on.

Evidence stands while it is neither withdrawn nor expired. A claim, and every confirmation of it, is given
under exactly the revisions that stood and that every party of the series may read: closure is a joint act,
so what one party alone may read neither carries nor upsets it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.actions.domain.owners import Objection, Owner, Signature
from services.actions.domain.refusals import (
    EvidenceChanged,
    EvidenceDuplicated,
    EvidenceWithdrawn,
    ExpiryWrong,
    NotAnOwner,
    NotTheProvider,
)
from services.actions.domain.texts import LONGEST_NARRATIVE, plain
from services.kernel.canonical import content_hash
from services.kernel.evidence import EvidenceKind
from services.kernel.parties import Reader
from services.kernel.refusals import InvalidValue

MOST_EVIDENCE_OF_ACTION = 200
MOST_REVISIONS = 100


@dataclass(frozen=True, slots=True)
class EvidenceRevision:
    """Exactly one revision of an item."""

    id: UUID
    revision: int
    digest: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One revision of something that shows that the action was carried out.

    The material lies at `uri`, or is short enough to be `text`; `digest` is its SHA-256, empty where nobody
    took one. From the day `expires_on` on it shows nothing any more. `submitted_by` and `submitted_at` are
    those of the revision; the organisation is that of all of them. `answers` are the ids of the expected
    evidence that it is shown for. `withdrawn` says who took it back, why.
    """

    id: UUID
    title: str
    description: str
    uri: str
    digest: str
    marking: str
    submitted_by: str
    party: str
    organisation: str
    submitted_at: datetime
    kind: EvidenceKind = EvidenceKind.DOCUMENTARY
    text: str = ""
    expires_on: date | None = None
    revision: int = 1
    answers: tuple[UUID, ...] = ()
    withdrawn: Objection | None = None

    @property
    def version(self) -> int:
        """Counts every change of it."""
        return self.revision + (self.withdrawn is not None)

    @property
    def identity(self) -> EvidenceRevision:
        return EvidenceRevision(self.id, self.revision, self.digest)

    def stands(self, on: date) -> bool:
        return self.withdrawn is None and (self.expires_on is None or on < self.expires_on)


class Change(StrEnum):
    """What became of an item since somebody signed."""

    ADDED = "ADDED"
    REVISED = "REVISED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"
    NOT_SHOWN = "NOT_SHOWN"
    """Not every party may read it any more."""


@dataclass(frozen=True, slots=True)
class EvidenceChange:
    """What became of one item."""

    id: UUID
    change: Change


@dataclass(frozen=True, slots=True)
class Attestation(Signature):
    """A signature under evidence, as it stood.

    `holds` and `changes` are said on reading: whether the evidence is still exactly this, and what differs.
    """

    evidence: tuple[EvidenceRevision, ...] = ()
    holds: bool = True
    changes: tuple[EvidenceChange, ...] = ()

    @classmethod
    def under(cls, evidence: tuple[EvidenceRevision, ...], by: Reader, at: datetime) -> "Attestation":
        return cls(by.party, by.organisation, by.subject, at, evidence)


Shown = Collection[UUID] | None
"""Ids of the items that every party of the series may read; None for all there are."""


def standing(items: Iterable[Evidence], on: date, shown: Shown = None) -> tuple[EvidenceRevision, ...]:
    """The evidence that counts on a day, in one order."""
    return tuple(
        sorted(
            (item.identity for item in items if item.stands(on) and (shown is None or item.id in shown)),
            key=lambda entry: entry.id,
        )
    )


def evidence_digest(evidence: Iterable[EvidenceRevision]) -> str:
    """The content hash that names exactly these revisions."""
    return content_hash([[str(one.id), one.revision, one.digest] for one in evidence])


def changes_since(
    signed: Collection[EvidenceRevision], items: Collection[Evidence], on: date, shown: Shown = None
) -> tuple[EvidenceChange, ...]:
    """What differs between what was signed and what stands, by id."""
    then, held = {entry.id: entry for entry in signed}, {item.id: item for item in items}
    now = {entry.id: entry for entry in standing(items, on, shown)}
    found = [EvidenceChange(one, Change.ADDED) for one in now.keys() - then.keys()]
    found += [
        EvidenceChange(one, Change.REVISED) for one in now.keys() & then.keys() if now[one] != then[one]
    ]
    found += [EvidenceChange(one, _loss(held.get(one), on)) for one in then.keys() - now.keys()]
    return tuple(sorted(found, key=lambda entry: entry.id))


def _loss(item: Evidence | None, on: date) -> Change:
    if item is None or item.stands(on):
        return Change.NOT_SHOWN
    return Change.EXPIRED if item.withdrawn is None else Change.WITHDRAWN


def require_seen(
    signed: Collection[EvidenceRevision], items: Collection[Evidence], on: date, shown: Shown, seen: str
) -> None:
    """Whoever confirms what is no longer as it was claimed says which evidence was looked at.

    `seen` is its digest, or empty. Raises `EvidenceChanged` with what is different, and the digest of now.
    """
    now = evidence_digest(standing(items, on, shown))
    changes = changes_since(signed, items, on, shown)
    if seen == now or not (seen or changes):
        return
    raise EvidenceChanged(
        "the evidence is no longer what was claimed, or what was looked at",
        evidence_digest=now,
        changes=", ".join(f"{entry.id} {entry.change}" for entry in changes),
    )


def newly_expired(items: Iterable[Evidence], on: date, noted_on: date | None) -> tuple[Evidence, ...]:
    """What has expired by a day and had not when that was last noted; what was withdrawn is left aside."""
    return tuple(item for item in items if expired(item, on) and not expired(item, noted_on))


def expired(item: Evidence, on: date | None) -> bool:
    """Whether it had, by a day; it had not by none."""
    return on is not None and item.withdrawn is None and not item.stands(on)


def check_expiry(expires_on: date | None, at: datetime, pointer: str) -> None:
    """Raises `ExpiryWrong`."""
    if expires_on is not None and expires_on <= at.date():
        raise ExpiryWrong("evidence expires after the day on which it is provided", pointer=pointer)


def submitted(
    items: tuple[Evidence, ...], item: Evidence, owners: Collection[Owner], seen: Collection[UUID]
) -> tuple[Evidence, ...]:
    """The evidence with one more item. `seen` are the ids that its provider may read: what another party
    keeps to itself is never given away by a duplicate.

    Raises `NotAnOwner`, `EvidenceDuplicated` or `InvalidValue`.
    """
    if item.organisation not in {owner.organisation for owner in owners if owner.party == item.party}:
        raise NotAnOwner("evidence is provided by an organisation that owns or supports the action")
    if sum(other.organisation == item.organisation for other in items) >= MOST_EVIDENCE_OF_ACTION:
        raise InvalidValue(f"an organisation provides at most {MOST_EVIDENCE_OF_ACTION} items")
    _require_single(items, item, seen)
    return (*items, item)


def revised(items: tuple[Evidence, ...], item: Evidence, seen: Collection[UUID]) -> tuple[Evidence, ...]:
    """The evidence with the next revision of an item in its place.

    Raises `NotTheProvider`, `EvidenceWithdrawn`, `EvidenceDuplicated` or `InvalidValue`.
    """
    held = next(other for other in items if other.id == item.id)
    _require_provider(held, item.party, item.organisation)
    if held.revision >= MOST_REVISIONS:
        raise InvalidValue(f"an item has at most {MOST_REVISIONS} revisions")
    _require_single(items, item, seen)
    return tuple(item if other is held else other for other in items)


def withdrawn(
    items: tuple[Evidence, ...], evidence_id: UUID, reason: str, by: Reader, at: datetime
) -> tuple[Evidence, ...]:
    """The evidence with an item taken back.

    Raises `NotTheProvider`, `EvidenceWithdrawn` or `InvalidValue`.
    """
    held = next(item for item in items if item.id == evidence_id)
    require_provider(held, by)
    words = plain(reason, "/reason", LONGEST_NARRATIVE, required=True)
    gone = replace(held, withdrawn=Objection(Signature.of(by, at), words))
    return tuple(gone if item is held else item for item in items)


def require_provider(held: Evidence, by: Reader) -> None:
    """Raises `NotTheProvider`, or `EvidenceWithdrawn` for what was taken back already."""
    _require_provider(held, by.party, by.organisation)


def _require_provider(held: Evidence, party: str, organisation: str) -> None:
    if (held.party, held.organisation) != (party, organisation):
        raise NotTheProvider("only the organisation that provided the evidence may do this")
    if held.withdrawn is not None:
        raise EvidenceWithdrawn("the evidence was withdrawn")


def _require_single(items: Sequence[Evidence], item: Evidence, seen: Collection[UUID]) -> None:
    for other in items:
        same = item.digest and other.digest == item.digest and other.withdrawn is None
        if same and other.id != item.id and other.id in seen:
            raise EvidenceDuplicated("this material is shown already", evidence_id=str(other.id))
