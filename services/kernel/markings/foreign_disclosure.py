"""Roll-up of US portions to a banner (CAPCO Register 2016, Table 3, rules 1 to 27).

Every counted portion says to whom the text may be released and to whom it may be disclosed; release
implies disclosure. The banner holds what all of them have in common, and otherwise NOFORN.
"""

from dataclasses import dataclass, replace

from services.kernel.markings import capco_terms as terms
from services.kernel.markings.marking import NationalMarking
from services.kernel.markings.nations import USA

_Codes = frozenset[str]


@dataclass(frozen=True, slots=True)
class _Disclosure:
    """To whom; `decided` is False where the portions carry no foreign-disclosure marking at all."""

    released: _Codes = frozenset()
    disclosed: _Codes = frozenset()
    officer: bool = False
    decided: bool = True

    @property
    def is_for_officer_alone(self) -> bool:
        return self.officer and not self.disclosed


_NOFORN = _Disclosure()


def is_counted(marking: NationalMarking) -> bool:
    """Whether the portion counts: an unclassified, uncaveated and unmarked one does not (Table 2)."""
    return bool(
        marking.classification.order > 0
        or marking.codewords
        or marking.dissem_controls
        or marking.rel_to
        or marking.display_only
    )


def roll_up(one: NationalMarking, other: NationalMarking) -> NationalMarking:
    """The least US marking that protects both portions."""
    counted = [_disclosure(entry) for entry in (one, other) if is_counted(entry)]
    level = max(one, other, key=lambda entry: entry.classification.order).level
    controls = one.dissem_controls | other.dissem_controls
    plain = replace(
        one,
        level=level,
        codewords=one.codewords | other.codewords,
        dissem_controls=frozenset(),
        rel_to=frozenset(),
        display_only=frozenset(),
    )
    if not counted:
        return plain
    agreed = counted[0] if len(counted) == 1 else _meet(*counted)
    kept = _settled(controls, classified=plain.classification.order > 0)
    if agreed.officer:
        kept |= {terms.RELIDO}
    if agreed == _NOFORN:
        kept |= {terms.NOFORN}
    return replace(
        plain,
        dissem_controls=kept,
        rel_to=agreed.released | {USA} if agreed.released else frozenset(),
        display_only=agreed.disclosed - agreed.released,
    )


def _disclosure(marking: NationalMarking) -> _Disclosure:
    controls = marking.dissem_controls
    if controls & terms.NOT_FOREIGN:
        return _NOFORN
    released = marking.rel_to - {USA}
    disclosed = released | marking.display_only
    officer = terms.RELIDO in controls
    return _Disclosure(released, disclosed, officer, decided=bool(disclosed or officer))


def _meet(one: _Disclosure, other: _Disclosure) -> _Disclosure:
    if not one.decided and not other.decided:
        return one
    if one.is_for_officer_alone and other.is_for_officer_alone:
        return one
    if one.is_for_officer_alone or other.is_for_officer_alone:
        return _NOFORN
    released = one.released & other.released
    return _Disclosure(
        released=released,
        disclosed=one.disclosed & other.disclosed,
        officer=one.officer and other.officer and bool(released),
    )


def _settled(controls: frozenset[str], *, classified: bool) -> frozenset[str]:
    """The controls of a banner: ORCON covers ORCON-USGOV, and classified text carries no control that
    only unclassified text may.
    """
    kept = controls - {terms.RELIDO, terms.NOFORN}
    if terms.ORCON in kept:
        kept -= {terms.ORCON_USGOV}
    return kept - terms.ONLY_UNCLASSIFIED if classified else kept
