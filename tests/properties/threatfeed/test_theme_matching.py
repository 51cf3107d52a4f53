"""The compiled theme rules assign what the rules say, read one by one."""

import re

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.themes import ANY, Condition, ThemeAssignment
from services.threatfeed.domain.themes import ThemeSubject
from tests.support.submissions import real_policy, real_themes

RULES = real_policy().themes.rules
RULES_VERSION = real_policy().themes.version
CONDITIONS = [condition for rule in RULES for condition in rule.any_of]
WORDS = sorted(
    {word for condition in CONDITIONS for keyword in condition.keywords for word in keyword.split()}
)
SECTORS = sorted({sector for condition in CONDITIONS for sector in condition.sectors})
TECHNIQUES = sorted({t for condition in CONDITIONS for t in condition.techniques} - {ANY} | {"T1195.002"})

texts = st.lists(st.sampled_from([*WORDS, "of", "the", "Ransom,", "-", "\n", "ß", "İ"]), max_size=12).map(
    " ".join
)


def spoken(keyword: str, text: str) -> bool:
    words = re.split(r"[\W_]+", text.casefold())
    wanted = keyword.split()
    return any(words[place : place + len(wanted)] == wanted for place in range(len(words)))


def holds(condition: Condition, subject: ThemeSubject) -> bool:
    def met(wanted: tuple[str, ...], *found: str) -> bool:
        return not wanted or (ANY in wanted and bool(found)) or not set(wanted).isdisjoint(found)

    return (
        (not condition.keywords or any(spoken(k, text) for k in condition.keywords for text in subject.texts))
        and met(condition.sectors, *subject.sectors)
        and met(condition.techniques, *subject.techniques, *(t[:5] for t in subject.techniques))
        and met(
            condition.cves, *subject.vulnerabilities, *(f"{cve[:8]}-*" for cve in subject.vulnerabilities)
        )
        and met(condition.actors, *(actor.casefold() for actor in subject.actors))
        and subject.judgements >= condition.judgements_at_least
        and len(subject.sectors) >= condition.sectors_at_least
    )


@given(
    st.builds(
        ThemeSubject,
        texts=st.lists(texts, max_size=3).map(tuple),
        sectors=st.sets(st.sampled_from([*SECTORS, "other"]), max_size=3),
        techniques=st.sets(st.sampled_from(TECHNIQUES), max_size=2),
        vulnerabilities=st.sets(st.sampled_from(["CVE-2024-3400", "CVE-2023-0001"]), max_size=2),
        actors=st.sets(st.sampled_from(["GREY HERON"]), max_size=1),
        judgements=st.integers(0, 2),
    )
)
def test_as_the_rules_read_one_by_one(subject: ThemeSubject) -> None:
    expected: dict[str, ThemeAssignment] = {}
    for rule in RULES:
        if any(holds(condition, subject) for condition in rule.any_of):
            expected.setdefault(rule.theme, ThemeAssignment(rule.theme, rule.id, RULES_VERSION))
    assert real_themes().assign(subject) == tuple(expected.values())
