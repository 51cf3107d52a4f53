"""Roll-up: the least marking that protects several texts together.

The roll-up is a floor. Compilation may raise it, and nothing but a new revision by the originator
lowers a marking (GSCP paragraph 37). It is associative, commutative, idempotent and monotone. Its
`str` may say more than one banner of its system may say (HMG USE ONLY at TOP SECRET); a banner
reader then refuses it.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from typing import assert_never

from services.kernel.markings.acs import EVERYBODY
from services.kernel.markings.foreign_disclosure import roll_up
from services.kernel.markings.gscp import FOR_PUBLIC_RELEASE
from services.kernel.markings.levels import MarkingSystem
from services.kernel.markings.marking import Marking, NationalMarking
from services.kernel.markings.refusals import MarkingMissing
from services.kernel.markings.tlp import Tlp

_PERMITTING = frozenset({FOR_PUBLIC_RELEASE})


def compose(markings: Iterable[Marking]) -> Marking:
    """The roll-up of `markings`: highest level and label, what permits intersected, what restricts
    united.

    Raises `MarkingMissing` for none at all. The result carries no original text.
    """
    every = tuple(markings)
    if not every:
        raise MarkingMissing("there is no marking to roll up")
    return reduce(_join, every[1:], Marking(every[0].tlp, every[0].national, every[0].originators))


def _join(one: Marking, other: Marking) -> Marking:
    return Marking(
        tlp=_join_tlp(one.tlp, other.tlp),
        national=tuple(
            reduce(_join_national, found)
            for system in MarkingSystem
            if (found := [entry for entry in one.national + other.national if entry.system is system])
        ),
        originators=one.originators | other.originators,
    )


def _join_tlp(one: Tlp | None, other: Tlp | None) -> Tlp | None:
    labels = [tlp for tlp in (one, other) if tlp is not None]
    return max(labels, key=lambda tlp: tlp.order, default=None)


def _join_national(one: NationalMarking, other: NationalMarking) -> NationalMarking:
    match one.system:
        case MarkingSystem.US_CAPCO:
            return roll_up(one, other)
        case MarkingSystem.STIX_ACS:
            return _join_acs(one, other)
        case MarkingSystem.UK_GSCP | MarkingSystem.EUCI | MarkingSystem.NATO:
            return _join_plain(one, other)
        case _:
            assert_never(one.system)


def _join_acs(one: NationalMarking, other: NationalMarking) -> NationalMarking:
    lists = [entry.rel_to for entry in (one, other) if entry.rel_to != {EVERYBODY}]
    released = reduce(frozenset.intersection, lists) if lists else frozenset({EVERYBODY})
    return replace(_join_plain(one, other), rel_to=released)


def _join_plain(one: NationalMarking, other: NationalMarking) -> NationalMarking:
    higher = max(one, other, key=lambda marking: marking.classification.order)
    united = one.handling_instructions | other.handling_instructions
    shared = one.handling_instructions & other.handling_instructions
    ends = [entry.embargo_until for entry in (one, other) if entry.embargo_until is not None]
    return NationalMarking(
        system=one.system,
        level=higher.level,
        prefix=one.prefix if one.prefix == other.prefix else None,
        handling_instructions=(united - _PERMITTING) | (shared & _PERMITTING),
        descriptors=one.descriptors | other.descriptors,
        codewords=one.codewords | other.codewords,
        national_caveats=one.national_caveats | other.national_caveats,
        rel_to=one.rel_to & other.rel_to,
        display_only=one.display_only & other.display_only,
        dissem_controls=one.dissem_controls | other.dissem_controls,
        embargo_until=max(ends, default=None),
    )
