"""Themes are assigned by the policy's rules, and by nothing else."""

import pytest

from services.kernel.themes import read_themes
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.themes import ThemeMatcher, ThemeSubject
from tests.support.submissions import SAMPLES, accepted, narrative, read, real_policy, real_themes


def matcher(*rules: dict[str, object]) -> ThemeMatcher:
    themes = {str(rule["theme"]): {"title": "A theme", "commitments": {}} for rule in rules}
    return ThemeMatcher.compile(
        read_themes({"version": "1", "themes": themes, "rules": list(rules)}, "themes")
    )


def rule(rule_id: str, *conditions: dict[str, object], theme: str = "A") -> dict[str, object]:
    return {"id": rule_id, "theme": theme, "any_of": list(conditions)}


def ids(found: ThemeMatcher, *texts: str, **evidence: object) -> list[str]:
    return [assignment.rule_id for assignment in found.assign(ThemeSubject(texts, **evidence))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("An attack on the supply chain.", True),
        ("SUPPLY-CHAIN attack", True),
        ("supply\n  chain", True),
        ("the supply_chain", True),
        ("supply chains", False),
        ("the supply of chain", False),
        ("chain supply", False),
        ("resupply chain", False),
    ],
)
def test_a_keyword_is_whole_words_in_their_order(text: str, found: bool) -> None:
    assert bool(ids(matcher(rule("A-1", {"keywords": ["supply chain"]})), text)) is found


def test_a_keyword_does_not_span_two_texts() -> None:
    found = matcher(rule("A-1", {"keywords": ["supply chain"]}))
    assert ids(found, "Problems of supply", "Chain of custody") == []


def test_a_condition_needs_all_its_members_and_a_rule_any_of_its_conditions() -> None:
    found = matcher(rule("A-1", {"keywords": ["wiper"], "sectors": ["energy"]}, {"actors": ["GREY HERON"]}))
    assert ids(found, "A wiper") == []
    assert ids(found, "A wiper", sectors=["Energy"]) == ["A-1"]
    assert ids(found, "Nothing", actors=["grey heron"]) == ["A-1"]


def test_a_theme_is_assigned_once_by_the_first_rule_that_gives_it() -> None:
    found = matcher(
        rule("A-1", {"keywords": ["one"]}),
        rule("A-2", {"keywords": ["two"]}),
        rule("B-1", {"keywords": ["two"]}, theme="B"),
    )
    assert ids(found, "two one") == ["A-1", "B-1"]
    assert ids(found, "two") == ["A-2", "B-1"]


def test_a_technique_stands_for_its_sub_techniques_and_a_year_for_its_vulnerabilities() -> None:
    found = matcher(rule("A-1", {"techniques": ["T1566"]}), rule("B-1", {"cves": ["CVE-2024-*"]}, theme="B"))
    assert ids(found, techniques=["T1566.002"], vulnerabilities=["CVE-2024-3400"]) == ["A-1", "B-1"]
    assert ids(found, techniques=["T1567"], vulnerabilities=["CVE-2023-3400"]) == []


def test_counts_are_lower_bounds() -> None:
    found = matcher(rule("A-1", {"sectors_at_least": 2}), rule("B-1", {"judgements_at_least": 1}, theme="B"))
    assert ids(found, sectors=["energy", "Energy"]) == []
    assert ids(found, sectors=["energy", "water"], judgements=1) == ["A-1", "B-1"]


def test_what_no_rule_matches_has_no_theme() -> None:
    assert accepted(narrative(title="Weather", text="Rain.")).themes == ()


@pytest.mark.parametrize(
    ("file", "theme"),
    [
        ("ncsc/ransomware-msp.v1.json", "CYBERCRIME_RANSOMWARE"),
        ("ncsc/cni-interdependency.json", "CNI_INTERDEPENDENCY"),
        ("ncsc/government-mail.json", "COST_IMPOSITION"),
        ("enisa/software-supply-chain.json", "CNI_PRIVATE_SECTOR"),
        ("enisa/consumer-iot.json", "SECURITY_BY_DESIGN"),
        ("cert-eu/hybrid-election.json", "OSINT_SANCTIONS_HYBRID"),
        ("cisa/living-off-the-land.json", "COMBINED_OPERATIONS"),
        ("unit42/CodeCov_Breach.json", "CNI_PRIVATE_SECTOR"),
        ("unit42/REvil_SupplyChain_Attack_Kaseya.json", "CYBERCRIME_RANSOMWARE"),
        ("unit42/2025-06-24-01flip-ransomware.json", "CYBERCRIME_RANSOMWARE"),
    ],
)
def test_the_samples_fall_under_the_themes_of_the_agenda(file: str, theme: str) -> None:
    (reading,) = read((SAMPLES / file).read_bytes(), agency=file.partition("/")[0])
    assert theme in [assignment.theme for assignment in getattr(reading, "themes", ())]


def test_every_theme_of_the_policy_can_be_assigned() -> None:
    assert {rule.theme for rule in real_themes().rules.rules} == set(real_policy().themes.themes)


def test_what_is_held_gets_the_themes_that_it_got_when_it_was_read() -> None:
    for folder in ("ncsc", "unit42"):
        for file in sorted((SAMPLES / folder).glob("*.json")):
            for reading in read(file.read_bytes(), agency=folder):
                if isinstance(reading, Assessment):
                    assert real_themes().assign(ThemeSubject.of(reading)) == reading.themes, file.name


def test_no_two_contents_of_the_rules_share_a_version() -> None:
    document = dict(real_policy().themes.document)
    same, other = read_themes(document, "themes"), read_themes({**document, "rules": []}, "themes")
    assert same == real_policy().themes
    assert same.version != other.version
    assert same.version.partition("+")[0] == other.version.partition("+")[0]
