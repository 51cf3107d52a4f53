"""A party's adviser says whether its law allows the words of an outcome. No other party learns it."""

from collections.abc import Sequence
from uuid import UUID

from services.agenda.domain.legal_clearance import LegalClearance, require_legal_adviser, word_on
from services.agenda.domain.permissions import Command
from services.agenda.store.clearances import clearances_of, keep_clearance, keep_refusal
from services.agenda.usecases.access import audit_of, outcome_for
from services.agenda.usecases.paging import Key, cut, read_key, write_token
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.policy import Policy


async def clear_outcome(
    once: Once[tuple[LegalClearance, ...]],
    reader: Reader,
    outcome_id: UUID,
    content_hash: str,
    *,
    policy: Policy,
    clock: Clock,
) -> tuple[LegalClearance, ...]:
    """A party's named organisation clears one wording for its own party's quorum, also one that it refused.

    Raises `NoAccess`, `NotTheLegalAdviser` or `StaleContentHash`.
    """
    now = clock()
    async with once.transaction() as tx:
        outcome = await outcome_for(tx, reader, Command.CLEAR_OUTCOME, outcome_id, policy, lock=True)
        require_legal_adviser(policy.get_series(outcome.series), reader.party, reader.organisation)
        given = word_on(outcome, reader.party, reader.organisation, content_hash)
        audit = audit_of(
            once,
            reader,
            "outcome.cleared",
            "outcome",
            outcome.id,
            now,
            item_id=str(outcome.item_id),
            content_hash=content_hash,
        )
        await keep_clearance(tx, outcome.id, given, reader.subject, now, audit)
        return await once.answer(tx, await clearances_of(tx, outcome.id, reader.party))


async def refuse_clearance(
    once: Once[tuple[LegalClearance, ...]],
    reader: Reader,
    outcome_id: UUID,
    content_hash: str,
    reason: str,
    *,
    policy: Policy,
    clock: Clock,
) -> tuple[LegalClearance, ...]:
    """It refuses one wording, also one that it cleared; what was signed meanwhile stays signed.

    Raises `NoAccess`, `NotTheLegalAdviser`, `StaleContentHash`, or `IllegalTransition` once all have agreed.
    """
    now = clock()
    async with once.transaction() as tx:
        outcome = await outcome_for(tx, reader, Command.CLEAR_OUTCOME, outcome_id, policy, lock=True)
        require_legal_adviser(policy.get_series(outcome.series), reader.party, reader.organisation)
        given = word_on(outcome, reader.party, reader.organisation, content_hash, reason)
        audit = audit_of(
            once,
            reader,
            "outcome.clearance-refused",
            "outcome",
            outcome.id,
            now,
            item_id=str(outcome.item_id),
            content_hash=content_hash,
            reason=reason,
        )
        await keep_refusal(tx, outcome.id, given, reader.subject, now, audit)
        return await once.answer(tx, await clearances_of(tx, outcome.id, reader.party))


async def page_of_clearances(
    database: Database, reader: Reader, outcome_id: UUID, *, page_size: int, page_token: str, policy: Policy
) -> tuple[Sequence[LegalClearance], str]:
    """What the reader's own party's advisers said, and the token of the next page.

    Raises `NoAccess` or `InvalidValue`.
    """
    question = ("outcome-clearances", reader.party, outcome_id)
    after = read_key(page_token, (str, str), *question)
    async with database.transaction() as tx:
        outcome = await outcome_for(tx, reader, Command.READ_CLEARANCES, outcome_id, policy)
        found = await clearances_of(tx, outcome.id, reader.party)
    shown, last = cut(found, _place, after, page_size)
    return shown, write_token(last, *question)


def _place(one: LegalClearance) -> Key:
    return one.organisation, one.content_hash
