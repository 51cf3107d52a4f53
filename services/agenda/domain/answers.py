"""How each party answers each item of a tabled version, and what of that a later version keeps.

An item is known by the hash of its content without its place: what was said of it holds for as long as
that hash does. The order of the items is agreed with the whole, which the officials sign.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.agenda.domain.refusals import AnswerTwice, ProposalMissing, UnknownItem
from services.kernel.canonical import content_hash

_PLACE = "position"


class Answer(StrEnum):
    """What a party says of one item."""

    ACCEPTED = "ACCEPTED"
    AMENDED = "AMENDED"
    """Not as it is; the party says how it would have it."""
    DECLINED = "DECLINED"


@dataclass(frozen=True, slots=True)
class Proposal:
    """How a party would have an item; None or empty where it would leave it as it is."""

    title: str = ""
    minutes: int | None = None
    position: int | None = None

    @property
    def empty(self) -> bool:
        return not self.title and self.minutes is None and self.position is None


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """One party's answer to one item, as it was sent to the others.

    `since_version` is the tabled version that it was given to, `aggregate_version` the state of the
    agenda that it made. `official` is empty for the acceptance that lies in tabling the item; the
    tabled version is then what was sent, and `payload` is None.
    """

    item_id: UUID
    party: str
    answer: Answer
    comment: str
    proposal: Proposal
    marking: str
    item_hash: str
    organisation: str
    official: str
    since_version: int
    given_at: datetime
    aggregate_version: int
    payload: bytes | None = None

    @property
    def accepted(self) -> bool:
        return self.answer is Answer.ACCEPTED


def item_hashes(payload: bytes) -> dict[UUID, str]:
    """The hash of each item of a tabled version, over its canonical form without its place."""
    document = json.loads(payload)
    return {
        UUID(item["itemId"]): content_hash({name: value for name, value in item.items() if name != _PLACE})
        for item in document.get("items", ())
    }


def check_answers(answers: Sequence[ItemAnswer], item_ids: Iterable[UUID]) -> None:
    """Raises `UnknownItem`, `AnswerTwice` or `ProposalMissing`."""
    known = frozenset(item_ids)
    for place, answer in enumerate(answers):
        pointer = f"/answers/{place}"
        if answer.item_id not in known:
            raise UnknownItem("the agenda has no such item", pointer=f"{pointer}/item_id")
        if answer.item_id in {other.item_id for other in answers[:place]}:
            raise AnswerTwice("an item is answered once", pointer=f"{pointer}/item_id")
        if (answer.answer is Answer.AMENDED) is answer.proposal.empty:
            raise ProposalMissing(
                "who amends says how; who accepts or declines changes nothing", pointer=f"{pointer}/answer"
            )


def answers_on_tabling(
    hashes: Mapping[UUID, str],
    former: Sequence[ItemAnswer],
    *,
    tabled_by: str,
    organisation: str,
    version: int,
    now: datetime,
) -> tuple[ItemAnswer, ...]:
    """What holds of a new version: its party accepts every item, the others' answers to what is unchanged.

    `former` are the answers to the version that it supersedes.
    """
    kept = [
        replace(answer, aggregate_version=1)
        for answer in former
        if answer.party != tabled_by and hashes.get(answer.item_id) == answer.item_hash
    ]
    own = [
        ItemAnswer(
            item_id=item_id,
            party=tabled_by,
            answer=Answer.ACCEPTED,
            comment="",
            proposal=Proposal(),
            marking="",
            item_hash=hashed,
            organisation=organisation,
            official="",
            since_version=version,
            given_at=now,
            aggregate_version=1,
        )
        for item_id, hashed in hashes.items()
    ]
    return (*own, *kept)


def open_items(
    item_ids: Iterable[UUID], answers: Iterable[ItemAnswer], parties: Iterable[str]
) -> dict[str, tuple[UUID, ...]]:
    """The items that a party has not accepted, by party, in the order of the agenda."""
    accepted = {(answer.party, answer.item_id) for answer in answers if answer.accepted}
    ordered = tuple(item_ids)
    return {party: tuple(one for one in ordered if (party, one) not in accepted) for party in parties}
