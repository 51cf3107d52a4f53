"""Whether the assessments that an action rests on still stand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never
from uuid import UUID


class BasisState(StrEnum):
    """From the best to the worst."""

    CURRENT = "CURRENT"
    STALE = "STALE"
    WITHDRAWN = "WITHDRAWN"


class Standing(StrEnum):
    """What has become of an assessment, as far as what rests on it is concerned."""

    UNKNOWN = "UNKNOWN"
    """No event told of it yet."""
    IN_FORCE = "IN_FORCE"
    REPLACED = "REPLACED"
    LAPSED = "LAPSED"
    """It has expired, or its originator says two things at once."""
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class AssessmentStanding:
    """The latest known of an assessment. `version` only grows: what is not newer says nothing new."""

    assessment_id: UUID
    standing: Standing
    revision: int
    version: int


@dataclass(frozen=True, slots=True)
class BasisReference:
    """An assessment, in the revision that the parties agreed upon."""

    assessment_id: UUID
    revision: int
    state: BasisState = BasisState.CURRENT

    def judged(self, known: AssessmentStanding) -> "BasisReference":
        """The reference in the light of what is known of its assessment."""
        return replace(self, state=_state(self.revision, known))


def _state(revision: int, known: AssessmentStanding) -> BasisState:
    match known.standing:
        case Standing.WITHDRAWN:
            return BasisState.WITHDRAWN
        case Standing.REPLACED | Standing.LAPSED:
            return BasisState.STALE
        case Standing.UNKNOWN | Standing.IN_FORCE:
            return BasisState.STALE if known.revision > revision else BasisState.CURRENT
        case _:
            assert_never(known.standing)


def worst(references: Iterable[BasisReference]) -> BasisState | None:
    """The state to show for all of them together; None for an action that rests on none."""
    order = list(BasisState)
    return max((reference.state for reference in references), key=order.index, default=None)


def judge(
    basis: Iterable[BasisReference], known: Mapping[UUID, AssessmentStanding]
) -> tuple[BasisReference, ...]:
    """References in the light of what is known of their assessments."""
    return tuple(
        reference.judged(known[reference.assessment_id]) if reference.assessment_id in known else reference
        for reference in basis
    )
