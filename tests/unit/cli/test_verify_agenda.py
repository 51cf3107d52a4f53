"""`entente verify agenda` checks hash, signatures and quorum of a file, and no character can change."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings, strategies
from typer.testing import CliRunner, Result

from services.agenda.statements import agreement, tabled_agenda
from services.chassis.officials import Official, OfficialKeys
from services.cli.__main__ import create_app
from services.cli.agreement_check import verify_agenda
from services.kernel.agreement_files import write_agreement_file
from services.kernel.canonical import canonical_json, content_hash
from services.kernel.refusals import Refusal
from tests.support.agenda import POLICY, meeting, tabled_item
from tests.support.signing import Signers

QUORUM = POLICY.get_series("uk-eu").quorum
SEATS = [
    Official(f"{one.lower()}-chair", party, one)
    for party, organisations in QUORUM.items()
    for one in organisations
]
SIGNERS = Signers(*SEATS)
AGENDA_ID = UUID(int=1)


def agenda(**changes: Any) -> bytes:
    return tabled_agenda(
        agenda_id=AGENDA_ID,
        meeting=meeting(),
        version=2,
        tabled_by="UK",
        items=(tabled_item(**changes),),
        marking="TLP:GREEN",
    ).payload


def signed(payload: bytes, seat: Official, **changes: Any) -> tuple[bytes, str]:
    """A statement for the seat, signed by its official."""
    members: dict[str, Any] = {
        "subject": "AGENDA",
        "subject_id": AGENDA_ID,
        "version": 2,
        "content_hash": content_hash(json.loads(payload)),
        "party": seat.party,
        "organisation": seat.organisation,
        "official": seat.subject,
        **changes,
    }
    statement = agreement(**members).payload
    return statement, SIGNERS.sign(seat.subject, statement)


def exported(
    payload: bytes | None = None,
    agreements: list[tuple[bytes, str]] | None = None,
    quorum: dict[str, tuple[str, ...]] | None = None,
) -> bytes:
    whole = payload or agenda()
    given_by = agreements or [signed(whole, seat) for seat in SEATS]
    return write_agreement_file(
        agenda=whole,
        quorum=quorum or dict(QUORUM),
        agreements=given_by,
        keys=[SIGNERS.keys.public_key(jws) for _, jws in given_by],
    )


FILE = exported()


def refused(data: bytes, keys: OfficialKeys | None = None) -> str:
    try:
        verify_agenda(data, keys)
    except Refusal as refusal:
        return refusal.reason
    return ""


_SHORT = agenda(references=(), title="Water")
SMALL = exported(
    _SHORT,
    [signed(_SHORT, SEATS[0]), signed(_SHORT, SEATS[2])],
    {"UK": ("FCDO",), "EU": ("EEAS",)},
)
"""Every kind of character that a file has, in few."""
TEXT = SMALL.decode()


def run(file: Path, *arguments: object) -> Result:
    return CliRunner().invoke(create_app(), ["verify", "agenda", str(file), *map(str, arguments)])


def test_a_whole_file_holds_and_says_who_signed(tmp_path: Path) -> None:
    file = tmp_path / "agenda.json"
    file.write_bytes(FILE)
    told = run(file)
    assert told.exit_code == 0, told.output
    assert [line for line in told.output.splitlines() if line.startswith("signed")] == [
        "signed for UK by fcdo-chair of FCDO",
        "signed for UK by dsit-chair of DSIT",
        "signed for EU by eeas-chair of EEAS",
        "signed for EU by cnect-chair of CNECT",
    ]
    assert "quorum as the policy here has it" in told.output


def test_no_byte_of_the_file_can_change() -> None:
    assert not refused(SMALL)
    for place in range(len(SMALL)):
        other = SMALL[:place] + bytes([SMALL[place] ^ 1]) + SMALL[place + 1 :]
        assert refused(other), (place, SMALL[place : place + 20])


def test_no_character_of_the_file_can_be_left_out() -> None:
    for place in range(len(TEXT)):
        assert refused((TEXT[:place] + TEXT[place + 1 :]).encode()), (place, TEXT[place : place + 20])


@settings(max_examples=100, deadline=None)
@given(
    place=strategies.integers(0, len(TEXT) - 1),
    character=strategies.characters(codec="utf-8"),
    put_in=strategies.booleans(),
)
def test_no_character_can_be_put_in_or_replaced(place: int, character: str, put_in: bool) -> None:
    other = TEXT[:place] + character + TEXT[place if put_in else place + 1 :]
    assert bool(refused(other.encode())) is (other != TEXT)


@settings(max_examples=100, deadline=None)
@given(data=strategies.binary(max_size=400) | strategies.text(max_size=400).map(str.encode))
def test_anything_else_is_refused_and_never_crashes(data: bytes) -> None:
    assert refused(data) == "AGREEMENT_FILE_MALFORMED"


def without(member: str) -> bytes:
    document = json.loads(FILE)
    del document[member]
    return canonical_json(document)


ALTERED = json.loads(FILE) | {"agenda": agenda(minutes=21).decode()}
OTHER = agenda(minutes=21)
FCDO, DSIT, EEAS, CNECT = SEATS


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (canonical_json(ALTERED), "AGREEMENT_FILE_ALTERED"),
        (FILE + b"\n", "AGREEMENT_FILE_MALFORMED"),
        (json.dumps(json.loads(FILE)).encode(), "AGREEMENT_FILE_MALFORMED"),
        (without("quorum"), "AGREEMENT_FILE_MALFORMED"),
        (b"[" * 100_000, "AGREEMENT_FILE_MALFORMED"),
        (exported(OTHER, [signed(agenda(), seat) for seat in SEATS]), "STATEMENT_FOREIGN"),
        (exported(agreements=[signed(agenda(), seat, version=1) for seat in SEATS]), "STATEMENT_FOREIGN"),
        (
            exported(agreements=[signed(agenda(), one, subject="OUTCOME") for one in SEATS]),
            "STATEMENT_FOREIGN",
        ),
        (exported(agreements=[signed(agenda(), seat) for seat in SEATS[:3]]), "QUORUM_INCOMPLETE"),
        (exported(agreements=[signed(agenda(), seat) for seat in (*SEATS, FCDO)]), "QUORUM_INCOMPLETE"),
        (exported(quorum={"UK": ("FCDO", "DSIT"), "EU": ("EEAS",)}), "QUORUM_INCOMPLETE"),
        (
            exported(
                agreements=[signed(agenda(), FCDO), signed(agenda(), DSIT)],
                quorum={"UK": ("FCDO", "DSIT")},
            ),
            "QUORUM_INCOMPLETE",
        ),
    ],
)
def test_what_is_wrong_is_named(data: bytes, reason: str) -> None:
    assert refused(data) == reason


def test_a_signature_by_another_official_or_by_a_key_that_is_not_known() -> None:
    swapped = json.loads(FILE)
    one, two = swapped["agreements"][:2]
    one["jws"], two["jws"] = two["jws"], one["jws"]
    assert refused(canonical_json(swapped)) == "SIGNATURE_KEY_FOREIGN"
    strangers = Signers(*SEATS)
    assert refused(FILE, strangers.keys) == "SIGNATURE_INVALID"
    assert refused(FILE, Signers().keys) == "SIGNATURE_KEY_UNKNOWN"
    assert refused(FILE, SIGNERS.keys) == ""


def test_a_quorum_that_the_policy_does_not_have_and_keys_from_elsewhere(tmp_path: Path) -> None:
    file, keys = tmp_path / "agenda.json", tmp_path / "keys.json"
    two = [signed(agenda(), FCDO), signed(agenda(), EEAS)]
    file.write_bytes(exported(agreements=two, quorum={"UK": ("FCDO",), "EU": ("EEAS",)}))
    told = run(file)
    assert (told.exit_code, "QUORUM_INCOMPLETE" in told.output) == (1, True)
    file.write_bytes(FILE)
    keys.write_text(json.dumps({"keys": json.loads(FILE)["keys"]}))
    assert run(file, "--keys", keys).exit_code == 0
    keys.write_text(json.dumps({"keys": json.loads(FILE)["keys"][:2]}))
    told = run(file, "--keys", keys)
    assert (told.exit_code, "SIGNATURE_KEY_UNKNOWN" in told.output) == (1, True)
    keys.write_text("[]")
    assert run(file, "--keys", keys).exit_code == 2
