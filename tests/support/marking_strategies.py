"""Hypothesis strategies for markings: what banners can say, and what stored markings can hold."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from services.kernel.markings.banner import parse
from services.kernel.markings.capco import check_grammar as check_capco
from services.kernel.markings.gscp import CAVEAT_NATIONS, DESCRIPTORS, check_grammar
from services.kernel.markings.levels import LEVELS, MarkingSystem
from services.kernel.markings.marking import Marking, NationalMarking
from services.kernel.markings.refusals import MarkingMalformed
from services.kernel.markings.tlp import Tlp, TlpLabel, TlpVersion

ORGANISATIONS = ("NCSC", "GCHQ", "ENISA", "CISA")
INSTRUCTIONS = ("RECIPIENTS ONLY", "FOR PUBLIC RELEASE", "HMG USE ONLY", "NCSC USE ONLY")

instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda at: at.replace(microsecond=0)
)


def _subset(values: tuple[str, ...], most: int = 2) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values), max_size=most)


banner_tlps = st.sampled_from(list(TlpLabel)).map(
    lambda label: Tlp(TlpVersion.V1 if label is TlpLabel.WHITE else TlpVersion.V2, label)
)
tlps = banner_tlps | st.sampled_from(
    [Tlp(TlpVersion.V1, label) for label in (TlpLabel.GREEN, TlpLabel.AMBER, TlpLabel.RED)]
)

gscp = st.builds(
    NationalMarking,
    system=st.just(MarkingSystem.UK_GSCP),
    level=st.sampled_from(LEVELS[MarkingSystem.UK_GSCP]),
    prefix=st.sampled_from(["UK", "UK", None]),
    handling_instructions=_subset(INSTRUCTIONS),
    descriptors=_subset(tuple(sorted(DESCRIPTORS))),
    codewords=_subset(("BOATHOUSE", "LANTERN"), 1),
    national_caveats=_subset(tuple(sorted(CAVEAT_NATIONS))),
    rel_to=_subset(("EU",)),
    embargo_until=st.none() | instants,
)


def _is_grammatical(marking: NationalMarking) -> bool:
    try:
        check_grammar(marking)
    except MarkingMalformed:
        return False
    return True


grammatical_gscp = gscp.filter(_is_grammatical)


CODES = ("AUS", "CAN", "DEU", "EU", "FRA", "FVEY", "GBR", "ISAF", "NZL", "TEYE")
_ALWAYS = ("FISA", "PROPIN", "DSEN", "LES", "SSI")
_CLASSIFIED = (*_ALWAYS, "ORCON", "ORCON-USGOV", "IMCON", "RSEN")
_UNCLASSIFIED = (*_ALWAYS, "FOUO", "SBU", "SBU-NF")
_COMPARTMENTS = ("SI", "SI-G ABCD", "TK", "SAR-BP", "SAR-GB", "RD-CNWDI", "FGI CAN", "FGI DEU")


def _capco(
    level: str,
    controls: frozenset[str],
    compartments: frozenset[str],
    shown: frozenset[str],
    kept: frozenset[str],
) -> NationalMarking:
    return NationalMarking(
        system=MarkingSystem.US_CAPCO,
        level=level,
        codewords=compartments,
        dissem_controls=controls,
        rel_to=kept | {"USA"} if kept else kept,
        display_only=shown,
    )


def _is_lawful_capco(marking: NationalMarking) -> bool:
    try:
        check_capco(marking)
    except MarkingMalformed:
        return False
    return True


_lists = st.frozensets(st.sampled_from(CODES), max_size=3)
_none: st.SearchStrategy[frozenset[str]] = st.just(frozenset())
_disclosure = st.sampled_from([frozenset(), frozenset({"NOFORN"}), frozenset({"RELIDO"})])
capco = st.one_of(
    st.builds(
        lambda level, controls, disclosure, compartments, shown, kept: _capco(
            level, controls | disclosure, compartments, shown, kept
        ),
        st.sampled_from(LEVELS[MarkingSystem.US_CAPCO][1:]),
        _subset(_CLASSIFIED),
        _disclosure,
        _none | _subset(_COMPARTMENTS, 3),
        _none | _lists,
        _none | _lists,
    ),
    st.builds(
        lambda controls, disclosure, shown, kept: _capco(
            "UNCLASSIFIED", controls | disclosure, frozenset(), shown, kept
        ),
        _none | _subset(_UNCLASSIFIED),
        _disclosure,
        _none | _lists,
        _none | _lists,
    ),
).filter(_is_lawful_capco)

_recipients = _subset(("EU", "NATO", "UK", "US"))
euci = st.builds(
    NationalMarking,
    st.just(MarkingSystem.EUCI),
    st.sampled_from(LEVELS[MarkingSystem.EUCI]),
    rel_to=_recipients,
) | st.builds(
    NationalMarking,
    st.just(MarkingSystem.EUCI),
    st.just("UNCLASSIFIED"),
    rel_to=_recipients,
    dissem_controls=st.just(frozenset({"LIMITE"})),
)
nato = st.builds(
    NationalMarking,
    st.just(MarkingSystem.NATO),
    st.sampled_from(LEVELS[MarkingSystem.NATO]),
    rel_to=_recipients,
) | st.builds(
    NationalMarking,
    st.just(MarkingSystem.NATO),
    st.just("COSMIC TOP SECRET"),
    codewords=_subset(("ATOMAL", "BOHEMIA")),
)
acs = st.builds(
    NationalMarking,
    st.just(MarkingSystem.STIX_ACS),
    st.sampled_from(LEVELS[MarkingSystem.STIX_ACS]),
    rel_to=_subset(("AUS", "DEU", "GBR", "USA"), 3),
    dissem_controls=_subset(("PRIVDEFAULT-DENY", "SHAREDEFAULT-DENY")),
) | st.just(NationalMarking(MarkingSystem.STIX_ACS, "U", rel_to=frozenset({"ALL"})))


def _markings(
    labels: st.SearchStrategy[Tlp], *national: st.SearchStrategy[NationalMarking]
) -> st.SearchStrategy[Marking]:
    none: st.SearchStrategy[tuple[NationalMarking, ...]] = st.just(())
    one = st.one_of(*national).map(lambda entry: (entry,))
    several = st.lists(
        st.one_of(*national), min_size=1, max_size=3, unique_by=lambda entry: entry.system
    ).map(tuple)
    return st.one_of(
        st.builds(Marking, labels, none),
        st.builds(Marking, st.none(), one),
        st.builds(Marking, labels, one),
        st.builds(Marking, st.none() | labels, several),
    )


SYSTEMS = {
    MarkingSystem.UK_GSCP: grammatical_gscp,
    MarkingSystem.US_CAPCO: capco,
    MarkingSystem.EUCI: euci,
    MarkingSystem.NATO: nato,
    MarkingSystem.STIX_ACS: acs,
}
banner_markings = _markings(banner_tlps, *SYSTEMS.values())
banners = banner_markings.map(str)
markings = st.builds(
    Marking.with_originators,
    _markings(tlps, gscp, capco, euci, nato, acs),
    st.frozensets(st.sampled_from(ORGANISATIONS), max_size=2),
)
parsed_markings = banners.map(parse)
