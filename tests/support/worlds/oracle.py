"""Who may read what, said a second time: a table of markings, written from the standards.

Nothing here uses the markings or the releasability of the kernel. Each row of the table is one way in
which an agency marks a text, with the parties that may keep a copy of it outside any meeting:

- TLP 2.0: CLEAR for everybody, GREEN for the community, AMBER for the originator's organisation and its
  clients (no other government), AMBER+STRICT and RED for whom the originator names.
- GSCP 2024: the prefix UK for anything that leaves the government, REL EU besides for an EU institution;
  HMG USE ONLY and national caveats leave no room; [ORGANISATION] USE ONLY stays where it is; an embargo
  is over or not.
- CAPCO 2016: the REL TO list, with FVEY for its five members; ORCON asks the originator every time.
- EUCI: the institution's own, a government with an agreement in force; LIMITE is for whom it is
  released to.

A text that was written from others is for whoever may have all of them. A tear line stands for itself,
and needs a national marking where the text around it has one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PARTIES: Final = ("UK", "EU", "US")
_ALL: Final = frozenset(PARTIES)
_UK_US: Final = frozenset({"UK", "US"})


@dataclass(frozen=True)
class Row:
    """`readers` without anybody's consent, `asked` with that of the originator for the party."""

    readers: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()
    national: bool = True


def _row(readers: str = "", asked: str = "", *, national: bool = True) -> Row:
    return Row(frozenset(readers.split()), frozenset(asked.split()), national)


def _tlp(party: str) -> Mapping[str, Row]:
    every = " ".join(PARTIES)
    return {
        "TLP:CLEAR": _row(every, national=False),
        "TLP:GREEN": _row(every, national=False),
        "TLP:AMBER": _row(party, every, national=False),
        "TLP:AMBER+STRICT": _row("", every, national=False),
        "TLP:RED": _row("", every, national=False),
    }


MARKINGS: Final[Mapping[str, Mapping[str, Row]]] = {
    "UK": {
        **_tlp("UK"),
        "OFFICIAL": _row("UK"),
        "UK OFFICIAL": _row("UK US"),
        "UK OFFICIAL REL EU": _row("UK EU US"),
        "UK OFFICIAL-SENSITIVE": _row("UK US"),
        "UK OFFICIAL-SENSITIVE REL EU": _row("UK EU US"),
        "UK OFFICIAL - HMG USE ONLY": _row("UK"),
        "UK OFFICIAL-SENSITIVE - HMG USE ONLY": _row("UK"),
        "UK OFFICIAL-SENSITIVE - NCSC USE ONLY": _row(),
        "UK OFFICIAL-SENSITIVE - RECIPIENTS ONLY": _row("", "UK US"),
        "UK OFFICIAL REL EU - EMBARGOED UNTIL 2026-11-01T00:00:00Z": _row("UK EU US"),
        "UK OFFICIAL REL EU - EMBARGOED UNTIL 2031-01-01T00:00:00Z": _row(),
        "UK SECRET": _row("UK US"),
        "UK SECRET - UK EYES ONLY": _row("UK"),
        "UK SECRET - UK/US EYES ONLY": _row("UK US"),
        "UK SECRET - FIVE EYES ONLY": _row("UK US"),
        "TLP:AMBER//UK OFFICIAL REL EU": _row("UK", "UK EU US"),
        "TLP:GREEN//UK OFFICIAL": _row("UK US"),
        "TLP:CLEAR//UK OFFICIAL - HMG USE ONLY": _row("UK"),
    },
    "US": {
        **_tlp("US"),
        "UNCLASSIFIED//REL TO USA, GBR": _row("UK US"),
        "UNCLASSIFIED//REL TO USA, GBR, EU": _row("UK EU US"),
        "SECRET//REL TO USA, GBR": _row("UK US"),
        "SECRET//REL TO USA, FVEY": _row("UK US"),
        "SECRET//ORCON/REL TO USA, GBR": _row("", "UK US"),
        "TLP:AMBER//UNCLASSIFIED//REL TO USA, GBR": _row("US", "UK US"),
    },
    "EU": {
        **_tlp("EU"),
        "LIMITE": _row("EU", "UK EU US"),
        "RESTREINT UE/EU RESTRICTED": _row("UK EU"),
        "SECRET UE/EU SECRET": _row("UK EU"),
        "TLP:AMBER//RESTREINT UE/EU RESTRICTED": _row("EU", "UK EU"),
    },
}
"""By the party of the agency, every banner as it is written."""

AGENCIES: Final[Mapping[str, tuple[str, str]]] = {
    "ncsc": ("UK", "NCSC"),
    "enisa": ("EU", "ENISA"),
    "cert-eu": ("EU", "CERT-EU"),
    "cisa": ("US", "CISA"),
}
"""The agencies of these worlds: party and organisation."""

FULL: Final = "FULL"
TEAR_LINE: Final = "TEAR_LINE"

Text = tuple[str, str, int]
"""Agency, the agency's own id, revision."""


@dataclass(frozen=True)
class Published:
    """What the oracle is told of one revision: how its texts are marked, and what it was written from."""

    marking: str
    line: str | None
    sources: tuple[Text, ...]


@dataclass(frozen=True)
class Standing:
    """What is held at one moment. `consented` are pairs of a text's rendition and a party."""

    texts: Mapping[Text, Published]
    consented: frozenset[tuple[Text, str, str]] = frozenset()

    def sees(self, party: str, text: Text) -> str | None:
        """The widest rendition that a party may have of a text."""
        if self._full(party, text):
            return FULL
        return TEAR_LINE if self._line(party, text) else None

    def _full(self, party: str, text: Text) -> bool:
        published = self.texts.get(text)
        if published is None or not self._marked(party, text, FULL, published.marking):
            return False
        return all(self._full(party, source) for source in published.sources)

    def _line(self, party: str, text: Text) -> bool:
        published = self.texts.get(text)
        if published is None or published.line is None:
            return False
        rows = MARKINGS[AGENCIES[text[0]][0]]
        if rows[published.marking].national and not rows[published.line].national:
            return False
        return self._marked(party, text, TEAR_LINE, published.line)

    def _marked(self, party: str, text: Text, rendition: str, marking: str) -> bool:
        row = MARKINGS[AGENCIES[text[0]][0]][marking]
        return party in row.readers or (party in row.asked and (text, rendition, party) in self.consented)
