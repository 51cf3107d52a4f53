"""What the agenda is asked with."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from entente.agenda.v1 import item_text_pb2, outcome_service_pb2, planning_pb2, proposal_service_pb2
from entente.exchange.v1 import agenda_pb2
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from services.kernel.identifiers import meeting_id
from tests.support.dialogue import STARTS
from tests.support.sides.values import ABSENT, Named, Vocabulary

_VALUES: Final[Mapping[str, Named]] = {
    "wanted": lambda a: a.every_id(),
    "from": lambda a: a.ids("agenda_id"),
    "earlier_agenda_id": lambda a: a.ids("agenda_id"),
    "conclusions_meeting_id": lambda a: a.ids("meeting_id"),
    "id": lambda a: a.every_id(),
    "etag": lambda a: ('"1"', '"2"')[: a.most],
    "content_hash": lambda _: (f"sha256:{'0' * 64}",),
    "jws": lambda _: ("e30..AA",),
    "marking": lambda _: ("TLP:GREEN",),
    "series": lambda _: ("uk-eu", "uk-us-cmr", "no-such"),
    "subject": lambda a: (
        "commitment:C3",
        *(f"assessment:{one}" for one in a.ids("assessment_id")),
        *(f"proposal:{one}" for one in a.ids("proposal_id")),
        *(f"action:{one}" for one in a.ids("action_id")),
    ),
    "section": lambda a: ("OPENING", "CLOSING", *a.ids("item_id")),
    "item": lambda a: (ABSENT, *a.ids("item_id")),
    "by_organisation": lambda _: (ABSENT, "FCDO", "EEAS"),
    "since": lambda _: (ABSENT, STARTS.isoformat()),
    "name": lambda _: ("Director",),
    "organisation": lambda _: ("DSIT",),
    "nationality": lambda _: ("GBR",),
    "represents": lambda _: ("",),
    **dict.fromkeys(
        ("text", "note", "remarks", "question", "rationale", "brief", "speaking_notes", "venue"),
        lambda _: ("Words",),
    ),
    "host_party": lambda _: ("UK",),
    "starts_at": lambda _: ("2028-12-09T09:00:00Z",),
    "ends_at": lambda _: ("2028-12-10T09:00:00Z",),
    "time_zone": lambda _: ("Europe/Brussels",),
    "commitments": lambda _: ("C3",),
    "draft_etag": lambda _: ('"1"',),
    "item_ids": lambda a: a.ids("item_id"),
    "position": lambda _: (ABSENT, 1),
    "more": lambda _: (ABSENT, 30),
    "theme": lambda _: (ABSENT, "CNI_PRIVATE_SECTOR", "THREAT_LANDSCAPE"),
    "selection": lambda _: (ABSENT, "DONE", "ALL"),
    "state": lambda _: (ABSENT, "PARKED"),
    "commitment": lambda _: (ABSENT, "C3", "S1"),
    "edition": lambda _: (ABSENT, 2026, 2027),
    "page_size": lambda _: (ABSENT, 1),
    "page_token": lambda _: (ABSENT, "e30=", "not a token"),
    "if-match": lambda _: ('"1"', '"2"'),
    "idempotency-key": lambda _: ("",),
    # Of quarantine and consumers, which are asked about in threatfeed's proof.
    "record": lambda _: ("threatfeed.assessment.v1:0:0",),
    "reason": lambda _: ("Words",),
    "topic": lambda _: (ABSENT, "threatfeed.assessment.v1"),
    "received_from": lambda _: (ABSENT,),
    "received_before": lambda _: (ABSENT,),
    "group": lambda _: ("agenda.assessments",),
    "partition": lambda _: (0,),
}

_OF_ANOTHER_NAME: Final[Mapping[str, str]] = {
    "one": "action_id",
    "other": "action_id",
    "before": "item_id",
    "after": "item_id",
}

_SAID: Final[Mapping[str, Any]] = {
    "series": "uk-eu",
    "edition": 2028,
    "host_party": "UK",
    "starts_at": "2028-12-09T09:00:00Z",
    "ends_at": "2028-12-10T09:00:00Z",
    "marking": "TLP:GREEN",
    "theme": "CNI_PRIVATE_SECTOR",
    "commitments": ["C3"],
    "commitment": "C3",
    "leads": {"UK": "DSIT", "EU": "CNECT"},
    "party": "UK",
    "organisation": "DSIT",
    "nationality": "GBR",
    "due_date": "2027-06-30",
    "represents": "",
}

_ITEM: Final = item_text_pb2.ItemText(
    title="Words",
    kind=agenda_pb2.ITEM_KIND_SUBSTANTIVE,
    purpose=agenda_pb2.ITEM_PURPOSE_DISCUSS,
    minutes=10,
    marking="TLP:GREEN",
)
_SINCE: Final = (Timestamp(), Timestamp(seconds=int(STARTS.timestamp())))
_MESSAGES: Final[Mapping[str, Sequence[Message]]] = {
    "entente.agenda.v1.ItemText": (_ITEM,),
    "entente.agenda.v1.ForwardedItem": tuple(
        proposal_service_pb2.ForwardedItem(meeting_id=str(meeting_id(series, "2026")), title="Elsewhere")
        for series in ("uk-eu", "uk-us-cmr")
    ),
    "entente.agenda.v1.OutcomeText": (
        outcome_service_pb2.OutcomeText(conclusion="Words", marking="TLP:GREEN"),
    ),
    "entente.agenda.v1.Planning": (planning_pb2.Planning(gap=5),),
    "entente.exchange.v1.ItemLead": (agenda_pb2.ItemLead(party="UK", organisation="DSIT"),),
    "google.protobuf.Timestamp": _SINCE,
}

WORDS: Final = Vocabulary("tests/support/sides/words.py", _VALUES, _OF_ANOTHER_NAME, _SAID, _MESSAGES)
