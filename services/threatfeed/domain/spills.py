"""Spills: texts that reached a topic and may not be held here. What is kept of one says nothing of it."""

import re
from dataclasses import dataclass
from typing import Final

from services.kernel.markings.levels import Level, MarkingSystem
from services.kernel.policy import Policy

SUSPECTED: Final = "SUSPECTED"
"""The rule of a spill that nobody could read: it speaks of a level or a caveat above what is held here."""

_LEVELS: Final = (
    (re.compile(rb"\bTOP SECRET\b|\bCOSMIC\b|\(TS//"), "UK TOP SECRET"),
    (re.compile(rb"\bSECRET\b|\(S//"), "UK SECRET"),
    (re.compile(rb"\bCONFIDENTI(?:AL|EL)\b|\(C//"), "CONFIDENTIEL UE/EU CONFIDENTIAL"),
)
_NEVER_ABROAD: Final = re.compile(rb"\bNOFORN\b|//NF\b|\bDISPLAY ONLY\b|\bRELIDO\b")


@dataclass(frozen=True, slots=True)
class Spill:
    """Where it lies, whose it is, its digest and size in bytes, and the rule that forbids to hold it."""

    topic: str
    partition: int
    offset: int
    agency: str
    sha256: str
    size: int
    rule_id: str


def is_suspect(raw: bytes, *, home_party: str, ceiling: Level, policy: Policy) -> bool:
    """Whether bytes that nobody could read name, in capitals as banners do, what may not be held here.

    It may be wrong: then an operator looks into the topic instead of the quarantine.
    """
    if policy.owners.get(MarkingSystem.US_CAPCO) != home_party and _NEVER_ABROAD.search(raw):
        return True
    held = policy.rank(ceiling)
    return any(policy.rank(Level.parse(level)) > held and words.search(raw) for words, level in _LEVELS)
