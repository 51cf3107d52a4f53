"""Evidence as its provider gives it, and what is checked before it is held."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from services.actions.domain.evidence import Evidence, check_expiry
from services.actions.domain.expected_evidence import ExpectedEvidence, require_answerable
from services.actions.domain.texts import (
    LONGEST_DESCRIPTION,
    LONGEST_MATERIAL,
    LONGEST_TITLE,
    address,
    digest,
    plain,
)
from services.kernel.evidence import EvidenceKind
from services.kernel.markings.banner import parse
from services.kernel.markings.levels import Level
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue, Refusal
from services.kernel.releasability import check_holding


@dataclass(frozen=True, slots=True)
class GivenEvidence:
    """`uri` says where the material lies, `text` is the material itself where it is short: one of the two
    is there. `digest` is empty where nobody took one.
    """

    title: str
    description: str
    uri: str
    digest: str
    marking: str
    kind: EvidenceKind = EvidenceKind.DOCUMENTARY
    text: str = ""
    expires_on: date | None = None
    answers: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Holding:
    """What this deployment may hold."""

    home_party: str
    ceiling: Level


def checked_evidence(
    given: GivenEvidence,
    identity: UUID,
    reader: Reader,
    at: datetime,
    *,
    here: str,
    revision: int = 1,
    holding: Holding,
    policy: Policy,
    expected: Iterable[ExpectedEvidence] = (),
) -> Evidence:
    """One revision of an item. `here` is the pointer to it, `expected` what it may answer.

    Raises `InvalidValue`, `ExpiryWrong`, `NotExpected`, or the refusal of a marking.
    """
    try:
        check_holding(
            parse(given.marking),
            originator_party=reader.party,
            home_party=holding.home_party,
            ceiling=holding.ceiling,
            policy=policy,
            now=at,
        )
    except Refusal as refusal:
        raise type(refusal)(refusal.detail, pointer=f"{here}/marking", **refusal.metadata) from refusal
    text = plain(given.text, f"{here}/text", LONGEST_MATERIAL)
    if not (given.uri or text):
        raise InvalidValue("evidence lies somewhere, or is a text", pointer=f"{here}/uri")
    check_expiry(given.expires_on, at, f"{here}/expires_on")
    item = Evidence(
        id=identity,
        title=plain(given.title, f"{here}/title", LONGEST_TITLE, required=True),
        description=plain(given.description, f"{here}/description", LONGEST_DESCRIPTION),
        uri=address(given.uri, f"{here}/uri") if given.uri else "",
        digest=_digest(given, text, f"{here}/digest"),
        marking=given.marking.strip(),
        submitted_by=reader.subject,
        party=reader.party,
        organisation=reader.organisation,
        submitted_at=at,
        kind=given.kind,
        text=text,
        expires_on=given.expires_on,
        revision=revision,
        answers=tuple(dict.fromkeys(given.answers)),
    )
    require_answerable(expected, item, here)
    return item


def _digest(given: GivenEvidence, text: str, pointer: str) -> str:
    """Of a text that lies nowhere else the digest is ours to take; one that is given must be right."""
    told = digest(given.digest, pointer)
    if given.uri:
        return told
    taken = f"sha256:{sha256(text.encode()).hexdigest()}"
    if told not in ("", taken):
        raise InvalidValue("this is not the digest of the text", pointer=pointer)
    return taken
