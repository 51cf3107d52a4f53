"""What is asked with: for every name of an argument, the value of a plain call and those of further calls."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid5

from services.cli.accounts import Account
from services.kernel.identifiers import export_id
from services.threatfeed.domain.paging import number_token, page_token
from tests.support.worlds.at_work import Loaded
from tests.support.worlds.readers import series_of
from tests.support.worlds.world import BEGAN, MEETINGS, MEETS, Spoil, Wording, World, codeword, identity_of

NOBODYS: Final = UUID("11111111-1111-4111-8111-111111111111")
_NAMES: Final = UUID("2b9f4b4e-0ad2-49a3-8a53-8c5d9a0a4e77")
_WORDS: Final = 3
"""Codewords of hidden texts that are looked for; each costs a call of everything that can be searched."""
ABSENT: Final = None
"""The argument is left out."""


@dataclass(frozen=True)
class Values:
    """Of one argument: what a plain call says, and what each further call says instead."""

    plain: Any
    further: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Arguments:
    """What there is to be asked about in both worlds: what the reader sees, and what it does not see."""

    assessments: tuple[str, ...]
    words: tuple[str, ...]
    consents: tuple[str, ...]
    links: tuple[str, ...]
    clearances: tuple[str, ...]
    conflicts: tuple[str, ...]
    denials: tuple[str, ...]
    records: tuple[str, ...]
    series: tuple[str, ...]
    notices: tuple[str, ...]

    @classmethod
    def of(cls, reader: Account, worlds: tuple[World, ...], loaded: tuple[Loaded, ...]) -> "Arguments":
        own = sorted(series_of(reader)) or ["uk-eu"]
        seen = worlds[0].seen(reader.party)
        texts = sorted({one.text for world in worlds for one in world.publications()})
        # The first is the one that plain calls are about.
        texts.sort(key=lambda text: -len(seen.get(text, ())))
        said = [one for world in worlds for one in world.publications()]
        shown = [one.wording for one in said if "FULL" in seen.get(one.text, ())]
        hidden = [one.wording for one in said if "FULL" not in seen.get(one.text, ())]
        spoilt = [codeword(s.seed) for world in worlds for s in world.steps if isinstance(s, Spoil)]
        return cls(
            assessments=_distinct(*(str(identity_of(text)) for text in texts), str(NOBODYS)),
            words=_distinct(*_words(hidden)[:_WORDS], *_words(shown)[:2], *spoilt[:1]),
            consents=_distinct(*(one for found in loaded for one in found.consents), str(NOBODYS)),
            clearances=_distinct(*(one for found in loaded for one in found.clearances), str(NOBODYS)),
            conflicts=_distinct(*(one for found in loaded for one in found.conflicts), str(NOBODYS)),
            denials=_distinct(*(one for found in loaded for one in found.denials), str(NOBODYS)),
            links=_distinct(*(one for found in loaded for one in found.links), str(NOBODYS)),
            records=_distinct(
                *(one for found in loaded for one in found.records), "threatfeed.submission.ncsc.v1:0:999"
            ),
            series=_distinct(*own, "uk-eu", "uk-us-cmr", "no-such"),
            notices=_distinct(*(one for found in loaded for one in found.notices), str(NOBODYS)),
        )


def _words(wordings: Sequence[Wording]) -> list[str]:
    return [codeword(wording.seed) for wording in wordings]


def _distinct(*values: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _optional(*further: Any) -> Values:
    return Values(ABSENT, further)


def _each(values: tuple[Any, ...]) -> Values:
    return Values(values[0], values[1:])


Named = Callable[[Arguments], Values]
_PROSE: Final = Values("Because it is so.")
_ETAG: Final = Values('"0"', ('"1"', '"7"'))
_FORGED: Final = (
    page_token((BEGAN, NOBODYS), "another question"),
    number_token(3, "another question"),
    "e30=",
    "not a token",
)
_RESUME: Final = Values("", ("11111111-1111-4111-8111-111111111111:0", ":3", "not a token"))
_TIME: Final = MEETS.isoformat()

VALUES: Final[Mapping[str, Named]] = {
    # What it is about.
    "assessment_id": lambda a: _each(a.assessments),
    "one": lambda a: Values(a.assessments[0], a.assessments[1:]),
    "one_id": lambda a: Values(a.assessments[0], a.assessments[1:]),
    "other": lambda a: Values(a.assessments[1], a.assessments[2:]),
    "other_id": lambda a: Values(a.assessments[1], a.assessments[2:]),
    "consent_id": lambda a: _each(a.consents),
    "notice_id": lambda a: _each(a.notices),
    "handling": lambda _: Values("DESTROYED"),
    "link_id": lambda a: _each(a.links),
    "record": lambda a: _each(a.records),
    "clearance_id": lambda a: _each(a.clearances),
    "conflict_id": lambda a: _each(a.conflicts),
    "denial_id": lambda a: _each(a.denials),
    "series": lambda a: _each(a.series),
    "meeting_id": lambda _: _optional(*map(str, MEETINGS.values()), str(NOBODYS)),
    "audience": lambda _: Values("uk-eu.uk", ("uk-eu.eu", "uk-us-cmr.uk", "uk-us-cmr.us", "no-such.uk")),
    "agency": lambda _: Values("ncsc", ("enisa", "cert-eu", "cisa", "unit42", "no-such")),
    "group": lambda _: Values("threatfeed.ingest", ("no-such",)),
    "topic": lambda _: Values(
        "threatfeed.submission.ncsc.v1", ("threatfeed.submission.enisa.v1", "threatfeed.submission.cisa.v1")
    ),
    "partition": lambda _: Values(0, (7,)),
    "edition": lambda _: _optional(0, 3),
    "revision": lambda _: Values(1, (0, 2, 3)),
    "from_revision": lambda _: Values(1, (2,)),
    "to_revision": lambda _: Values(2, (1, 3)),
    "rendition": lambda _: Values("FULL", ("TEAR_LINE",)),
    "mode": lambda _: Values("RELEASE", ("DISCLOSE",)),
    "which": lambda _: _optional("OVERDUE", "ANSWERED", "ALL"),
    "selection": lambda _: _optional("OVERDUE", "ANSWERED", "ALL"),
    "standing": lambda _: _optional("LIFTED", "ALL"),
    "with_lifted": lambda _: _optional(True),
    "kind": lambda _: Values("AGENCY"),
    "form": lambda _: Values("csv", ("stix", "jsonl")),
    "format": lambda _: Values("CSV", ("STIX", "JSONL")),
    "collection_id": lambda a: _each(tuple(str(export_id("collection", one)) for one in _audiences(a))),
    "object_id": lambda a: _each(tuple(f"report--{one}" for one in a.assessments)),
    "match[id]": lambda a: _optional(*(f"report--{one}" for one in a.assessments[-2:])),
    "match[type]": lambda _: _optional("report", "identity"),
    "match[version]": lambda _: _optional("all", "first"),
    "match[spec_version]": lambda _: _optional("2.1"),
    "added_after": lambda _: _optional("2026-11-20T09:10:00Z"),
    "next": lambda _: _optional(*_FORGED),
    # What is looked for.
    "words": lambda a: _optional(*a.words, "hospitals", "judged"),
    "theme": lambda _: _optional("CNI_INTERDEPENDENCY", "CYBERCRIME_RANSOMWARE", "THREAT_LANDSCAPE"),
    "actor": lambda _: _optional("APT28", "LockBit"),
    "technique": lambda _: _optional("T1566", "T1190"),
    "cve": lambda _: _optional("CVE-2026-1001", "CVE-2026-1003"),
    "sector": lambda _: _optional("energy", "health"),
    "marking": lambda _: _optional("TLP:AMBER", "UK_GSCP OFFICIAL", "UK_GSCP SECRET"),
    "party": lambda _: Values("EU", ("UK", "US")),
    "state": lambda _: _optional("OPEN", "DISCARDED"),
    "reason": lambda _: _PROSE,
    "since": lambda _: _optional("2026-11-09T00:00:00Z"),
    "until": lambda _: _optional("2026-11-09T00:00:00Z"),
    "received_from": lambda _: _optional("2026-11-20T09:12:00Z"),
    "received_before": lambda _: _optional("2026-11-20T09:14:00Z"),
    # How much, and from where.
    "page_size": lambda _: _optional(1, 2),
    "page_token": lambda _: _optional(*_FORGED),
    "size": lambda _: _optional(1, 2),
    "token": lambda _: _optional(*_FORGED),
    "resume_token": lambda _: _RESUME,
    "last-event-id": lambda _: _optional(),
    # What a change says.
    "used_at": lambda _: Values(_TIME),
    "expires_time": lambda _: Values("2027-01-01T00:00:00Z"),
    "needed_by_time": lambda _: _optional("2026-12-01T00:00:00Z"),
    "meeting": lambda _: _optional(),
    "starts_time": lambda _: _optional(),
    "ends_time": lambda _: _optional(),
    "id": lambda _: _optional(),
    "originator": lambda _: _optional("NCSC", "ENISA"),
    "text": lambda _: Values("What may be said."),
    "texts": lambda a: _each(
        tuple(_text(one, rendition) for one in a.assessments for rendition in ("FULL", "TEAR_LINE"))
    ),
    "stated_time": lambda _: _optional("2026-11-20T09:00:00Z"),
    "jws": lambda _: _optional("e30..e30"),
    "tear_line": lambda _: _optional(),
    "choice": lambda _: Values("a" * 64),
    "statement": lambda _: _PROSE,
    "note": lambda _: _PROSE,
    "verdict": lambda _: Values("ASSIGNED", ("REMOVED",)),
    "version": lambda _: Values("next"),
    "replaces": lambda _: Values("2026.1"),
    "value": lambda _: Values("e30=", ()),
    "content_type": lambda _: _optional(),
    "validate_only": lambda _: Values(True, (False,)),
    "dry_run": lambda _: Values(True, (False,)),
    "rate": lambda _: Values(1000),
    "limit": lambda _: Values(10, (1,)),
    "next_offset": lambda _: _optional(1),
    "if-match": lambda _: _ETAG,
    "etag": lambda _: _ETAG,
    "idempotency-key": lambda _: Values(""),
    "request_id": lambda _: Values(""),
}
"""By the name of the argument over REST and of the field over gRPC."""

_OF_CONFLICTS: Final = Values(ABSENT, ("OPEN", "RESOLVED"))
OTHERWISE: Final[Mapping[tuple[str, str], Named]] = {
    ("GET /v1/assessments", "party"): lambda _: _optional("UK", "EU", "US"),
    ("GET /v1/assessments", "agency"): lambda _: _optional("ncsc", "enisa", "cisa"),
    ("GET /v1/assessment-changes", "party"): lambda _: _optional("UK", "EU"),
    ("GET /v1/assessment-changes", "agency"): lambda _: _optional("ncsc", "enisa"),
    ("GET /v1/assessment-changes", "resume_token"): lambda _: _optional(*_RESUME.further),
    ("GET /v1/consents", "assessment_id"): lambda a: _optional(*a.assessments),
    ("GET /v1/quarantine", "reason"): lambda _: _optional("JSON_MALFORMED", "NOT_JSON"),
    ("GET /v1/quarantine", "topic"): lambda _: _optional("threatfeed.submission.ncsc.v1"),
    ("POST /v1/quarantine-replays", "reason"): lambda _: _optional("NOT_JSON"),
    ("POST /v1/quarantine-replays", "topic"): lambda _: _optional("threatfeed.submission.enisa.v1"),
    ("POST /v1/assessments/{assessment_id}/theme-decisions", "theme"): lambda _: Values("THREAT_LANDSCAPE"),
    ("GET /v1/conflicts", "state"): lambda _: _OF_CONFLICTS,
    **{
        (f"GET /taxii2/threatfeed/collections/{{collection_id}}/{what}/", "limit"): lambda _: _optional(2)
        for what in ("objects", "objects/{object_id}", "objects/{object_id}/versions", "manifest")
    },
    ("ListConflicts", "state"): lambda _: _OF_CONFLICTS,
    ("GET /v1/text-uses", "assessment_id"): lambda a: _optional(*a.assessments),
    ("ListTextUses", "assessment_id"): lambda a: _optional(*a.assessments),
    ("GET /v1/exports/assessments.{form}", "party"): lambda _: _optional("UK", "EU", "US"),
    ("GET /v1/exports/assessments.{form}", "agency"): lambda _: _optional("ncsc", "enisa"),
    ("POST /v1/clearances/{clearance_id}/offer-tear-line", "marking"): lambda _: Values("UK OFFICIAL REL EU"),
    ("POST /v1/clearances/{clearance_id}/statement", "kind"): lambda _: Values("GRANTED", ("REFUSED",)),
    ("POST /v1/clearances/{clearance_id}/statement", "words"): lambda _: _PROSE,
    **{
        (place, "selection"): lambda _: _optional("OVERDUE", "ACKNOWLEDGED", "ALL")
        for place in (
            *("GET /v1/withdrawal-notices", "GET /v1/withdrawal-recipients"),
            *("ListWithdrawalNotices", "ListWithdrawalRecipients"),
        )
    },
    **{
        (place, "words"): lambda _: _PROSE
        for place in (
            "POST /v1/withdrawal-notices/{notice_id}/statement",
            "POST /v1/withdrawal-notices/{notice_id}/acknowledge",
            "StateAcknowledgement",
            "AcknowledgeWithdrawal",
        )
    },
    ("StateConsentAnswer", "kind"): lambda _: Values("GRANTED", ("REFUSED",)),
    ("StateConsentAnswer", "words"): lambda _: _PROSE,
    ("StateConsentAnswer", "text"): lambda _: _optional("What may be said."),
    ("StateConsentAnswer", "marking"): lambda _: _optional("UK OFFICIAL REL EU"),
    ("OfferTearLine", "marking"): lambda _: Values("UK OFFICIAL REL EU"),
    ("POST /v1/source-denials", "value"): lambda _: _optional(),
    ("DenySource", "value"): lambda _: _optional(),
    ("ListConsents", "assessment_id"): lambda a: _optional(*a.assessments),
    ("DecideTheme", "theme"): lambda _: Values("THREAT_LANDSCAPE"),
}
"""Where a name means something else, by the route or the method."""


def _audiences(arguments: Arguments) -> tuple[str, ...]:
    """The first in the series that the reader works in."""
    every = ("uk-eu.uk", "uk-eu.eu", "uk-us-cmr.uk", "uk-us-cmr.us")
    return tuple(sorted(every, key=lambda one: not one.startswith(arguments.series[0])))


def _text(assessment: str, rendition: str) -> list[dict[str, Any]]:
    return [{"assessment_id": assessment, "revision": 1, "rendition": rendition, "mode": "RELEASE"}]


def values_for(place: str, name: str, arguments: Arguments) -> Values:
    """Raises `LookupError` for a name that nobody has given values to."""
    named = OTHERWISE.get((place, name)) or VALUES.get(name)
    if named is None:
        raise LookupError(
            f"{place} has an argument '{name}' that tests/support/worlds/values.py gives no values for: "
            "say there what a reader could ask with"
        )
    return named(arguments)


def request_key(name: str) -> str:
    """The key of one request, the same in every world."""
    return str(uuid5(_NAMES, name))
