"""Routes of outcomes and of the agreements to them."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, Field, StrictBool, StrictInt

from services.agenda.domain.action_text import (
    LONGEST_EXPECTED,
    MOST_EXPECTED,
    ActionText,
    ExpectedEvidence,
    Owner,
)
from services.agenda.domain.outcome import Addressee, Outcome, OutcomeContent
from services.agenda.domain.outcome_kinds import OutcomeKind
from services.agenda.domain.permissions import Command
from services.agenda.domain.wording import FIRST_EDITION, LAST_EDITION, MOST_LISTED
from services.agenda.http.agreements import (
    AgreementBody,
    PartyAgreementModel,
    StatementModel,
    agreement_models,
    statement_model,
)
from services.agenda.http.fields import (
    Banner,
    Body,
    Code,
    OptionalCode,
    OptionalProse,
    Prose,
    SeriesQuery,
    SizeQuery,
    ThemeQuery,
    TokenQuery,
)
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.statements import document_of
from services.agenda.usecases.agree_outcome import agree_outcome, statement_on_outcome
from services.agenda.usecases.compile_outcomes import Compilation, compile_outcomes
from services.agenda.usecases.record_outcome import (
    OutcomeText,
    list_outcomes,
    read_outcome,
    record_outcome,
    revise_outcome,
)
from services.chassis.http.requests import Encoded, ExpectedVersion, RehearsableMutation
from services.chassis.identity import Principal
from services.kernel.evidence import EvidenceKind
from services.kernel.policy import Policy

router = APIRouter(prefix="/v1", tags=["outcomes"])

Proposer = Annotated[Principal, Depends(permit_command(Command.PROPOSE_OUTCOME))]
Viewer = Annotated[Principal, Depends(permit_command(Command.READ_OUTCOME))]
Chair = Annotated[Principal, Depends(permit_command(Command.AGREE_OUTCOME))]


class OwnerBody(Body):
    party: Code
    organisation: Code
    accountable: StrictBool


class ExpectedEvidenceBody(Body):
    """`party` is an owning one; empty where any of them may show it."""

    kind: EvidenceKind
    wording: Annotated[Prose, Field(max_length=LONGEST_EXPECTED)]
    party: OptionalCode = ""
    due: date


class ActionBody(Body):
    """Under a standing commitment an action has a `review_date` and no `due_date`."""

    text: Prose
    guidance: Prose
    owners: Annotated[list[OwnerBody], Field(min_length=1, max_length=MOST_LISTED)]
    due_date: date | None = None
    review_date: date | None = None
    commitment: OptionalCode = ""
    expected_evidence: Annotated[
        list[ExpectedEvidenceBody], Field(default_factory=list, max_length=MOST_EXPECTED)
    ]

    def content(self) -> ActionText:
        return ActionText(
            text=self.text,
            guidance=self.guidance,
            owners=tuple(Owner(owner.party, owner.organisation, owner.accountable) for owner in self.owners),
            due_date=self.due_date,
            commitment=self.commitment,
            review_date=self.review_date,
            expected=tuple(
                ExpectedEvidence(one.kind, one.wording, one.party, one.due) for one in self.expected_evidence
            ),
        )


class AddresseeBody(Body):
    party: Code
    organisation: Code


class ContentBody(Body):
    """What each kind needs: see the table of kinds. `deferred_to` is an edition."""

    kind: OutcomeKind = OutcomeKind.CONCLUDED
    conclusion: OptionalProse = ""
    marking: Banner
    action: ActionBody | None = None
    reason: OptionalProse = ""
    deferred_to: Annotated[StrictInt, Field(ge=FIRST_EDITION, le=LAST_EDITION)] | None = None
    addressees: Annotated[list[AddresseeBody], Field(default_factory=list, max_length=MOST_LISTED)]

    def content(self) -> OutcomeContent:
        return OutcomeContent(
            kind=self.kind,
            conclusion=self.conclusion,
            marking=self.marking,
            action=self.action.content() if self.action is not None else None,
            reason=self.reason,
            deferred_to=self.deferred_to,
            addressees=tuple(Addressee(one.party, one.organisation) for one in self.addressees),
        )


class OutcomeBody(ContentBody):
    item_id: UUID

    def text(self) -> OutcomeText:
        return OutcomeText(self.item_id, self.content())


class ActionModel(BaseModel):
    id: UUID
    reference: str
    text: str
    guidance: str
    owners: list[OwnerBody]
    due_date: date | None
    review_date: date | None
    commitment: str
    expected_evidence: list[ExpectedEvidenceBody]
    source: str


class OutcomeModel(BaseModel):
    """`document` is the outcome in proto JSON; `content_hash` is over its canonical form."""

    id: UUID
    meeting_id: UUID
    item_id: UUID
    version: int
    kind: str
    conclusion: str
    reason: str
    deferred_to: int | None
    review_edition: int | None
    addressees: list[AddresseeBody]
    action: ActionModel | None
    decision_reference: str | None
    content_hash: str
    document: dict[str, Any]
    state: str
    agreements: list[PartyAgreementModel]


class OutcomesModel(BaseModel):
    outcomes: list[OutcomeModel]


class CompiledModel(BaseModel):
    edition: int
    outcome: OutcomeModel


class CompilationModel(BaseModel):
    outcomes: list[CompiledModel]
    next_page_token: str


def _action(document: dict[str, Any]) -> ActionModel | None:
    action = document.get("action")
    if action is None:
        return None
    return ActionModel(
        id=UUID(action["actionId"]),
        reference=action["reference"],
        text=action["text"],
        guidance=action.get("guidance", ""),
        owners=[OwnerBody(**{"accountable": False, **owner}) for owner in action["owners"]],
        due_date=_day(action.get("dueDate")),
        review_date=_day(action.get("reviewDate")),
        commitment=action.get("commitment", ""),
        expected_evidence=[ExpectedEvidenceBody(**one) for one in action.get("expectedEvidence", [])],
        source=action.get("source", ""),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def outcome_model(outcome: Outcome, policy: Policy) -> OutcomeModel:
    document = document_of(outcome.payload)
    return OutcomeModel(
        id=outcome.id,
        meeting_id=outcome.meeting_id,
        item_id=outcome.item_id,
        version=outcome.version,
        kind=outcome.kind.value,
        conclusion=outcome.conclusion,
        reason=outcome.reason,
        deferred_to=outcome.deferred_to,
        review_edition=outcome.review_edition,
        addressees=[AddresseeBody(**one) for one in document.get("addressees", [])],
        action=_action(document),
        decision_reference=outcome.decision_reference,
        content_hash=outcome.content_hash,
        document=document,
        state=outcome.state.value,
        agreements=agreement_models(policy.get_series(outcome.series).quorum, outcome.agreed),
    )


def _encoded(outcome: Outcome, policy: Policy, status: int = 200) -> Encoded:
    location = f"/v1/outcomes/{outcome.id}" if status == 201 else ""
    model = outcome_model(outcome, policy)
    return Encoded(model, status=status, version=outcome.aggregate_version, location=location)


@router.post("/meetings/{meeting_id}/outcomes", status_code=201, responses={201: {"model": OutcomeModel}})
async def record(
    principal: Proposer,
    meeting_id: UUID,
    body: OutcomeBody,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: record_outcome(
            once,
            reader,
            meeting_id,
            body.text(),
            policy=parts.policy,
            clock=parts.clock,
            ids=parts.ids,
        ),
        lambda outcome: _encoded(outcome, parts.policy, 201),
    )


@router.get("/meetings/{meeting_id}/outcomes")
async def of_meeting(principal: Viewer, meeting_id: UUID, parts: Parts) -> OutcomesModel:
    found = await list_outcomes(parts.database, reader_of(principal), meeting_id, policy=parts.policy)
    return OutcomesModel(outcomes=[outcome_model(outcome, parts.policy) for outcome in found])


@router.put("/outcomes/{outcome_id}", responses={200: {"model": OutcomeModel}})
async def revise(
    principal: Proposer,
    outcome_id: UUID,
    body: ContentBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: revise_outcome(
            once, reader, outcome_id, body.content(), expected, policy=parts.policy, clock=parts.clock
        ),
        lambda outcome: _encoded(outcome, parts.policy),
    )


@router.get("/outcomes")
async def of_series(
    principal: Viewer,
    series: SeriesQuery,
    parts: Parts,
    commitment: ThemeQuery = "",
    theme: ThemeQuery = "",
    kind: OutcomeKind | None = None,
    agreed_only: bool = True,
    page_size: SizeQuery = 50,
    page_token: TokenQuery = "",
) -> CompilationModel:
    found, following = await compile_outcomes(
        parts.database,
        reader_of(principal),
        Compilation(series, commitment, theme, kind, agreed_only),
        page_size=page_size,
        page_token=page_token,
        policy=parts.policy,
    )
    return CompilationModel(
        outcomes=[
            CompiledModel(edition=one.edition, outcome=outcome_model(one.outcome, parts.policy))
            for one in found
        ],
        next_page_token=following,
    )


@router.get("/outcomes/{outcome_id}", responses={200: {"model": OutcomeModel}})
async def read(principal: Viewer, outcome_id: UUID, parts: Parts) -> Response:
    found = await read_outcome(parts.database, reader_of(principal), outcome_id, policy=parts.policy)
    return _encoded(found, parts.policy).response()


@router.get("/outcomes/{outcome_id}/agreement")
async def statement(principal: Chair, outcome_id: UUID, parts: Parts) -> StatementModel:
    return statement_model(
        await statement_on_outcome(parts.database, reader_of(principal), outcome_id, policy=parts.policy)
    )


@router.post("/outcomes/{outcome_id}/agreements", responses={200: {"model": OutcomeModel}})
async def agree(
    principal: Chair,
    outcome_id: UUID,
    body: AgreementBody,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: agree_outcome(
            once, reader, outcome_id, body.content_hash, body.jws, agreeing=parts.agreeing()
        ),
        lambda outcome: _encoded(outcome, parts.policy),
    )
