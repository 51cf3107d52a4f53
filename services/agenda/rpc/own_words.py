"""What belongs to one side as messages: comments, clearances, briefs, links, and what waits."""

from datetime import datetime

from entente.agenda.v1 import own_side_service_pb2 as messages
from google.protobuf import json_format, struct_pb2

from services.agenda.domain.action_links import LinkedAction
from services.agenda.domain.awaiting import Awaiting
from services.agenda.domain.internal_clearances import InternalClearance
from services.agenda.domain.own_side import Brief, Comment
from services.agenda.domain.withdrawal_tasks import to_do
from services.agenda.rpc.timed import encode_day, encode_time
from services.agenda.store.withdrawal_tasks import ListedTask
from services.agenda.usecases.linking import LinkView
from services.chassis.etags import etag


def encode_awaiting(one: Awaiting, now: datetime) -> messages.Awaiting:
    return messages.Awaiting(
        matter=messages.AwaitingMatter.Value(f"AWAITING_MATTER_{one.matter.value}"),
        series=one.series,
        meeting_id=str(one.meeting_id or ""),
        subject_id=str(one.subject_id),
        item_ids=[str(item) for item in one.item_ids],
        due_at=encode_time(one.due_at),
        overdue=one.due_at is not None and one.due_at < now,
        what_to_do=one.what_to_do,
    )


def encode_comment(comment: Comment) -> messages.ItemComment:
    return messages.ItemComment(
        comment_id=str(comment.id),
        item_id=str(comment.item_id),
        text=comment.text,
        organisation=comment.organisation,
        official=comment.official,
        at=encode_time(comment.at),
    )


def encode_clearance(clearance: InternalClearance) -> messages.InternalClearance:
    return messages.InternalClearance(
        clearance_id=str(clearance.id),
        draft_id=str(clearance.draft_id),
        item_id=str(clearance.item_id),
        organisation=clearance.organisation,
        question=clearance.question,
        required=clearance.required,
        due_at=encode_time(clearance.due_at),
        words=json_format.ParseDict(dict(clearance.words), struct_pb2.Struct()),
        state=messages.InternalClearanceState.Value(f"INTERNAL_CLEARANCE_STATE_{clearance.state.value}"),
        remarks=clearance.remarks,
        asked_by=clearance.asked_by,
        asked_at=encode_time(clearance.asked_at),
        answered_by=clearance.answered_by,
        answered_at=encode_time(clearance.answered_at),
        etag=etag(clearance.version),
    )


def encode_brief(brief: Brief) -> messages.Brief:
    return messages.Brief(
        item_id=str(brief.item_id),
        brief=brief.brief,
        speaking_notes=brief.speaking_notes,
        marking=brief.marking,
        official=brief.official,
        at=encode_time(brief.at),
        etag=etag(brief.version),
    )


def encode_link(view: LinkView) -> messages.ActionLink:
    return messages.ActionLink(
        link_id=str(view.link.id),
        one=_end(view.one),
        other=_end(view.other),
        note=view.link.note,
        linked_at=encode_time(view.link.linked_at),
        warnings=[warning.value for warning in view.warnings],
    )


def _end(action: LinkedAction) -> messages.LinkedAction:
    return messages.LinkedAction(
        action_id=str(action.action_id),
        reference=action.reference,
        series=action.series,
        state=action.state,
        due_date=encode_day(action.due_date),
        text=action.text,
        marking=action.marking,
    )


def encode_task(found: ListedTask) -> messages.WithdrawalTask:
    task = found.task
    subject, fallen, closing = task.subject, task.fallen, task.closing
    message = messages.WithdrawalTask(
        task_id=str(task.id),
        kind=messages.WithdrawalTaskKind.Value(f"WITHDRAWAL_TASK_KIND_{subject.kind.value}"),
        series=subject.series,
        meeting_id=str(subject.meeting_id or ""),
        subject_id=str(subject.id),
        item_id=str(fallen.item_id or ""),
        assessment_id=str(fallen.assessment_id),
        revision=fallen.revision,
        cause=fallen.cause.value,
        what_to_do=to_do(subject.kind, fallen.cause, agreed=found.agreed),
        state=messages.WithdrawalTaskState.Value(f"WITHDRAWAL_TASK_STATE_{task.state.value}"),
        opened_at=encode_time(task.opened_at),
    )
    if closing is not None:
        message.note, message.closed_by = closing.note, closing.official
        message.closed_at.FromDatetime(closing.at)
    return message
