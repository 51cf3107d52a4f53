"""A world: everything that agencies and officials did, step by step, and what stands after each."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from services.kernel.identifiers import assessment_id
from services.kernel.markings.levels import Level
from services.kernel.policy import Policy
from services.kernel.themes import read_themes
from services.threatfeed.domain.assessment import Assessment
from tests.support.submissions import read_one, real_policy
from tests.support.worlds.oracle import AGENCIES, Published, Standing, Text

BEGAN: Final = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
MEETINGS: Final = {
    "uk-eu": UUID("3e0a3f3e-52d0-4bb6-8c0c-0f5d7a5f6c01"),
    "uk-us-cmr": UUID("3e0a3f3e-52d0-4bb6-8c0c-0f5d7a5f6c02"),
}
MEETS: Final = datetime(2026, 12, 20, 9, 0, tzinfo=UTC)
SECRETARIATS: Final = {
    ("uk-eu", "UK"): ("fcdo-secretariat", "FCDO"),
    ("uk-eu", "EU"): ("eeas-secretariat", "EEAS"),
    ("uk-us-cmr", "UK"): ("stratcom-secretariat", "STRATCOM"),
    ("uk-us-cmr", "US"): ("nsa-secretariat", "NSA"),
}
PHRASES: Final = (
    "Ransomware against hospitals",
    "A water board was entered",
    "Cyber skills are scarce",
    "Nothing in particular happened",
    "Sanctions and attribution of operations",
)
_ACTORS: Final = ("APT28", "Sandworm", "LockBit", "Nobody in particular")
_SECTORS: Final = ("energy", "health", "transport")
_TECHNIQUES: Final = ("T1566", "T1190", "T1078")


def codeword(seed: int) -> str:
    """A word that stands in one text only."""
    return "q" + "".join("bcdfghjklm"[int(digit)] for digit in str(seed))


@dataclass(frozen=True)
class Wording:
    """The words of one revision: all of them follow from the seeds."""

    seed: int
    marking: str
    line: tuple[int, str] | None = None
    """Seed and marking of the tear line."""
    sources: tuple[Text, ...] = ()

    def document(self, identity: str, version: int, day: int) -> dict[str, Any]:
        seed = self.seed
        document: dict[str, Any] = {
            "id": identity,
            "version": version,
            "title": f"Title {codeword(seed)}",
            "text": f"{PHRASES[seed % len(PHRASES)]}, said {codeword(seed)}.",
            "published": f"2026-11-{day:02}T09:00:00Z",
            "marking": _marking(self.marking),
            "actors": [_ACTORS[seed % len(_ACTORS)]],
            "cves": [f"CVE-2026-{1000 + seed % 7}"],
            "techniques": [_TECHNIQUES[seed % len(_TECHNIQUES)]],
            "sectors": [_SECTORS[seed % len(_SECTORS)]],
            "judgements": [{"id": "J1", "statement": f"It is so, judged {codeword(seed)}"}],
            "derived_from": [
                {"agency": agency, "id": source, "version": str(revision)}
                for agency, source, revision in self.sources
            ],
        }
        if self.line is not None:
            line, marking = self.line
            document["tear_line"] = {
                "title": f"Line {codeword(line)}",
                "text": f"{PHRASES[line % len(PHRASES)]} (CVE-2026-{1000 + line % 7}), {codeword(line)}.",
                "marking": _marking(marking),
            }
        return document


def _marking(banner: str) -> dict[str, str]:
    if not banner.startswith("TLP:"):
        return {"national": banner}
    tlp, _, national = banner.partition("//")
    return {"tlp": tlp, "national": national} if national else {"tlp": tlp}


@cache
def is_acceptable(agency: str, wording: Wording) -> bool:
    """Whether ingest takes it at all: a tear line must not be more restricted than its parent."""
    return isinstance(read_one(wording.document("X", 1, 1), agency), Assessment)


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something that was done. The key names it, so that it happens at the same moment in every world."""

    key: str
    minute: float

    @property
    def at(self) -> datetime:
        return BEGAN + timedelta(minutes=self.minute)


@dataclass(frozen=True, kw_only=True)
class Publish(Step):
    agency: str
    identity: str
    revision: int
    day: int
    wording: Wording

    @property
    def text(self) -> Text:
        return self.agency, self.identity, self.revision

    @property
    def document(self) -> dict[str, Any]:
        return self.wording.document(self.identity, self.revision, self.day)


@dataclass(frozen=True, kw_only=True)
class Withdraw(Step):
    agency: str
    identity: str


@dataclass(frozen=True, kw_only=True)
class Contest(Step):
    """The newest version of an assessment once more, with other words."""

    text: Text
    day: int
    wording: Wording


@dataclass(frozen=True, kw_only=True)
class Settle(Step):
    """The secretariat of the agency's party chooses what the agency said first."""

    text: Text
    seed: int


@dataclass(frozen=True, kw_only=True)
class Spoil(Step):
    """Bytes that nobody can read."""

    agency: str
    seed: int


@dataclass(frozen=True, kw_only=True)
class Spill(Step):
    """A text that may not be held: nothing of it is kept but its place and its digest."""

    agency: str
    seed: int

    @property
    def value(self) -> bytes:
        document = {"id": f"S{self.seed}", "version": 1, "marking": {"national": "UK TOP SECRET"}}
        return json.dumps({**document, "title": codeword(self.seed), "text": codeword(self.seed)}).encode()


@dataclass(frozen=True, kw_only=True)
class Deny(Step):
    """The host's operator denies an assessment, for a reason of its own (`seed`); then it is sent."""

    agency: str
    identity: str
    day: int
    wording: Wording
    seed: int
    lifted: bool

    @property
    def document(self) -> dict[str, Any]:
        return self.wording.document(self.identity, 1, self.day)


@dataclass(frozen=True, kw_only=True)
class Theme(Step):
    audience: tuple[str, str]
    text: Text
    theme: str
    verdict: str
    seed: int


@dataclass(frozen=True, kw_only=True)
class Link(Step):
    audience: tuple[str, str]
    one: Text
    other: Text
    seed: int


@dataclass(frozen=True, kw_only=True)
class Decide(Step):
    audience: tuple[str, str]
    text: Text
    rendition: str
    mode: str


@dataclass(frozen=True, kw_only=True)
class Ask(Step):
    """A secretariat asks the text's originator for a consent to its use outside meetings, and is refused it,
    offered a tear line, or not answered.
    """

    audience: tuple[str, str]
    text: Text
    rendition: str
    party: str
    seed: int
    answer: str = ""


@dataclass(frozen=True, kw_only=True)
class Consent(Step):
    """The release officer of the text's agency consents. Without a series it is use outside any meeting."""

    text: Text
    rendition: str
    party: str
    mode: str
    series: str
    seed: int
    withdrawn: bool = False
    """Taken back at once."""


@dataclass(frozen=True, kw_only=True)
class Adopt(Step):
    """The second policy is put in force, and decided anew under."""


@dataclass(frozen=True)
class World:
    steps: tuple[Step, ...]
    hidden_series: frozenset[str] = field(default_factory=frozenset)
    """Series that this world has not got."""

    def publications(self) -> Iterator[Publish]:
        return (step for step in self.steps if isinstance(step, Publish))

    def standings(self) -> Iterator[tuple[Step, Standing]]:
        """What stands after each step."""
        texts: dict[Text, Published] = {}
        contested: dict[Text, Published | None] = {}
        consented: set[tuple[Text, str, str]] = set()
        for step in self.steps:
            if isinstance(step, Publish):
                line = None if step.wording.line is None else step.wording.line[1]
                texts[step.text] = Published(step.wording.marking, line, step.wording.sources)
            elif isinstance(step, Contest):
                contested[step.text] = texts.pop(step.text, None)
            elif isinstance(step, Settle):
                chosen = contested.pop(step.text, None)
                if chosen is not None:
                    texts[step.text] = chosen
            elif isinstance(step, Consent) and not step.series and step.mode == "RELEASE":
                consented.add((step.text, step.rendition, step.party))
                if step.withdrawn:
                    # It counted for a moment.
                    yield step, Standing(dict(texts), frozenset(consented))
                    consented.discard((step.text, step.rendition, step.party))
            yield step, Standing(dict(texts), frozenset(consented))

    def seen(self, party: str) -> Mapping[Text, frozenset[str]]:
        """Every rendition of every text that the party may have, or may have had at any time."""
        found: dict[Text, set[str]] = {}
        for _, standing in self.standings():
            for text in standing.texts:
                rendition = standing.sees(party, text)
                renditions = found.setdefault(text, set())
                if rendition is not None:
                    renditions.add(rendition)
        return {text: frozenset(renditions) for text, renditions in found.items()}


def identity_of(text: Text) -> UUID:
    return assessment_id(text[0], text[1])


def party_of(agency: str) -> str:
    return AGENCIES[agency][0]


def policies(hidden_series: frozenset[str], listed: Sequence[str]) -> tuple[Policy, Policy]:
    """The policy under which all is taken in, and the one that follows.

    The cyber management review is for those on its list. The second policy lowers the ceilings of the
    meetings and knows one more rule for themes, which nobody has applied.
    """
    real = real_policy()
    series = {key: one for key, one in real.series.items() if key not in hidden_series}
    if "uk-us-cmr" in series:
        series["uk-us-cmr"] = replace(series["uk-us-cmr"], need_to_know=frozenset(listed))
    entitlements = frozenset(one for one in real.entitlements if one.series in series)
    first = replace(real, series=series, entitlements=entitlements)
    lowered = {key: replace(one, ceiling=Level.parse("UK OFFICIAL")) for key, one in series.items()}
    document: dict[str, Any] = dict(real.themes.document)
    water = {"id": "WATER-1", "theme": "CNI_INTERDEPENDENCY", "any_of": [{"keywords": ["water"]}]}
    themes = read_themes({**document, "version": "next", "rules": [*document["rules"], water]}, "themes")
    second = replace(first, series=lowered, themes=themes, version="2026.2+next", digest="e" * 64)
    return first, second
