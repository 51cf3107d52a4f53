"""Laws of release: deny by default, composition never allows more, and an oracle for TLP."""

from dataclasses import replace
from datetime import datetime

from hypothesis import assume, given
from hypothesis import strategies as st

from services.kernel.markings.composition import compose
from services.kernel.markings.foreign_disclosure import is_counted
from services.kernel.markings.levels import MarkingSystem
from services.kernel.markings.marking import Marking, NationalMarking
from services.kernel.markings.tlp import Tlp, TlpLabel
from services.kernel.releasability import (
    Consent,
    Decision,
    Mode,
    Occasion,
    Rendition,
    RevisionState,
    Rule,
    TextUnderDecision,
    decide,
)
from tests.support.laws import law
from tests.support.marking_strategies import (
    ORGANISATIONS,
    acs,
    capco,
    euci,
    gscp,
    instants,
    markings,
    nato,
    tlps,
)
from tests.support.release import NOW, consents, occasion, shipped_policy, text

LAWS = law(150)
PARTIES = ("UK", "EU", "US")
HOME = {"NCSC": "UK", "GCHQ": "UK", "ENISA": "EU", "CISA": "US"}

parties = st.sampled_from(PARTIES)
any_marking: st.SearchStrategy[Marking | None] = st.one_of(st.none(), markings)
modes = st.sampled_from(list(Mode))
rooms = st.builds(
    occasion,
    st.just("UK"),
    st.just("EU"),
    st.just("US"),
    ceiling=st.sampled_from(["UK OFFICIAL", "UK OFFICIAL-SENSITIVE", "UK SECRET", "UK TOP SECRET"]),
    used_at=instants,
)
grants = st.frozensets(
    st.tuples(st.sampled_from(ORGANISATIONS), parties, st.sampled_from(list(Mode))), max_size=6
).map(
    lambda rows: tuple(
        consent for originator, party, mode in rows for consent in consents(originator, party, mode=mode)
    )
)


@st.composite
def texts(draw: st.DrawFn, marking: st.SearchStrategy[Marking | None] = markings) -> TextUnderDecision:
    organisation = draw(st.sampled_from(ORGANISATIONS))
    return text(
        draw(marking),
        party=HOME[organisation],
        organisation=organisation,
        state=draw(st.sampled_from(list(RevisionState))),
        parent_has_national=draw(st.booleans()),
        rendition=draw(st.sampled_from(list(Rendition))),
    )


def allowed(
    subject: TextUnderDecision,
    party: str,
    room: Occasion,
    mode: Mode,
    given_consents: tuple[Consent, ...],
    now: datetime = NOW,
) -> bool:
    return decide(
        subject, party, room, mode, policy=shipped_policy(), consents=given_consents, now=now
    ).allowed


def tlp_alone_allows(
    label: str, owner: str, party: str, mode: Mode, granted: set[tuple[str, Mode]], organisation: str
) -> bool:
    """What TLP says, told again without the code under test: a table of who may have what."""
    if label in {"WHITE", "CLEAR", "GREEN"}:
        return True
    if label == "AMBER" and owner == party:
        return True
    if mode is Mode.DISCLOSE and (organisation, Mode.DISCLOSE) in granted:
        return True
    return (organisation, Mode.RELEASE) in granted


@LAWS
@given(tlps, st.sampled_from(ORGANISATIONS), parties, modes, rooms, grants)
def test_text_with_tlp_alone_is_decided_as_the_protocol_says(
    tlp: Tlp,
    organisation: str,
    party: str,
    mode: Mode,
    room: Occasion,
    given_consents: tuple[Consent, ...],
) -> None:
    subject = text(Marking(tlp=tlp), party=HOME[organisation], organisation=organisation)
    granted = {(c.originator, c.mode) for c in given_consents if c.party == party}
    assert allowed(subject, party, room, mode, given_consents) is tlp_alone_allows(
        tlp.label.value, HOME[organisation], party, mode, granted, organisation
    )


@LAWS
@given(texts(), markings, parties, modes, rooms, grants)
def test_what_is_denied_stays_denied_together_with_anything_else(
    subject: TextUnderDecision,
    other: Marking,
    party: str,
    mode: Mode,
    room: Occasion,
    given_consents: tuple[Consent, ...],
) -> None:
    own = subject.marking
    assert own is not None
    # A tear line that lacks a national marking is denied for that lack, which the other part would fill.
    if subject.rendition is Rendition.TEAR_LINE and not own.national:
        subject = replace(subject, parent_has_national=False)
    # A US portion that is unclassified and says nothing does not count beside another (CAPCO Table 2).
    silent = own.of_system(MarkingSystem.US_CAPCO)
    assume(silent is None or is_counted(silent) or other.of_system(MarkingSystem.US_CAPCO) is None)
    together = replace(subject, marking=compose([own, other]))
    if not allowed(subject, party, room, mode, given_consents):
        assert not allowed(together, party, room, mode, given_consents)


@LAWS
@given(texts(), texts(), parties, modes, rooms, grants)
def test_a_text_is_never_freer_than_a_source_it_declares(
    subject: TextUnderDecision,
    source: TextUnderDecision,
    party: str,
    mode: Mode,
    room: Occasion,
    given_consents: tuple[Consent, ...],
) -> None:
    derived = replace(subject, derived_from=(source,))
    assert allowed(derived, party, room, mode, given_consents) is (
        allowed(subject, party, room, mode, given_consents)
        and allowed(source, party, room, mode, given_consents)
    )


@LAWS
@given(texts(), parties, rooms, grants)
def test_what_may_be_kept_may_be_shown(
    subject: TextUnderDecision, party: str, room: Occasion, given_consents: tuple[Consent, ...]
) -> None:
    if allowed(subject, party, room, Mode.RELEASE, given_consents):
        assert allowed(subject, party, room, Mode.DISCLOSE, given_consents)


@LAWS
@given(texts(), parties, modes, rooms, grants, grants)
def test_consent_never_takes_anything_away(
    subject: TextUnderDecision,
    party: str,
    mode: Mode,
    room: Occasion,
    fewer: tuple[Consent, ...],
    more: tuple[Consent, ...],
) -> None:
    if allowed(subject, party, room, mode, fewer):
        assert allowed(subject, party, room, mode, fewer + more)


@LAWS
@given(texts(any_marking), parties, modes, rooms, grants)
def test_stale_or_unmarked_text_is_denied_whatever_else_holds(
    subject: TextUnderDecision,
    party: str,
    mode: Mode,
    room: Occasion,
    given_consents: tuple[Consent, ...],
) -> None:
    if subject.marking is None or subject.state is not RevisionState.CURRENT:
        assert not allowed(subject, party, room, mode, given_consents)


unknown_words = st.text(st.characters(codec="ascii", categories=["Lu", "Nd"]), min_size=1, max_size=12)


odd = st.frozensets(unknown_words.map("X{}".format), min_size=1, max_size=2)
not_understood = st.one_of(
    nato,
    st.builds(replace, capco, codewords=odd),
    st.builds(replace, capco, dissem_controls=odd),
    st.builds(replace, capco, rel_to=odd.map(lambda codes: codes | {"GBR", "EU", "XQZ"})),
    st.builds(replace, euci, rel_to=odd),
    st.builds(replace, euci, dissem_controls=odd),
    st.builds(replace, acs, dissem_controls=odd),
    st.builds(replace, acs, rel_to=odd.map(lambda codes: codes | {"ALL", "GBR"})),
    st.builds(replace, gscp, prefix=st.just("UK"), dissem_controls=odd),
)


@LAWS
@given(not_understood, st.none() | st.builds(Tlp, st.just("2.0"), st.just(TlpLabel.GREEN)), parties, modes)
def test_whatever_is_not_understood_is_denied_to_every_party(
    national: NationalMarking, tlp: Tlp | None, party: str, mode: Mode
) -> None:
    every = tuple(c for o in ORGANISATIONS for p in PARTIES for c in consents(o, p))
    for organisation, home in HOME.items():
        subject = text(Marking(tlp=tlp, national=(national,)), party=home, organisation=organisation)
        decision = decide(
            subject, party, occasion(*PARTIES), mode, policy=shipped_policy(), consents=every, now=NOW
        )
        assert decision.rule_id is Rule.MARKING_UNKNOWN


@LAWS
@given(texts(any_marking), parties, modes, rooms, grants)
def test_a_decision_is_repeatable_and_its_record_reads_back_equal(
    subject: TextUnderDecision,
    party: str,
    mode: Mode,
    room: Occasion,
    given_consents: tuple[Consent, ...],
) -> None:
    made = [
        decide(subject, party, room, mode, policy=shipped_policy(), consents=order, now=NOW)
        for order in (given_consents, given_consents[::-1])
    ]
    assert made[0] == made[1]
    assert Decision.from_document(made[0].to_document()) == made[0]
