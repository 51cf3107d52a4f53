"""What a national or institutional marking says about one party's use of a text.

`nation_rules` bind whole parties, and so also the host of a deployment; `consent_rules` leave the
matter to the originator. Anything that is not understood is denied.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from services.kernel.markings import acs, capco_terms, institutions
from services.kernel.markings.gscp import (
    CAVEAT_NATIONS,
    DESCRIPTORS,
    HMG_USE_ONLY,
    PREFIX,
    RECIPIENTS_ONLY,
    REL_EU,
    is_handling_instruction,
)
from services.kernel.markings.levels import Level, MarkingSystem
from services.kernel.markings.marking import NationalMarking
from services.kernel.markings.nations import EU_CODE, is_release_code
from services.kernel.markings.writing import LIMITE
from services.kernel.parties import Party, PartyKind
from services.kernel.policy import Policy
from services.kernel.release_terms import Mode, Rule

Denial = tuple[Rule, str]

_US_CONTROLS = frozenset(capco_terms.CONTROLS + capco_terms.NON_IC)
_ASK_FOR_EVERYBODY = frozenset({"LIMDIS", "EXDIS", "NODIS"})
_ASK_FOR_FOREIGNERS = frozenset(
    {"IMCON", "PROPIN", "RSEN", "DSEN", "FISA", "LES", "SSI", LIMITE, *_ASK_FOR_EVERYBODY}
)


@dataclass(frozen=True, slots=True)
class Use:
    """A use of a text by one party, at an instant, under a ceiling and a policy."""

    party: Party
    mode: Mode
    ceiling: Level
    policy: Policy
    at: datetime


def nation_rules(
    national: NationalMarking, originator_party: str, use: Use, *, passed_on: bool
) -> Iterator[Denial | None]:
    """The rules on parties as a whole. `passed_on` says that the originators of a marking that is not
    the text's own government's have consented.
    """
    if not _is_understood(national, use):
        yield Rule.MARKING_UNKNOWN, "an element of the national marking is not understood"
        return
    owner = use.policy.owners[national.system]
    if owner != originator_party and not passed_on:
        yield Rule.THIRD_PARTY, "the marking is another government's than the originator's"
    yield from _level_rules(national, owner, use)
    if acs.PRIVILEGE_DENY in national.dissem_controls:
        yield Rule.DISSEM_CONTROL, "the marking denies every use that it does not permit"
    for caveat in sorted(national.national_caveats):
        if not use.party.nations <= CAVEAT_NATIONS[caveat]:
            yield Rule.NATIONAL_CAVEAT, f"{caveat} does not name every nation of the party"
    if use.party.id != owner:
        yield from _foreign_rules(national, use)


def consent_rules(
    national: NationalMarking, use: Use, present: tuple[str, ...], *, consented: bool
) -> Iterator[Denial | None]:
    """The rules that the originator's consent to this very use lifts, and the embargo, which nothing
    lifts. `present` are the parties of the occasion.
    """
    instructions = national.handling_instructions
    if any(i.endswith(" USE ONLY") and i != HMG_USE_ONLY for i in instructions):
        yield Rule.ORGANISATION_USE_ONLY, "the text does not leave the organisation it names"
    if not consented:
        yield from _unconsented(national, use)
    yield _absence_rule(national, use, present, consented=consented)
    if national.embargo_until is not None and use.at < national.embargo_until:
        yield Rule.EMBARGO, "the text is still under embargo at the time of use"


def _absence_rule(
    national: NationalMarking, use: Use, present: tuple[str, ...], *, consented: bool
) -> Denial | None:
    """The third-party rule: who received classified text from another does not pass it on alone.

    An institution says in the marking itself to whom its text has been released; the consent of one
    of its agencies does not say it.
    """
    owner = use.policy.owners.get(national.system)
    rank = use.policy.ranks.get(national.classification, 1)
    if len(present) < 2 or owner in present or rank == 0 or _covers(national.rel_to, national.system, use):
        return None
    match national.system:
        case MarkingSystem.US_CAPCO | MarkingSystem.STIX_ACS:
            return None
        case MarkingSystem.UK_GSCP:
            if consented:
                return None
        case MarkingSystem.EUCI | MarkingSystem.NATO:
            pass
        case _:
            assert_never(national.system)
    return Rule.THIRD_PARTY, "the originator's side is not present and has not released it to the party"


def _unconsented(national: NationalMarking, use: Use) -> Iterator[Denial]:
    controls = national.dissem_controls
    owner = use.policy.owners.get(national.system)
    foreign = use.party.id != owner
    if RECIPIENTS_ONLY in national.handling_instructions:
        yield Rule.RECIPIENTS_ONLY, "the originator has not consented to this recipient"
    if national.codewords:
        yield Rule.CODEWORD, "the originator has not consented to share codeword material"
    if capco_terms.ORCON in controls or (foreign and capco_terms.ORCON_USGOV in controls):
        yield Rule.ORCON, "the originator controls every further dissemination"
    named = foreign and _covers(national.rel_to, national.system, use)
    asked = _ASK_FOR_FOREIGNERS - {LIMITE} if named else _ASK_FOR_FOREIGNERS
    if controls & (asked if foreign else _ASK_FOR_EVERYBODY):
        yield Rule.DISSEM_CONTROL, "the originator has not consented to share controlled material"


def _is_understood(national: NationalMarking, use: Use) -> bool:
    policy = use.policy
    if national.system not in policy.owners or not {national.classification, use.ceiling} <= set(
        policy.ranks
    ):
        return False
    match national.system:
        case MarkingSystem.UK_GSCP:
            return _is_british(national)
        case MarkingSystem.US_CAPCO:
            return _is_american(national)
        case MarkingSystem.EUCI | MarkingSystem.NATO:
            return institutions.is_lawful(national)
        case MarkingSystem.STIX_ACS:
            return acs.is_lawful(national)
        case _:
            assert_never(national.system)


def _is_british(national: NationalMarking) -> bool:
    return (
        national.prefix in (None, PREFIX)
        and all(is_handling_instruction(i) for i in national.handling_instructions)
        and national.descriptors <= DESCRIPTORS
        and national.national_caveats <= set(CAVEAT_NATIONS)
        and national.rel_to <= {REL_EU}
        and not national.display_only
        and not national.dissem_controls
    )


def _is_american(national: NationalMarking) -> bool:
    others = (
        national.prefix,
        national.handling_instructions,
        national.descriptors,
        national.national_caveats,
        national.embargo_until,
    )
    return (
        not any(others)
        and national.dissem_controls <= _US_CONTROLS
        and all(capco_terms.compartment_category(c) is not None for c in national.codewords)
        and all(is_release_code(code) for code in national.rel_to | national.display_only)
    )


def _level_rules(national: NationalMarking, owner: str, use: Use) -> Iterator[Denial | None]:
    # A ceiling stands in a row of the table, so comparing rows treats a level that the ceiling's
    # system lacks as the next higher one it has.
    level, policy, party = national.classification, use.policy, use.party
    rank = policy.rank(level)
    if rank > policy.rank(party.ceiling):
        yield Rule.ABOVE_PARTY_CEILING, "the text is above the level the party is cleared for"
    if rank > policy.rank(use.ceiling):
        yield Rule.ABOVE_OCCASION_CEILING, "the text is above the ceiling of the occasion"
    if party.id != owner and rank > 0 and policy.agreement(owner, party.id, level, use.at) is None:
        yield Rule.AGREEMENT_MISSING, "no agreement in force covers the text at the time of use"


def _foreign_rules(national: NationalMarking, use: Use) -> Iterator[Denial | None]:
    match national.system:
        case MarkingSystem.UK_GSCP:
            yield from _british_rules(national, use)
        case MarkingSystem.US_CAPCO:
            yield _american_rule(national, use)
        case MarkingSystem.STIX_ACS:
            yield _acs_rule(national, use)
        case MarkingSystem.EUCI | MarkingSystem.NATO:
            # For a government an agreement is enough while the institution is present: see consent_rules.
            settled = _covers(national.rel_to | {EU_CODE}, national.system, use)
            if use.party.kind is PartyKind.EU_MEMBER_STATE and not settled:
                yield Rule.REL_MISSING, "it is not settled that the text is for a member state"
        case _:
            assert_never(national.system)


def _british_rules(national: NationalMarking, use: Use) -> Iterator[Denial | None]:
    if HMG_USE_ONLY in national.handling_instructions:
        yield Rule.HMG_USE_ONLY, "the text does not leave the government it comes from"
    if national.prefix != PREFIX:
        yield Rule.PREFIX_MISSING, "text for a foreign party carries the prefix UK"
    if _needs_rel(use.party) and not _covers(national.rel_to & {REL_EU}, national.system, use):
        yield Rule.REL_MISSING, "REL EU is missing, or is not settled to cover the party"


def _needs_rel(party: Party) -> bool:
    match party.kind:
        case PartyKind.EU_INSTITUTIONS | PartyKind.EU_MEMBER_STATE:
            return True
        case PartyKind.GOVERNMENT:
            return False
        case _:
            assert_never(party.kind)


def _american_rule(national: NationalMarking, use: Use) -> Denial | None:
    if capco_terms.NOFORN in national.dissem_controls:
        return Rule.NOFORN, "the text is not for foreign nationals"
    if _names(national.rel_to, national.system, use):
        return None
    if not _names(national.rel_to | national.display_only, national.system, use):
        return Rule.REL_MISSING, "no release list names every nation of the party"
    if use.mode is Mode.RELEASE:
        return Rule.DISPLAY_ONLY, "the text may be shown to the party and no copy kept"
    return None


def _acs_rule(national: NationalMarking, use: Use) -> Denial | None:
    if acs.SHARING_DENY in national.dissem_controls:
        return Rule.DISSEM_CONTROL, "the marking denies further sharing by default"
    if acs.EVERYBODY in national.rel_to or use.party.nations <= national.rel_to:
        return None
    return Rule.REL_MISSING, "the permitted nationalities do not name every nation of the party"


def _names(codes: frozenset[str], system: MarkingSystem, use: Use) -> bool:
    return use.party.nations <= codes or _covers(codes, system, use)


def _covers(codes: frozenset[str], system: MarkingSystem, use: Use) -> bool:
    """Whether a policy row says that one of the codes stands for the party."""
    return any(use.party.id in use.policy.coverage.get((system, code), frozenset()) for code in codes)
