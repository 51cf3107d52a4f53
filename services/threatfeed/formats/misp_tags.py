"""What the tags of a MISP event say: its marking, its ratings, and the galaxies it is about.

Terms stay on their own scales. The numbers that MISP gives them are never read: the STIX scales and
those of the Admiralty code disagree with them (F and 6 are unknown, and not a middle value).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from services.kernel.markings.composition import compose
from services.kernel.markings.marking import Marking
from services.kernel.markings.refusals import MarkingUnknown
from services.kernel.markings.tlp import parse_tlp
from services.kernel.refusals import Refusal
from services.kernel.scales import (
    LikelihoodScheme,
    confidence,
    information_credibility,
    likelihood,
    source_reliability,
)
from services.threatfeed.domain.ratings import Rated, Ratings, Scale
from services.threatfeed.domain.refusals import FieldInvalid
from services.threatfeed.formats.misp_event import MispTag
from services.threatfeed.formats.validation import at

_T = TypeVar("_T")

_MACHINE_TAG: Final = re.compile(r'([^:="]+):([^="]+?)(?:="(.*)")?', re.DOTALL)
_TLP: Final = re.compile(r"tlp(?![a-z0-9])", re.IGNORECASE)
# National and institutional systems that are tagged but not understood: to ignore one could release a text.
_MARKING_SYSTEMS: Final = frozenset(
    {"acs-marking", "de-vs", "dni-ism", "euci", "fr-classif", "nato", "uk-gscp"}
)
_HANDLING: Final = frozenset({"pap", "data-classification"})


@dataclass(frozen=True, slots=True)
class MachineTag:
    """A tag in its three parts, in lower case but for the value, with its JSON pointer."""

    namespace: str
    predicate: str
    value: str
    text: str
    pointer: str


def machine_tags(tags: Sequence[MispTag], pointer: str) -> Iterator[MachineTag]:
    """The tags in their parts; what is no machine tag is a namespace alone."""
    for position, tag in enumerate(tags):
        text = tag.name.strip()
        match = _MACHINE_TAG.fullmatch(text)
        parts = match.groups(default="") if match else (text.partition(":")[0], "", "")
        namespace, predicate, value = parts
        yield MachineTag(
            namespace.strip().lower(), predicate.strip().lower(), value, text, f"{pointer}/Tag/{position}"
        )


def marking_of(tags: Iterable[MachineTag]) -> Marking | None:
    """The roll-up of every marking that is tagged, None where there is none.

    Raises the refusals of the markings, and `MarkingUnknown` for a tag of a marking system that is not
    understood.
    """
    found: list[Marking] = []
    for tag in tags:
        if tag.namespace in _MARKING_SYSTEMS:
            raise MarkingUnknown("tags of this marking system are not understood", pointer=tag.pointer)
        # However it is written: a label that cannot be read is refused and never taken for a free word.
        if _TLP.match(tag.text):
            tlp = _at(tag, lambda text=tag.text: parse_tlp("".join(text.split())))  # type: ignore[misc]
            found.append(Marking(tlp=tlp, national=(), original_text=tag.text))
    return compose(found) if len(found) > 1 else next(iter(found), None)


def handling_of(tags: Iterable[MachineTag]) -> tuple[str, ...]:
    """The tags that say how to handle an event beside its marking, as written."""
    return tuple(tag.text for tag in tags if tag.namespace in _HANDLING)


def ratings_of(tags: Sequence[MachineTag]) -> Ratings:
    """The terms of the estimative language (ICD 203) and of the Admiralty code.

    Raises `TermUnknown` for a term that its scale does not have, such as MISP's own `g` for deceptive
    sources, and `FieldInvalid` where two terms of one scale contradict each other.
    """
    return Ratings(
        likelihood=_only(
            tags,
            "estimative-language:likelihood-probability",
            Scale.ICD203,
            lambda value: likelihood(value.replace("-", " "), LikelihoodScheme.ICD203),
        ),
        analytic_confidence=_only(
            tags, "estimative-language:confidence-in-analytic-judgment", Scale.ICD203, confidence
        ),
        source_reliability=_only(
            tags, "admiralty-scale:source-reliability", Scale.ADMIRALTY_RELIABILITY, source_reliability
        ),
        info_credibility=_only(
            tags,
            "admiralty-scale:information-credibility",
            Scale.ADMIRALTY_CREDIBILITY,
            information_credibility,
        ),
    )


def _only(tags: Sequence[MachineTag], name: str, scale: Scale, read: Callable[[str], _T]) -> Rated[_T] | None:
    found: Rated[_T] | None = None
    for tag in tags:
        if f"{tag.namespace}:{tag.predicate}" == name:
            term = _at(tag, lambda value=tag.value: read(value))  # type: ignore[misc]
            if found is not None and term != found.value:
                raise FieldInvalid("two terms of one scale", pointer=tag.pointer)
            found = found or Rated(scale, term, tag.value)
    return found


def _at(tag: MachineTag, read: Callable[[], _T]) -> _T:
    try:
        return read()
    except Refusal as refusal:
        raise at(type(refusal)(refusal.detail), tag.pointer) from refusal
