"""Who carries an action out, and who said what of it."""

from dataclasses import dataclass
from datetime import datetime

from services.actions.domain.refusals import ReasonMissing
from services.actions.domain.texts import LONGEST_NARRATIVE, plain
from services.kernel.parties import Reader


@dataclass(frozen=True, slots=True)
class Owner:
    """An organisation that carries the action out; one accountable a party."""

    party: str
    organisation: str
    accountable: bool


@dataclass(frozen=True, slots=True)
class Signature:
    """Who said something for which party, and when."""

    party: str
    organisation: str
    official: str
    at: datetime

    @classmethod
    def of(cls, reader: Reader, at: datetime) -> "Signature":
        return cls(reader.party, reader.organisation, reader.subject, at)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why somebody did not take an action on, holds it up, or did not accept a claim of completion."""

    by: Signature
    reason: str


def given_reason(text: str) -> str:
    """Raises `ReasonMissing` or `InvalidValue`."""
    words = plain(text, "/reason", LONGEST_NARRATIVE)
    if not words:
        raise ReasonMissing("this needs a reason", pointer="/reason")
    return words
