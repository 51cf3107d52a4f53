"""A party's planning of its draft, and what was solved, as messages."""

from collections.abc import Sequence

from entente.agenda.v1 import draft_service_pb2, planning_pb2

from services.agenda.domain.assembly.planning import PlannedBreak, PlannedItem, Planning, Stretched
from services.agenda.domain.ranking.run import RankingRun
from services.agenda.domain.wording import (
    LEAST_PLANNED,
    LONGEST_GAP,
    MOST_BREAKS,
    MOST_COVERED,
    MOST_ITEMS,
    MOST_LEADING,
    MOST_LISTED,
    MOST_ORDERS,
    MOST_PLANNED,
    MOST_WORTH,
)
from services.agenda.rpc.arguments import read_id, read_number, read_optional, read_optional_instant
from services.agenda.rpc.texts import (
    at_most,
    read_codes,
    read_instant,
    read_line,
    read_optional_code,
)
from services.agenda.rpc.timed import encode_budget, encode_time
from services.agenda.usecases.assemble_agenda import PlanningView, Proposal
from services.chassis.etags import etag

_LEAST_POSITION, _MOST_POSITION = -2_147_483_648, 2_147_483_647
"""Which there are, the draft says."""


def read_planned(given: planning_pb2.Planning) -> Planning:
    """Raises `InvalidValue`."""
    at = "/planning"
    return Planning(
        version=0,
        windows=_read_times(given.windows, f"{at}/windows", MOST_LISTED),
        breaks=_read_times(given.breaks, f"{at}/breaks", MOST_BREAKS),
        movable_breaks=tuple(
            _read_break(one, f"{at}/movable_breaks/{place}")
            for place, one in enumerate(at_most(given.movable_breaks, f"{at}/movable_breaks"))
        ),
        sections=read_codes(given.sections, f"{at}/sections"),
        orders=tuple(
            (
                read_id(one.before_id, f"{at}/orders/{place}/before_id"),
                read_id(one.after_id, f"{at}/orders/{place}/after_id"),
            )
            for place, one in enumerate(at_most(given.orders, f"{at}/orders", MOST_ORDERS))
        ),
        lead_minutes=read_optional(given, "lead_minutes", LEAST_PLANNED, MOST_PLANNED, f"{at}/lead_minutes"),
        lead_count=read_optional(given, "lead_count", 0, MOST_LEADING, f"{at}/lead_count"),
        commitments=read_codes(given.commitments, f"{at}/commitments", MOST_COVERED),
        gap=read_number(given.gap, 0, LONGEST_GAP, f"{at}/gap"),
        items=tuple(
            _read_item(one, f"{at}/items/{place}")
            for place, one in enumerate(at_most(given.items, f"{at}/items", MOST_ITEMS))
        ),
    )


def _read_times(given: Sequence[planning_pb2.PlannedTime], pointer: str, most: int) -> tuple[Stretched, ...]:
    return tuple(
        Stretched(
            read_line(one.id, f"{pointer}/{place}/id"),
            read_instant(one, "starts_at", f"{pointer}/{place}/starts_at"),
            read_instant(one, "ends_at", f"{pointer}/{place}/ends_at"),
        )
        for place, one in enumerate(at_most(given, pointer, most))
    )


def _read_break(given: planning_pb2.MovableBreak, pointer: str) -> PlannedBreak:
    return PlannedBreak(
        read_line(given.id, f"{pointer}/id"),
        read_number(given.minutes, LEAST_PLANNED, MOST_PLANNED, f"{pointer}/minutes"),
        read_instant(given, "earliest", f"{pointer}/earliest"),
        read_instant(given, "latest", f"{pointer}/latest"),
    )


def _read_item(given: planning_pb2.PlannedItem, pointer: str) -> PlannedItem:
    def minutes(name: str) -> int | None:
        return read_optional(given, name, LEAST_PLANNED, MOST_PLANNED, f"{pointer}/{name}")

    return PlannedItem(
        item=read_id(given.item_id, f"{pointer}/item_id"),
        least=minutes("least"),
        most=minutes("most"),
        optional=given.is_optional,
        worth=read_optional(given, "worth", 0, MOST_WORTH, f"{pointer}/worth"),
        section=read_optional_code(given.section, f"{pointer}/section"),
        first=given.first,
        last=given.last,
        present=tuple(
            (
                read_instant(one, "starts_at", f"{pointer}/present/{place}/starts_at"),
                read_instant(one, "ends_at", f"{pointer}/present/{place}/ends_at"),
            )
            for place, one in enumerate(at_most(given.present, f"{pointer}/present"))
        ),
        position=read_optional(given, "position", _LEAST_POSITION, _MOST_POSITION, f"{pointer}/position"),
        starts_at=read_optional_instant(given, "starts_at", f"{pointer}/starts_at"),
        window=read_line(given.window, f"{pointer}/window") if given.HasField("window") else None,
        minutes=minutes("minutes"),
        excluded=given.excluded,
    )


def encode_planning(view: PlanningView) -> planning_pb2.DraftPlanning:
    planning = view.planning
    return planning_pb2.DraftPlanning(
        planning=planning_pb2.Planning(
            windows=_times(planning.windows),
            breaks=_times(planning.breaks),
            movable_breaks=[
                planning_pb2.MovableBreak(
                    id=one.id,
                    minutes=one.minutes,
                    earliest=encode_time(one.earliest),
                    latest=encode_time(one.latest),
                )
                for one in planning.movable_breaks
            ],
            sections=planning.sections,
            orders=[
                planning_pb2.ItemOrder(before_id=str(one), after_id=str(other))
                for one, other in planning.orders
            ],
            lead_minutes=planning.lead_minutes,
            lead_count=planning.lead_count,
            commitments=planning.commitments,
            gap=planning.gap,
            items=[_item(one) for one in planning.items],
        ),
        parked=[
            planning_pb2.ParkedItem(item_id=str(item.id), title=item.content.title) for item in view.parked
        ],
        ranking_run=None if view.run is None else encode_ranking_run(view.run),
        etag=etag(planning.version),
    )


def _times(entries: Sequence[Stretched]) -> list[planning_pb2.PlannedTime]:
    return [
        planning_pb2.PlannedTime(
            id=one.id, starts_at=encode_time(one.starts_at), ends_at=encode_time(one.ends_at)
        )
        for one in entries
    ]


def _item(entry: PlannedItem) -> planning_pb2.PlannedItem:
    return planning_pb2.PlannedItem(
        item_id=str(entry.item),
        least=entry.least,
        most=entry.most,
        is_optional=entry.optional,
        worth=entry.worth,
        section=entry.section,
        first=entry.first,
        last=entry.last,
        present=[
            planning_pb2.PresenceWindow(starts_at=encode_time(start), ends_at=encode_time(end))
            for start, end in entry.present
        ],
        position=entry.position,
        starts_at=encode_time(entry.starts_at),
        window=entry.window,
        minutes=entry.minutes,
        excluded=entry.excluded,
    )


def encode_ranking_run(run: RankingRun) -> planning_pb2.RankingRun:
    return planning_pb2.RankingRun(
        number=run.number,
        as_of=run.as_of.isoformat(),
        weights_version=run.weights_version,
        picture_as_of=run.picture_as_of,
        complete=run.complete,
        ranked_at=encode_time(run.ranked_at),
    )


def encode_solved(proposal: Proposal) -> draft_service_pb2.AssembleDraftResponse:
    return draft_service_pb2.AssembleDraftResponse(
        feasible=not proposal.conflict,
        applied=proposal.applied,
        draft_etag=etag(proposal.draft_version),
        items=[
            planning_pb2.TimedItem(
                item_id=str(one.item),
                position=one.position,
                starts_at=encode_time(one.starts_at),
                minutes=one.minutes,
            )
            for one in proposal.items
        ],
        left_out=[str(one) for one in proposal.left_out],
        value=proposal.value,
        gap=proposal.gap,
        conflict=proposal.conflict,
        ranking_run=proposal.ranking_run,
        time=None if proposal.time is None else encode_budget(proposal.time),
    )
