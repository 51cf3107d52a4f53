"""What pure tests of the agenda start from."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.agenda.domain.agenda import Agenda, AgendaState, HeldReference
from services.agenda.domain.answers import Answer, ItemAnswer, Proposal
from services.agenda.domain.items import TabledItem, TabledReference
from services.agenda.domain.meeting import Meeting, MeetingState
from services.agenda.domain.references import Reference, ReferenceState
from services.chassis.documents import read_documents
from services.kernel.policy import Policy
from services.kernel.release_terms import Mode, Rendition
from services.kernel.series import ItemKind, ItemPurpose
from tests.support.processes import POLICY as POLICY_FOLDER

POLICY = Policy.from_documents(read_documents(POLICY_FOLDER))
PARTIES = ("UK", "EU", "US")
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ASSESSMENT_ID = UUID("5a0f7f6e-0f8c-5c1c-8f2b-0d3c1e9a7b01")
REFERENCE = Reference(ASSESSMENT_ID, 2, Rendition.TEAR_LINE, Mode.RELEASE)
ITEM_ID = UUID("5a0f7f6e-0f8c-4c1c-8f2b-0d3c1e9a7b02")
AGENDA_ID = UUID("5a0f7f6e-0f8c-4c1c-8f2b-0d3c1e9a7b03")
MEETING_ID = UUID("5a0f7f6e-0f8c-5c1c-8f2b-0d3c1e9a7b04")
OUTCOME_ID = UUID("5a0f7f6e-0f8c-4c1c-8f2b-0d3c1e9a7b05")


def meeting(**changes: Any) -> Meeting:
    members: dict[str, Any] = {
        "id": MEETING_ID,
        "series": "uk-eu",
        "edition": 2026,
        "host_party": "UK",
        "venue": "London",
        "starts_at": datetime(2026, 12, 9, 9, 0, tzinfo=UTC),
        "ends_at": datetime(2026, 12, 10, 16, 0, tzinfo=UTC),
        "state": MeetingState.AGENDA_AGREED,
        "version": 3,
    }
    return Meeting(**{**members, **changes})


def tabled_item(**changes: Any) -> TabledItem:
    members: dict[str, Any] = {
        "id": ITEM_ID,
        "position": 1,
        "title": "Résilience of “water” utilities",
        "kind": ItemKind.SUBSTANTIVE,
        "purpose": ItemPurpose.DISCUSS,
        "leads": (("EU", "CNECT"), ("UK", "DSIT")),
        "minutes": 20,
        "commitments": ("C3",),
        "theme": "CNI_PRIVATE_SECTOR",
        "references": (
            TabledReference(
                ASSESSMENT_ID, 2, Rendition.TEAR_LINE, Mode.RELEASE, "Intrusions into water utilities"
            ),
        ),
        "action_ids": (),
        "marking": "TLP:GREEN",
    }
    return TabledItem(**{**members, **changes})


def accepted(item_id: UUID, party: str, **changes: Any) -> ItemAnswer:
    """What a party says of an item, and that it accepts it where nothing else is given."""
    members: dict[str, Any] = {
        "item_id": item_id,
        "party": party,
        "answer": Answer.ACCEPTED,
        "comment": "",
        "proposal": Proposal(),
        "marking": "",
        "item_hash": "sha256:" + "3" * 64,
        "organisation": "",
        "official": f"{party.lower()}-secretariat",
        "since_version": 1,
        "given_at": AT,
        "aggregate_version": 1,
    }
    return ItemAnswer(**{**members, **changes})


def tabled(**changes: Any) -> Agenda:
    members: dict[str, Any] = {
        "id": AGENDA_ID,
        "meeting_id": MEETING_ID,
        "series": "uk-eu",
        "version": 1,
        "state": AgendaState.TABLED,
        "tabled_by": "UK",
        "content_hash": "sha256:" + "1" * 64,
        "payload": b"{}",
        "item_ids": (ITEM_ID,),
        "references": (HeldReference(ITEM_ID, REFERENCE, ReferenceState.CURRENT),),
        "agreed": (),
        "tabled_at": AT,
        "agreed_at": None,
        "aggregate_version": 1,
        "traceparent": None,
        "sitting": meeting().sitting,
        **changes,
    }
    members.setdefault(
        "answers",
        tuple(accepted(item_id, party) for party in PARTIES for item_id in members["item_ids"]),
    )
    return Agenda(**members)
