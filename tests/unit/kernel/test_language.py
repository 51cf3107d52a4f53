"""Refusals, canonical form, identifiers and scales."""

from typing import ClassVar
from uuid import UUID

import pytest

from services.kernel.canonical import NotCanonical, canonical_json, content_hash
from services.kernel.identifiers import (
    DECISIONS,
    action_ref,
    assessment_id,
    derived_id,
    event_id,
    meeting_ref,
    receipt_id,
)
from services.kernel.refusals import InvalidValue, Refusal, RefusalKind
from services.kernel.scales import (
    ICD203,
    PHIA_2025,
    Confidence,
    TermUnknown,
    confidence,
    information_credibility,
    likelihood,
    phia_term,
    source_reliability,
)


def test_a_refusal_carries_its_reason_place_and_particulars() -> None:
    refusal = InvalidValue("too late", pointer="/due", limit="2026")
    assert (refusal.kind, refusal.reason) == (RefusalKind.INVALID, "INVALID_VALUE")
    assert (str(refusal), refusal.pointer, refusal.metadata) == ("too late", "/due", {"limit": "2026"})


def test_a_reason_is_an_upper_snake_case_code() -> None:
    with pytest.raises(TypeError):

        class Sloppy(Refusal):
            kind: ClassVar = RefusalKind.INVALID
            reason: ClassVar = "not a code"


@pytest.mark.parametrize(
    ("document", "written"),
    [
        ({"b": 1, "a": [True, None, "é\n"]}, '{"a":[true,null,"é\\n"],"b":1}'),
        ({"\U0001f600": 1, "\ufb33": 2}, '{"\U0001f600":1,"\ufb33":2}'),
        ({}, "{}"),
        ('\u20ac$\u000f\u000aA\'B"\\"/', '"\u20ac$\\u000f\\nA\'B\\"\\\\\\"/"'),
    ],
)
def test_the_canonical_form_is_that_of_rfc_8785(document: object, written: str) -> None:
    assert canonical_json(document).decode() == written


@pytest.mark.parametrize("document", [1.5, {"a": [2**53]}, {1: 2}, "\ud800", {"\ud800": 1}, object(), b""])
def test_what_has_no_canonical_form_is_refused(document: object) -> None:
    with pytest.raises(NotCanonical):
        canonical_json(document)


def test_the_place_of_what_is_not_canonical_is_pointed_at() -> None:
    with pytest.raises(NotCanonical) as refused:
        canonical_json({"a/b": [1, {"c~": 0.5}]})
    assert refused.value.pointer == "/a~1b/1/c~0"


def test_a_content_hash_names_its_algorithm() -> None:
    assert content_hash({}) == ("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")


def test_identifiers_are_derived_from_all_their_parts() -> None:
    assert assessment_id("ncsc", "A-1") == assessment_id("ncsc", "A-1")
    assert assessment_id("ncsc", "A-1") != assessment_id("enisa", "A-1")
    assert derived_id(DECISIONS, "a", "bc") != derived_id(DECISIONS, "ab", "c")
    made: set[UUID] = {receipt_id("t", 0, 1), receipt_id("t", 0, 1, 1), receipt_id("t", 1, 0)}
    made |= {event_id("s", "t", "x", 1), event_id("s", "t", "x", 2)}
    assert len(made) == 5
    assert {identifier.version for identifier in made} == {5}


def test_the_identifier_of_an_assessment_never_changes() -> None:
    assert str(assessment_id("ncsc", "NCSC-2026-001")) == "90821140-ce88-579d-b647-0e13d2e7bab6"


def test_people_refer_to_actions_by_series_year_and_number() -> None:
    assert action_ref("uk-eu", 2026, 7) == "UKEU-2026-A07"
    assert meeting_ref("uk-us-cmr", 2026) == "UKUSCMR-2026"
    with pytest.raises(InvalidValue):
        action_ref("uk-eu", 2026, 0)
    with pytest.raises(InvalidValue):
        meeting_ref("uk-eu", 26)


@pytest.mark.parametrize(
    ("scheme", "term", "wanted", "band"),
    [
        ("PHIA_2025", "Remote chance", "Remote chance", (0, 5)),
        ("PHIA_2025", "highly unlikely", "Highly unlikely", (10, 20)),
        ("PHIA_2025", "UNLIKELY", "Unlikely", (25, 35)),
        ("PHIA_2025", "realistic  possibility", "Realistic possibility", (40, 50)),
        ("PHIA_2025", "likely", "Likely or probable", (55, 75)),
        ("PHIA_2025", "probably", "Likely or probable", (55, 75)),
        ("PHIA_2025", "Highly likely", "Highly likely", (80, 90)),
        ("PHIA_2025", "almost certainly", "Almost certain", (95, 100)),
        ("ICD203", "remote", "remote", (1, 5)),
        ("ICD203", "Roughly even odds", "roughly even odds", (45, 55)),
        ("ICD203", "likely", "likely", (55, 80)),
        ("ICD203", "probably", "probable", (55, 80)),
    ],
)
def test_a_term_means_the_band_of_its_own_scale(
    scheme: str, term: str, wanted: str, band: tuple[int, int]
) -> None:
    found = likelihood(term, scheme)
    assert (found.scheme, found.term, (found.lower, found.upper)) == (scheme, wanted, band)


@pytest.mark.parametrize(
    ("scheme", "term"),
    [
        ("PHIA_2025", "remote"),
        ("PHIA_2025", "very likely"),
        ("PHIA_2025", "improbable"),
        ("ICD203", "realistic possibility"),
        ("ICD203", "highly likely"),
        ("KENT", "likely"),
        ("PHIA_2025", ""),
    ],
)
def test_a_term_of_no_or_another_scale_is_refused(scheme: str, term: str) -> None:
    with pytest.raises(TermUnknown):
        likelihood(term, scheme)


def test_the_gaps_of_phia_have_no_term() -> None:
    spoken = [percent for percent in range(101) if any(band.holds(percent) for band in PHIA_2025)]
    for percent in range(101):
        if percent in spoken:
            assert phia_term(percent).holds(percent)
        else:
            with pytest.raises(TermUnknown):
                phia_term(percent)
    assert set(range(6, 10)) | {0, 50, 100} | set(range(51, 55)) <= set(range(101)) - set(spoken)


def test_neighbouring_bands_of_icd_203_touch() -> None:
    assert {band.term for band in ICD203 if band.holds(20)} == {
        "very unlikely",
        "highly improbable",
        "unlikely",
        "improbable",
    }


def test_confidence_and_the_admiralty_code_are_closed_lists() -> None:
    assert confidence("moderate") is Confidence.MODERATE
    assert source_reliability("f").words == "Reliability cannot be judged"
    assert information_credibility("6").words == "Truth cannot be judged"
    for read, word in ((confidence, "certain"), (source_reliability, "g"), (information_credibility, "0")):
        with pytest.raises(TermUnknown):
            read(word)
