"""A secretariat has its own ranking made for its draft, from which its items then have their worth."""

from uuid import UUID

from services.agenda.domain.permissions import Command
from services.agenda.domain.ranking.run import RankingRun
from services.agenda.store.ranking_runs import insert_run, latest_run
from services.agenda.usecases.access import audit_of, draft_for
from services.agenda.usecases.rank_subjects import RankingParts, rank_subjects
from services.chassis.once import Once
from services.kernel.parties import Reader


async def rank_draft(
    once: Once[RankingRun], reader: Reader, draft_id: UUID, *, parts: RankingParts
) -> RankingRun:
    """The ranking as it is now, kept as the draft's next run.

    Raises `NoAccess`, or what threatfeed refuses.
    """
    now = parts.clock()
    async with parts.database.transaction() as tx:
        draft = await draft_for(tx, reader, Command.EDIT_DRAFT, draft_id, parts.policy)
    ranking = await rank_subjects(reader, draft.meeting_id, as_of=None, parts=parts)
    async with once.transaction() as tx:
        draft = await draft_for(tx, reader, Command.EDIT_DRAFT, draft_id, parts.policy, lock=True)
        former = await latest_run(tx, draft.id)
        run = RankingRun(
            number=1 if former is None else former.number + 1,
            as_of=ranking.as_of,
            weights_version=ranking.weights_version,
            picture_as_of=ranking.picture_as_of,
            complete=ranking.complete,
            scores={entry.subject.key: entry.score for entry in ranking.entries if entry.score},
            ranked_by=reader.subject,
            ranked_at=now,
        )
        audit = audit_of(
            once, reader, "draft.ranked", "draft", draft.id, now, run=run.number, weights=run.weights_version
        )
        await insert_run(tx, draft.id, run, audit)
        return await once.answer(tx, run)
