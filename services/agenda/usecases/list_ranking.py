"""A party's ranking page by page; further pages are of the day of the first."""

from uuid import UUID

from services.agenda.domain.ranking.scoring import Ranked
from services.agenda.usecases.paging import read_ranking_token, write_token
from services.agenda.usecases.rank_subjects import Ranking, RankingParts, rank_subjects
from services.kernel.parties import Reader


async def list_ranking(
    reader: Reader, meeting_id: UUID, *, page_size: int, page_token: str, parts: RankingParts
) -> tuple[Ranking, tuple[Ranked, ...], str]:
    """The ranking, a page of it, and the token of the next one.

    Raises `NoAccess`, `InvalidValue` for a token of another question, or what threatfeed refuses.
    """
    question = (reader.party, str(meeting_id), parts.policy.ranking.version)
    after = read_ranking_token(page_token, *question)
    ranking = await rank_subjects(reader, meeting_id, as_of=after.as_of if after else None, parts=parts)
    left = [entry for entry in ranking.entries if after is None or entry.order > after.order]
    shown = tuple(left[:page_size])
    last = (ranking.as_of.isoformat(), *shown[-1].order) if len(left) > page_size else None
    return ranking, shown, write_token(last, *question)
