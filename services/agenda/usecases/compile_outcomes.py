"""All that a series has concluded, over its editions, by commitment, theme and kind."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import orjson

from services.agenda.domain.outcome import Outcome
from services.agenda.domain.outcome_kinds import OutcomeKind
from services.agenda.domain.permissions import Command, require
from services.agenda.store.outcomes import OutcomePlace, outcomes_of_series
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import Refusal, RefusalKind


class PageTokenInvalid(Refusal):
    """The token of a page was not given out for this request."""

    kind = RefusalKind.INVALID
    reason = "PAGE_TOKEN_INVALID"


@dataclass(frozen=True, slots=True)
class Compilation:
    """What is asked for; empty where it does not matter."""

    series: str
    commitment: str = ""
    theme: str = ""
    kind: OutcomeKind | None = None
    agreed_only: bool = True


@dataclass(frozen=True, slots=True)
class CompiledOutcome:
    """An outcome with the edition of its meeting."""

    outcome: Outcome
    edition: int


async def compile_outcomes(
    database: Database,
    reader: Reader,
    wanted: Compilation,
    *,
    page_size: int,
    page_token: str,
    policy: Policy,
) -> tuple[tuple[CompiledOutcome, ...], str]:
    """A page, the latest edition first, and the token of the next one; outcomes are joint, so none is left
    out for anybody. Raises `NoAccess` or `PageTokenInvalid`.
    """
    require(policy, reader, Command.READ_OUTCOME, wanted.series, f"series '{wanted.series}'")
    asked = sha256(
        orjson.dumps([wanted.series, wanted.commitment, wanted.theme, wanted.kind, wanted.agreed_only])
    ).hexdigest()[:16]
    after = _read_token(page_token, asked)
    async with database.transaction() as tx:
        found = await outcomes_of_series(
            tx,
            wanted.series,
            commitment=wanted.commitment,
            theme=wanted.theme,
            kind=wanted.kind,
            agreed_only=wanted.agreed_only,
            after=after,
            limit=page_size + 1,
        )
    shown = found[:page_size]
    more = len(found) > page_size
    token = _write_token(shown[-1][1], asked) if more else ""
    return tuple(CompiledOutcome(outcome, place.edition) for outcome, place in shown), token


def _write_token(place: OutcomePlace, asked: str) -> str:
    document = orjson.dumps([asked, place.edition, place.proposed_at.isoformat(), str(place.outcome_id)])
    return base64.urlsafe_b64encode(document).decode().rstrip("=")


def _read_token(token: str, asked: str) -> OutcomePlace | None:
    if not token:
        return None
    try:
        padded = token + "=" * (-len(token) % 4)
        given, edition, at, outcome_id = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        place = OutcomePlace(edition, datetime.fromisoformat(at), UUID(outcome_id))
        if type(edition) is not int or not 0 < edition < 10_000 or place.proposed_at.tzinfo is None:
            raise ValueError("no place of ours")
    except (binascii.Error, ValueError, TypeError, AttributeError):
        raise PageTokenInvalid("the page token was not given out here", pointer="/page_token") from None
    if given != asked:
        raise PageTokenInvalid("the page token is of another request", pointer="/page_token")
    return place
