"""Drafts, the register, the run clock, the minutes and the history as messages."""

from collections.abc import Mapping
from uuid import UUID

from entente.agenda.v1 import draft_pb2, meeting_history_pb2, meeting_record_pb2
from entente.exchange.v1 import agenda_pb2

from services.agenda.domain.attendance import Participant, ParticipantRole
from services.agenda.domain.history.telling import Entry
from services.agenda.domain.items import DraftItem
from services.agenda.domain.minutes import Section
from services.agenda.rpc.agreed import encode_missed
from services.agenda.rpc.timed import encode_budget, encode_over_runs, encode_time
from services.agenda.statements import mode_number, rendition_number
from services.agenda.usecases.drafting import DraftView
from services.agenda.usecases.keep_register import RegisterView
from services.agenda.usecases.list_history import HistoryPage
from services.agenda.usecases.present_meeting import Presentation
from services.agenda.usecases.run_meeting import RunView
from services.chassis.etags import etag

NO_NOTES: Mapping[UUID, str] = {}


def encode_draft(view: DraftView) -> draft_pb2.Draft:
    draft = view.draft
    return draft_pb2.Draft(
        draft_id=str(draft.id),
        meeting_id=str(draft.meeting_id),
        party=draft.party,
        items=[_item(item, position, view) for position, item in enumerate(draft.items, start=1)],
        etag=etag(draft.version),
        time=encode_budget(view.time),
    )


def _item(item: DraftItem, position: int, view: DraftView) -> draft_pb2.DraftItem:
    content = item.content
    return draft_pb2.DraftItem(
        item_id=str(item.id),
        position=position,
        title=content.title,
        kind=agenda_pb2.ItemKind.Value(f"ITEM_KIND_{content.kind.value}"),
        purpose=agenda_pb2.ItemPurpose.Value(f"ITEM_PURPOSE_{content.purpose.value}"),
        minutes=content.minutes,
        leads=[
            agenda_pb2.ItemLead(party=party, organisation=organisation)
            for party, organisation in sorted(content.leads.items())
        ],
        commitments=content.commitments,
        theme=content.theme,
        references=[
            draft_pb2.DraftReference(
                assessment_id=str(reference.assessment_id),
                revision=reference.revision,
                rendition=rendition_number(reference.rendition),
                mode=mode_number(reference.mode),
                state=view.states[reference].value,
            )
            for reference in content.references
        ],
        action_ids=[str(one) for one in item.action_ids],
        marking=content.marking,
        missed_deadline=encode_missed(view.late.get(item.id)),
        proposal_id=str(view.proposals.get(item.id) or ""),
        forwarded=[
            draft_pb2.DraftItemForward(
                proposal_id=str(one.proposal_id), series=one.series, meeting_id=str(one.meeting_id)
            )
            for one in view.forwarded.get(item.id, ())
        ],
    )


def encode_participant(
    participant: Participant, notes: Mapping[UUID, str] = NO_NOTES
) -> meeting_record_pb2.Participant:
    person = participant.person
    return meeting_record_pb2.Participant(
        participant_id=str(participant.id),
        meeting_id=str(participant.meeting_id),
        side=participant.side,
        name=person.name,
        role=meeting_record_pb2.ParticipantRole.Value(f"PARTICIPANT_ROLE_{person.role.value}"),
        organisation=person.organisation,
        nationality=person.nationality,
        represents=person.represents,
        observer=person.role is ParticipantRole.OBSERVER,
        presence=meeting_record_pb2.Presence.Value(f"PRESENCE_{participant.presence.value}"),
        note=notes.get(participant.id, ""),
        etag=etag(participant.version),
    )


def encode_participants(view: RegisterView) -> list[meeting_record_pb2.Participant]:
    return [encode_participant(one, view.notes) for one in view.register.participants]


def encode_run(view: RunView) -> meeting_record_pb2.Run:
    face = view.face
    return meeting_record_pb2.Run(
        state=meeting_record_pb2.RunState.Value(f"RUN_STATE_{face.state.value}"),
        current_item_id=str(face.current or ""),
        items=[
            meeting_record_pb2.ItemClock(
                item_id=str(one.item_id),
                position=one.position,
                planned_minutes=one.planned_minutes,
                used_minutes=one.used_minutes,
                over_by=one.over_by,
                started_at=encode_time(one.started_at),
                finished_at=encode_time(one.finished_at),
            )
            for one in face.items
        ],
        break_minutes=face.break_minutes,
        remaining_minutes=face.remaining_minutes,
        predicted_end=encode_time(face.predicted_end),
        late_by=face.late_by,
        etag=etag(view.run.version),
        time=encode_budget(view.time),
    )


def encode_presentation(found: Presentation) -> meeting_record_pb2.Presentation:
    meeting, screen, clock = found.meeting, found.screen, found.clock
    current = screen.current
    return meeting_record_pb2.Presentation(
        meeting_id=str(meeting.id),
        series=meeting.series,
        title=found.title,
        edition=meeting.edition,
        as_of=encode_time(found.as_of),
        time_zone=meeting.time_zone,
        state=meeting_record_pb2.RunState.Value(f"RUN_STATE_{screen.state.value}"),
        current=None
        if current is None
        else meeting_record_pb2.CurrentItem(
            number=current.number,
            title=current.title,
            planned_minutes=current.planned_minutes,
            elapsed_minutes=current.elapsed_minutes,
            left_minutes=current.left_minutes,
            over_by=current.over_by,
        ),
        coming=[
            meeting_record_pb2.ComingItem(
                number=one.number,
                title=one.title,
                planned_minutes=one.planned_minutes,
                minutes=one.minutes,
                starts_at=encode_time(one.starts_at),
            )
            for one in screen.coming
        ],
        remaining_minutes=clock.remaining_minutes,
        break_minutes=clock.break_minutes,
        planned_end=encode_time(meeting.ends_at),
        predicted_end=encode_time(clock.predicted_end),
        late_by=clock.late_by,
        over_runs=encode_over_runs(found.over_runs),
        replanned_end=encode_time(found.replanned_end),
    )


def encode_section(section: Section) -> meeting_record_pb2.MinutesSection:
    newest = section.newest
    return meeting_record_pb2.MinutesSection(
        section=section.key,
        revision=section.revision,
        text=newest.text if newest else "",
        marking=newest.marking if newest else "",
        accepted_by=sorted(section.accepted),
        revisions=[
            meeting_record_pb2.MinutesRevision(
                revision=one.revision,
                text=one.text,
                marking=one.marking,
                party=one.party,
                written_at=encode_time(one.written_at),
            )
            for one in section.revisions
        ],
        comments=[
            meeting_record_pb2.MinutesComment(
                comment_id=str(one.id),
                revision=one.revision,
                party=one.party,
                organisation=one.organisation,
                text=one.text,
                made_at=encode_time(one.made_at),
            )
            for one in section.comments
        ],
        etag=etag(section.revision),
    )


def encode_history(page: HistoryPage) -> list[meeting_history_pb2.HistoryEntry]:
    return [_entry(page, entry) for entry in page.entries]


def _entry(page: HistoryPage, entry: Entry) -> meeting_history_pb2.HistoryEntry:
    by = entry.by
    return meeting_history_pb2.HistoryEntry(
        at=encode_time(entry.at),
        by=meeting_history_pb2.HistoryActor(
            party=by.party or "",
            organisation=by.organisation or "",
            official=by.official or "",
            roles=by.roles,
        ),
        action=entry.act.action,
        words=entry.act.words,
        kind=meeting_history_pb2.HistoryKind.Value(f"HISTORY_KIND_{entry.act.kind.value}"),
        subject_id=str(entry.subject_id),
        item_id=_text(entry.item_id),
        item_title=page.title(entry, entry.item_id) or "",
        section=entry.section or "",
        reason=entry.reason or "",
        changes=[
            meeting_history_pb2.HistoryChange(
                item_id=_text(change.item_id),
                item_title=page.title(entry, change.item_id) or "",
                field=change.field,
                before=change.before,
                after=change.after,
            )
            for change in entry.changes
        ],
    )


def _text(identity: UUID | None) -> str:
    return "" if identity is None else str(identity)
