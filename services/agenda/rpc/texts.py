"""What is written of an item, a proposal or an outcome, and when it is to be: bounded as over REST."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from entente.agenda.v1 import item_text_pb2, proposal_pb2
from entente.exchange.v1 import agenda_pb2, release_pb2

from services.agenda.domain.items import ItemContent
from services.agenda.domain.references import Reference
from services.agenda.domain.wording import (
    LAST_REVISION,
    LINES,
    LOCAL_TIME,
    LONGEST_LINE,
    LONGEST_PROSE,
    LONGEST_ZONE,
    MOST_LISTED,
    MOST_MINUTES,
    PLAIN,
    TIME_ZONE,
    fits,
)
from services.agenda.rpc.arguments import (
    read_banner,
    read_code,
    read_form,
    read_id,
    read_number,
    read_optional_instant,
)
from services.agenda.statements import mode_number, rendition_number
from services.agenda.usecases.timing import AskedTimes
from services.kernel.refusals import InvalidValue
from services.kernel.release_terms import Mode, Rendition
from services.kernel.series import ItemKind, ItemPurpose

K = TypeVar("K", bound=StrEnum)
T = TypeVar("T")


def read_item(text: item_text_pb2.ItemText) -> ItemContent:
    """Raises `InvalidValue`, as everything here does."""
    return ItemContent(
        title=read_line(text.title, "/item/title"),
        kind=read_kind(ItemKind, agenda_pb2.ItemKind, "ITEM_KIND", text.kind, "/item/kind"),
        purpose=read_kind(ItemPurpose, agenda_pb2.ItemPurpose, "ITEM_PURPOSE", text.purpose, "/item/purpose"),
        minutes=read_number(text.minutes, 1, MOST_MINUTES, "/item/minutes"),
        leads=read_leads(text.leads, "/item/leads"),
        commitments=read_codes(text.commitments, "/item/commitments"),
        theme=read_optional_code(text.theme, "/item/theme"),
        marking=read_banner(text.marking),
        references=read_references(text.references),
    )


def read_references(given: Sequence[proposal_pb2.ProposalReference]) -> tuple[Reference, ...]:
    """Those of an item."""
    return tuple(
        _reference(one, f"/item/references/{place}")
        for place, one in enumerate(at_most(given, "/item/references"))
    )


def _reference(given: proposal_pb2.ProposalReference, pointer: str) -> Reference:
    return Reference(
        read_id(given.assessment_id, f"{pointer}/assessment_id"),
        read_number(given.revision, 1, LAST_REVISION, f"{pointer}/revision"),
        read_kind(Rendition, release_pb2.Rendition, "RENDITION", given.rendition, f"{pointer}/rendition"),
        read_kind(Mode, release_pb2.ReleaseMode, "RELEASE_MODE", given.mode, f"{pointer}/mode"),
    )


def encode_reference(reference: Reference) -> proposal_pb2.ProposalReference:
    return proposal_pb2.ProposalReference(
        assessment_id=str(reference.assessment_id),
        revision=reference.revision,
        rendition=rendition_number(reference.rendition),
        mode=mode_number(reference.mode),
    )


def read_leads(leads: Sequence[agenda_pb2.ItemLead], pointer: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, lead in enumerate(at_most(leads, pointer)):
        party = read_code(lead.party, f"{pointer}/{place}/party")
        if party in found:
            raise InvalidValue("one lead of each party", pointer=f"{pointer}/{place}/party")
        found[party] = read_code(lead.organisation, f"{pointer}/{place}/organisation")
    return found


def read_codes(codes: Sequence[str], pointer: str, most: int = MOST_LISTED) -> tuple[str, ...]:
    listed = at_most(codes, pointer, most)
    return tuple(read_code(one, f"{pointer}/{place}") for place, one in enumerate(listed))


def read_optional_code(text: str, pointer: str) -> str:
    return text and read_code(text, pointer)


def read_line(text: str, pointer: str) -> str:
    return read_form(text.strip(), PLAIN, LONGEST_LINE, "not a line", pointer)


def read_note(text: str, pointer: str) -> str:
    """Prose that may be empty."""
    stripped = text.strip()
    if not fits(stripped, LINES, LONGEST_PROSE):
        raise InvalidValue("not a text", pointer=pointer)
    return stripped


def read_kind(kinds: type[K], numbers: Any, prefix: str, value: int, pointer: str) -> K:
    """The kind that a number of the contract stands for; none is refused."""
    name = numbers.Name(value).removeprefix(f"{prefix}_") if value in numbers.values() else ""
    if name not in kinds.__members__:
        raise InvalidValue("not of the kinds there are", pointer=pointer)
    return kinds[name]


def read_instant(message: Any, name: str, pointer: str) -> datetime:
    found = read_optional_instant(message, name, pointer)
    if found is None:
        raise InvalidValue("there is no instant", pointer=pointer)
    return found


def read_optional_day(text: str, pointer: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidValue("a date is an RFC 3339 full-date", pointer=pointer) from error


def read_times(request: Any) -> AskedTimes:
    zone = request.time_zone
    return AskedTimes(
        _place_time(request.starts_at, "/starts_at"),
        _place_time(request.ends_at, "/ends_at"),
        read_form(zone, TIME_ZONE, LONGEST_ZONE, "not a time zone", "/time_zone") if zone else None,
    )


def _place_time(text: str, pointer: str) -> datetime:
    try:
        return datetime.fromisoformat(read_form(text, LOCAL_TIME, LONGEST_ZONE, "not a time", pointer))
    except ValueError as error:
        raise InvalidValue("not a time", pointer=pointer) from error


def at_most(listed: Sequence[T], pointer: str, most: int = MOST_LISTED) -> Iterable[T]:
    if len(listed) > most:
        raise InvalidValue(f"at most {most}", pointer=pointer)
    return listed
