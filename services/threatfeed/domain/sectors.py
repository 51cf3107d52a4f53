"""The lists of sectors that standards and governments publish.

Sources: Directive (EU) 2022/2555 (NIS2), annexes I and II, in the codes of the MISP taxonomy `nis2`,
version 5; the NPSA's list of UK critical national infrastructure (28 February 2024) with data infrastructure,
designated on 12 September 2024; STIX 2.0 section 6.6 and STIX 2.1 section 10.10, `industry-sector-ov`.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from services.threatfeed.domain.subjects import Sector, SectorScheme

NIS2_VERSION: Final = "2022/2555"
UK_CNI_VERSION: Final = "2024-09-12"

_NIS2: Final = frozenset(
    {
        *("energy", "transport", "banking", "financial", "health", "drinking-water", "waste-water"),
        *("digital-infrastructure", "ict-services", "public-administration", "space"),
        *("courier", "waste-management", "chemical", "food", "manufacturing", "digital-providers"),
        "research",
    }
)
_UK_CNI: Final = frozenset(
    {
        *("chemicals", "civil-nuclear", "communications", "defence", "emergency-services", "energy"),
        *("finance", "food", "government", "health", "space", "transport", "water"),
        "data-infrastructure",
    }
)
_STIX_2_0: Final = frozenset(
    {
        *("agriculture", "aerospace", "automotive", "communications", "construction", "defence"),
        *("education", "energy", "entertainment", "financial-services", "government-national"),
        *("government-regional", "government-local", "government-public-services", "healthcare"),
        *("hospitality-leisure", "infrastructure", "insurance", "manufacturing", "mining", "non-profit"),
        *("pharmaceuticals", "retail", "technology", "telecommunications", "transportation", "utilities"),
    }
)
_STIX_2_1: Final = (_STIX_2_0 - {"defence"}) | {
    *("chemical", "commercial", "dams", "defense", "emergency-services", "government", "nuclear", "water"),
}

_EDITIONS: Final[Mapping[SectorScheme, Mapping[str, frozenset[str]]]] = {
    SectorScheme.NIS2: {NIS2_VERSION: _NIS2},
    SectorScheme.UK_CNI: {UK_CNI_VERSION: _UK_CNI},
    SectorScheme.STIX: {"2.1": _STIX_2_1, "2.0": _STIX_2_0},
}


@lru_cache(maxsize=1_024)
def unclassified(word: str) -> Sector:
    """A sector of no list."""
    return Sector(SectorScheme.OTHER, None, None, word)


@lru_cache(maxsize=1_024)
def sector_in(scheme: SectorScheme, word: str, version: str | None = None) -> Sector:
    """The sector that a list calls so; letter case does not count.

    Without a version the newest edition that is read here counts. A word that the list does not hold, and a
    version that is not read here, give a sector of no list: the word is kept and nothing is guessed.
    """
    editions = _EDITIONS.get(scheme, {})
    edition = version or next(iter(editions), None)
    code = word.casefold()
    if edition is not None and code in editions.get(edition, ()):
        return Sector(scheme, edition, code, word)
    return unclassified(word)
