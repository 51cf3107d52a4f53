"""Release decisions: ceilings, agreements, consents, lineage, holding, and the record itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.kernel.agreements import Agreement
from services.kernel.markings.banner import parse
from services.kernel.markings.levels import Level, MarkingSystem
from services.kernel.markings.marking import Marking, NationalMarking
from services.kernel.parties import Party, PartyKind
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue
from services.kernel.releasability import (
    Authorship,
    Consent,
    Decision,
    Mode,
    Occasion,
    Rule,
    TextUnderDecision,
    decide,
    decide_all,
    jointly_allowed,
    outside_meetings,
)
from tests.support.release import CMR, MEETING_TIME, NOW, UK_EU, consents, occasion, shipped_policy, text


def decision(
    subject: TextUnderDecision,
    party: str,
    where: Occasion | None = None,
    mode: Mode = Mode.DISCLOSE,
    given: tuple[Consent, ...] = (),
    policy: Policy | None = None,
) -> Decision:
    return decide(
        subject,
        party,
        where or occasion("UK", "EU", "US"),
        mode,
        policy=policy or shipped_policy(),
        consents=given,
        now=NOW,
    )


def test_a_text_above_the_ceiling_of_the_meeting_is_denied_to_everybody() -> None:
    room = occasion("UK", "EU", ceiling="UK OFFICIAL")
    decisions = decide_all(
        text(parse("UK OFFICIAL-SENSITIVE REL EU")),
        room,
        Mode.DISCLOSE,
        policy=shipped_policy(),
        consents=(),
        now=NOW,
    )
    assert [entry.rule_id for entry in decisions] == [Rule.ABOVE_OCCASION_CEILING] * 2


def test_a_text_above_the_clearance_of_a_party_is_denied_to_it() -> None:
    room = occasion("EU", ceiling="UK TOP SECRET")
    found = decision(text(parse("UK TOP SECRET REL EU")), "EU", room)
    assert found.rule_id is Rule.ABOVE_PARTY_CEILING


def test_official_needs_no_agreement_and_everything_above_does() -> None:
    alone = replace(shipped_policy(), agreements=())
    assert decision(text(parse("UK OFFICIAL REL EU")), "EU", policy=alone).allowed
    found = decision(text(parse("UK OFFICIAL-SENSITIVE REL EU")), "EU", policy=alone)
    assert found.rule_id is Rule.AGREEMENT_MISSING
    assert decision(text(parse("UK SECRET")), "UK", policy=alone).allowed


@pytest.mark.parametrize("days", [-1, 0])
def test_an_agreement_must_be_in_force_at_the_time_of_use(days: int) -> None:
    ending = Agreement(
        id="X",
        title="Ends with the meeting",
        parties=frozenset({"UK", "EU"}),
        in_force_from=NOW.date(),
        ends=MEETING_TIME.date() + timedelta(days=days),
        ceiling=Level.parse("UK SECRET"),
    )
    policy = replace(shipped_policy(), agreements=(ending,))
    subject = text(parse("UK OFFICIAL-SENSITIVE REL EU"))
    assert decision(subject, "EU", policy=policy).rule_id is Rule.AGREEMENT_MISSING
    assert decision(subject, "EU", occasion("EU", used_at=NOW), policy=policy).allowed


def test_a_member_state_in_the_room_is_a_party_that_rel_eu_does_not_cover() -> None:
    member = Party("FR", "France", PartyKind.EU_MEMBER_STATE, frozenset({"FRA"}), Level.parse("UK SECRET"))
    base = shipped_policy()
    policy = replace(base, parties={**base.parties, "FR": member})
    room = occasion("UK", "EU", "FR")
    subject = text(parse("UK OFFICIAL REL EU"))
    decisions = decide_all(subject, room, Mode.DISCLOSE, policy=policy, consents=(), now=NOW)
    assert not jointly_allowed(decisions)
    assert [entry.allowed for entry in decisions] == [True, True, False]
    assert decisions[2].rule_id is Rule.REL_MISSING

    row = {(MarkingSystem.UK_GSCP, "EU"): frozenset({"EU", "FR"})}
    settled = replace(policy, coverage=row)
    assert decision(subject, "FR", room, policy=settled).allowed


def test_an_unknown_party_or_one_that_is_not_present_is_denied() -> None:
    clear = text(parse("TLP:CLEAR"))
    assert decision(clear, "XX", occasion("XX")).rule_id is Rule.PARTY_UNKNOWN
    assert decision(clear, "US", occasion("UK", "EU")).rule_id is Rule.PARTY_NOT_PRESENT


def test_nobody_present_means_that_nothing_is_jointly_allowed() -> None:
    nobody = decide_all(
        text(parse("TLP:CLEAR")),
        occasion(),
        Mode.DISCLOSE,
        policy=shipped_policy(),
        consents=(),
        now=NOW,
    )
    assert not jointly_allowed(nobody)


def test_amber_reaches_the_originators_own_government_and_amber_strict_does_not() -> None:
    assert decision(text(parse("TLP:AMBER")), "UK").allowed
    assert decision(text(parse("TLP:AMBER+STRICT")), "UK").rule_id is Rule.TLP_AMBER_STRICT
    shared = parse("TLP:AMBER").with_originators({"ENISA"})
    assert decision(text(shared), "UK").rule_id is Rule.TLP_AMBER


def test_green_stays_within_the_community() -> None:
    policy = replace(shipped_policy(), tlp_community=frozenset({"UK"}))
    assert decision(text(parse("TLP:GREEN")), "EU", policy=policy).rule_id is Rule.TLP_GREEN


RED = text(parse("TLP:RED"))


def test_consent_to_release_is_consent_to_disclose_and_not_the_reverse() -> None:
    shown = consents("NCSC", "EU", mode=Mode.DISCLOSE)
    kept = consents("NCSC", "EU", mode=Mode.RELEASE)
    assert decision(RED, "EU", mode=Mode.DISCLOSE, given=kept).allowed
    assert decision(RED, "EU", mode=Mode.DISCLOSE, given=shown).allowed
    assert not decision(RED, "EU", mode=Mode.RELEASE, given=shown).allowed


@pytest.mark.parametrize(
    "other",
    [
        consents("ENISA", "EU"),
        consents("NCSC", "US"),
        consents("NCSC", "EU", meeting=CMR),
        consents("NCSC", "EU", meeting=None),
        consents("NCSC", "EU", revision=2),
        consents("NCSC", "EU", expires_at=MEETING_TIME),
    ],
    ids=["originator", "party", "meeting", "no meeting", "revision", "lapsed at the time of use"],
)
def test_consent_to_another_use_is_none(other: tuple[Consent, ...]) -> None:
    assert decision(RED, "EU", given=other).rule_id is Rule.TLP_RED


def test_every_originator_must_consent() -> None:
    subject = text(parse("TLP:RED").with_originators({"GCHQ"}))
    assert not decision(subject, "EU", given=consents("NCSC", "EU")).allowed
    assert decision(subject, "EU", given=consents("NCSC", "EU") + consents("GCHQ", "EU")).allowed


def test_a_consent_without_a_meeting_is_for_use_outside_meetings() -> None:
    dispatch = occasion("UK", "EU", meeting=None)
    given = consents("NCSC", "EU", meeting=None)
    assert decision(RED, "EU", dispatch, Mode.RELEASE, given).allowed


def test_a_planned_use_in_the_past_is_judged_as_a_use_now() -> None:
    lapsed = consents("NCSC", "EU", expires_at=NOW)
    past = occasion("UK", "EU", used_at=NOW - timedelta(days=1))
    assert not decision(RED, "EU", past, given=lapsed).allowed


def test_a_text_of_a_secretariat_must_declare_its_sources() -> None:
    written = text(parse("UK OFFICIAL REL EU"), organisation="FCDO", authorship=Authorship.SECRETARIAT)
    assert decision(written, "EU").rule_id is Rule.LINEAGE_UNKNOWN
    assert decision(replace(written, derived_from=()), "EU").allowed


def test_a_text_is_denied_where_a_source_of_it_is() -> None:
    source = text(parse("TLP:AMBER"), party="US", organisation="CISA")
    written = text(
        parse("UK OFFICIAL REL EU"),
        organisation="FCDO",
        authorship=Authorship.SECRETARIAT,
        derived_from=(source,),
    )
    assert decision(written, "EU").rule_id is Rule.LINEAGE_DENIED
    assert decision(written, "EU", given=consents("CISA", "EU")).allowed


@pytest.mark.parametrize("banner", ["NATO UNCLASSIFIED", "NATO RESTRICTED", "COSMIC TOP SECRET ATOMAL"])
def test_a_marking_system_that_the_policy_gives_to_nobody_is_denied(banner: str) -> None:
    for party in ("UK", "EU", "US"):
        assert decision(text(parse(banner)), party).rule_id is Rule.MARKING_UNKNOWN


@pytest.mark.parametrize(
    "unknown",
    [
        {"handling_instructions": frozenset({"READ AND BURN"})},
        {"national_caveats": frozenset({"MARS EYES ONLY"})},
        {"descriptors": frozenset({"FUNNY"})},
        {"rel_to": frozenset({"EU", "MARS"})},
        {"display_only": frozenset({"EU"})},
        {"dissem_controls": frozenset({"NOFORN"})},
        {"prefix": "GB"},
    ],
)
def test_an_element_nobody_knows_is_denied(unknown: dict[str, frozenset[str]]) -> None:
    known = NationalMarking(MarkingSystem.UK_GSCP, "OFFICIAL", prefix="UK", rel_to=frozenset({"EU"}))
    assert decision(text(Marking(national=(known,))), "EU").allowed
    altered = replace(known, **unknown)  # type: ignore[arg-type]
    assert decision(text(Marking(national=(altered,))), "UK").rule_id is Rule.MARKING_UNKNOWN


def test_all_member_states_named_one_by_one_are_the_union_and_all_but_one_are_not() -> None:
    nations = sorted(shipped_policy().party("EU").nations)
    whole = text(parse(f"SECRET//REL TO USA, {', '.join(nations)}"), party="US", organisation="NSA")
    short = text(parse(f"SECRET//REL TO USA, {', '.join(nations[1:])}"), party="US", organisation="NSA")
    assert decision(whole, "EU").allowed
    assert decision(short, "EU").rule_id is Rule.REL_MISSING


def test_a_marking_of_another_government_passes_on_with_that_government_s_consent_alone() -> None:
    subject = text(parse("SECRET//REL TO USA, GBR"))
    ours, theirs = consents("NCSC", "UK"), consents("NSA", "UK")
    for given in ((), ours, theirs):
        assert decision(subject, "UK", given=given).rule_id is Rule.THIRD_PARTY
    assert decision(subject, "UK", given=ours + theirs).allowed


def test_a_party_reads_alone_what_it_holds_of_an_absent_one() -> None:
    subject = text(parse("RESTREINT UE/EU RESTRICTED"), party="EU", organisation="ENISA")
    assert decision(subject, "UK", occasion("UK")).allowed
    assert decision(subject, "UK", occasion("UK", "US")).rule_id is Rule.THIRD_PARTY


def test_british_text_passes_between_others_with_british_consent() -> None:
    subject = text(parse("UK OFFICIAL-SENSITIVE"))
    room = occasion("EU", "US")
    assert decision(subject, "US", room).rule_id is Rule.THIRD_PARTY
    assert decision(subject, "US", room, given=consents("NCSC", "US")).allowed


def test_a_decision_is_a_full_record_that_can_be_read_back() -> None:
    for marking in (parse("TLP:AMBER//UK OFFICIAL REL EU"), None):
        made = decision(text(marking), "EU")
        document = made.to_document()
        assert Decision.from_document(document) == made
        assert document["policy_version"] == shipped_policy().version
        assert (document["evaluated_at"], document["used_at"]) == (
            "2026-11-02T09:00:00Z",
            "2026-12-02T09:00:00Z",
        )


def test_a_decision_is_named_by_its_whole_content() -> None:
    one = decision(text(parse("TLP:CLEAR")), "EU")
    assert one.id == decision(text(parse("TLP:CLEAR")), "EU").id
    assert one.id != decision(text(parse("TLP:CLEAR")), "UK").id
    assert one.id != replace(one, policy_version="other").id


def test_a_damaged_decision_record_is_refused() -> None:
    document = decision(text(parse("TLP:CLEAR")), "EU").to_document()
    for damage in ({"rule_id": "BECAUSE"}, {"allowed": "yes"}, {"assessment_id": "1"}, {"more": 1}):
        with pytest.raises(InvalidValue):
            Decision.from_document({**document, **damage})


def test_instants_without_a_time_zone_are_refused() -> None:
    with pytest.raises(InvalidValue):
        occasion("UK", used_at=NOW.replace(tzinfo=None))
    with pytest.raises(InvalidValue):
        consents("NCSC", "EU", expires_at=NOW.replace(tzinfo=None))
    with pytest.raises(InvalidValue):
        decide(
            RED,
            "UK",
            occasion("UK", meeting=UK_EU),
            Mode.DISCLOSE,
            policy=shipped_policy(),
            consents=(),
            now=NOW.replace(tzinfo=None),
        )


def test_a_caveat_must_name_every_nation_of_a_party() -> None:
    base = shipped_policy()
    alliance = Party(
        "XX", "Alliance", PartyKind.GOVERNMENT, frozenset({"USA", "FRA"}), Level.parse("UK SECRET")
    )
    pact = replace(base.agreements[0], parties=frozenset({"UK", "XX"}))
    policy = replace(base, parties={**base.parties, "XX": alliance}, agreements=(pact,))
    subject = text(parse("UK SECRET - FIVE EYES ONLY"))
    found = decision(subject, "XX", occasion("UK", "XX"), policy=policy)
    assert found.rule_id is Rule.NATIONAL_CAVEAT
    assert decision(text(parse("UK SECRET")), "XX", occasion("UK", "XX"), policy=policy).allowed


def test_an_organisation_cannot_speak_for_another_party() -> None:
    borrowed = text(parse("UK OFFICIAL REL EU"), party="UK", organisation="CISA")
    assert decision(borrowed, "UK").rule_id is Rule.ORIGINATOR_UNKNOWN


@pytest.mark.parametrize(
    ("banner", "readers"),
    [
        ("RESTREINT UE/EU RESTRICTED", {"UK", "EU"}),
        ("SECRET UE/EU SECRET", {"UK", "EU"}),
        ("RESTREINT UE/EU RESTRICTED RELEASABLE TO US", {"UK", "EU", "US"}),
    ],
)
def test_a_host_does_not_pass_an_institutions_text_on_to_another_government(
    banner: str, readers: set[str]
) -> None:
    policy = shipped_policy().hosted_by("UK")
    subject = text(parse(banner), party="EU", organisation="ENISA")
    allowed = {
        party
        for party in ("UK", "EU", "US")
        if decision(
            subject, party, outside_meetings(party, policy, NOW), mode=Mode.RELEASE, policy=policy
        ).allowed
    }
    assert allowed == readers
