"""What a secretariat can do about a text that may not be shown to every party, or that no longer stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from services.agenda.domain.references import AssessmentState, Reference, ReferenceState
from services.agenda.domain.releases import TextAnswer
from services.kernel.release_terms import Mode, Rendition, Rule

_OF_THE_ORIGINATOR = frozenset(
    {
        *(Rule.ORCON, Rule.THIRD_PARTY, Rule.RECIPIENTS_ONLY),
        *(Rule.TLP_RED, Rule.TLP_AMBER_STRICT, Rule.TLP_AMBER),
    }
)
"""Rules that a recorded consent of the originator satisfies (domain rule 7 and 8)."""


class Remedy(StrEnum):
    REVISE = "REVISE"
    USE_TEAR_LINE = "USE_TEAR_LINE"
    SHOW_ONLY = "SHOW_ONLY"
    ASK_CONSENT = "ASK_CONSENT"
    RESERVE = "RESERVE"
    TAKE_OFF = "TAKE_OFF"


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to do, in words, and the text to refer to instead, where there is one."""

    remedy: Remedy
    words: str
    reference: Reference | None = None


def alternatives(reference: Reference, current_revision: int | None) -> tuple[Reference, ...]:
    """The other texts of the assessment that could be asked about, the widest first."""
    revision = current_revision or reference.revision
    newest = replace(reference, revision=revision)
    tear_line = replace(newest, rendition=Rendition.TEAR_LINE)
    wanted = (newest, replace(newest, mode=Mode.DISCLOSE), tear_line, replace(tear_line, mode=Mode.DISCLOSE))
    return tuple(dict.fromkeys(one for one in wanted if one != reference))


def advise(
    answer: TextAnswer, others: Mapping[Reference, TextAnswer], parties: Sequence[str]
) -> tuple[Advice, ...]:
    """What can be done, what keeps most of the item first; nothing for a text that every party may have.

    `others` are the answers on the alternatives, those left out that there are none of.
    """
    if answer.allowed:
        return ()
    asked = answer.reference
    advice = [
        _instead(asked, other.reference)
        for other in others.values()
        if other.allowed and other.reference != asked
    ]
    denied = {one.party: one for one in answer.decisions if not one.allowed and one.party in parties}
    if answer.state is AssessmentState.ACTIVE and denied:
        rules = {one.rule_id for one in denied.values()}
        if rules <= _OF_THE_ORIGINATOR:
            named = ", ".join(sorted(denied))
            advice.append(
                Advice(Remedy.ASK_CONSENT, f"ask the originator at the clearance desk to consent for {named}")
            )
    advice.append(Advice(Remedy.RESERVE, "make it a reserved item: a placeholder as title and no text"))
    advice.append(Advice(Remedy.TAKE_OFF, "take the text or the item off"))
    return tuple(advice)


def _instead(asked: Reference, other: Reference) -> Advice:
    how = "shown, without leaving a copy" if other.mode is Mode.DISCLOSE else "handed over"
    if other.rendition is Rendition.TEAR_LINE and asked.rendition is Rendition.FULL:
        words = f"use the tear line of revision {other.revision}, {how}"
        return Advice(Remedy.USE_TEAR_LINE, words, other)
    if other.revision != asked.revision:
        return Advice(Remedy.REVISE, f"revise to revision {other.revision}, {how}", other)
    return Advice(Remedy.SHOW_ONLY, f"keep the text, {how}", other)


def what_to_do(state: ReferenceState) -> str:
    """What is said to every party of a reference on the table: no more than its state already tells."""
    if state is ReferenceState.CURRENT:
        return ""
    if state is ReferenceState.WITHDRAWN:
        return "the originator withdrew the text: take it or the item off and table another version"
    return (
        "revise to the revision that stands, use its tear line, ask its originator for consent, or take the"
        " item off; then table another version"
    )
