"""Hypothesis strategies for markings: what banners can say, and what stored markings can hold."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from services.kernel.markings.banner import parse
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


def _markings(
    labels: st.SearchStrategy[Tlp], national: st.SearchStrategy[NationalMarking]
) -> st.SearchStrategy[Marking]:
    none: st.SearchStrategy[tuple[NationalMarking, ...]] = st.just(())
    one = national.map(lambda entry: (entry,))
    return st.one_of(
        st.builds(Marking, labels, none),
        st.builds(Marking, st.none(), one),
        st.builds(Marking, labels, one),
    )


banner_markings = _markings(banner_tlps, grammatical_gscp)
banners = banner_markings.map(str)
markings = st.builds(
    Marking.with_originators, _markings(tlps, gscp), st.frozensets(st.sampled_from(ORGANISATIONS), max_size=2)
)
parsed_markings = banners.map(parse)
