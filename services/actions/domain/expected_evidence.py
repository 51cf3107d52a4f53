"""What evidence the closure of an action is to rest on, as its parties agreed, and whether it is there.

An item of evidence names what it answers. It counts where every party of the series may read it, as for
closure itself; whether it is there is said by one table.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.actions.domain.evidence import Evidence, Shown
from services.actions.domain.refusals import (
    ExpectedEvidenceMissing,
    ExpectedEvidenceWrong,
    NotExpected,
)
from services.actions.domain.texts import LONGEST_DESCRIPTION, plain
from services.kernel.evidence import EvidenceKind

MOST_EXPECTED = 20


@dataclass(frozen=True, slots=True)
class ExpectedEvidence:
    """One thing to be shown by a day. `party` is the owning one that shows it, empty where any of them may.

    `first_due` is the day first agreed for it, None before it is agreed.
    """

    id: UUID
    kind: EvidenceKind
    wording: str
    party: str
    due: date
    first_due: date | None = None

    @property
    def promised(self) -> date:
        """The day against which it is late; agreeing on another does not move this."""
        return self.due if self.first_due is None else self.first_due

    def answered_by(self, item: Evidence) -> bool:
        return (
            self.id in item.answers
            and item.kind is self.kind
            and (not self.party or item.party == self.party)
        )


class Presence(StrEnum):
    """Whether what was expected is there."""

    MET = "MET"
    EXPIRED = "EXPIRED"
    MISSING = "MISSING"


@dataclass(frozen=True, slots=True)
class PresenceRule:
    """The first of the table that holds says how it is."""

    presence: Presence
    says: str
    holds: Callable[[Sequence[Evidence], date], bool]


PRESENCES: tuple[PresenceRule, ...] = (
    PresenceRule(
        Presence.MET,
        "evidence that answers it stands, and every party may read it",
        lambda answers, on: any(item.stands(on) for item in answers),
    ),
    PresenceRule(
        Presence.EXPIRED,
        "what answered it has expired",
        lambda answers, _: any(item.withdrawn is None for item in answers),
    ),
    PresenceRule(
        Presence.MISSING, "nothing answers it, or what did was withdrawn", lambda _answers, _on: True
    ),
)


@dataclass(frozen=True, slots=True)
class Expectation:
    """Expected evidence beside what was shown for it. `late` is that its day has passed without."""

    expected: ExpectedEvidence
    presence: Presence
    late: bool
    shown: tuple[UUID, ...]


def expectations(
    expected: Iterable[ExpectedEvidence], items: Collection[Evidence], on: date, shown: Shown = None
) -> tuple[Expectation, ...]:
    """What is expected with how it is on a day. `shown` are the items that every party may read."""
    found = []
    for one in expected:
        answers = [item for item in items if (shown is None or item.id in shown) and one.answered_by(item)]
        presence = next(rule.presence for rule in PRESENCES if rule.holds(answers, on))
        late = presence is not Presence.MET and on > one.promised
        found.append(Expectation(one, presence, late, tuple(sorted(item.id for item in answers))))
    return tuple(found)


def require_met(
    expected: Iterable[ExpectedEvidence], items: Collection[Evidence], on: date, shown: Shown = None
) -> None:
    """Raises `ExpectedEvidenceMissing` with what is not there."""
    lacking = [one for one in expectations(expected, items, on, shown) if one.presence is not Presence.MET]
    if lacking:
        raise ExpectedEvidenceMissing(
            "evidence that was agreed to be shown is not there",
            pointer="/evidence",
            expected=", ".join(f"{one.expected.id} {one.presence}" for one in lacking),
        )


def require_answerable(expected: Iterable[ExpectedEvidence], item: Evidence, pointer: str) -> None:
    """An item answers only what is expected, of its kind and of its party. Raises `NotExpected`."""
    known = {one.id: one for one in expected}
    for place, identity in enumerate(item.answers):
        one = known.get(identity)
        here = f"{pointer}/answers/{place}"
        if one is None:
            raise NotExpected("no such evidence is expected of the action", pointer=here)
        if not one.answered_by(item):
            raise NotExpected("what is expected is of another kind, or of another party", pointer=here)


def agreed_anew(
    held: Collection[ExpectedEvidence],
    wanted: Sequence[ExpectedEvidence],
    *,
    owning: Collection[str],
    agreed_on: date,
    pointer: str = "/expected_evidence",
) -> tuple[ExpectedEvidence, ...]:
    """What is expected from now on, all of it. What was expected before keeps the day first agreed for it.

    Raises `ExpectedEvidenceWrong`.
    """
    if len(wanted) > MOST_EXPECTED:
        raise ExpectedEvidenceWrong(f"at most {MOST_EXPECTED} things are expected", pointer=pointer)
    if len({one.id for one in wanted}) != len(wanted):
        raise ExpectedEvidenceWrong("a thing is expected once", pointer=pointer)
    promised = {one.id: one.promised for one in held}
    expected = []
    for place, one in enumerate(wanted):
        here = f"{pointer}/{place}"
        if one.party and one.party not in owning:
            raise ExpectedEvidenceWrong("an owning party shows it, or any of them", pointer=f"{here}/party")
        if one.due < agreed_on:
            raise ExpectedEvidenceWrong("it is due after the action was agreed", pointer=f"{here}/due")
        wording = plain(one.wording, f"{here}/wording", LONGEST_DESCRIPTION, required=True)
        expected.append(replace(one, wording=wording, first_due=promised.get(one.id, one.due)))
    return tuple(expected)
