"""Themes: the subjects an agenda can carry, and the versioned rules that assign them to
assessments.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.kernel.canonical import content_hash
from services.kernel.sections import Section

_WORD = re.compile(r"[^\W_]+")
_TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?")
_CVE = re.compile(r"CVE-\d{4}-(?:\*|\d{4,})")

ANY = "*"
"""In a condition: whatever value there is, as long as there is one."""


@dataclass(frozen=True, slots=True)
class Theme:
    """A subject; `commitments` lists (instrument, commitment) pairs that it serves."""

    id: str
    title: str
    commitments: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ThemeAssignment:
    """A theme with the rule that assigned it, and the version of the rules that the rule is of."""

    theme: str
    rule_id: str
    rules_version: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds where every part that is stated holds; a part holds where any of its values is met."""

    keywords: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    cves: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    judgements_at_least: int = 0
    sectors_at_least: int = 0


@dataclass(frozen=True, slots=True)
class ThemeRule:
    """Assigns `theme` where any of its conditions holds."""

    id: str
    theme: str
    any_of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class ThemeRules:
    """The themes and one version of the rules.

    `version` names the declared version and, after `+`, a digest of the content, so that no two contents
    share a version. `document` is what they were read from: `read_themes` gives the same rules again.
    """

    version: str
    themes: Mapping[str, Theme]
    rules: tuple[ThemeRule, ...]
    document: Mapping[str, object] = field(repr=False, compare=False)


def read_themes(content: object, where: str) -> ThemeRules:
    """Reads `themes.yaml`. Raises `PolicyMalformed`, or `NotCanonical` for a content without a digest."""
    section = Section(content, where)
    themes = {key: _read_theme(key, entry) for key, entry in section.named("themes").items()}
    rules = tuple(_read_rule(entry, themes) for entry in section.sections("rules"))
    version = f"{section.text('version')}+{content_hash(content).removeprefix('sha256:')[:12]}"
    document = content if isinstance(content, Mapping) else {}
    read = ThemeRules(version=version, themes=themes, rules=rules, document=document)
    section.end()
    if len({rule.id for rule in rules}) != len(rules):
        raise section.wrong("a rule id is used twice")
    return read


def _read_theme(theme_id: str, section: Section) -> Theme:
    title = section.text("title")
    cited = section.section("commitments")
    pairs = tuple(
        (instrument, commitment) for instrument in cited.names() for commitment in cited.texts(instrument)
    )
    section.end()
    return Theme(id=theme_id, title=title, commitments=pairs)


def _read_rule(section: Section, themes: Mapping[str, Theme]) -> ThemeRule:
    rule = ThemeRule(
        id=section.text("id"),
        theme=section.text("theme"),
        any_of=tuple(_read_condition(entry) for entry in section.sections("any_of")),
    )
    section.end()
    if rule.theme not in themes:
        raise section.wrong("the rule assigns a theme that is not listed")
    if not rule.any_of:
        raise section.wrong("the rule has no condition")
    return rule


def _read_condition(section: Section) -> Condition:
    if not section.names():
        raise section.wrong("the condition is empty")
    condition = Condition(
        keywords=tuple(_phrase(word) for word in section.optional_texts("keywords")),
        sectors=tuple(entry.casefold() for entry in section.optional_texts("sectors")),
        techniques=section.optional_texts("techniques"),
        cves=section.optional_texts("cves"),
        actors=tuple(entry.casefold() for entry in section.optional_texts("actors")),
        judgements_at_least=_optional_whole(section, "judgements_at_least"),
        sectors_at_least=_optional_whole(section, "sectors_at_least"),
    )
    section.end()
    if not all(condition.keywords):
        raise section.wrong("a keyword holds no word")
    if not all(entry == ANY or _TECHNIQUE.fullmatch(entry) for entry in condition.techniques):
        raise section.wrong("a technique is not an ATT&CK technique id")
    if not all(entry == ANY or _CVE.fullmatch(entry) for entry in condition.cves):
        raise section.wrong("a vulnerability is not a CVE id, CVE-<year>-* or *")
    return condition


def _optional_whole(section: Section, name: str) -> int:
    return section.whole(name) if section.holds(name) else 0


def _phrase(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))
