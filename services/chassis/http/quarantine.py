"""Quarantine over REST, the same for every service.

The application's state holds the `QuarantineDesk` as `quarantine`, and as `sight_of` what makes the `Sight`
of a caller.
"""

from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from services.chassis.http.requests import Encoded, ExpectedVersion, MutationDependency, Permission
from services.chassis.identity import Principal
from services.chassis.quarantine import entries
from services.chassis.quarantine.desk import Correction, QuarantineDesk, Sweep
from services.chassis.quarantine.entries import Action, Operator, Outcome, Sight, State, place_of
from services.chassis.quarantine.pages import (
    DEFAULT_PAGE,
    LARGEST_PAGE,
    asked_of,
    page_token,
    read_page_token,
)

_TOPIC = r"^[a-zA-Z0-9._-]{1,249}$"
_REASON = r"^[A-Z][A-Z0-9_]{0,62}$"
_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
_BASE64 = r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"

Named = Annotated[
    str,
    Path(
        description="Where the record lay: topic:partition:offset",
        pattern=r"^[a-zA-Z0-9._-]{1,249}:[0-9]{1,9}:[0-9]{1,18}$",
    ),
]
Topic = Annotated[str | None, Query(pattern=_TOPIC)]
Reason = Annotated[str | None, Query(pattern=_REASON)]
Token = Annotated[str, Query(max_length=2_048, pattern=r"^[A-Za-z0-9_=-]*$")]
Size = Annotated[int, Query(ge=1, le=LARGEST_PAGE)]
Prose = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000, pattern=_LINES)
]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RecordView(BaseModel):
    """A quarantined record without its bytes. What quotes them is null for those who may not open it."""

    record: str
    topic: str
    partition: int
    offset: int
    state: State
    reason: str
    detail: str | None
    pointer: str | None
    marking_ceiling: str
    held: bool = Field(description="False where the bytes may not be kept, only their digest")
    edition: int = Field(description="The latest correction; 0 for the bytes as they came")
    replays: int
    received_at: AwareDatetime
    etag: str

    @classmethod
    def of(cls, entry: entries.Entry, sight: Sight) -> "RecordView":
        opened = sight.may_open(entry.place.topic, entry.ceiling)
        return cls(
            record=str(entry.place),
            topic=entry.place.topic,
            partition=entry.place.partition,
            offset=entry.place.offset,
            state=entry.state,
            reason=entry.reason,
            detail=entry.detail if opened else None,
            pointer=entry.pointer if opened else None,
            marking_ceiling=entry.ceiling,
            held=entry.held,
            edition=entry.edition,
            replays=entry.replays,
            received_at=entry.received_at,
            etag=f'"{entry.version}"',
        )


class PageView(BaseModel):
    records: list[RecordView]
    next_page_token: str


class StepView(BaseModel):
    action: Action
    edition: int
    reason: str | None
    note: str | None
    actor: str
    party: str | None
    at: AwareDatetime


class RecordWithLedger(RecordView):
    ledger: list[StepView]


class HeaderView(BaseModel):
    name: str
    value: str = Field(description="base64")


class ContentView(BaseModel):
    """The bytes as base64: whatever they are, they do nothing to whoever looks at this."""

    record: str
    marking_ceiling: str
    key: str | None
    value: str | None
    headers: list[HeaderView]

    @classmethod
    def of(cls, entry: entries.Entry, content: entries.Content) -> "ContentView":
        return cls(
            record=str(entry.place),
            marking_ceiling=entry.ceiling,
            key=_encoded(content.key),
            value=_encoded(content.value),
            headers=[
                HeaderView(name=name, value=b64encode(value).decode()) for name, value in content.headers
            ],
        )


class EditBody(Body):
    value: Annotated[str, Field(pattern=_BASE64, description="The corrected bytes, base64")]
    content_type: Annotated[
        str | None, Field(max_length=200, pattern=r"^[\x21-\x7e]+(; ?[\x21-\x7e]+)*$")
    ] = None
    note: Prose


class ReplayBody(Body):
    dry_run: bool = False


class DiscardBody(Body):
    reason: Prose


class SweepBody(Body):
    reason: Annotated[str | None, Field(pattern=_REASON)] = None
    topic: Annotated[str | None, Field(pattern=_TOPIC)] = None
    received_from: AwareDatetime | None = None
    received_before: AwareDatetime | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    rate: Annotated[float, Field(ge=20, le=1_000, description="Records a second")] = 100
    dry_run: bool = False


class OutcomeView(BaseModel):
    """What became of a record, or would become of it: the reason is that of a refused replay."""

    record: str
    state: State
    reason: str | None
    detail: str | None
    pointer: str | None

    @classmethod
    def of(cls, outcome: Outcome, sight: Sight) -> "OutcomeView":
        refusal = outcome.refusal
        told = refusal is not None and sight.may_open(outcome.place.topic, outcome.ceiling)
        return cls(
            record=str(outcome.place),
            state=outcome.state,
            reason=refusal.reason if refusal else None,
            detail=refusal.detail if refusal and told else None,
            pointer=refusal.pointer if refusal and told else None,
        )


class OutcomesView(BaseModel):
    outcomes: list[OutcomeView]


@dataclass(frozen=True, slots=True)
class Parts:
    """The desk as the caller may use it."""

    desk: QuarantineDesk
    sight: Sight
    principal: Principal

    def operator(self, request: str | None = None) -> Operator:
        party = self.principal.claims.get("party")
        return Operator(self.principal.subject, party if isinstance(party, str) else None, request)


def quarantine_routes(readers: Permission, operators: Permission) -> APIRouter:
    """The routes of quarantine: who may list, and who may open and act."""
    router = APIRouter(prefix="/v1/quarantine", tags=["quarantine"])
    _add_reads(router, _entering(readers), _entering(operators))
    _add_changes(router, _entering(operators))
    return router


Entering = Callable[..., Awaitable[Parts]]


def _entering(permission: Permission) -> Entering:
    async def enter(request: Request, principal: Annotated[Principal, Depends(permission)]) -> Parts:
        state = request.app.state
        return Parts(state.quarantine, state.sight_of(principal), principal)

    return enter


def _add_reads(router: APIRouter, reading: Entering, operating: Entering) -> None:
    Reading = Annotated[Parts, Depends(reading)]  # noqa: N806 types
    Operating = Annotated[Parts, Depends(operating)]  # noqa: N806

    @router.get("")
    async def list_records(
        parts: Reading,
        state: State | None = None,
        reason: Reason = None,
        topic: Topic = None,
        received_from: AwareDatetime | None = None,
        received_before: AwareDatetime | None = None,
        page_token_given: Annotated[Token, Query(alias="page_token")] = "",
        page_size: Size = DEFAULT_PAGE,
    ) -> PageView:
        query = entries.Query(state, reason, topic, received_from, received_before)
        asked = f"{parts.principal.subject}|{asked_of(query)}"
        after = read_page_token(page_token_given, asked)
        found, following = await parts.desk.page(parts.sight, query, after, page_size)
        return PageView(
            records=[RecordView.of(entry, parts.sight) for entry in found],
            next_page_token="" if following is None else page_token(following, asked),
        )

    @router.get("/{record}", response_model=RecordWithLedger)
    async def get_record(parts: Reading, record: Named) -> Response:
        entry, steps = await parts.desk.look(parts.sight, place_of(record))
        view = RecordView.of(entry, parts.sight)
        opened = parts.sight.may_open(entry.place.topic, entry.ceiling)
        ledger = [_step(step, opened=opened) for step in steps]
        whole = RecordWithLedger(**view.model_dump(), ledger=ledger)
        return Encoded(whole, version=entry.version).response()

    @router.get("/{record}/content")
    async def open_record(
        parts: Operating,
        record: Named,
        edition: Annotated[
            int | None, Query(ge=0, le=1_000_000, description="0 for the original; by default the latest")
        ] = None,
    ) -> ContentView:
        opened = await parts.desk.open(parts.sight, place_of(record), edition, parts.operator())
        return ContentView.of(*opened)


def _add_changes(router: APIRouter, operating: Entering) -> None:
    Operating = Annotated[Parts, Depends(operating)]  # noqa: N806

    @router.post("/{record}/edits", response_model=RecordView)
    async def edit_record(
        parts: Operating,
        record: Named,
        body: EditBody,
        version: ExpectedVersion,
        mutation: MutationDependency,
    ) -> Response:
        new = Correction(b64decode(body.value), body.content_type, body.note)
        return await mutation.run(
            lambda once: parts.desk.correct(
                once, parts.sight, place_of(record), version, new, parts.operator(once.key)
            ),
            lambda entry: _encoded_record(entry, parts.sight),
        )

    @router.post("/{record}/replays", response_model=OutcomeView)
    async def replay_record(
        parts: Operating,
        record: Named,
        body: ReplayBody,
        version: ExpectedVersion,
        mutation: MutationDependency,
    ) -> Response:
        place, who = place_of(record), parts.operator(mutation.key)
        if body.dry_run:
            outcome = await parts.desk.rehearse(parts.sight, place, version, who)
            return Encoded(OutcomeView.of(outcome, parts.sight)).response()
        return await mutation.run(
            lambda once: parts.desk.replay(once, parts.sight, place, version, who),
            lambda outcome: Encoded(OutcomeView.of(outcome, parts.sight), version=outcome.version),
        )

    @router.post("/{record}/discards", response_model=RecordView)
    async def discard_record(
        parts: Operating,
        record: Named,
        body: DiscardBody,
        version: ExpectedVersion,
        mutation: MutationDependency,
    ) -> Response:
        return await mutation.run(
            lambda once: parts.desk.discard(
                once, parts.sight, place_of(record), version, body.reason, parts.operator(once.key)
            ),
            lambda entry: _encoded_record(entry, parts.sight),
        )

    @router.post("-replays", response_model=OutcomesView)
    async def replay_matching(parts: Operating, body: SweepBody, mutation: MutationDependency) -> Response:
        """Replays what is open and matches; records that were refused too often are passed over."""
        query = entries.Query(State.OPEN, body.reason, body.topic, body.received_from, body.received_before)
        wanted = Sweep(query, body.limit, body.rate, rehearsed=body.dry_run)
        return await mutation.run(
            lambda once: parts.desk.sweep(once, parts.sight, wanted, parts.operator(once.key)),
            lambda outcomes: Encoded(
                OutcomesView(outcomes=[OutcomeView.of(one, parts.sight) for one in outcomes])
            ),
        )


def _encoded_record(entry: entries.Entry, sight: Sight) -> Encoded:
    return Encoded(RecordView.of(entry, sight), version=entry.version)


def _step(step: entries.Step, *, opened: bool) -> StepView:
    return StepView(
        action=step.action,
        edition=step.edition,
        reason=step.reason,
        note=step.note if opened else None,
        actor=step.actor,
        party=step.party,
        at=step.at,
    )


def _encoded(raw: bytes | None) -> str | None:
    return None if raw is None else b64encode(raw).decode()
