"""A secretariat is told, for its own party, what should be on the agenda of a meeting, and why."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from services.agenda.clients.threatfeed import Threatfeed
from services.agenda.domain.agenda import AgendaState
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.outcome import Outcome, OutcomeState
from services.agenda.domain.outcome_kinds import OutcomeKind
from services.agenda.domain.permissions import Command
from services.agenda.domain.proposal import Proposal, ProposalState
from services.agenda.domain.ranking.explaining import Explanation, explain
from services.agenda.domain.ranking.facts import (
    ActionFact,
    AssessmentFact,
    CommitmentFact,
    Facts,
    JudgementFact,
    ProposedFact,
    ReturningFact,
    TempoFact,
    ThemeFact,
)
from services.agenda.domain.ranking.past import PastItem, last_discussed
from services.agenda.domain.ranking.scoring import Ranked, rank
from services.agenda.domain.releases import Candidate
from services.agenda.statements import read_items
from services.agenda.store.actions import ActionStanding, open_actions
from services.agenda.store.agendas import agendas_of_meeting
from services.agenda.store.meetings import meetings_of_series
from services.agenda.store.outcomes import outcomes_of_items
from services.agenda.store.proposals import Backlog, backlog
from services.agenda.usecases.access import meeting_for
from services.agenda.usecases.carrying_over import contents_of, returning
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.kernel.editions import recurring_items
from services.kernel.identifiers import recurring_item_id, template_item_id
from services.kernel.parties import Audience, Reader
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue, NoAccess
from services.kernel.series import ItemKind, Series

_PAGE, _MOST_PAGES = 200, 10
_PAGES_LAST = timedelta(days=7)
_SUBSTANCE = frozenset({ItemKind.SUBSTANTIVE, ItemKind.ORAL, ItemKind.RESERVED, ItemKind.MATTERS_ARISING})


@dataclass(frozen=True, slots=True)
class Ranking:
    """A party's ranking for a meeting. `candidates` are the assessments that were looked at, by their source.

    `complete` is false where there were more than could be looked at; `picture_as_of` is empty where there
    is no picture yet.
    """

    meeting: Meeting
    party: str
    as_of: date
    weights_version: str
    picture_as_of: str
    complete: bool
    entries: tuple[Ranked, ...]
    candidates: Mapping[str, Candidate]

    def held_back(self, entry: Ranked) -> tuple[Candidate, ...]:
        """The assessments that a place rests on and that not every party may have, not even in part."""
        return tuple(one for one in self._rests_on(entry) if not one.joint_rendition)

    def in_part(self, entry: Ranked) -> tuple[Candidate, ...]:
        """Those of which every party may have the tear line only."""
        return tuple(one for one in self._rests_on(entry) if one.joint_rendition == "TEAR_LINE")

    def _rests_on(self, entry: Ranked) -> Iterable[Candidate]:
        return (self.candidates[source] for source in entry.sources() if source in self.candidates)


@dataclass(frozen=True, slots=True)
class RankingParts:
    """What ranking needs besides the caller."""

    database: Database
    policy: Policy
    threatfeed: Threatfeed
    clock: Clock


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the agenda itself holds for a ranking."""

    meeting: Meeting
    actions: Sequence[ActionStanding]
    past: Sequence[PastItem]
    returning: Sequence[ReturningFact]
    proposals: Sequence[Proposal]
    tabled: Sequence[ProposedFact]


async def rank_subjects(
    reader: Reader, meeting_id: UUID, *, as_of: date | None, parts: RankingParts
) -> Ranking:
    """As of a day of the last week, which is today where none is given.

    Raises `NoAccess`, `InvalidValue` for another day, or what threatfeed refuses.
    """
    policy, now = parts.policy, parts.clock()
    latest = now.astimezone(UTC).date()
    today = latest if as_of is None else as_of
    if not latest - _PAGES_LAST <= today <= latest:
        raise InvalidValue("the page token is of another time", pointer="/page_token")
    async with parts.database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.READ_RANKING, meeting_id, policy)
        stored = await _stored(tx, reader, meeting, policy, now)
    series = policy.get_series(meeting.series)
    oldest = today - timedelta(days=policy.ranking.oldest)
    candidates, complete = await _candidates(meeting, oldest, parts.threatfeed)
    audience = Audience(meeting.series, reader.party)
    picture = await parts.threatfeed.tempos(audience, policy.ranking.tempo_days)
    tempos = picture.tempos if picture else ()
    facts = _facts(stored, candidates, tempos, series=series, policy=policy, as_of=today)
    return Ranking(
        meeting=meeting,
        party=reader.party,
        as_of=today,
        weights_version=policy.ranking.version,
        picture_as_of=picture.as_of if picture else "",
        complete=complete,
        entries=await asyncio.to_thread(rank, facts, policy.ranking),
        candidates={f"assessment:{one.assessment_id}": one for one in candidates},
    )


async def explain_subject(
    reader: Reader, meeting_id: UUID, subject: str, *, parts: RankingParts
) -> tuple[Ranking, Explanation]:
    """Raises `NoAccess`, also for a subject that is none of this party's, or what threatfeed refuses."""
    ranking = await rank_subjects(reader, meeting_id, as_of=None, parts=parts)
    found = next((entry for entry in ranking.entries if entry.subject.key == subject), None)
    if found is None:
        raise NoAccess(f"subject '{subject}'")
    return ranking, explain(ranking.entries, found, parts.policy.ranking)


async def _stored(
    tx: Transaction, reader: Reader, meeting: Meeting, policy: Policy, now: datetime
) -> _Stored:
    wanted = Backlog(meeting.series, reader.party, (ProposalState.PROPOSED,), meeting.edition)
    returning = await _returning(tx, meeting, policy)
    return _Stored(
        meeting=meeting,
        actions=await open_actions(tx, meeting.series),
        past=[*_entered(meeting, policy), *await _past(tx, meeting, now)],
        returning=returning,
        proposals=[one for one in await backlog(tx, wanted) if one.meeting_id in (None, meeting.id)],
        tabled=await _tabled(tx, reader, meeting, policy, {UUID(item.id) for item in returning}),
    )


async def _returning(tx: Transaction, meeting: Meeting, policy: Policy) -> list[ReturningFact]:
    items = await returning(tx, meeting, policy)
    contents = await contents_of(tx, items)
    return [
        ReturningFact(
            id=str(item.item_id),
            title=contents[item.root_item_id].title,
            edition=item.last.edition,
            not_reached=item.last.kind is OutcomeKind.NOT_REACHED,
            times=item.times,
            theme=contents[item.root_item_id].theme,
            commitments=contents[item.root_item_id].commitments,
        )
        for item in items
    ]


def _entered(meeting: Meeting, policy: Policy) -> Iterable[PastItem]:
    """The items of the earlier editions that were entered from public texts."""
    for edition in policy.editions:
        if edition.series == meeting.series and edition.year < meeting.edition:
            for item in edition.items:
                yield PastItem(edition.ends, item.commitments)


async def _past(tx: Transaction, meeting: Meeting, now: datetime) -> list[PastItem]:
    """The items of every meeting that is over."""
    found: list[PastItem] = []
    for other in await meetings_of_series(tx, meeting.series):
        if other.ends_at > now or other.id == meeting.id:
            continue
        for agenda in await agendas_of_meeting(tx, other.id):
            if agenda.state is AgendaState.AGREED:
                outcomes = await outcomes_of_items(tx, agenda.item_ids)
                agreed = {one.item_id: one for one in outcomes if one.state is OutcomeState.AGREED}
                found += _items(other, agenda.payload, agreed)
    return found


def _items(meeting: Meeting, payload: bytes, agreed: Mapping[UUID, Outcome]) -> Iterable[PastItem]:
    for item in read_items(payload):
        outcome = agreed.get(item.id)
        held_on = meeting.ends_at.astimezone(UTC).date()
        yield PastItem(held_on, item.commitments, outcome.kind if outcome else None)


async def _tabled(
    tx: Transaction, reader: Reader, meeting: Meeting, policy: Policy, returning: set[UUID]
) -> list[ProposedFact]:
    """What another party has put on the table beside the lines that every draft begins with, and what this
    party tabled.
    """
    series = policy.get_series(meeting.series)
    known = returning | {template_item_id(meeting.id, item.position) for item in series.standing_items}
    for one in recurring_items(policy.editions, series, meeting.edition):
        known.add(recurring_item_id(meeting.id, one.year, one.item.title))
    agendas = await agendas_of_meeting(tx, meeting.id)
    for agenda in agendas:
        if agenda.tabled_by == reader.party:
            known.update(agenda.item_ids)
    return [
        ProposedFact(item.id, item.title, item.theme, item.commitments, agenda.tabled_by)
        for agenda in agendas
        if agenda.state is not AgendaState.SUPERSEDED and agenda.tabled_by != reader.party
        for item in read_items(agenda.payload)
        if item.kind in _SUBSTANCE and item.id not in known
    ]


async def _candidates(meeting: Meeting, oldest: date, threatfeed: Threatfeed) -> tuple[list[Candidate], bool]:
    """What the party may see, the latest first, as far back as anything counts; and whether that was all."""
    found: dict[str, Candidate] = {}
    token = ""
    for _ in range(_MOST_PAGES):
        page, token = await threatfeed.candidates(meeting, theme="", page_size=_PAGE, page_token=token)
        # One that was revised between two pages may be in both.
        found |= {one.assessment_id: one for one in page}
        last = page[-1].published_at if page else None
        if not token or (last is not None and last.date() < oldest):
            return list(found.values()), True
    return list(found.values()), False


def _facts(
    stored: _Stored,
    candidates: Sequence[Candidate],
    tempos: Sequence[TempoFact],
    *,
    series: Series,
    policy: Policy,
    as_of: date,
) -> Facts:
    return Facts(
        as_of=as_of,
        meets_on=stored.meeting.starts_at.astimezone(UTC).date(),
        themes=_themes(candidates, series, policy),
        assessments=[
            AssessmentFact(
                id=one.assessment_id,
                revision=one.revision,
                published_on=one.published_at.date(),
                themes=tuple(theme for theme, _ in one.themes),
                judgements=tuple(
                    JudgementFact(entry.id, entry.likelihood, entry.confidence) for entry in one.judgements
                ),
            )
            for one in candidates
            if one.published_at is not None
        ],
        tempos=tempos,
        commitments=_commitments(stored.past, series, policy),
        actions=[ActionFact(one.action_id, one.reference, one.due_date, one.state) for one in stored.actions],
        returning=stored.returning,
        proposals=[
            ProposedFact(one.id, one.text.content.title, one.text.content.theme, one.text.content.commitments)
            for one in stored.proposals
        ],
        tabled=stored.tabled,
    )


def _themes(candidates: Sequence[Candidate], series: Series, policy: Policy) -> list[ThemeFact]:
    """The themes of the series' template and commitments, and those on which there is something."""
    planned = {theme for item in series.standing_items for theme in item.themes}
    seen = {theme for candidate in candidates for theme, _ in candidate.themes}
    found = []
    for theme in policy.themes.themes.values():
        serves = tuple(
            commitment for instrument, commitment in theme.commitments if instrument in series.instruments
        )
        if serves or theme.id in planned | seen:
            found.append(ThemeFact(theme.id, theme.title, serves))
    return found


def _commitments(past: Sequence[PastItem], series: Series, policy: Policy) -> list[CommitmentFact]:
    discussed = last_discussed(past)
    return [
        CommitmentFact(one.id, one.text, one.kind, one.due, discussed.get(one.id))
        for instrument in series.instruments
        for one in policy.instrument(instrument).commitments
    ]
