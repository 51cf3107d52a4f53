"""What the arguments of a call say: the same forms and bounds as over REST."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from entente.agenda.v1 import (
    agenda_service_pb2,
    meeting_history_pb2,
    meeting_record_pb2,
    negotiation_pb2,
    proposal_pb2,
)
from entente.exchange.v1 import item_answer_pb2

from services.agenda.domain.answers import Answer, Proposal
from services.agenda.domain.attendance import ParticipantRole, Person, PresenceCommand
from services.agenda.domain.history.acts import HistoryKind
from services.agenda.domain.history.telling import Wanted
from services.agenda.domain.proposal import ProposalState
from services.agenda.domain.run_clock import RunCommand
from services.agenda.domain.wording import (
    CODE,
    CONTENT_HASH,
    FIRST_EDITION,
    LAST_EDITION,
    LAST_POSITION,
    LINES,
    LONGEST_BANNER,
    LONGEST_CODE,
    LONGEST_ID,
    LONGEST_LINE,
    LONGEST_PROSE,
    LONGEST_SIGNATURE,
    LONGEST_TOKEN,
    MOST_ANSWERS,
    MOST_MINUTES,
    NATIONALITY,
    PLAIN,
    SECTION,
    SUBJECT,
    THREAD_ID,
    TOKEN,
    fits,
)
from services.agenda.usecases.answer_items import AnswerText
from services.kernel.refusals import InvalidValue

_ANSWERS = {
    item_answer_pb2.ITEM_ANSWER_KIND_ACCEPTED: Answer.ACCEPTED,
    item_answer_pb2.ITEM_ANSWER_KIND_AMENDED: Answer.AMENDED,
    item_answer_pb2.ITEM_ANSWER_KIND_DECLINED: Answer.DECLINED,
}
_STATES: Mapping[int, ProposalState] = {
    proposal_pb2.ProposalState.Value(f"PROPOSAL_STATE_{state.value}"): state for state in ProposalState
}
_ROLES: Mapping[int, ParticipantRole] = {
    meeting_record_pb2.ParticipantRole.Value(f"PARTICIPANT_ROLE_{role.value}"): role
    for role in ParticipantRole
}
_PRESENCE: Mapping[int, PresenceCommand] = {
    meeting_record_pb2.PresenceCommand.Value(f"PRESENCE_COMMAND_{command.value}"): command
    for command in PresenceCommand
}
_MOVES: Mapping[int, RunCommand] = {
    meeting_record_pb2.RUN_MOVE_FINISH: RunCommand.FINISH,
    meeting_record_pb2.RUN_MOVE_PAUSE: RunCommand.PAUSE,
    meeting_record_pb2.RUN_MOVE_RESUME: RunCommand.RESUME,
}

_HISTORY: Mapping[int, HistoryKind] = {
    meeting_history_pb2.HistoryKind.Value(f"HISTORY_KIND_{kind.value}"): kind for kind in HistoryKind
}


def read_id(text: str, pointer: str) -> UUID:
    """Raises `InvalidValue`, as everything here does."""
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidValue("an id is a UUID", pointer=pointer) from error


def read_code(text: str, pointer: str) -> str:
    return read_form(text, CODE, LONGEST_CODE, "not a code", pointer)


def read_token(text: str) -> str:
    if not fits(text, TOKEN, LONGEST_TOKEN):
        raise InvalidValue("not a page token", pointer="/page_token")
    return text


def read_thread_id(text: str) -> str:
    return read_form(text, THREAD_ID, LONGEST_ID, "not an id", "/id")


def read_subject(text: str) -> str:
    return read_form(text, SUBJECT, LONGEST_ID, "not a subject", "/subject")


def read_hash(text: str) -> str:
    return read_form(text, CONTENT_HASH, LONGEST_ID, "not a content hash", "/content_hash")


def read_signature(text: str) -> str:
    return read_form(text, PLAIN, LONGEST_SIGNATURE, "not a signature", "/jws")


def read_banner(text: str) -> str:
    return read_form(text, PLAIN, LONGEST_BANNER, "not a marking", "/marking")


def read_prose(text: str, pointer: str) -> str:
    return read_form(text.strip(), LINES, LONGEST_PROSE, "not a text", pointer)


def read_section_key(text: str) -> str:
    return read_form(text, SECTION, LONGEST_ID, "not a section", "/section")


def read_person(request: agenda_service_pb2.AddParticipantRequest) -> Person:
    if request.role not in _ROLES:
        raise InvalidValue("not a role", pointer="/role")
    represents = request.represents and read_code(request.represents, "/represents")
    return Person(
        read_form(request.name.strip(), PLAIN, LONGEST_LINE, "not a name", "/name"),
        _ROLES[request.role],
        read_form(request.organisation.strip(), PLAIN, LONGEST_LINE, "not an organisation", "/organisation"),
        read_form(request.nationality, NATIONALITY, LONGEST_ID, "not a GENC trigraph", "/nationality"),
        represents,
    )


def read_command(value: int) -> PresenceCommand:
    if value not in _PRESENCE:
        raise InvalidValue("not a command", pointer="/command")
    return _PRESENCE[value]


def read_move(value: int) -> RunCommand:
    if value not in _MOVES:
        raise InvalidValue("not a move", pointer="/move")
    return _MOVES[value]


def read_wanted(request: agenda_service_pb2.ListHistoryRequest) -> Wanted:
    if request.kind and request.kind not in _HISTORY:
        raise InvalidValue("not a kind of thing", pointer="/kind")
    organisation = request.by_organisation
    return Wanted(
        read_id(request.item, "/item") if request.item else None,
        _HISTORY.get(request.kind),
        read_code(organisation, "/by_organisation") if organisation else None,
        read_optional_instant(request, "since", "/since"),
    )


def read_edition(request: Any) -> int | None:
    return read_optional(request, "edition", FIRST_EDITION, LAST_EDITION, "/edition")


def read_states(values: Iterable[int]) -> tuple[ProposalState, ...]:
    """Each once, in their order."""
    found = set()
    for place, value in enumerate(values):
        if value not in _STATES:
            raise InvalidValue("not a state of a proposal", pointer=f"/states/{place}")
        found.add(_STATES[value])
    return tuple(sorted(found))


def read_answers(request: agenda_service_pb2.AnswerItemsRequest) -> list[AnswerText]:
    if not 1 <= len(request.answers) <= MOST_ANSWERS:
        raise InvalidValue(f"there are 1 to {MOST_ANSWERS} answers", pointer="/answers")
    return [_answer(given, f"/answers/{place}") for place, given in enumerate(request.answers)]


def _answer(given: negotiation_pb2.GivenAnswer, pointer: str) -> AnswerText:
    if given.kind not in _ANSWERS:
        raise InvalidValue("an answer accepts, amends or declines", pointer=f"{pointer}/kind")
    comment = given.comment.strip()
    if not fits(comment, LINES, LONGEST_PROSE):
        raise InvalidValue("not a comment", pointer=f"{pointer}/comment")
    return AnswerText(
        read_id(given.item_id, f"{pointer}/item_id"),
        _ANSWERS[given.kind],
        comment,
        _proposal(given.proposal, f"{pointer}/proposal"),
    )


def _proposal(given: item_answer_pb2.ItemProposal, pointer: str) -> Proposal:
    title = given.title.strip()
    if given.HasField("title"):
        read_form(title, PLAIN, LONGEST_LINE, "not a title", f"{pointer}/title")
    return Proposal(
        title,
        read_optional(given, "minutes", 1, MOST_MINUTES, f"{pointer}/minutes"),
        read_optional(given, "position", 1, LAST_POSITION, f"{pointer}/position"),
    )


def read_form(text: str, pattern: str, most: int, detail: str, pointer: str) -> str:
    if not fits(text, pattern, most, least=1):
        raise InvalidValue(detail, pointer=pointer)
    return text


def read_number(number: int, least: int, most: int, pointer: str) -> int:
    if not least <= number <= most:
        raise InvalidValue(f"from {least} to {most}", pointer=pointer)
    return number


def read_optional(message: Any, name: str, least: int, most: int, pointer: str) -> int | None:
    """None where the field is not set."""
    return read_number(getattr(message, name), least, most, pointer) if message.HasField(name) else None


def read_optional_instant(message: Any, name: str, pointer: str) -> datetime | None:
    if not message.HasField(name):
        return None
    try:
        found: datetime = getattr(message, name).ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidValue("not an instant of our calendar", pointer=pointer) from error
    return found
