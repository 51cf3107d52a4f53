"""Claim that an action is done, and show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.evidence import Evidence
from services.actions.domain.states import Move
from services.actions.domain.texts import (
    LONGEST_DESCRIPTION,
    LONGEST_TITLE,
    address,
    digest,
    plain,
)
from services.actions.usecases.change import Changing, Command, change_action
from services.actions.usecases.publication import Publication
from services.chassis.once import Once
from services.kernel.markings.banner import parse
from services.kernel.markings.levels import Level
from services.kernel.parties import Reader
from services.kernel.refusals import Refusal
from services.kernel.releasability import check_holding


@dataclass(frozen=True, slots=True)
class GivenEvidence:
    """An item of evidence as the claimant gives it. `digest` is empty where there is no file."""

    title: str
    description: str
    uri: str
    digest: str
    marking: str


@dataclass(frozen=True, slots=True)
class Holding:
    """What this deployment may hold."""

    home_party: str
    ceiling: Level


async def claim_completion(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    evidence: Sequence[GivenEvidence],
    narrative: str,
    *,
    holding: Holding,
    changing: Changing,
) -> Action:
    command = Command.of(Move.CLAIM, reader, action_id, version)
    publication = changing.publication

    def rule(action: Action, at: datetime) -> Action:
        items = [
            _checked(given, index, publication.ids(), reader, holding, publication, at)
            for index, given in enumerate(evidence)
        ]
        return action.claimed(items, narrative, reader, at)

    return await change_action(once, command, rule, changing, {"evidence": len(evidence)})


def _checked(
    given: GivenEvidence,
    index: int,
    identity: UUID,
    reader: Reader,
    holding: Holding,
    publication: Publication,
    at: datetime,
) -> Evidence:
    """Raises `InvalidValue`, or the refusal of a marking, with a pointer to the item."""
    here = f"/evidence/{index}"
    try:
        marking = parse(given.marking)
        check_holding(
            marking,
            originator_party=reader.party,
            home_party=holding.home_party,
            ceiling=holding.ceiling,
            policy=publication.policy,
            now=at,
        )
    except Refusal as refusal:
        raise type(refusal)(refusal.detail, pointer=f"{here}/marking", **refusal.metadata) from refusal
    return Evidence(
        id=identity,
        title=plain(given.title, f"{here}/title", LONGEST_TITLE, required=True),
        description=plain(given.description, f"{here}/description", LONGEST_DESCRIPTION),
        uri=address(given.uri, f"{here}/uri"),
        digest=digest(given.digest, f"{here}/digest"),
        marking=given.marking.strip(),
        submitted_by=reader.subject,
        party=reader.party,
        organisation=reader.organisation,
        submitted_at=at,
    )
