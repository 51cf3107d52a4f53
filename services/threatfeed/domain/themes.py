"""Assigns themes by the policy's rules, compiled once, since every assessment that arrives is matched.

The rules and their meaning are the kernel's (`services.kernel.themes`). Words are looked up in an index,
so that the cost hardly grows with the number of keywords.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from services.kernel.themes import ANY, Condition, ThemeAssignment, ThemeRules
from services.threatfeed.domain.assessment import Assessment, TearLine
from services.threatfeed.domain.cves import cves_in
from services.threatfeed.domain.subjects import distinct_terms

_BETWEEN_TEXTS: Final = " \x00 "
"""Stands between texts as a word that no keyword has, so that no keyword is met across two of them."""
_WORD: Final = re.compile(r"[^\W_]+|\x00")
_ASCII_WORDS: Final = bytes(
    ord(chr(code).lower()) if (chr(code).isalnum() and code < 128) or code == 0 else ord(" ")
    for code in range(256)
)
"""Letters in lower case, digits and what stands between texts; a space for whatever stands between words."""


@dataclass(frozen=True, slots=True)
class ThemeSubject:
    """What the rules look at in an assessment."""

    texts: tuple[str, ...]
    sectors: Collection[str] = ()
    techniques: Collection[str] = ()
    vulnerabilities: Collection[str] = ()
    actors: Collection[str] = ()
    judgements: int = 0

    @classmethod
    def of(cls, content: Assessment) -> "ThemeSubject":
        """What the readers of formats gave to the rules when they read this assessment."""
        return cls(
            texts=(content.title, content.text, *(judgement.statement for judgement in content.judgements)),
            sectors=distinct_terms(content.sectors),
            techniques=[technique.id for technique in content.techniques],
            vulnerabilities=content.vulnerabilities,
            actors=[actor.name_as_reported for actor in content.actors],
            judgements=len(content.judgements),
        )

    @classmethod
    def of_line(cls, line: TearLine) -> "ThemeSubject":
        """A tear line is matched by its own words: its parent's would tell of its parent's text."""
        texts = (line.title or "", line.text)
        return cls(texts=texts, vulnerabilities=cves_in(*texts))


class _Kind(IntEnum):
    """The kinds of names that a condition can ask for: the place of each in what was found."""

    SECTORS = 0
    ACTORS = 1
    TECHNIQUES = 2
    VULNERABILITIES = 3


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A condition without its keywords, and the assignment that it gives.

    `names` holds the stated parts only, each with its kind and whether any name meets it.
    """

    assignment: ThemeAssignment
    names: tuple[tuple[_Kind, frozenset[str], bool], ...]
    judgements_at_least: int
    sectors_at_least: int

    @classmethod
    def of(cls, assignment: ThemeAssignment, condition: Condition) -> "_Compiled":
        stated = (
            (_Kind.SECTORS, condition.sectors),
            (_Kind.ACTORS, condition.actors),
            (_Kind.TECHNIQUES, condition.techniques),
            (_Kind.VULNERABILITIES, condition.cves),
        )
        return cls(
            assignment=assignment,
            names=tuple((kind, frozenset(names), ANY in names) for kind, names in stated if names),
            judgements_at_least=condition.judgements_at_least,
            sectors_at_least=condition.sectors_at_least,
        )

    def names_met(self, found: Sequence[frozenset[str]]) -> bool:
        for kind, names, any_name in self.names:
            if not found[kind] or (not any_name and names.isdisjoint(found[kind])):
                return False
        return True


@dataclass(frozen=True, slots=True)
class _Phrase:
    padded: str | None
    """The words of a keyword with a space around each; None for a single word, which is met when found."""
    conditions: frozenset[int]


@dataclass(frozen=True, slots=True)
class ThemeMatcher:
    """The theme rules of one policy version, ready to be matched."""

    rules: ThemeRules
    _conditions: tuple[_Compiled, ...] = field(repr=False)
    _phrases: Mapping[str, tuple[_Phrase, ...]] = field(repr=False)
    """By the longest word of a keyword: only where a text holds that word the keyword is looked for."""
    _sought: frozenset[str] = field(repr=False)
    _without_keywords: frozenset[int] = field(repr=False)

    @classmethod
    def compile(cls, rules: ThemeRules) -> "ThemeMatcher":
        """The matcher that assigns what `rules` say."""
        conditions: list[_Compiled] = []
        keywords: dict[str, set[int]] = {}
        without: set[int] = set()
        for rule in rules.rules:
            for condition in rule.any_of:
                position = len(conditions)
                conditions.append(
                    _Compiled.of(ThemeAssignment(rule.theme, rule.id, rules.version), condition)
                )
                for keyword in condition.keywords:
                    keywords.setdefault(keyword, set()).add(position)
                if not condition.keywords:
                    without.add(position)
        phrases = _by_longest_word(keywords)
        return cls(rules, tuple(conditions), phrases, frozenset(phrases), frozenset(without))

    def assign(self, subject: ThemeSubject) -> tuple[ThemeAssignment, ...]:
        """Each theme once, with the first rule that gives it, in the order of the rules.

        Empty where no rule applies: such an assessment waits for people and never falls under a theme
        of last resort.
        """
        sectors = frozenset(sector.casefold() for sector in subject.sectors)
        found = (
            sectors,
            frozenset(actor.casefold() for actor in subject.actors),
            _with_parents(subject.techniques, ".", ""),
            _with_parents(subject.vulnerabilities, "-", "-*"),
        )
        assigned: dict[str, ThemeAssignment] = {}
        for position in sorted(self._candidates(subject.texts)):
            condition = self._conditions[position]
            assignment = condition.assignment
            if (
                assignment.theme not in assigned
                and condition.judgements_at_least <= subject.judgements
                and condition.sectors_at_least <= len(sectors)
                and condition.names_met(found)
            ):
                assigned[assignment.theme] = assignment
        return tuple(assigned.values())

    def _candidates(self, texts: Iterable[str]) -> set[int]:
        """The conditions without keywords, and those of which a text holds a keyword."""
        words = _words(_BETWEEN_TEXTS.join(texts))
        found = set(self._without_keywords)
        padded = ""
        for word in self._sought.intersection(words):
            for phrase in self._phrases[word]:
                if phrase.padded is None:
                    found |= phrase.conditions
                elif not phrase.conditions <= found:
                    padded = padded or f" {' '.join(words)} "
                    if phrase.padded in padded:
                        found |= phrase.conditions
        return found


def _words(texts: str) -> list[str]:
    """The words of joined texts, folded, and what stands between them. Plain text is translated byte by byte,
    with the same words.
    """
    if texts.isascii():
        return texts.encode().translate(_ASCII_WORDS).decode().split()
    return _WORD.findall(texts.casefold())


def _by_longest_word(keywords: Mapping[str, set[int]]) -> dict[str, tuple[_Phrase, ...]]:
    index: dict[str, tuple[_Phrase, ...]] = {}
    for keyword, conditions in keywords.items():
        words = keyword.split()
        word = max(words, key=len)
        phrase = _Phrase(f" {keyword} " if len(words) > 1 else None, frozenset(conditions))
        index[word] = (*index.get(word, ()), phrase)
    return index


def _with_parents(values: Collection[str], separator: str, suffix: str) -> frozenset[str]:
    """The values, and what each is an instance of: T1566.002 of T1566, CVE-2024-3400 of CVE-2024-*."""
    if not values:
        return frozenset()
    parents = (value.rpartition(separator)[0] for value in values)
    return frozenset(values) | {f"{parent}{suffix}" for parent in parents if parent}
