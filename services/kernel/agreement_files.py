"""A file that shows an agreed agenda to anybody: what was agreed, who signed it, and with which keys.

The file is one JSON document in its canonical form, so no character of it can change unnoticed: it breaks
the form, a hash, a signature, or the match of what is signed with who had to sign.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.kernel.canonical import NotCanonical, canonical_json, content_hash
from services.kernel.refusals import Refusal, RefusalKind

FORMAT: Final = "entente.agreement-file.v1"
LARGEST: Final = 16 * 1024 * 1024
_MEMBERS: Final = {"agenda", "agreements", "content_hash", "format", "keys", "quorum"}
_KEY_MEMBERS: Final = {"crv", "kid", "kty", "organisation", "party", "sub", "x"}
_STATEMENT_MEMBERS: Final = {
    *("contentHash", "official", "organisation", "party", "subject", "subjectId", "version"),
}
_SUBJECT: Final = "AGREEMENT_SUBJECT_AGENDA"


class AgreementFileMalformed(Refusal):
    """The file is not an agreement file in its canonical form."""

    kind = RefusalKind.INVALID
    reason = "AGREEMENT_FILE_MALFORMED"


class AgreementFileAltered(Refusal):
    """The agenda in the file does not have the content hash that the file names."""

    kind = RefusalKind.INVALID
    reason = "AGREEMENT_FILE_ALTERED"


class StatementForeign(Refusal):
    """A statement in the file is not one on this agenda."""

    kind = RefusalKind.INVALID
    reason = "STATEMENT_FOREIGN"


class QuorumIncomplete(Refusal):
    """Those who signed are not exactly those who had to."""

    kind = RefusalKind.CONFLICT
    reason = "QUORUM_INCOMPLETE"


@dataclass(frozen=True, slots=True)
class SignedAgreement:
    """A statement in its canonical form and the detached signature over it."""

    payload: bytes
    jws: str
    party: str
    organisation: str
    official: str


@dataclass(frozen=True, slots=True)
class AgreementFile:
    """A file whose hash and statements hold together. Its signatures are still to be verified.

    `keys` are public keys as JWK (RFC 7517) with the members `sub`, `party` and `organisation`.
    """

    agenda: Mapping[str, Any]
    content_hash: str
    quorum: Mapping[str, tuple[str, ...]]
    agreements: tuple[SignedAgreement, ...]
    keys: tuple[Mapping[str, str], ...]

    @property
    def series(self) -> str:
        return str(self.agenda.get("series", ""))

    def require_quorum(self, quorum: Mapping[str, Sequence[str]]) -> None:
        """Raises `QuorumIncomplete` unless exactly these organisations signed, each once."""
        needed = sorted((party, one) for party, many in quorum.items() for one in many)
        signed = sorted((one.party, one.organisation) for one in self.agreements)
        if len(quorum) < 2 or not all(quorum.values()) or needed != signed:
            raise QuorumIncomplete(
                "the signatures are not those of every party's quorum",
                needed=" ".join(f"{party}:{one}" for party, one in needed),
                signed=" ".join(f"{party}:{one}" for party, one in signed),
            )


def write_agreement_file(
    *,
    agenda: bytes,
    quorum: Mapping[str, Sequence[str]],
    agreements: Sequence[tuple[bytes, str]],
    keys: Sequence[Mapping[str, str]],
) -> bytes:
    """The file of an agenda's canonical bytes, its statements with signatures, and the keys of these."""
    return canonical_json(
        {
            "agenda": agenda.decode("utf-8"),
            "agreements": [{"jws": jws, "payload": payload.decode("utf-8")} for payload, jws in agreements],
            "content_hash": content_hash(json.loads(agenda)),
            "format": FORMAT,
            "keys": [{name: key[name] for name in sorted(_KEY_MEMBERS)} for key in keys],
            "quorum": {party: list(many) for party, many in quorum.items()},
        }
    )


def read_agreement_file(data: bytes) -> AgreementFile:
    """The file once everything is checked but the signatures themselves and whose keys they are.

    Raises `AgreementFileMalformed`, `AgreementFileAltered`, `StatementForeign` or `QuorumIncomplete`.
    """
    if len(data) > LARGEST:
        raise AgreementFileMalformed("the file is too large")
    document = _canonical(data, "")
    if set(document) != _MEMBERS or document["format"] != FORMAT:
        raise AgreementFileMalformed(f"the file is none of format {FORMAT}")
    agenda = _canonical(_text(document["agenda"], "/agenda").encode("utf-8"), "/agenda")
    hashed = _text(document["content_hash"], "/content_hash")
    if content_hash(agenda) != hashed:
        raise AgreementFileAltered("the agenda does not have the hash that was agreed to")
    agreements = tuple(
        _agreement(entry, f"/agreements/{place}", agenda, hashed)
        for place, entry in enumerate(_list(document["agreements"], "/agreements"))
    )
    keys = tuple(
        _key(entry, f"/keys/{place}") for place, entry in enumerate(_list(document["keys"], "/keys"))
    )
    if sorted(_owner(key) for key in keys) != sorted(
        (one.party, one.organisation, one.official) for one in agreements
    ):
        raise AgreementFileMalformed("there is one key for each who signed, and no other", pointer="/keys")
    found = AgreementFile(agenda, hashed, _quorum(document["quorum"]), agreements, keys)
    found.require_quorum(found.quorum)
    return found


def _canonical(data: bytes, pointer: str) -> dict[str, Any]:
    try:
        document = json.loads(data.decode("utf-8"))
        whole = canonical_json(document)
    except (ValueError, RecursionError, NotCanonical) as error:
        raise AgreementFileMalformed("this is no JSON with a canonical form", pointer=pointer) from error
    if whole != data or not isinstance(document, dict):
        raise AgreementFileMalformed("this is not in canonical form (RFC 8785)", pointer=pointer)
    return document


def _agreement(entry: object, pointer: str, agenda: Mapping[str, Any], hashed: str) -> SignedAgreement:
    if not isinstance(entry, dict) or set(entry) != {"jws", "payload"}:
        raise AgreementFileMalformed("an agreement has a payload and a signature", pointer=pointer)
    payload = _text(entry["payload"], f"{pointer}/payload").encode("utf-8")
    statement = _canonical(payload, f"{pointer}/payload")
    about = {
        "subject": _SUBJECT,
        "subjectId": agenda.get("agendaId"),
        "version": agenda.get("version"),
        "contentHash": hashed,
    }
    if set(statement) != _STATEMENT_MEMBERS or any(statement[name] != one for name, one in about.items()):
        raise StatementForeign("the statement is not one on this agenda", pointer=f"{pointer}/payload")
    jws = _text(entry["jws"], f"{pointer}/jws")
    _require_strict(jws.rpartition(".")[2], 64, f"{pointer}/jws")
    party, organisation, official = (
        _text(statement[name], pointer) for name in ("party", "organisation", "official")
    )
    return SignedAgreement(payload, jws, party, organisation, official)


def _key(entry: object, pointer: str) -> dict[str, str]:
    if not isinstance(entry, dict) or set(entry) != _KEY_MEMBERS:
        raise AgreementFileMalformed("a key is a public JWK with its official", pointer=pointer)
    key = {name: _text(value, pointer) for name, value in entry.items()}
    if (key["kty"], key["crv"]) != ("OKP", "Ed25519"):
        raise AgreementFileMalformed("a key is one on Ed25519", pointer=pointer)
    _require_strict(key["x"], 32, pointer)
    return key


def _owner(key: Mapping[str, str]) -> tuple[str, str, str]:
    return key["party"], key["organisation"], key["sub"]


def _quorum(value: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise AgreementFileMalformed("the quorum names organisations by party", pointer="/quorum")
    return {
        party: tuple(_text(one, "/quorum") for one in _list(many, "/quorum")) for party, many in value.items()
    }


def _require_strict(text: str, length: int, pointer: str) -> None:
    """So many bytes in base64url. Its last character has bits that decoders ignore; here they are zero."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise AgreementFileMalformed("this is not base64url", pointer=pointer) from error
    if len(raw) != length or base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != text:
        raise AgreementFileMalformed(
            f"this is not {length} bytes of base64url in its one form", pointer=pointer
        )


def _text(value: object, pointer: str) -> str:
    if not isinstance(value, str):
        raise AgreementFileMalformed("this is no text", pointer=pointer)
    return value


def _list(value: object, pointer: str) -> list[object]:
    if not isinstance(value, list):
        raise AgreementFileMalformed("this is no list", pointer=pointer)
    return value
