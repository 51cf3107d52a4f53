"""Routes of the evidence of actions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from services.actions.domain.states import RULES, Move
from services.actions.http import bodies, evidence_models
from services.actions.http.parts import (
    ClockDependency,
    HoldingDependency,
    PublicationDependency,
    ReadingDependency,
    reader_of,
)
from services.actions.usecases.change import Changing
from services.actions.usecases.change_evidence import ShownEvidence
from services.actions.usecases.read_evidence import list_evidence, read_evidence, read_revisions
from services.actions.usecases.revise_evidence import revise_evidence
from services.actions.usecases.submit_evidence import submit_evidence
from services.actions.usecases.withdraw_evidence import withdraw_evidence
from services.chassis.http.requests import Encoded, ExpectedVersion, RehearsableMutation, permit
from services.chassis.identity import Principal

Providing = Annotated[Principal, Depends(permit(*RULES[Move.SUBMIT_EVIDENCE].roles))]


class Item(evidence_models.Evidence):
    """An item of evidence with what it is worth."""

    action_id: UUID
    joint: bool = Field(description="Every party may read it: closure and rating rest on such alone")
    stands: bool = Field(description="It is neither superseded, withdrawn nor expired")


class Items(evidence_models.Model):
    evidence: list[Item]
    evidence_digest: str = Field(description="Names what a confirmation given now would rest on")


class Revisions(evidence_models.Model):
    revisions: list[Item]


def _changing(publication: PublicationDependency, clock: ClockDependency) -> Changing:
    return Changing(publication, clock)


ChangingDependency = Annotated[Changing, Depends(_changing)]


async def submit(
    action_id: UUID,
    body: bodies.NewEvidence,
    principal: Providing,
    mutation: RehearsableMutation,
    holding: HoldingDependency,
    changing: ChangingDependency,
) -> Response:
    """An organisation that owns or supports the action shows something."""
    return await mutation.run(
        lambda once: submit_evidence(
            once, reader_of(principal), action_id, body.given(), holding=holding, changing=changing
        ),
        lambda shown: Encoded(
            _item(shown),
            status=201,
            version=shown.item.version,
            location=f"/v1/actions/{action_id}/evidence/{shown.item.id}",
        ),
    )


async def revise(
    action_id: UUID,
    evidence_id: UUID,
    body: bodies.NewEvidence,
    principal: Providing,
    version: ExpectedVersion,
    mutation: RehearsableMutation,
    holding: HoldingDependency,
    changing: ChangingDependency,
) -> Response:
    """The next revision takes the place of the one before, which stays as it was. The ETag is the item's."""
    return await mutation.run(
        lambda once: revise_evidence(
            once,
            reader_of(principal),
            action_id,
            evidence_id,
            version,
            body.given(),
            holding=holding,
            changing=changing,
        ),
        _encoded,
    )


async def withdraw(
    action_id: UUID,
    evidence_id: UUID,
    body: bodies.Reason,
    principal: Providing,
    version: ExpectedVersion,
    mutation: RehearsableMutation,
    changing: ChangingDependency,
) -> Response:
    """The provider takes an item back: it stays readable, and shows nothing. The ETag is the item's."""
    return await mutation.run(
        lambda once: withdraw_evidence(
            once, reader_of(principal), action_id, evidence_id, version, body.reason, changing=changing
        ),
        _encoded,
    )


async def list_(
    action_id: UUID,
    reading: ReadingDependency,
) -> Items:
    """The evidence of an action that the reader may read."""
    found = await list_evidence(
        reading.database, reading.reader, action_id, policy=reading.policy, now=reading.now
    )
    return Items(evidence=[_item(shown) for shown in found.items], evidence_digest=found.digest)


async def get(
    action_id: UUID,
    evidence_id: UUID,
    reading: ReadingDependency,
) -> Response:
    """One item."""
    shown = await read_evidence(
        reading.database, reading.reader, action_id, evidence_id, policy=reading.policy, now=reading.now
    )
    return _encoded(shown).response()


async def history(
    action_id: UUID,
    evidence_id: UUID,
    reading: ReadingDependency,
) -> Revisions:
    """Every revision of an item, the first one first."""
    found = await read_revisions(
        reading.database, reading.reader, action_id, evidence_id, policy=reading.policy, now=reading.now
    )
    return Revisions(revisions=[_item(shown) for shown in found])


def _encoded(shown: ShownEvidence) -> Encoded:
    return Encoded(_item(shown), version=shown.item.version)


def _item(shown: ShownEvidence) -> Item:
    members = dict(evidence_models.show_evidence(shown.item))
    return Item(**members, action_id=shown.action_id, joint=shown.joint, stands=shown.stands)


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1/actions/{action_id}/evidence", tags=["evidence"])
    router.get("", response_model=Items)(list_)
    router.post("", status_code=201, response_model=Item)(submit)
    router.get("/{evidence_id}", response_model=Item)(get)
    router.put("/{evidence_id}", response_model=Item)(revise)
    router.get("/{evidence_id}/revisions", response_model=Revisions)(history)
    router.post("/{evidence_id}/withdraw", response_model=Item)(withdraw)
    return router
