"""The worked cases of release, for TLP and UK GSCP markings: what each room may be shown and given."""

from dataclasses import dataclass
from uuid import UUID

import pytest

from services.kernel.markings.banner import parse
from services.kernel.releasability import (
    Mode,
    Occasion,
    Rendition,
    RevisionState,
    Rule,
    TextUnderDecision,
    decide_all,
    jointly_allowed,
)
from tests.support.release import CMR, NOW, UK_EU, consents, occasion, shipped_policy, text

YES, NO, CONSENT = "yes", "no", "consent"


@dataclass(frozen=True)
class Vector:
    """One row: the text, the answer in the UK-EU and in the UK-US room, and the rule that denies."""

    text: TextUnderDecision
    uk_eu: str
    cmr: str
    uk_eu_rule: Rule = Rule.ALL_PASSED
    cmr_rule: Rule = Rule.ALL_PASSED


def marked(banner: str) -> TextUnderDecision:
    return text(parse(banner))


VECTORS = {
    "1 TLP:CLEAR": Vector(marked("TLP:CLEAR"), YES, YES),
    "2 TLP:GREEN": Vector(marked("TLP:GREEN"), YES, YES),
    "3 TLP:AMBER": Vector(marked("TLP:AMBER"), CONSENT, CONSENT, Rule.TLP_AMBER, Rule.TLP_AMBER),
    "3 TLP:AMBER+STRICT": Vector(
        marked("TLP:AMBER+STRICT"), CONSENT, CONSENT, Rule.TLP_AMBER_STRICT, Rule.TLP_AMBER_STRICT
    ),
    "4 TLP:RED": Vector(marked("TLP:RED"), CONSENT, CONSENT, Rule.TLP_RED, Rule.TLP_RED),
    "5 prefix but no REL EU": Vector(marked("UK OFFICIAL-SENSITIVE"), NO, YES, Rule.REL_MISSING),
    "6 prefix and REL EU": Vector(marked("UK OFFICIAL-SENSITIVE REL EU"), YES, YES),
    "7 no prefix": Vector(marked("OFFICIAL-SENSITIVE"), NO, NO, Rule.PREFIX_MISSING, Rule.PREFIX_MISSING),
    "7 REL EU without prefix": Vector(
        marked("OFFICIAL-SENSITIVE REL EU"), NO, NO, Rule.PREFIX_MISSING, Rule.PREFIX_MISSING
    ),
    "8 HMG USE ONLY": Vector(
        marked("UK OFFICIAL-SENSITIVE - HMG USE ONLY"), NO, NO, Rule.HMG_USE_ONLY, Rule.HMG_USE_ONLY
    ),
    "9 UK EYES ONLY": Vector(
        marked("UK SECRET - UK EYES ONLY"), NO, NO, Rule.NATIONAL_CAVEAT, Rule.NATIONAL_CAVEAT
    ),
    "10 UK/US EYES ONLY": Vector(marked("UK SECRET - UK/US EYES ONLY"), NO, YES, Rule.NATIONAL_CAVEAT),
    "11 FIVE EYES ONLY": Vector(marked("UK SECRET - FIVE EYES ONLY"), NO, YES, Rule.NATIONAL_CAVEAT),
    "RECIPIENTS ONLY": Vector(
        marked("UK SECRET REL EU - RECIPIENTS ONLY"),
        CONSENT,
        CONSENT,
        Rule.RECIPIENTS_ONLY,
        Rule.RECIPIENTS_ONLY,
    ),
    "ORGANISATION USE ONLY": Vector(
        marked("UK OFFICIAL REL EU - NCSC USE ONLY"),
        NO,
        NO,
        Rule.ORGANISATION_USE_ONLY,
        Rule.ORGANISATION_USE_ONLY,
    ),
    "codeword": Vector(marked("UK SECRET REL EU - CODEWORD"), CONSENT, CONSENT, Rule.CODEWORD, Rule.CODEWORD),
    "20 embargoed until after the meeting": Vector(
        marked("UK OFFICIAL REL EU - EMBARGOED UNTIL 2026-12-31T12:00Z"),
        NO,
        NO,
        Rule.EMBARGO,
        Rule.EMBARGO,
    ),
    "embargo over by the meeting": Vector(
        marked("UK OFFICIAL REL EU - EMBARGOED UNTIL 2026-11-03T12:00Z"), YES, YES
    ),
    "21 unmarked": Vector(text(None), NO, NO, Rule.MARKING_MISSING, Rule.MARKING_MISSING),
    "21b unmarked, registered public source": Vector(
        text(parse("TLP:CLEAR"), party="US", organisation="UNIT42", marking_rule="PS-1"), YES, YES
    ),
    "an agency cannot call itself public": Vector(
        text(parse("TLP:CLEAR"), marking_rule="PS-1"),
        NO,
        NO,
        Rule.MARKING_MISSING,
        Rule.MARKING_MISSING,
    ),
    "the rule gives no other marking": Vector(
        text(parse("TLP:GREEN"), party="US", organisation="UNIT42", marking_rule="PS-1"),
        NO,
        NO,
        Rule.MARKING_MISSING,
        Rule.MARKING_MISSING,
    ),
    "22 tear line with a national marking": Vector(
        text(
            parse("TLP:GREEN//UK OFFICIAL REL EU"),
            rendition=Rendition.TEAR_LINE,
            parent_has_national=True,
        ),
        YES,
        YES,
    ),
    "22b tear line with TLP only": Vector(
        text(parse("TLP:GREEN"), rendition=Rendition.TEAR_LINE, parent_has_national=True),
        NO,
        NO,
        Rule.MARKING_MISSING,
        Rule.MARKING_MISSING,
    ),
    "tear line of a parent with TLP only": Vector(
        text(parse("TLP:GREEN"), rendition=Rendition.TEAR_LINE), YES, YES
    ),
    "23 withdrawn": Vector(
        text(parse("TLP:CLEAR"), state=RevisionState.WITHDRAWN),
        NO,
        NO,
        Rule.STALE_REVISION,
        Rule.STALE_REVISION,
    ),
    "23 superseded": Vector(
        text(parse("TLP:CLEAR"), state=RevisionState.SUPERSEDED),
        NO,
        NO,
        Rule.STALE_REVISION,
        Rule.STALE_REVISION,
    ),
    "TLP never raises what the national marking denies": Vector(
        marked("TLP:CLEAR//UK SECRET - UK EYES ONLY"),
        NO,
        NO,
        Rule.NATIONAL_CAVEAT,
        Rule.NATIONAL_CAVEAT,
    ),
    "a national marking does not lift TLP": Vector(
        marked("TLP:AMBER//UK OFFICIAL REL EU"), CONSENT, CONSENT, Rule.TLP_AMBER, Rule.TLP_AMBER
    ),
    "a marking of another government than the originator's": Vector(
        text(parse("UK OFFICIAL REL EU"), party="US", organisation="CISA"),
        NO,
        NO,
        Rule.THIRD_PARTY,
        Rule.THIRD_PARTY,
    ),
    "unknown originator": Vector(
        text(parse("TLP:CLEAR"), organisation="NOBODY"),
        NO,
        NO,
        Rule.ORIGINATOR_UNKNOWN,
        Rule.ORIGINATOR_UNKNOWN,
    ),
}

ROOMS: dict[str, tuple[Occasion, UUID]] = {
    "uk-eu": (occasion("UK", "EU", meeting=UK_EU), UK_EU),
    "cmr": (occasion("UK", "US", meeting=CMR), CMR),
}


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("room", list(ROOMS))
@pytest.mark.parametrize("name", list(VECTORS))
def test_a_worked_case_is_decided_as_written(name: str, room: str, mode: Mode) -> None:
    vector = VECTORS[name]
    where, meeting = ROOMS[room]
    answer, rule = (vector.uk_eu, vector.uk_eu_rule) if room == "uk-eu" else (vector.cmr, vector.cmr_rule)
    policy = shipped_policy()

    unasked = decide_all(vector.text, where, mode, policy=policy, consents=(), now=NOW)
    granted = consents(vector.text.originator_organisation, *where.parties, mode=mode, meeting=meeting)
    asked = decide_all(vector.text, where, mode, policy=policy, consents=granted, now=NOW)

    assert jointly_allowed(unasked) is (answer == YES)
    assert jointly_allowed(asked) is (answer != NO)
    failing = {decision.rule_id for decision in unasked if not decision.allowed}
    assert failing == (set() if answer == YES else {rule})
