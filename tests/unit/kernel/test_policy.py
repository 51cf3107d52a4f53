"""The policy: the shipped documents hold together, damaged ones are refused, lookups and entitlements."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.chassis.documents import read_documents
from services.kernel.instruments import CommitmentKind
from services.kernel.markings.refusals import MarkingMissing
from services.kernel.parties import Audience, AudienceMalformed, ClaimsMalformed, Reader, Role
from services.kernel.policy import (
    NotEntitled,
    Policy,
    UnknownAgency,
    UnknownAudience,
    UnknownCommitment,
    UnknownInstrument,
    UnknownOrganisation,
    UnknownParty,
    UnknownSeries,
)
from services.kernel.sections import PolicyMalformed
from tests.support.release import POLICY_FOLDER, shipped_policy

SEEDS = Path(__file__).parents[2] / "data" / "seeds"
SEED_OF = {
    "cyber-and-digital-security": "001_b96ac3d68c709319.txt",
    "cyber-management-review-2021": "000_71ce174448e55c41.txt",
}


def folded(text: str) -> str:
    return " ".join(text.split())


def reader(organisation: str, *roles: Role, party: str = "UK") -> Reader:
    return Reader("somebody", party, organisation, frozenset(roles))


@pytest.mark.parametrize("instrument", list(SEED_OF))
def test_every_commitment_is_quoted_word_for_word(instrument: str) -> None:
    source = folded((SEEDS / SEED_OF[instrument]).read_text("utf-8").replace("\u2022", " "))
    for commitment in shipped_policy().instrument(instrument).commitments:
        assert folded(commitment.text) in source


def test_both_series_track_the_commitments_of_their_instruments() -> None:
    policy = shipped_policy()
    tracked = {
        series.id: [
            commitment.id
            for instrument in series.instruments
            for commitment in policy.instrument(instrument).commitments
        ]
        for series in policy.series.values()
    }
    assert tracked == {
        "uk-eu": ["P1", "P2", "C1", "C2", "C3", "C4", "C5", "C6", "C7"],
        "uk-us-cmr": ["S1", "S2", "S3", "S4"],
    }


def test_every_commitment_is_served_by_a_theme_and_by_an_agenda_item() -> None:
    policy = shipped_policy()
    served = {pair for theme in policy.themes.themes.values() for pair in theme.commitments}
    for series in policy.series.values():
        on_the_agenda = {cited for item in series.standing_items for cited in item.commitments}
        for instrument in series.instruments:
            for commitment in policy.instrument(instrument).commitments:
                assert (instrument, commitment.id) in served
                assert commitment.id in on_the_agenda


def test_every_theme_can_be_assigned_and_the_agenda_themes_of_a_series_exist() -> None:
    rules = shipped_policy().themes
    assert {rule.theme for rule in rules.rules} == set(rules.themes)


def test_deliverables_alone_fall_due() -> None:
    for instrument in shipped_policy().instruments.values():
        for commitment in instrument.commitments:
            assert (commitment.due is not None) is (commitment.kind is CommitmentKind.DELIVERABLE)


def test_the_quorum_of_each_party_is_its_co_chairs() -> None:
    policy = shipped_policy()
    assert policy.get_series("uk-eu").quorum == {"UK": ("FCDO", "DSIT"), "EU": ("EEAS", "CNECT")}
    assert policy.get_series("uk-us-cmr").quorum == {
        "UK": ("STRATCOM", "GCHQ"),
        "US": ("NSA", "USCYBERCOM"),
    }


@pytest.mark.parametrize(("edition", "host"), [(2023, "EU"), (2024, "UK"), (2025, "EU"), (2026, "UK")])
def test_the_parties_take_turns_in_hosting(edition: int, host: str) -> None:
    assert shipped_policy().get_series("uk-eu").host(edition) == host


def test_a_third_series_needs_no_code() -> None:
    documents = read_documents(POLICY_FOLDER)
    third = copy.deepcopy(dict(documents["series/uk-us-cmr"])) | {"id": "uk-us-talks"}
    documents["series/third"] = third
    documents["escalation/third"] = {**documents["escalation/uk-us-cmr"], "series": "uk-us-talks"}
    rows = [dict(row, series="uk-us-talks") for row in documents["entitlements"]["entitlements"]]
    mine = [row for row in rows if row["organisation"] in {"STRATCOM", "GCHQ", "NSA", "USCYBERCOM"}]
    documents["entitlements"]["entitlements"].extend(mine)
    policy = Policy.from_documents(documents)
    assert [audience.id for audience in policy.audiences("uk-us-talks")] == [
        "uk-us-talks.uk",
        "uk-us-talks.us",
    ]


Document = dict[str, Any]


def _set(document: str, path: str, value: object) -> Callable[[dict[str, Document]], None]:
    def change(documents: dict[str, Document]) -> None:
        *way, last = path.split(".")
        place: Any = documents[document]
        for step in way:
            place = place[int(step) if step.isdigit() else step]
        place[int(last) if last.isdigit() else last] = value

    return change


@pytest.mark.parametrize(
    "damage",
    [
        _set("policy", "surprise", 1),
        _set("policy", "parties.UK.surprise", 1),
        _set("policy", "parties.UK.kind", "EMPIRE"),
        _set("policy", "parties.UK.ceiling", "SECRET"),
        _set("policy", "parties.UK.nations", []),
        _set("policy", "organisations.FCDO.party", "XX"),
        _set("policy", "agencies.ncsc.organisation", "NOBODY"),
        _set("policy", "agencies.ncsc.public_source", "PS-9"),
        _set("policy", "agencies.Upper", {"organisation": "NCSC"}),
        _set("policy", "public_sources.PS-1.marking", "TLP:MAUVE"),
        _set("policy", "agreements.0.parties", ["UK"]),
        _set("policy", "agreements.0.parties", ["UK", "XX"]),
        _set("policy", "agreements.0.in_force_from", "soon"),
        _set("policy", "tlp_community", ["XX"]),
        _set("policy", "marking_systems", {"MARS": "UK"}),
        _set("policy", "release_coverage", {"UK_GSCP": {"EU": ["XX"]}}),
        _set("policy", "equivalence.0.levels", ["UK SECRET"]),
        _set("entitlements", "entitlements.0.series", "nowhere"),
        _set("entitlements", "entitlements.0.roles", ["emperor"]),
        _set("entitlements", "entitlements.0.organisation", "EEAS"),
        _set("series/uk-eu", "parties", ["UK"]),
        _set("series/uk-eu", "quorum", {"UK": ["FCDO"]}),
        _set("series/uk-eu", "quorum.UK", ["EEAS"]),
        _set("series/uk-eu", "quorum.UK", ["NCSC"]),
        _set("series/uk-eu", "id", "uk-us-cmr"),
        _set("series/uk-eu", "instruments", ["nothing"]),
        _set("series/uk-eu", "standing_items.0.position", 2),
        _set("series/uk-eu", "standing_items.1.outstanding_actions", False),
        _set("series/uk-eu", "standing_items.2.commitments", ["S1"]),
        _set("series/uk-eu", "standing_items.2.themes", ["NOTHING"]),
        _set("series/uk-eu", "standing_items.2.kind", "PARTY"),
        _set("series/uk-eu", "host_rotation", ["US"]),
        _set("series/uk-eu", "reporting_rounds.due_after", 5),
        _set("series/uk-eu", "reporting_rounds.surprise", 1),
        lambda documents: documents.__delitem__("calendars/eu-institutions"),
        _set("instruments/cyber-management-review-2021", "commitments.0.kind", "DELIVERABLE"),
        _set("instruments/cyber-management-review-2021", "commitments.0.id", "S2"),
        _set("instruments/cyber-management-review-2021", "parties", ["XX"]),
        _set("themes", "rules.0.theme", "NOTHING"),
        _set("themes", "rules.1.id", "THREAT-1"),
        _set("themes", "rules.0.any_of", [{}]),
        _set("themes", "rules.0.any_of", [{"keyword": ["typo"]}]),
        _set("themes", "rules.0.any_of", [{"techniques": ["1190"]}]),
        _set("themes", "rules.0.any_of", [{"cves": ["CVE"]}]),
        _set("themes", "themes.THREAT_LANDSCAPE.commitments", {"nothing": ["C1"]}),
        lambda documents: documents.update({"secrets": {}}),
        lambda documents: documents.__delitem__("themes"),
    ],
)
def test_a_damaged_policy_is_refused(damage: Callable[[dict[str, Document]], None]) -> None:
    documents = copy.deepcopy({name: dict(d) for name, d in read_documents(POLICY_FOLDER).items()})
    damage(documents)
    with pytest.raises(PolicyMalformed):
        Policy.from_documents(documents)


def test_a_change_of_the_release_policy_changes_its_version() -> None:
    documents = copy.deepcopy({name: dict(d) for name, d in read_documents(POLICY_FOLDER).items()})
    assert Policy.from_documents(documents).version == shipped_policy().version
    documents["themes"]["version"] = "another"
    other_themes = Policy.from_documents(documents)
    assert other_themes.version == shipped_policy().version
    assert other_themes.digest != shipped_policy().digest
    documents["series/uk-eu"]["ceiling"] = "UK OFFICIAL"
    other_ceiling = Policy.from_documents(documents)
    documents["policy"]["tlp_community"] = ["UK"]
    other_community = Policy.from_documents(documents)
    assert len({shipped_policy().version, other_ceiling.version, other_community.version}) == 3
    assert shipped_policy().version.startswith("2026.1+")


def test_lookups_refuse_what_is_not_there() -> None:
    policy = shipped_policy()
    assert policy.agency("cert-eu").party == "EU"
    assert policy.commitment("uk-eu", "C3").kind is CommitmentKind.DELIVERABLE
    with pytest.raises(UnknownParty):
        policy.party("XX")
    with pytest.raises(UnknownOrganisation):
        policy.organisation("XX")
    with pytest.raises(UnknownAgency):
        policy.agency("kgb")
    with pytest.raises(UnknownSeries):
        policy.get_series("nowhere")
    with pytest.raises(UnknownInstrument):
        policy.instrument("nothing")
    with pytest.raises(UnknownCommitment):
        policy.commitment("uk-eu", "S1")


def test_only_a_registered_public_source_may_publish_unmarked() -> None:
    rule = shipped_policy().unmarked("unit42")
    assert (rule.id, str(rule.marking)) == ("PS-1", "TLP:CLEAR")
    with pytest.raises(MarkingMissing):
        shipped_policy().unmarked("ncsc")


def test_a_rule_may_cover_one_format_and_then_covers_no_other() -> None:
    assert shipped_policy().unmarked("cisa", "KEV").id == "PS-2"
    assert shipped_policy().unmarked("unit42", "KEV").id == "PS-1"
    for source_format in ("CSAF_2_0", "NARRATIVE", None):
        with pytest.raises(MarkingMissing):
            shipped_policy().unmarked("cisa", source_format)


def test_a_role_needs_both_the_token_and_the_entitlement() -> None:
    policy = shipped_policy()
    assert policy.entitled(reader("FCDO", Role.CHAIR), Role.CHAIR, "uk-eu")
    assert not policy.entitled(reader("FCDO", Role.SECRETARIAT), Role.CHAIR, "uk-eu")
    assert not policy.entitled(reader("HOME-OFFICE", Role.CHAIR), Role.CHAIR, "uk-eu")
    assert not policy.entitled(reader("FCDO", Role.CHAIR, party="EU"), Role.CHAIR, "uk-eu")
    assert not policy.entitled(reader("FCDO", Role.CHAIR), Role.CHAIR, "uk-us-cmr")
    assert not policy.entitled(reader("FCDO", Role.CHAIR), Role.CHAIR, "nowhere")


def test_two_officials_of_one_party_see_different_series() -> None:
    policy = shipped_policy()
    assert [s.id for s in policy.series_of(reader("FCDO", Role.LEADERSHIP))] == ["uk-eu"]
    assert [s.id for s in policy.series_of(reader("GCHQ", Role.LEADERSHIP))] == ["uk-us-cmr"]
    assert policy.series_of(reader("HOME-OFFICE", Role.CHAIR)) == ()


def test_a_refused_reader_cannot_tell_whether_the_series_exists() -> None:
    outsider = reader("FCDO", Role.CHAIR)
    said = []
    for series in ("uk-us-cmr", "uk-us-xyz"):
        with pytest.raises(NotEntitled) as refused:
            shipped_policy().require(outsider, Role.CHAIR, series)
        said.append((refused.value.detail.replace(series, "?"), refused.value.metadata))
    assert said[0] == said[1]


def test_a_need_to_know_list_keeps_out_everybody_else() -> None:
    documents = copy.deepcopy({name: dict(d) for name, d in read_documents(POLICY_FOLDER).items()})
    documents["series/uk-us-cmr"]["need_to_know"] = ["gchq-chair"]
    policy = Policy.from_documents(documents)
    named = Reader("gchq-chair", "UK", "GCHQ", frozenset({Role.CHAIR}))
    assert policy.require(named, Role.CHAIR, "uk-us-cmr").id == "uk-us-cmr"
    assert not policy.entitled(reader("GCHQ", Role.CHAIR), Role.CHAIR, "uk-us-cmr")


def test_an_audience_is_a_series_and_a_party() -> None:
    policy = shipped_policy()
    assert [audience.id for audience in policy.audiences("uk-us-cmr")] == [
        "uk-us-cmr.uk",
        "uk-us-cmr.us",
    ]
    assert policy.audience("uk-eu.eu") == Audience("uk-eu", "EU")
    for unknown in ("uk-eu.us", "nowhere.uk"):
        with pytest.raises(UnknownAudience):
            policy.audience(unknown)
    for malformed in ("uk-eu", "uk-eu.UK", "uk-eu.uk.x", ""):
        with pytest.raises(AudienceMalformed):
            policy.audience(malformed)


def test_a_reader_is_who_the_token_says() -> None:
    claims = {"party": "UK", "organisation": "FCDO", "roles": ["chair", "secretariat"]}
    assert Reader.from_claims("fcdo-chair", claims) == Reader(
        "fcdo-chair", "UK", "FCDO", frozenset({Role.CHAIR, Role.SECRETARIAT})
    )
    for broken in (
        {},
        {**claims, "party": ""},
        {**claims, "organisation": None},
        {**claims, "roles": "chair"},
        {**claims, "roles": ["chair", "emperor"]},
        {**claims, "roles": [1]},
    ):
        with pytest.raises(ClaimsMalformed):
            Reader.from_claims("fcdo-chair", broken)
    with pytest.raises(ClaimsMalformed):
        Reader.from_claims("", claims)


def changed(change: Callable[[dict[str, Any]], None]) -> Policy:
    documents: dict[str, Any] = copy.deepcopy({n: dict(d) for n, d in read_documents(POLICY_FOLDER).items()})
    change(documents)
    return Policy.from_documents(documents)


_ED25519 = {"kid": "a", "kty": "OKP", "crv": "Ed25519", "x": "A" * 43}


def test_an_agency_registers_public_keys_and_may_have_to_sign() -> None:
    def register(documents: dict[str, Any]) -> None:
        documents["policy"]["agencies"]["ncsc"] |= {
            "signature": "required",
            "signing_keys": [{**_ED25519, "expires": "2027-01-01"}],
        }

    (key,) = changed(register).agency("ncsc").signing_keys
    assert (key.kid, key.jwk["x"]) == ("a", "A" * 43)


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [{**_ED25519, "d": "A" * 43}],
        [_ED25519, _ED25519],
        [{**_ED25519, "crv": "Ed448"}],
        [{**_ED25519, "kty": "RSA"}],
        [{**_ED25519, "x": "short"}],
        [{**_ED25519, "kty": "EC", "crv": "P-256"}],
    ],
)
def test_keys_that_cannot_be_trusted_are_refused(keys: list[dict[str, str]]) -> None:
    def register(documents: dict[str, Any]) -> None:
        documents["policy"]["agencies"]["ncsc"] |= {"signature": "required", "signing_keys": keys}

    with pytest.raises(PolicyMalformed):
        changed(register)
