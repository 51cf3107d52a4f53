"""OutcomeService over gRPC: what a meeting comes to, as it is recorded, cleared and put to the parties."""

from collections.abc import Mapping, Sequence
from typing import Any

from entente.agenda.v1 import outcome_service_pb2 as messages
from entente.agenda.v1 import outcome_service_pb2_grpc
from entente.exchange.v1 import outcome_pb2

from services.agenda.domain.action_text import MOST_EXPECTED, ActionText, ExpectedEvidence, Owner
from services.agenda.domain.legal_clearance import LegalClearance
from services.agenda.domain.outcome import Addressee, OutcomeContent
from services.agenda.domain.outcome_kinds import OutcomeKind
from services.agenda.domain.permissions import Command
from services.agenda.domain.wording import FIRST_EDITION, LAST_EDITION
from services.agenda.rpc.agreed import encode_conclusions, encode_outcome
from services.agenda.rpc.arguments import (
    read_banner,
    read_code,
    read_hash,
    read_id,
    read_optional,
    read_prose,
    read_token,
)
from services.agenda.rpc.calling import Methods, described
from services.agenda.rpc.parts import caller
from services.agenda.rpc.texts import at_most, read_kind, read_note, read_optional_code, read_optional_day
from services.agenda.usecases.clear_outcome import clear_outcome, page_of_clearances, refuse_clearance
from services.agenda.usecases.compile_outcomes import Compilation, compile_outcomes
from services.agenda.usecases.conclude_meeting import put_to_parties
from services.agenda.usecases.export_agreement import export_agreement
from services.agenda.usecases.paging import page_size
from services.agenda.usecases.parts import AgendaParts
from services.agenda.usecases.record_outcome import OutcomeText, record_outcome, revise_outcome
from services.chassis.etags import parse_etag
from services.chassis.rpc.server import Service
from services.kernel.evidence import EvidenceKind
from services.kernel.refusals import InvalidValue

COMMANDS: Mapping[str, tuple[Command, ...]] = {
    "RecordOutcome": (Command.PROPOSE_OUTCOME,),
    "ReviseOutcome": (Command.PROPOSE_OUTCOME,),
    "CompileOutcomes": (Command.READ_OUTCOME,),
    "ListOutcomeClearances": (Command.READ_CLEARANCES,),
    "ClearOutcome": (Command.CLEAR_OUTCOME,),
    "RefuseOutcomeClearance": (Command.CLEAR_OUTCOME,),
    "PutConclusions": (Command.PROPOSE_OUTCOME,),
    "ExportAgreement": (Command.READ_AGENDA,),
}


class OutcomeServicer(Methods, outcome_service_pb2_grpc.OutcomeServiceServicer):
    """Maps messages to use cases and back."""

    async def RecordOutcome(  # noqa: N802 the name is the contract's
        self, request: messages.RecordOutcomeRequest, _: Any
    ) -> messages.RecordOutcomeResponse:
        reader, meeting_id = caller(), read_id(request.meeting_id, "/meeting_id")
        text, parts = OutcomeText(read_id(request.item_id, "/item_id"), _content(request.text)), self._parts
        return await self._once(
            request,
            lambda once: record_outcome(
                once, reader, meeting_id, text, policy=parts.policy, clock=parts.clock, ids=parts.ids
            ),
            lambda one: messages.RecordOutcomeResponse(outcome=encode_outcome(one, parts.policy)),
            messages.RecordOutcomeResponse,
        )

    async def ReviseOutcome(  # noqa: N802 the name is the contract's
        self, request: messages.ReviseOutcomeRequest, _: Any
    ) -> messages.ReviseOutcomeResponse:
        reader, identity = caller(), read_id(request.outcome_id, "/outcome_id")
        content, seen, parts = _content(request.text), parse_etag(request.etag, "/etag"), self._parts
        return await self._once(
            request,
            lambda once: revise_outcome(
                once, reader, identity, content, seen, policy=parts.policy, clock=parts.clock
            ),
            lambda one: messages.ReviseOutcomeResponse(outcome=encode_outcome(one, parts.policy)),
            messages.ReviseOutcomeResponse,
        )

    async def CompileOutcomes(  # noqa: N802 the name is the contract's
        self, request: messages.CompileOutcomesRequest, _: Any
    ) -> messages.CompileOutcomesResponse:
        parts = self._parts
        found, following = await compile_outcomes(
            parts.database,
            caller(),
            Compilation(
                read_code(request.series, "/series"),
                read_optional_code(request.commitment, "/commitment"),
                read_optional_code(request.theme, "/theme"),
                _kind(request.kind) if request.HasField("kind") else None,
                not request.with_proposed,
            ),
            page_size=page_size(request.page_size),
            page_token=read_token(request.page_token),
            policy=parts.policy,
        )
        return messages.CompileOutcomesResponse(
            outcomes=[
                messages.CompiledOutcome(
                    edition=one.edition, outcome=encode_outcome(one.outcome, parts.policy)
                )
                for one in found
            ],
            next_page_token=following,
        )

    async def ListOutcomeClearances(  # noqa: N802 the name is the contract's
        self, request: messages.ListOutcomeClearancesRequest, _: Any
    ) -> messages.ListOutcomeClearancesResponse:
        parts, identity = self._parts, read_id(request.outcome_id, "/outcome_id")
        found, following = await page_of_clearances(
            parts.database,
            caller(),
            identity,
            page_size=page_size(request.page_size),
            page_token=read_token(request.page_token),
            policy=parts.policy,
        )
        return messages.ListOutcomeClearancesResponse(
            clearances=_clearances(found), refusals=_refusals(found), next_page_token=following
        )

    async def ClearOutcome(  # noqa: N802 the name is the contract's
        self, request: messages.ClearOutcomeRequest, _: Any
    ) -> messages.ClearOutcomeResponse:
        reader, identity = caller(), read_id(request.outcome_id, "/outcome_id")
        content_hash, parts = read_hash(request.content_hash), self._parts
        return await self._once(
            request,
            lambda once: clear_outcome(
                once, reader, identity, content_hash, policy=parts.policy, clock=parts.clock
            ),
            lambda given: messages.ClearOutcomeResponse(
                clearances=_clearances(given), refusals=_refusals(given)
            ),
            messages.ClearOutcomeResponse,
        )

    async def RefuseOutcomeClearance(  # noqa: N802 the name is the contract's
        self, request: messages.RefuseOutcomeClearanceRequest, _: Any
    ) -> messages.RefuseOutcomeClearanceResponse:
        reader, identity = caller(), read_id(request.outcome_id, "/outcome_id")
        content_hash, parts = read_hash(request.content_hash), self._parts
        reason = read_prose(request.reason, "/reason")
        return await self._once(
            request,
            lambda once: refuse_clearance(
                once, reader, identity, content_hash, reason, policy=parts.policy, clock=parts.clock
            ),
            lambda given: messages.RefuseOutcomeClearanceResponse(
                clearances=_clearances(given), refusals=_refusals(given)
            ),
            messages.RefuseOutcomeClearanceResponse,
        )

    async def PutConclusions(  # noqa: N802 the name is the contract's
        self, request: messages.PutConclusionsRequest, _: Any
    ) -> messages.PutConclusionsResponse:
        reader, parts = caller(), self._parts
        meeting_id = read_id(request.meeting_id, "/meeting_id")
        return await self._once(
            request,
            lambda once: put_to_parties(
                once, reader, meeting_id, policy=parts.policy, clock=parts.clock, ids=parts.ids
            ),
            lambda put: messages.PutConclusionsResponse(conclusions=encode_conclusions(put, parts.policy)),
            messages.PutConclusionsResponse,
        )

    async def ExportAgreement(  # noqa: N802 the name is the contract's
        self, request: messages.ExportAgreementRequest, _: Any
    ) -> messages.ExportAgreementResponse:
        parts, identity = self._parts, read_id(request.agenda_id, "/agenda_id")
        content = await export_agreement(
            parts.database, caller(), identity, policy=parts.policy, keys=parts.keys
        )
        return messages.ExportAgreementResponse(content=content)


def _content(text: messages.OutcomeText) -> OutcomeContent:
    """Raises `InvalidValue`."""
    unspecified = text.kind == outcome_pb2.OUTCOME_KIND_UNSPECIFIED
    return OutcomeContent(
        kind=OutcomeKind.CONCLUDED if unspecified else _kind(text.kind, "/text/kind"),
        conclusion=read_note(text.conclusion, "/text/conclusion"),
        marking=read_banner(text.marking),
        action=_action(text.action) if text.HasField("action") else None,
        reason=read_note(text.reason, "/text/reason"),
        deferred_to=read_optional(
            text, "deferred_to_edition", FIRST_EDITION, LAST_EDITION, "/text/deferred_to_edition"
        ),
        addressees=tuple(
            Addressee(
                read_code(one.party, f"/text/addressees/{place}/party"),
                read_code(one.organisation, f"/text/addressees/{place}/organisation"),
            )
            for place, one in enumerate(at_most(text.addressees, "/text/addressees"))
        ),
    )


def _kind(value: int, pointer: str = "/kind") -> OutcomeKind:
    return read_kind(OutcomeKind, outcome_pb2.OutcomeKind, "OUTCOME_KIND", value, pointer)


def _action(given: messages.ActionDraft) -> ActionText:
    at = "/text/action"
    if not given.owners:
        raise InvalidValue("an action has an owner", pointer=f"{at}/owners")
    return ActionText(
        text=read_prose(given.text, f"{at}/text"),
        guidance=read_prose(given.guidance, f"{at}/guidance"),
        owners=tuple(
            Owner(
                read_code(one.party, f"{at}/owners/{place}/party"),
                read_code(one.organisation, f"{at}/owners/{place}/organisation"),
                one.accountable,
            )
            for place, one in enumerate(at_most(given.owners, f"{at}/owners"))
        ),
        due_date=read_optional_day(given.due_date, f"{at}/due_date"),
        commitment=read_optional_code(given.commitment, f"{at}/commitment"),
        review_date=read_optional_day(given.review_date, f"{at}/review_date"),
        expected=tuple(
            _expected(one, f"{at}/expected_evidence/{place}")
            for place, one in enumerate(
                at_most(given.expected_evidence, f"{at}/expected_evidence", MOST_EXPECTED)
            )
        ),
    )


def _expected(given: outcome_pb2.ExpectedEvidence, at: str) -> ExpectedEvidence:
    due = read_optional_day(given.due, f"{at}/due")
    if due is None:
        raise InvalidValue("by when it is to be shown is missing", pointer=f"{at}/due")
    if given.kind not in EvidenceKind.__members__:
        raise InvalidValue("not of the kinds there are", pointer=f"{at}/kind")
    wording = read_prose(given.wording, f"{at}/wording")
    return ExpectedEvidence(
        EvidenceKind(given.kind), wording, read_optional_code(given.party, f"{at}/party"), due
    )


def _clearances(given: Sequence[LegalClearance]) -> list[messages.OutcomeClearance]:
    return [
        messages.OutcomeClearance(organisation=one.organisation, content_hash=one.content_hash)
        for one in given
        if not one.refusal
    ]


def _refusals(given: Sequence[LegalClearance]) -> list[messages.OutcomeClearanceRefusal]:
    return [
        messages.OutcomeClearanceRefusal(
            organisation=one.organisation, content_hash=one.content_hash, reason=one.refusal
        )
        for one in given
        if one.refusal
    ]


def outcome_service(parts: AgendaParts) -> Service:
    """The service with who may call each of its methods."""
    return described(
        messages.DESCRIPTOR.services_by_name["OutcomeService"],
        COMMANDS,
        outcome_service_pb2_grpc.add_OutcomeServiceServicer_to_server,
        OutcomeServicer(parts),
    )
