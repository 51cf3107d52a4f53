"""Instruments: public texts in which parties said what they would do, quoted passage by passage."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.kernel.sections import Section


class CommitmentKind(StrEnum):
    """How a commitment is followed up."""

    REAFFIRMATION = "REAFFIRMATION"
    """A position that is restated; nothing falls due."""
    STANDING = "STANDING"
    """Lasting work, reviewed every year."""
    DELIVERABLE = "DELIVERABLE"
    """Work with an end, and a date by which it is due."""


@dataclass(frozen=True, slots=True)
class Commitment:
    """One passage; `text` is quoted word for word from its instrument.

    `due` is set exactly where the kind is DELIVERABLE.
    """

    id: str
    kind: CommitmentKind
    text: str
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Instrument:
    """A public text with parties of its own; `dated` is None where the copy at hand bears no
    date.
    """

    id: str
    title: str
    source: str
    dated: date | None
    parties: tuple[str, ...]
    commitments: tuple[Commitment, ...]

    def commitment(self, commitment_id: str) -> Commitment | None:
        """The commitment of that id, if the instrument holds it."""
        return next((entry for entry in self.commitments if entry.id == commitment_id), None)


def read_instrument(content: object, where: str) -> Instrument:
    """Reads one document of `instruments/`. Raises `PolicyMalformed`."""
    section = Section(content, where)
    entries = section.sections("commitments")
    instrument = Instrument(
        id=section.text("id"),
        title=section.text("title"),
        source=section.text("source"),
        dated=section.optional_day("dated"),
        parties=section.texts("parties"),
        commitments=tuple(_read_commitment(entry) for entry in entries),
    )
    section.end()
    if len({entry.id for entry in instrument.commitments}) != len(instrument.commitments):
        raise section.wrong("a commitment id is used twice")
    return instrument


def _read_commitment(section: Section) -> Commitment:
    commitment = Commitment(
        id=section.text("id"),
        kind=section.member("kind", CommitmentKind),
        text=" ".join(section.text("text").split()),
        due=section.optional_day("due"),
    )
    section.end()
    if (commitment.due is not None) is not (commitment.kind is CommitmentKind.DELIVERABLE):
        raise section.wrong("a due date belongs to a deliverable, and every deliverable has one")
    return commitment
