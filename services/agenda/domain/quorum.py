"""Agreement of parties: each party agrees when every organisation of its quorum has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.agenda.domain.refusals import NotInQuorum

Quorum = Mapping[str, tuple[str, ...]]
"""The organisations needed, by party."""


@dataclass(frozen=True, slots=True, order=True)
class Signatory:
    """For whom an official agreed."""

    party: str
    organisation: str


@dataclass(frozen=True, slots=True)
class PartyAgreement:
    party: str
    needed: tuple[str, ...]
    agreed: tuple[str, ...]

    @property
    def complete(self) -> bool:
        return set(self.needed) <= set(self.agreed)


def progress(quorum: Quorum, signed: Iterable[Signatory]) -> tuple[PartyAgreement, ...]:
    """How far each party has come, in the order of the parties."""
    given = frozenset(signed)
    return tuple(
        PartyAgreement(party, needed, tuple(one for one in needed if Signatory(party, one) in given))
        for party, needed in quorum.items()
    )


def is_complete(quorum: Quorum, signed: Iterable[Signatory]) -> bool:
    """Whether every party has agreed. A quorum that asks for nobody is never complete."""
    parties = progress(quorum, signed)
    return bool(parties) and all(party.needed and party.complete for party in parties)


def require_seat(quorum: Quorum, signatory: Signatory) -> None:
    """Raises `NotInQuorum`."""
    if signatory.organisation not in quorum.get(signatory.party, ()):
        raise NotInQuorum("the organisation has no part in its party's quorum")
