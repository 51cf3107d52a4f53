"""Whether the exact words of an assessment may be shown or handed to a party. Deny by default.

Every rule must pass; the first that does not is recorded. A TLP label never raises a permission
that a national marking denies, and consent lifts only the rules that leave the matter to the
originator.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from services.kernel.markings.levels import Level
from services.kernel.markings.marking import Marking
from services.kernel.markings.tlp import Tlp, TlpLabel
from services.kernel.national_rules import Denial, Use, consent_rules, nation_rules
from services.kernel.parties import Authorship, Party
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue, Refusal, RefusalKind
from services.kernel.release_terms import (
    Consent,
    Decision,
    Mode,
    Occasion,
    Rendition,
    RevisionState,
    Rule,
    TextUnderDecision,
)

__all__ = [
    "Authorship",
    "Consent",
    "Decision",
    "HoldingRefused",
    "Mode",
    "Occasion",
    "Rendition",
    "RevisionState",
    "Rule",
    "TextUnderDecision",
    "check_holding",
    "decide",
    "decide_all",
    "jointly_allowed",
    "outside_meetings",
]


class HoldingRefused(Refusal):
    """The marking forbids that this deployment holds the text at all; `rule` says which rule
    does.
    """

    kind = RefusalKind.INVALID
    reason = "HOLDING_REFUSED"


@dataclass(frozen=True, slots=True)
class _Case:
    text: TextUnderDecision
    party: Party
    occasion: Occasion
    mode: Mode
    policy: Policy
    consents: tuple[Consent, ...]
    at: datetime

    def asked(self, marking: Marking) -> frozenset[str]:
        return marking.originators | {self.text.originator_organisation}

    def consented(self, marking: Marking) -> bool:
        return all(
            any(
                consent.covers(self.text, originator, self.party.id, self.occasion, self.mode, self.at)
                for consent in self.consents
            )
            for originator in self.asked(marking)
        )

    def is_licensed(self, owner: str | None) -> bool:
        """Whether an organisation of the party whose marking it is has consented to this use."""
        organisations = self.policy.organisations
        return any(
            consent.originator in organisations
            and organisations[consent.originator].party == owner
            and consent.covers(
                self.text, consent.originator, self.party.id, self.occasion, self.mode, self.at
            )
            for consent in self.consents
        )

    def is_originators_own(self, marking: Marking) -> bool:
        found = (self.policy.organisations.get(key) for key in self.asked(marking))
        return all(entry is not None and entry.party == self.party.id for entry in found)


def decide(
    text: TextUnderDecision,
    party: str,
    occasion: Occasion,
    mode: Mode,
    *,
    policy: Policy,
    consents: Iterable[Consent],
    now: datetime,
) -> Decision:
    """The decision for one party, as a record. It never raises for what it does not know: it
    denies.

    Embargo, consents and agreements are judged at the planned time of use, or at `now` where that
    has passed; decide again at the moment of use. Raises `InvalidValue` where `now` has no time
    zone.
    """
    if now.tzinfo is None:
        raise InvalidValue("the time of evaluation needs a time zone")
    denial = _first_denial(text, party, occasion, mode, policy, tuple(consents), now)
    rule, explanation = denial or (Rule.ALL_PASSED, "every rule passed")
    return Decision(
        allowed=denial is None,
        party=party,
        rule_id=rule,
        explanation=explanation,
        marking=text.marking,
        marking_rule=text.marking_rule,
        assessment_id=text.assessment_id,
        revision=text.revision,
        rendition=text.rendition,
        mode=mode,
        meeting=occasion.meeting,
        used_at=occasion.used_at,
        evaluated_at=now,
        policy_version=policy.version,
    )


def outside_meetings(party: str, policy: Policy, at: datetime) -> Occasion:
    """The occasion on which a party reads for itself: its host hands it the text, as a third party would
    where the text is neither's.
    """
    host = () if policy.host in ("", party) else (policy.host,)
    return Occasion(parties=(party, *host), ceiling=policy.party(party).ceiling, used_at=at)


def decide_all(
    text: TextUnderDecision,
    occasion: Occasion,
    mode: Mode,
    *,
    policy: Policy,
    consents: Iterable[Consent],
    now: datetime,
) -> tuple[Decision, ...]:
    """One decision for every party present, in the order of the occasion. Raises as `decide`
    does.
    """
    given = tuple(consents)
    return tuple(
        decide(text, party, occasion, mode, policy=policy, consents=given, now=now)
        for party in occasion.parties
    )


def jointly_allowed(decisions: Iterable[Decision]) -> bool:
    """Whether the text may be used with all parties present: every decision allows, and there is
    one.
    """
    every = tuple(decisions)
    return bool(every) and all(decision.allowed for decision in every)


def check_holding(
    marking: Marking,
    *,
    originator_party: str,
    home_party: str,
    ceiling: Level,
    policy: Policy,
    now: datetime,
) -> None:
    """Raises `HoldingRefused` where a deployment of `home_party`, accredited to `ceiling`, may not
    even store the text: the host is itself a party to whom the text is released.

    A US text that is not for foreigners, or for display only, is never held abroad. Rules that bind
    persons (TLP, RECIPIENTS ONLY, ORCON, codewords) are left to the decision for each
    reader: the originator's submission is itself the exchange.
    """
    host = policy.party(home_party)
    for national in marking.national:
        use = Use(party=host, mode=Mode.RELEASE, ceiling=ceiling, policy=policy, at=now)
        checks = nation_rules(national, originator_party, use, passed_on=False)
        denial = next((found for found in checks if found is not None), None)
        if denial is not None:
            raise HoldingRefused(f"this deployment may not hold it: {denial[1]}", rule=denial[0])


def _first_denial(
    text: TextUnderDecision,
    party: str,
    occasion: Occasion,
    mode: Mode,
    policy: Policy,
    consents: tuple[Consent, ...],
    now: datetime,
) -> Denial | None:
    known = policy.parties.get(party)
    if known is None:
        return Rule.PARTY_UNKNOWN, "the policy does not know the party"
    if party not in occasion.parties:
        return Rule.PARTY_NOT_PRESENT, "the party takes no part in the occasion"
    organisation = policy.organisations.get(text.originator_organisation)
    if organisation is None or organisation.party != text.originator_party:
        return Rule.ORIGINATOR_UNKNOWN, "the policy does not know the originator"
    if text.marking is None:
        return Rule.MARKING_MISSING, "the text is unmarked"
    case = _Case(text, known, occasion, mode, policy, consents, max(occasion.used_at, now))
    checks = (
        _marking_rule(case, text.marking),
        *_national_rules(case, text.marking),
        _tlp_rule(case, text.marking),
        _state_rule(text),
        _lineage_rule(case),
        _tear_line_rule(text, text.marking),
    )
    return next((found for found in checks if found is not None), None)


def _marking_rule(case: _Case, marking: Marking) -> Denial | None:
    rule = case.text.marking_rule
    if rule is None:
        return None
    source = case.policy.public_sources.get(rule)
    registered = any(
        agency.public_source_rule == rule and agency.organisation == case.text.originator_organisation
        for agency in case.policy.agencies.values()
    )
    if source is None or not registered:
        return Rule.MARKING_MISSING, "the originator is no longer registered as a public source"
    if (source.marking.tlp, source.marking.national) != (marking.tlp, marking.national):
        return Rule.MARKING_MISSING, "the recorded rule gives another marking"
    return None


def _national_rules(case: _Case, marking: Marking) -> Iterator[Denial | None]:
    for national in marking.national:
        owner = case.policy.owners.get(national.system)
        use = Use(
            party=case.party,
            mode=case.mode,
            ceiling=case.occasion.ceiling,
            policy=case.policy,
            at=case.at,
        )
        consented = case.consented(marking)
        passed_on = consented and case.is_licensed(owner)
        yield from nation_rules(national, case.text.originator_party, use, passed_on=passed_on)
        yield from consent_rules(national, use, case.occasion.parties, consented=consented)


def _tlp_rule(case: _Case, marking: Marking) -> Denial | None:
    return None if marking.tlp is None else _label_rule(case, marking, marking.tlp)


def _label_rule(case: _Case, marking: Marking, tlp: Tlp) -> Denial | None:
    match tlp.label:
        case TlpLabel.WHITE | TlpLabel.CLEAR:
            return None
        case TlpLabel.GREEN:
            community = case.policy.tlp_community
            if {case.party.id, case.text.originator_party} <= community:
                return None
            return Rule.TLP_GREEN, "the party is outside the community"
        case TlpLabel.AMBER:
            if case.is_originators_own(marking) or case.consented(marking):
                return None
            return Rule.TLP_AMBER, "another government is no client: the originator must consent"
        case TlpLabel.AMBER_STRICT:
            if case.consented(marking):
                return None
            return Rule.TLP_AMBER_STRICT, "kept to the originator's organisation without consent"
        case TlpLabel.RED:
            if case.consented(marking):
                return None
            return Rule.TLP_RED, "kept to those of the original exchange without consent"
        case _:
            assert_never(tlp.label)


def _state_rule(text: TextUnderDecision) -> Denial | None:
    match text.state:
        case RevisionState.CURRENT:
            return None
        case RevisionState.SUPERSEDED:
            return Rule.STALE_REVISION, "a newer revision or another document has replaced this one"
        case RevisionState.WITHDRAWN:
            return Rule.STALE_REVISION, "the originator has withdrawn the text"
        case RevisionState.EXPIRED:
            return Rule.STALE_REVISION, "the text is no longer valid"
        case RevisionState.CONFLICTED:
            return Rule.STALE_REVISION, "the originator published two texts as one version"
        case _:
            assert_never(text.state)


def _lineage_rule(case: _Case) -> Denial | None:
    text = case.text
    if text.authorship is not Authorship.AGENCY and text.derived_from is None:
        return Rule.LINEAGE_UNKNOWN, "a secretariat wrote the text and has not declared its sources"
    if not text.sources_known:
        return Rule.LINEAGE_UNKNOWN, "a declared source is not held, so nothing is known of its marking"
    for source in text.derived_from or ():
        denial = _first_denial(
            source, case.party.id, case.occasion, case.mode, case.policy, case.consents, case.at
        )
        if denial is not None:
            return Rule.LINEAGE_DENIED, f"a source of the text is denied by {denial[0].value}"
    return None


def _tear_line_rule(text: TextUnderDecision, marking: Marking) -> Denial | None:
    if text.rendition is not Rendition.TEAR_LINE or not text.parent_has_national:
        return None
    if marking.national:
        return None
    return (
        Rule.MARKING_MISSING,
        "a tear line of nationally marked text needs a national marking too",
    )
