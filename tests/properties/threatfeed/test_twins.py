"""One assessment told in every format is read into the same fields, or the format cannot say it.

`CANNOT_SAY` states what each format cannot say, and what is read instead. A difference that is not in the
table fails, and so does an entry of the table that no assessment ever needed.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.scales import (
    ICD203,
    PHIA_2025,
    Confidence,
    InformationCredibility,
    SourceReliability,
)
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.ratings import Rated, Scale
from services.threatfeed.domain.sectors import sector_in, unclassified
from services.threatfeed.domain.subjects import AttackDomain, Sector, SectorScheme
from tests.support.submissions import accepted, real_taxonomies
from tests.support.twins import (
    AREAS,
    GALAXY,
    PLACES,
    Attack,
    Told,
    as_csaf,
    as_misp,
    as_narrative,
    as_stix_2_0,
    as_stix_2_1,
)

WRITERS: Mapping[str, Callable[[Told], dict[str, Any]]] = {
    "narrative": as_narrative,
    "STIX 2.1": as_stix_2_1,
    "STIX 2.0": as_stix_2_0,
    "MISP": as_misp,
    "CSAF": as_csaf,
}

_TLP_1 = {"CLEAR": "WHITE", "AMBER+STRICT": "RED"}


def _nothing(_: Told) -> tuple[()]:
    return ()


def _none(_: Told) -> None:
    return None


def _tlp_1(told: Told) -> str:
    return _TLP_1.get(told.tlp, told.tlp)


def _stix_sectors(told: Told, version: str) -> frozenset[Sector]:
    return frozenset(sector_in(SectorScheme.STIX, code, version) for _, code in told.sectors)


CANNOT_SAY: Mapping[tuple[str, str], Callable[[Told], object]] = {
    # Confidence in the correctness of data is a member of STIX 2.1 alone.
    ("narrative", "stix_confidence"): _none,
    ("STIX 2.0", "stix_confidence"): _none,
    ("MISP", "stix_confidence"): _none,
    ("CSAF", "stix_confidence"): _none,
    # Only a narrative carries a national banner, judgements one by one, a tear line and an end of validity.
    ("STIX 2.1", "national"): _nothing,
    ("STIX 2.0", "national"): _nothing,
    ("MISP", "national"): _nothing,
    ("CSAF", "national"): _nothing,
    ("STIX 2.1", "judgements"): _nothing,
    ("STIX 2.0", "judgements"): _nothing,
    ("MISP", "judgements"): _nothing,
    ("CSAF", "judgements"): _nothing,
    ("STIX 2.1", "tear_lines"): _nothing,
    ("STIX 2.0", "tear_lines"): _nothing,
    ("MISP", "tear_lines"): _nothing,
    ("CSAF", "tear_lines"): _nothing,
    ("STIX 2.1", "valid_until"): _none,
    ("STIX 2.0", "valid_until"): _none,
    ("MISP", "valid_until"): _none,
    ("CSAF", "valid_until"): _none,
    # Likelihood and source ratings have no place in STIX and CSAF; MISP has the terms of ICD 203.
    ("STIX 2.1", "likelihood"): _none,
    ("STIX 2.0", "likelihood"): _none,
    ("CSAF", "likelihood"): _none,
    ("MISP", "likelihood"): _none,
    ("STIX 2.1", "analytic_confidence"): _none,
    ("STIX 2.0", "analytic_confidence"): _none,
    ("CSAF", "analytic_confidence"): _none,
    ("MISP", "analytic_confidence"): _none,
    ("STIX 2.1", "source_reliability"): _none,
    ("STIX 2.0", "source_reliability"): _none,
    ("CSAF", "source_reliability"): _none,
    ("STIX 2.1", "info_credibility"): _none,
    ("STIX 2.0", "info_credibility"): _none,
    ("CSAF", "info_credibility"): _none,
    # TLP 1.0 calls CLEAR WHITE and has no AMBER+STRICT.
    ("STIX 2.0", "tlp"): _tlp_1,
    ("CSAF", "tlp"): _tlp_1,
    # A sector of STIX is a word of its own vocabulary; MISP has two lists; the notes of CSAF name none.
    ("STIX 2.1", "sectors"): lambda told: frozenset(
        sector_in(SectorScheme.STIX, code, "2.1") for _, code in told.sectors
    ),
    ("STIX 2.0", "sectors"): lambda told: frozenset(
        sector_in(SectorScheme.STIX, code, "2.0") for _, code in told.sectors
    ),
    ("MISP", "sectors"): lambda told: frozenset(
        sector for sector in _sectors(told) if sector.scheme in (SectorScheme.NIS2, SectorScheme.MISP)
    ),
    ("CSAF", "sectors"): lambda told: frozenset(unclassified(code) for _, code in told.sectors),
    # The galaxies of MISP count themselves and not ATT&CK, and one of tactics is for ICS only.
    ("MISP", "techniques"): lambda told: tuple((item.id, None, item.domains) for item in told.techniques),
    ("MISP", "tactics"): lambda told: tuple(
        (item.id, item.name, None, item.domain) for item in told.tactics if item.domain is AttackDomain.ICS
    ),
    # An advisory speaks of products and their vulnerabilities.
    ("CSAF", "techniques"): _nothing,
    ("CSAF", "tactics"): _nothing,
    ("CSAF", "actors"): _nothing,
    ("CSAF", "period"): _none,
    ("CSAF", "report_types"): lambda _: ("csaf_base",),
    ("MISP", "report_types"): _nothing,
    # STIX 2.0 has no locations.
    ("STIX 2.0", "locations"): _nothing,
    # STIX 2.1 is English where it does not say; STIX 2.0 and MISP do not say.
    ("STIX 2.1", "language"): lambda _: "en",
    ("STIX 2.0", "language"): _none,
    ("MISP", "language"): _none,
}


def _sectors(told: Told) -> tuple[Sector, ...]:
    """In the order told; looked up as the reference data have them."""
    galaxy = real_taxonomies()
    return tuple(
        galaxy.misp_sector(code, GALAXY) if scheme is SectorScheme.MISP else sector_in(scheme, code)
        for scheme, code in told.sectors
    )


def fields_told(told: Told) -> dict[str, object]:
    """The fields that every format should be read into."""
    galaxy = real_taxonomies()
    return {
        "title": told.title,
        "text": told.text,
        "published": told.published,
        "tlp": told.tlp,
        "national": () if told.national is None else (told.national,),
        "report_types": told.report_types,
        "language": told.language,
        "valid_until": told.valid_until,
        "period": told.period,
        "actors": tuple(map(galaxy.actor, told.actors)),
        "techniques": tuple((item.id, item.release, item.domains) for item in told.techniques),
        "tactics": tuple((item.id, item.name, item.release, item.domain) for item in told.tactics),
        "sectors": frozenset(_sectors(told)),
        "vulnerabilities": told.cves,
        "locations": (
            *(("ISO_3166_1", code) for code in told.places),
            *(("UN_M49", code) for code in told.areas),
        ),
        "likelihood": told.likelihood,
        "analytic_confidence": told.confidence,
        "source_reliability": told.reliability,
        "info_credibility": told.credibility,
        "stix_confidence": told.stix_confidence,
        "judgements": told.judgements,
        "tear_lines": () if told.tear_line is None else (told.tear_line,),
    }


def fields_read(read: Assessment) -> dict[str, object]:
    """The same fields of what was read. The words for a place and for a rating are each format's own."""
    marking, ratings = read.marking, read.ratings
    return {
        "title": read.title,
        "text": read.text,
        "published": read.published,
        "tlp": None if marking.tlp is None else marking.tlp.label.value,
        "national": tuple(str(national) for national in marking.national),
        "report_types": read.report_types,
        "language": read.language,
        "valid_until": read.valid_until,
        "period": None if read.period is None else (read.period.start, read.period.end),
        "actors": read.actors,
        "techniques": tuple((item.id, item.attack_version, item.domains) for item in read.techniques),
        "tactics": tuple((item.id, item.name, item.attack_version, item.domain) for item in read.tactics),
        "sectors": frozenset(read.sectors),
        "vulnerabilities": read.vulnerabilities,
        "locations": tuple((place.scheme.value, place.code) for place in read.locations),
        "likelihood": ratings.likelihood and (ratings.likelihood.scale, ratings.likelihood.value.term),
        "analytic_confidence": _scaled(ratings.analytic_confidence),
        "source_reliability": ratings.source_reliability and ratings.source_reliability.value,
        "info_credibility": ratings.info_credibility and ratings.info_credibility.value,
        "stix_confidence": ratings.stix_confidence and ratings.stix_confidence.value,
        "judgements": tuple(judgement.statement for judgement in read.judgements),
        "tear_lines": tuple(line.text for line in read.tear_lines),
    }


def _scaled(rated: Rated[Any] | None) -> tuple[Scale, object] | None:
    return None if rated is None else (rated.scale, rated.value)


WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40).filter(
    lambda text: text.strip() == text
)
ACTORS = st.sampled_from(["Sofacy", "NOBELIUM", "APT 29", "GREY HERON", "Turla", "\u202eAPT28"])
RELEASES = st.sampled_from([None, "17.1", "18.1", "18"])
DOMAINS = st.sampled_from([None, *AttackDomain])
TECHNIQUES = st.builds(Attack, st.sampled_from(["T1566", "T1566.002", "T0883"]), RELEASES, DOMAINS)
TACTICS = st.builds(
    Attack,
    st.sampled_from(["TA0001", "TA0108"]),
    RELEASES,
    DOMAINS,
    st.sampled_from(["initial-access", "defense-evasion"]),
)
SECTORS = st.sampled_from(
    [
        (SectorScheme.NIS2, "energy"),
        (SectorScheme.NIS2, "waste-water"),
        (SectorScheme.UK_CNI, "civil-nuclear"),
        (SectorScheme.UK_CNI, "defence"),
        (SectorScheme.STIX, "healthcare"),
        (SectorScheme.STIX, "energy"),
        (SectorScheme.MISP, "Telecoms"),
        (SectorScheme.MISP, "IT - ISP"),
    ]
)
SECONDS = st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 31)).map(  # noqa: DTZ001 set below
    lambda instant: instant.replace(microsecond=0, tzinfo=UTC)
)
DAYS = st.dates(date(2024, 1, 1), date(2026, 1, 1))
PERIODS = st.builds(lambda start, days: (start, start + timedelta(days=days)), DAYS, st.integers(0, 400))
LIKELIHOODS = st.sampled_from([(entry.scheme, entry.term) for entry in (*PHIA_2025, *ICD203)])
CONFIDENCES = st.tuples(st.sampled_from([Scale.ANCR, Scale.ICD203]), st.sampled_from(Confidence))


def several(of: st.SearchStrategy[Any], at_most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    """Different ones; of one technique, what states less would give way to what states more."""
    return st.lists(of, max_size=at_most, unique_by=lambda item: getattr(item, "id", item)).map(tuple)


TOLD = st.builds(
    Told,
    title=WORDS,
    text=WORDS,
    published=SECONDS,
    tlp=st.sampled_from(["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]),
    national=st.sampled_from([None, "UK OFFICIAL REL EU", "UK OFFICIAL-SENSITIVE"]),
    report_types=st.sampled_from([("threat-report",), ("campaign", "threat-actor")]),
    language=st.sampled_from([None, "en", "fr"]),
    valid_until=st.none() | SECONDS,
    period=st.none() | PERIODS,
    actors=several(ACTORS),
    techniques=several(TECHNIQUES),
    tactics=several(TACTICS, 2),
    sectors=several(SECTORS),
    cves=several(st.sampled_from(["CVE-2023-1389", "CVE-2024-3400", "CVE-2024-12345"])),
    places=several(st.sampled_from(sorted(PLACES))),
    areas=several(st.sampled_from(sorted(AREAS)), 2),
    likelihood=st.none() | LIKELIHOODS,
    confidence=st.none() | CONFIDENCES,
    reliability=st.sampled_from([None, *SourceReliability]),
    credibility=st.sampled_from([None, *InformationCredibility]),
    stix_confidence=st.none() | st.integers(0, 100),
    judgements=several(WORDS, 2),
    tear_line=st.none() | WORDS,
)


def test_an_assessment_told_in_every_format_is_read_into_the_same_fields() -> None:
    needed: set[tuple[str, str]] = set()

    @settings(max_examples=80, derandomize=True, database=None)
    @given(TOLD)
    def every_format(told: Told) -> None:
        expected = fields_told(told)
        for name, write in WRITERS.items():
            read = fields_read(accepted(write(told)))
            for field, value in expected.items():
                if read[field] == value:
                    continue
                said = CANNOT_SAY.get((name, field))
                assert said is not None, f"{name} is read with {field} {read[field]!r}, told as {value!r}"
                assert read[field] == said(told), f"{name}, {field}"
                needed.add((name, field))

    every_format()
    assert set(CANNOT_SAY) == needed, "an entry that nothing needed"
