"""Documents of who said something, and of why somebody objected."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from services.actions.domain.owners import Objection, Signature


def write_signature(signature: Signature) -> dict[str, str]:
    return {
        "party": signature.party,
        "organisation": signature.organisation,
        "official": signature.official,
        "at": signature.at.isoformat(),
    }


def read_signature(document: Mapping[str, Any]) -> Signature:
    return Signature(
        party=document["party"],
        organisation=document["organisation"],
        official=document["official"],
        at=datetime.fromisoformat(document["at"]),
    )


def write_objection(objection: Objection | None) -> Jsonb | None:
    if objection is None:
        return None
    return Jsonb({**write_signature(objection.by), "reason": objection.reason})


def read_objection(document: Mapping[str, Any] | None) -> Objection | None:
    return None if document is None else Objection(read_signature(document), document["reason"])
