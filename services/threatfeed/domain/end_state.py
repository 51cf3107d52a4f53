"""The state in which a set of submissions must end, whatever the order in which they arrived.

Counted in: what stands, why what does not stand does not, under which themes, every content of every version
and what humans chose. Left out: our own counters, which tell the order of arrival (the numbers of revisions
and changes, the times of receipt). What a catalogue's releases imply of an entry is not counted either.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from services.kernel.canonical import content_hash
from services.threatfeed.domain.assessment import VersionKey, WithdrawalCause
from services.threatfeed.domain.status import Choices, State, Versions

_CURRENT = frozenset({State.ACTIVE, State.EXPIRED})


@dataclass(frozen=True, slots=True)
class EndState:
    """What is known of one assessment. `version` and `content_sha256` count where one is current."""

    assessment_id: UUID
    state: str
    cause: str | None
    version: VersionKey | None
    content_sha256: str | None
    themes: tuple[str, ...]
    versions: Versions
    choices: Choices

    def to_document(self) -> Mapping[str, object]:
        """The JSON form, equal for equal states."""
        current = self.state in _CURRENT and self.version is not None
        return {
            "assessment_id": str(self.assessment_id),
            "state": self.state,
            "cause": self.cause,
            "version": _version(self.version) if current and self.version is not None else None,
            "content_sha256": self.content_sha256 if current else None,
            "themes": sorted(self.themes),
            "versions": sorted(self._contents()),
            "chosen": sorted(
                [*_version(version), choice.chosen] for version, choice in self.choices.contents.items()
            ),
            "chosen_scheme": None if self.choices.scheme is None else self.choices.scheme.chosen.value,
        }

    def _contents(self) -> Iterable[list[str]]:
        for version, contents in self.versions.items():
            for entry in contents:
                if entry.notice is not WithdrawalCause.REMOVED or len(contents) > 1:
                    notice = "" if entry.notice is None else entry.notice.value
                    yield [*_version(version), entry.content_sha256, notice]


def state_hash(states: Iterable[EndState]) -> str:
    """One hash over the states of all assessments."""
    return content_hash(
        [state.to_document() for state in sorted(states, key=lambda state: state.assessment_id)]
    )


def _version(version: VersionKey) -> list[str]:
    return [version.scheme.value, str(version.ordinal)]
