"""What the actions service is asked with."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from entente.actions.v1 import action_service_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from tests.support.sides.values import ABSENT, Arguments, Named, Values, Vocabulary

_SERIES: Final = ("uk-eu", "uk-us-cmr", "no-such")
_DAYS: Final = ("2026-11-23", "2027-01-20", "2027-02-01")
_DIGEST: Final = f"sha256:{'0' * 64}"


def _timestamp(day: str) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(datetime.fromisoformat(day).replace(tzinfo=UTC))
    return made


def _etags(arguments: Arguments) -> Values:
    """Those that the reader was given, the latest first."""
    return (*reversed(arguments.seen.get("etag", ())), '"1"')[: 1 + arguments.most]


_VALUES: Final[Mapping[str, Named]] = {
    "id": lambda a: a.ids("action_id"),
    "series": lambda _: _SERIES,
    "audience": lambda _: (
        "uk-eu.eu",
        "uk-eu.uk",
        "uk-us-cmr.us",
        "uk-us-cmr.uk",
        "uk-us-cmr.eu",
        "UK-EU.EU",
        "nobody",
    ),
    "resume_token": lambda a: (ABSENT, *(f"{one}:3" for one in a.ids("epoch")), "x:9", "not a token"),
    "last-event-id": lambda a: (ABSENT, *(f"{one}:5" for one in a.ids("epoch")), "not a token"),
    "state": lambda _: (ABSENT, "IN_PROGRESS", "CLOSED"),
    "claimed_rag": lambda _: (ABSENT, "AMBER"),
    "computed_rag": lambda _: (ABSENT, "RED"),
    "owner": lambda _: (ABSENT, "DSIT", "STRATCOM"),
    "party": lambda _: (ABSENT, "UK"),
    "supporting": lambda _: (ABSENT, "NCSC"),
    "lead_official": lambda _: (ABSENT, "dsit-owner", "Head of cyber"),
    "assigned_to_me": lambda _: (ABSENT, True),
    "post": lambda _: ("Another head",),
    "subject": lambda _: ("dsit-owner", "nobody"),
    "beneficiary": lambda _: ("NCSC", "CNECT", "NOBODY"),
    "commitment": lambda _: (ABSENT, "C3", "S1"),
    "instrument": lambda _: (ABSENT, "cyber-and-digital-security"),
    "meeting_id": lambda _: (ABSENT, "meeting"),
    "edition": lambda _: (ABSENT, 2026),
    "text": lambda _: (ABSENT, "guidance", "for the UK alone"),
    "since": lambda _: _DAYS,
    "as_of": lambda _: (ABSENT, *_DAYS),
    "period": lambda _: (ABSENT, "WEEK"),
    "periods": lambda _: (ABSENT, 3),
    "due_by": lambda _: (ABSENT, "2028-06-01"),
    "before": lambda a: (ABSENT, "2027-02-01", *a.ids("update_id")),
    "due_date": lambda _: ("2028-06-30",),
    "page_size": lambda _: (ABSENT, 1),
    "page_token": lambda _: (ABSENT, "e30=", "not a token"),
    "etag": _etags,
    "if-match": _etags,
    "idempotency-key": lambda _: ("",),
    "evidence_digest": lambda _: (_DIGEST,),
    "successor": lambda _: ("UKEU-2026-A02", "UKEU-2026-U01"),
    "narrative": lambda _: ("Words",),
    "reason": lambda _: ("Words",),
    "finding": lambda _: ("Words",),
    "depends_on": lambda a: a.ids("action_id"),
    # Of quarantine and consumers, which are asked about in threatfeed's proof.
    "record": lambda _: ("agenda.outcome.v1:0:0",),
    "topic": lambda _: (ABSENT, "agenda.outcome.v1"),
    "received_from": lambda _: (ABSENT,),
    "received_before": lambda _: (ABSENT,),
    "group": lambda _: ("actions.outcomes",),
    "partition": lambda _: (0,),
    "endpoint": lambda _: ("office",),
    "from_start": lambda _: (ABSENT, True),
}
_SAID: Final[Mapping[str, Any]] = {
    "uri": "https://www.example.org/more",
    "digest": _DIGEST,
    "marking": "TLP:CLEAR",
    "expires_on": "2029-01-01",
    "due": "2027-05-01",
    "successor": "UKEU-2026-A02",
}
_SHOWN: Final = action_service_pb2.Evidence(
    title="More", uri="https://www.example.org/more", digest=_DIGEST, marking="TLP:CLEAR"
)
_MILESTONE: Final = action_service_pb2.Milestone(
    milestone_id="5d7c0a9e-3a58-4d2b-9b7b-2b3b0a2f7c11", title="More", weight=1, due="2027-05-01"
)
_FILTERS: Final = (
    action_service_pb2.ActionFilter(),
    action_service_pb2.ActionFilter(owner="DSIT"),
    action_service_pb2.ActionFilter(text="for the UK alone"),
)

WORDS: Final = Vocabulary(
    "tests/support/courses/words.py",
    _VALUES,
    {"depends_on": "action_id"},
    _SAID,
    {
        "google.protobuf.Timestamp": tuple(map(_timestamp, _DAYS)),
        "entente.actions.v1.Evidence": (_SHOWN,),
        "entente.actions.v1.Milestone": (_MILESTONE,),
        "entente.actions.v1.ActionFilter": _FILTERS,
    },
)
