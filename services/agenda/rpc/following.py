"""What comes back, what became of actions, and the thread, as messages."""

from entente.agenda.v1 import agenda_service_pb2, carry_over_pb2, thread_pb2
from entente.exchange.v1 import outcome_pb2

from services.agenda.domain.carry_over import Guidance, PastOutcome, ReturningItem
from services.agenda.domain.matters_arising import Matter
from services.agenda.domain.thread import Node, Thread
from services.agenda.rpc.timed import encode_day, encode_time
from services.agenda.usecases.carrying_over import CarryOver


def encode_carry_over(found: CarryOver, following: str) -> agenda_service_pb2.GetCarryOverResponse:
    return agenda_service_pb2.GetCarryOverResponse(
        items=[_returning(item, found.titles[item.item_id]) for item in found.items],
        guidance=[_guidance(one) for one in found.guidance],
        next_page_token=following,
    )


def _returning(item: ReturningItem, title: str) -> carry_over_pb2.ReturningItem:
    return carry_over_pb2.ReturningItem(
        item_id=str(item.item_id),
        title=title,
        times=item.times,
        in_template=item.in_template,
        from_meeting_id=str(item.last.meeting_id),
        from_edition=item.last.edition,
        history=[_past(one) for one in item.history],
    )


def _past(one: PastOutcome) -> carry_over_pb2.PastOutcome:
    return carry_over_pb2.PastOutcome(
        outcome_id=str(one.outcome_id),
        meeting_id=str(one.meeting_id),
        edition=one.edition,
        kind=outcome_pb2.OutcomeKind.Value(f"OUTCOME_KIND_{one.kind.value}"),
        deferred_to_edition=one.deferred_to,
        reason=one.reason,
    )


def _guidance(one: Guidance) -> carry_over_pb2.GuidanceToReview:
    return carry_over_pb2.GuidanceToReview(
        outcome_id=str(one.outcome_id),
        decision_reference=one.decision_reference,
        conclusion=one.conclusion,
        marking=one.marking,
        review_edition=one.review_edition,
    )


def encode_matter(one: Matter) -> carry_over_pb2.MatterArising:
    return carry_over_pb2.MatterArising(
        action_id=str(one.action_id),
        reference=one.reference,
        text=one.text,
        marking=one.marking,
        commitment=one.commitment,
        state_before=one.state_before or "",
        state=one.state,
        due_before=encode_day(one.due_before),
        due_date=encode_day(one.due_date),
        changed=one.changed,
        moves=[
            carry_over_pb2.DueDateMove(
                from_date=encode_day(move.from_date),
                to_date=encode_day(move.to_date),
                reason=move.reason,
                days=move.days,
            )
            for move in one.moves
        ],
        slips=one.slips,
        slipped_days=one.slipped_days,
        carried=one.carried,
        overdue=one.overdue,
        ended=one.ended,
        basis=one.basis,
    )


def encode_thread(thread: Thread) -> agenda_service_pb2.TraceThreadResponse:
    return agenda_service_pb2.TraceThreadResponse(
        nodes=[_node(node) for node in thread.nodes], missing_peers=thread.missing_peers
    )


def _node(node: Node) -> thread_pb2.ThreadNode:
    return thread_pb2.ThreadNode(
        kind=thread_pb2.ThreadNodeKind.Value(f"THREAD_NODE_KIND_{node.kind.value}"),
        id=node.id,
        label=node.label,
        state=node.state,
        at=encode_time(node.at),
    )
