"""What tests of actions start from: an agreed action and the people around it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from entente.exchange.v1.action_status_pb2 import ActionStatus

from services.actions.domain.action import Action, Rag
from services.actions.domain.basis import BasisReference
from services.actions.domain.evidence import Evidence
from services.actions.domain.expected_evidence import ExpectedEvidence
from services.actions.domain.owners import Owner
from services.actions.domain.rating import Situation, rate
from services.actions.events import encode_status
from services.kernel.evidence import EvidenceKind
from services.kernel.parties import Reader, Role

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ACTION_ID = UUID("0b7d4a52-2b0c-5a55-9a53-3d1f0a8c7e01")
ASSESSMENT_ID = UUID("0b7d4a52-2b0c-5a55-9a53-3d1f0a8c7e02")
CLOSURE_ID = UUID("0b7d4a52-2b0c-5a55-9a53-3d1f0a8c7e03")
EXPECTED_ID = UUID("0b7d4a52-2b0c-5a55-9a53-3d1f0a8c7e05")
BOTH_OWN = (Owner("UK", "DSIT", accountable=True), Owner("EU", "CNECT", accountable=True))
UK_OWNS = (Owner("UK", "DSIT", accountable=True), Owner("UK", "NCSC", accountable=False))
UK_EU = ("UK", "EU")


def reader(organisation: str, party: str, *roles: Role, subject: str | None = None) -> Reader:
    """A role account of an organisation."""
    name = subject or f"{organisation.lower()}-{roles[0] if roles else 'owner'}"
    return Reader(name, party, organisation, frozenset(roles or (Role.OWNER,)))


DSIT = reader("DSIT", "UK", Role.OWNER)
CNECT = reader("CNECT", "EU", Role.OWNER)
EEAS = reader("EEAS", "EU", Role.SECRETARIAT)
FCDO = reader("FCDO", "UK", Role.SECRETARIAT)


def agreed(**changes: Any) -> Action:
    """An action as it is opened, owned by both parties of uk-eu unless said otherwise."""
    members: dict[str, Any] = {
        "id": ACTION_ID,
        "reference": "UKEU-2026-A01",
        "series": "uk-eu",
        "meeting_id": "meeting",
        "item_id": "item",
        "outcome_id": "outcome",
        "content_hash": "sha256:" + "0" * 64,
        "text": "Publish joint guidance for operators of essential services.",
        "guidance": "Build on what both agencies have published.",
        "owners": BOTH_OWN,
        "commitment": "C3",
        "marking": "UK OFFICIAL REL EU",
        "original_due_date": date(2027, 6, 30),
        "due_date": date(2027, 6, 30),
        "opened_at": AT,
        "changed_at": AT,
        "basis": (BasisReference(ASSESSMENT_ID, 1),),
    }
    return Action(**{**members, **changes})


def evidence(**changes: Any) -> Evidence:
    members: dict[str, Any] = {
        "id": UUID("0b7d4a52-2b0c-5a55-9a53-3d1f0a8c7e04"),
        "title": "Guidance as published",
        "description": "",
        "uri": "https://www.example.org/guidance",
        "digest": "",
        "marking": "TLP:CLEAR",
        "submitted_by": DSIT.subject,
        "party": "UK",
        "organisation": "DSIT",
        "submitted_at": AT,
    }
    return Evidence(**{**members, **changes})


def expected(**changes: Any) -> ExpectedEvidence:
    members: dict[str, Any] = {
        "id": EXPECTED_ID,
        "kind": EvidenceKind.DOCUMENTARY,
        "wording": "The guidance as published.",
        "party": "",
        "due": date(2027, 5, 31),
    }
    return ExpectedEvidence(**{**members, **changes})


def in_progress(**changes: Any) -> Action:
    return agreed(**changes).accepted(DSIT, AT).reported(Rag.GREEN, "", DSIT, AT)


def claimed(**changes: Any) -> Action:
    return in_progress(**changes).claimed([evidence()], "Done.", DSIT, AT)


def status_of(action: Action) -> ActionStatus:
    """What the audience uk-eu.uk sees of it on the day of `AT`."""
    return encode_status("uk-eu.uk", action, rate(Situation(action, AT.date(), timedelta(days=90))))
