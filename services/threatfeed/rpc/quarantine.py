"""QuarantineService over gRPC."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from entente.threatfeed.v1 import quarantine_service_pb2 as messages
from entente.threatfeed.v1 import quarantine_service_pb2_grpc
from google.protobuf.timestamp_pb2 import Timestamp

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.etags import etag, parse_etag
from services.chassis.identity import Principal, current_principal
from services.chassis.quarantine.desk import Correction, QuarantineDesk, Sweep
from services.chassis.quarantine.entries import (
    Entry,
    Operator,
    Outcome,
    Query,
    Sight,
    State,
    Step,
    place_of,
)
from services.chassis.quarantine.pages import (
    DEFAULT_PAGE,
    LARGEST_PAGE,
    asked_of,
    page_token,
    read_page_token,
)
from services.chassis.rpc.requests import run_once
from services.chassis.rpc.server import Service
from services.kernel.parties import Role
from services.kernel.refusals import InvalidValue
from services.threatfeed.rpc.arguments import read_number

NAME = "entente.threatfeed.v1.QuarantineService"
_READERS = frozenset({Role.OPERATOR, Role.AUDITOR})
_OPERATORS = frozenset({Role.OPERATOR})
ACCESS = {
    "ListQuarantinedRecords": _READERS,
    "GetQuarantinedRecord": _READERS,
    "OpenQuarantinedRecord": _OPERATORS,
    "EditQuarantinedRecord": _OPERATORS,
    "ReplayQuarantinedRecord": _OPERATORS,
    "ReplayQuarantinedRecords": _OPERATORS,
    "DiscardQuarantinedRecord": _OPERATORS,
}
_LONGEST_NOTE: Final = 1_000
_MOST, _FASTEST, _SLOWEST = 500, 1_000.0, 20.0
_USUAL: Final = 100


class QuarantineServicer(quarantine_service_pb2_grpc.QuarantineServiceServicer):
    """Maps messages to the desk's work and back."""

    def __init__(
        self, database: Database, desk: QuarantineDesk, sight_of: Callable[[Principal], Sight], clock: Clock
    ) -> None:
        self._database = database
        self._desk = desk
        self._sight_of = sight_of
        self._clock = clock

    async def ListQuarantinedRecords(  # noqa: N802 the name is the contract's
        self, request: messages.ListQuarantinedRecordsRequest, _: Any
    ) -> messages.ListQuarantinedRecordsResponse:
        sight, query = self._sight(), _query(request.filter, _state(request.filter.state))
        asked = f"{current_principal.get().subject}|{asked_of(query)}"
        after = read_page_token(request.page_token, asked)
        size = min(read_number(request.page_size, "/page_size") or DEFAULT_PAGE, LARGEST_PAGE)
        found, following = await self._desk.page(sight, query, after, size)
        return messages.ListQuarantinedRecordsResponse(
            records=[_record(entry, sight) for entry in found],
            next_page_token="" if following is None else page_token(following, asked),
        )

    async def GetQuarantinedRecord(  # noqa: N802 the name is the contract's
        self, request: messages.GetQuarantinedRecordRequest, _: Any
    ) -> messages.GetQuarantinedRecordResponse:
        sight = self._sight()
        entry, steps = await self._desk.look(sight, place_of(request.record))
        opened = sight.may_open(entry.place.topic, entry.ceiling)
        return messages.GetQuarantinedRecordResponse(
            record=_record(entry, sight), ledger=[_step(step, opened=opened) for step in steps]
        )

    async def OpenQuarantinedRecord(  # noqa: N802 the name is the contract's
        self, request: messages.OpenQuarantinedRecordRequest, _: Any
    ) -> messages.OpenQuarantinedRecordResponse:
        edition = read_number(request.edition, "/edition") if request.HasField("edition") else None
        entry, content = await self._desk.open(
            self._sight(), place_of(request.record), edition, _operator(None)
        )
        return messages.OpenQuarantinedRecordResponse(
            marking_ceiling=entry.ceiling,
            key=content.key,
            value=content.value,
            headers=[messages.QuarantinedHeader(name=name, value=value) for name, value in content.headers],
        )

    async def EditQuarantinedRecord(  # noqa: N802 the name is the contract's
        self, request: messages.EditQuarantinedRecordRequest, _: Any
    ) -> messages.EditQuarantinedRecordResponse:
        sight, place, version = self._sight(), place_of(request.record), parse_etag(request.etag, "/etag")
        new = Correction(request.value, _content_type(request.content_type), _note(request.note, "/note"))
        who = _operator(request.request_id)
        return await run_once(
            lambda once: self._desk.correct(once, sight, place, version, new, who),
            lambda entry: messages.EditQuarantinedRecordResponse(record=_record(entry, sight)),
            messages.EditQuarantinedRecordResponse,
            request=request,
            request_id=request.request_id,
            database=self._database,
            clock=self._clock,
        )

    async def ReplayQuarantinedRecord(  # noqa: N802 the name is the contract's
        self, request: messages.ReplayQuarantinedRecordRequest, _: Any
    ) -> messages.ReplayQuarantinedRecordResponse:
        sight, place, version = self._sight(), place_of(request.record), parse_etag(request.etag, "/etag")
        who = _operator(request.request_id)
        if request.validate_only:
            outcome = await self._desk.rehearse(sight, place, version, who)
            return messages.ReplayQuarantinedRecordResponse(outcome=_outcome(outcome, sight))
        return await run_once(
            lambda once: self._desk.replay(once, sight, place, version, who),
            lambda found: messages.ReplayQuarantinedRecordResponse(outcome=_outcome(found, sight)),
            messages.ReplayQuarantinedRecordResponse,
            request=request,
            request_id=request.request_id,
            database=self._database,
            clock=self._clock,
        )

    async def ReplayQuarantinedRecords(  # noqa: N802 the name is the contract's
        self, request: messages.ReplayQuarantinedRecordsRequest, _: Any
    ) -> messages.ReplayQuarantinedRecordsResponse:
        sight, who = self._sight(), _operator(request.request_id)
        rate = request.rate or float(_USUAL)
        if not _SLOWEST <= rate <= _FASTEST:
            raise InvalidValue(f"a rate is {_SLOWEST:.0f} to {_FASTEST:.0f} a second", pointer="/rate")
        wanted = Sweep(
            query=_query(request.filter, State.OPEN),
            limit=min(read_number(request.limit, "/limit") or _USUAL, _MOST),
            rate=rate,
            rehearsed=request.validate_only,
        )
        return await run_once(
            lambda once: self._desk.sweep(once, sight, wanted, who),
            lambda found: messages.ReplayQuarantinedRecordsResponse(
                outcomes=[_outcome(one, sight) for one in found]
            ),
            messages.ReplayQuarantinedRecordsResponse,
            request=request,
            request_id=request.request_id,
            database=self._database,
            clock=self._clock,
        )

    async def DiscardQuarantinedRecord(  # noqa: N802 the name is the contract's
        self, request: messages.DiscardQuarantinedRecordRequest, _: Any
    ) -> messages.DiscardQuarantinedRecordResponse:
        sight, place, version = self._sight(), place_of(request.record), parse_etag(request.etag, "/etag")
        why, who = _note(request.reason, "/reason"), _operator(request.request_id)
        return await run_once(
            lambda once: self._desk.discard(once, sight, place, version, why, who),
            lambda entry: messages.DiscardQuarantinedRecordResponse(record=_record(entry, sight)),
            messages.DiscardQuarantinedRecordResponse,
            request=request,
            request_id=request.request_id,
            database=self._database,
            clock=self._clock,
        )

    def _sight(self) -> Sight:
        return self._sight_of(current_principal.get())


def quarantine_service(servicer: QuarantineServicer) -> Service:
    return Service(
        name=NAME,
        add=lambda server: quarantine_service_pb2_grpc.add_QuarantineServiceServicer_to_server(
            servicer, server
        ),
        access=ACCESS,
        methods=[method.name for method in messages.DESCRIPTOR.services_by_name["QuarantineService"].methods],
    )


def _operator(request_id: str | None) -> Operator:
    principal = current_principal.get()
    party = principal.claims.get("party")
    return Operator(principal.subject, party if isinstance(party, str) else None, request_id)


def _note(text: str, pointer: str) -> str:
    note = text.strip()
    if not note or len(note) > _LONGEST_NOTE or not all(one.isprintable() or one == "\n" for one in note):
        raise InvalidValue(f"1 to {_LONGEST_NOTE} characters that can be seen", pointer=pointer)
    return note


def _content_type(text: str) -> str | None:
    if len(text) > 200 or not text.isascii() or not text.isprintable():
        raise InvalidValue("not a media type", pointer="/content_type")
    return text or None


def _state(value: int) -> State | None:
    if not value:
        return None
    try:
        return State(messages.QuarantineState.Name(value).removeprefix("QUARANTINE_STATE_"))  # type: ignore[arg-type]
    except ValueError as error:
        raise InvalidValue("there is no such state", pointer="/filter/state") from error


def _query(given: messages.QuarantineFilter, state: State | None) -> Query:
    return Query(
        state=state,
        reason=_text(given.reason, "/filter/reason"),
        topic=_text(given.topic, "/filter/topic"),
        received_from=_instant(given, "received_from"),
        received_before=_instant(given, "received_before"),
    )


def _text(text: str, pointer: str) -> str | None:
    if "\x00" in text or len(text) > 249:
        raise InvalidValue("not such a name", pointer=pointer)
    return text or None


def _instant(given: messages.QuarantineFilter, name: str) -> datetime | None:
    if not given.HasField(name):  # type: ignore[arg-type]
        return None
    try:
        at: Timestamp = getattr(given, name)
        return at.ToDatetime(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidValue("not an instant", pointer=f"/filter/{name}") from error


def _record(entry: Entry, sight: Sight) -> messages.QuarantinedRecord:
    opened = sight.may_open(entry.place.topic, entry.ceiling)
    message = messages.QuarantinedRecord(
        record=str(entry.place),
        state=messages.QuarantineState.Value(f"QUARANTINE_STATE_{entry.state.value}"),
        reason=entry.reason,
        detail=entry.detail if opened else "",
        pointer=entry.pointer or "" if opened else "",
        marking_ceiling=entry.ceiling,
        held=entry.held,
        edition=entry.edition,
        replays=entry.replays,
        etag=etag(entry.version),
    )
    message.received_time.FromDatetime(entry.received_at)
    return message


def _step(step: Step, *, opened: bool) -> messages.QuarantineStep:
    message = messages.QuarantineStep(
        action=messages.QuarantineAction.Value(f"QUARANTINE_ACTION_{step.action}"),
        edition=step.edition,
        reason=step.reason or "",
        note=step.note or "" if opened else "",
        actor=step.actor,
        party=step.party or "",
    )
    message.time.FromDatetime(step.at)
    return message


def _outcome(outcome: Outcome, sight: Sight) -> messages.ReplayOutcome:
    refusal = outcome.refusal
    message = messages.ReplayOutcome(
        record=str(outcome.place),
        state=messages.QuarantineState.Value(f"QUARANTINE_STATE_{outcome.state.value}"),
        reason=refusal.reason if refusal else "",
    )
    if refusal is not None and sight.may_open(outcome.place.topic, outcome.ceiling):
        message.detail, message.pointer = refusal.detail, refusal.pointer or ""
    return message
