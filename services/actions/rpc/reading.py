"""Methods that find, count and tell the past of actions."""

from datetime import UTC, datetime
from typing import Any

from entente.actions.v1 import action_service_pb2 as api
from entente.exchange.v1 import action_status_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.actions.domain.action import Rag
from services.actions.domain.figures import COUNTED, Figure, Figures, Period, Trend
from services.actions.domain.filters import ActionFilter, Archived, Order
from services.actions.domain.states import State
from services.actions.rpc.calling import Methods
from services.actions.rpc.messages import encode_action, encode_instant, read_day, read_id, read_rag
from services.actions.rpc.parts import current_reader
from services.actions.usecases.count_actions import count_actions
from services.actions.usecases.follow_ratings import Following, follow_ratings
from services.actions.usecases.list_actions import Listing, list_actions
from services.actions.usecases.list_changes import ChangedAction, Since, list_changes, read_history
from services.kernel.refusals import InvalidValue


class ReadingMethods(Methods):
    """The part of ActionService that reads many actions."""

    async def ListActions(  # noqa: N802 the name is the contract's
        self, request: api.ListActionsRequest, _: Any
    ) -> api.ListActionsResponse:
        parts, now = self._parts, self._parts.clock()
        page = await list_actions(
            parts.database,
            current_reader(),
            Listing(
                request.series,
                _read_filter(request.filter, open_only=request.open_only),
                _read_order(request.order),
                request.descending,
                request.page_size,
                request.page_token,
            ),
            policy=parts.publication.policy,
            now=now,
        )
        return api.ListActionsResponse(
            actions=[encode_action(action, parts.publication.rating(action, now)) for action in page.actions],
            next_page_token=page.next_token,
        )

    async def ListActionChanges(  # noqa: N802 the name is the contract's
        self, request: api.ListActionChangesRequest, _: Any
    ) -> api.ListActionChangesResponse:
        parts = self._parts
        if not request.HasField("since"):
            raise InvalidValue("since when is missing", pointer="/since")
        page = await list_changes(
            parts.database,
            current_reader(),
            Since(
                request.series,
                _read_instant(request.since, "/since"),
                _read_filter(request.filter),
                request.page_size,
                request.page_token,
            ),
            policy=parts.publication.policy,
            now=parts.clock(),
        )
        return api.ListActionChangesResponse(
            changes=[_change(entry) for entry in page.changes], next_page_token=page.next_token
        )

    async def GetActionHistory(  # noqa: N802 the name is the contract's
        self, request: api.GetActionHistoryRequest, _: Any
    ) -> api.GetActionHistoryResponse:
        parts = self._parts
        page = await read_history(
            parts.database,
            current_reader(),
            read_id(request.action_id),
            size=request.page_size,
            token=request.page_token,
            policy=parts.publication.policy,
            now=parts.clock(),
        )
        return api.GetActionHistoryResponse(
            changes=[_change(entry) for entry in page.changes], next_page_token=page.next_token
        )

    async def GetActionFigures(  # noqa: N802 the name is the contract's
        self, request: api.GetActionFiguresRequest, _: Any
    ) -> api.GetActionFiguresResponse:
        parts = self._parts
        found = await count_actions(
            parts.database,
            current_reader(),
            request.series,
            _read_filter(request.filter),
            _read_instant(request.as_of, "/as_of") if request.HasField("as_of") else None,
            policy=parts.publication.policy,
            now=parts.clock(),
        )
        return _figures(found)

    async def GetRatingTrend(  # noqa: N802 the name is the contract's
        self, request: api.GetRatingTrendRequest, _: Any
    ) -> api.GetRatingTrendResponse:
        parts = self._parts
        asked = Following(
            request.series,
            _read_period(request.period),
            request.periods or 12,
            _read_filter(request.filter),
            _read_instant(request.as_of, "/as_of") if request.HasField("as_of") else None,
        )
        policy, now = parts.publication.policy, parts.clock()
        return _trend(await follow_ratings(parts.database, current_reader(), asked, policy=policy, now=now))


def _read_period(value: api.TrendPeriod.ValueType) -> Period:
    if value not in api.TrendPeriod.values():
        raise InvalidValue("a trend counts in months or weeks", pointer="/period")
    return Period.WEEK if value == api.TREND_PERIOD_WEEK else Period.MONTH


def _read_filter(given: api.ActionFilter, *, open_only: bool = False) -> ActionFilter:
    return ActionFilter(
        states=tuple(_read_state(value) for value in given.states),
        claimed=tuple(_read_rag(value, "/filter/claimed_rag") for value in given.claimed_rag),
        computed=tuple(_read_rag(value, "/filter/computed_rag") for value in given.computed_rag),
        open_only=open_only or given.open_only,
        contradicted=given.contradicted if given.HasField("contradicted") else None,
        owner=given.owner,
        party=given.party,
        supporting=given.supporting,
        lead_official=given.lead_official,
        assigned_to_me=given.assigned_to_me,
        commitment=given.commitment,
        instrument=given.instrument,
        edition=given.edition if given.HasField("edition") else None,
        meeting_id=given.meeting_id,
        overdue=given.overdue if given.HasField("overdue") else None,
        blocked=given.blocked if given.HasField("blocked") else None,
        standing=given.standing if given.HasField("standing") else None,
        due_from=read_day(given.due_from, "/filter/due_from") if given.due_from else None,
        due_to=read_day(given.due_to, "/filter/due_to") if given.due_to else None,
        text=given.text,
        archived=_read_archived(given.archived),
    )


def _read_archived(value: api.ArchivedChoice.ValueType) -> Archived | None:
    if value not in api.ArchivedChoice.values():
        raise InvalidValue("no such choice of what is archived", pointer="/filter/archived")
    return Archived[api.ArchivedChoice.Name(value).removeprefix("ARCHIVED_CHOICE_")] if value else None


def _read_order(value: api.ActionOrder.ValueType) -> Order:
    if value == api.ACTION_ORDER_UNSPECIFIED:
        return Order.ORIGINAL_DUE_DATE
    if value not in api.ActionOrder.values():
        raise InvalidValue("no order of this version", pointer="/order")
    return Order(api.ActionOrder.Name(value).removeprefix("ACTION_ORDER_"))


def _read_state(value: action_status_pb2.ActionState.ValueType) -> State:
    if value == 0 or value not in action_status_pb2.ActionState.values():
        raise InvalidValue("no state of an action", pointer="/filter/states")
    return State(action_status_pb2.ActionState.Name(value).removeprefix("ACTION_STATE_"))


def _read_rag(value: action_status_pb2.Rag.ValueType, pointer: str) -> Rag:
    try:
        return read_rag(value)
    except InvalidValue as refusal:
        raise InvalidValue(refusal.detail, pointer=pointer) from refusal


def _read_instant(value: Timestamp, pointer: str) -> datetime:
    try:
        return value.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidValue("no instant of the calendar", pointer=pointer) from error


def _change(entry: ChangedAction) -> api.ActionChange:
    change = entry.change
    return api.ActionChange(
        action_id=str(change.action_id),
        reference=entry.action.reference,
        changed_at=encode_instant(change.at),
        kind=change.kind,
        actor=change.actor,
        party=change.party or "",
        fields=[
            api.FieldChange(field=field.field, before=field.before, after=field.after)
            for field in change.fields
        ],
    )


def _figures(found: Figures) -> api.GetActionFiguresResponse:
    return api.GetActionFiguresResponse(
        series=found.series,
        as_of=encode_instant(found.as_of),
        day=found.day.isoformat(),
        figures=[_figure(figure, found.as_of) for figure in found.figures],
    )


def _trend(found: Trend) -> api.GetRatingTrendResponse:
    began = found.record_began_at
    return api.GetRatingTrendResponse(
        series=found.series,
        period=api.TrendPeriod.Value(f"TREND_PERIOD_{found.period.value}"),
        record_began_at=None if began is None else encode_instant(began),
        points=[
            api.RatingTrendPoint(
                as_of=encode_instant(point.as_of),
                day=point.day.isoformat(),
                figures=[_figure(figure, point.as_of) for figure in point.figures],
            )
            for point in found.points
        ],
    )


def _figure(figure: Figure, as_of: datetime) -> api.Figure:
    return api.Figure(
        name=figure.name.value,
        counted=COUNTED[figure.name],
        population=figure.population,
        as_of=encode_instant(as_of),
        values=[api.FigureValue(key=key, value=value) for key, value in figure.values],
    )
