"""Makes what each party may read of assessments, after anything that it depends on has changed."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import orjson

from services.chassis.database import Database, Transaction
from services.chassis.ids import IdSource
from services.kernel.identifiers import assessment_id
from services.kernel.policy import Policy
from services.kernel.release_terms import Rendition, RevisionState
from services.threatfeed.domain.documents import revision_to_document
from services.threatfeed.domain.views import View, ViewState, basis_of, in_rendition, next_change
from services.threatfeed.store.decided_texts import mark_due_of
from services.threatfeed.store.readings import Held, find_latest
from services.threatfeed.store.view_feed import forget_gone
from services.threatfeed.store.views import (
    Change,
    Shown,
    assessments_after,
    dependents_of,
    due_before,
    last_shown,
    lock_feeds,
    parties_not_on,
    replace_due,
    replace_sources,
    shown_of,
    store_basis,
    store_sequences,
    store_views,
)
from services.threatfeed.usecases.issue_notices import issue_notices
from services.threatfeed.usecases.read_assessment import rendition_for

_CHUNK: Final = 200
_REMEMBERED: Final = timedelta(days=90)
"""How long it is known what is gone."""
_INSTANT: Final = timedelta(microseconds=1)
"""By which what was shown together differs in time: the least that PostgreSQL keeps."""
_STATES: Final = {
    RevisionState.CURRENT: ViewState.ACTIVE,
    RevisionState.EXPIRED: ViewState.EXPIRED,
    RevisionState.WITHDRAWN: ViewState.WITHDRAWN,
    # Of the newest content: that its originator says that another document has taken its place.
    RevisionState.SUPERSEDED: ViewState.WITHDRAWN,
    RevisionState.CONFLICTED: ViewState.NOT_RELEASED,
}


@dataclass(frozen=True, slots=True)
class ViewMaker:
    """Makes views under one policy. Nothing is kept of what a party may not read."""

    policy: Policy
    ids: IdSource

    async def make(self, tx: Transaction, assessments: Sequence[UUID], at: datetime) -> None:
        """Makes the views of assessments, and of those that rest on them.

        A party's order moves on only where what it may read has changed, so that the order tells it
        nothing of the rest.
        """
        sequences = await lock_feeds(tx, self.policy.parties, self.ids)
        identities = sorted({*assessments, *await dependents_of(tx, assessments)})
        await mark_due_of(tx, identities)
        held = await find_latest(tx, identities)
        shown = await shown_of(tx, identities)
        changes: list[Change] = []
        seen: dict[tuple[str, UUID], Rendition | None] = {}
        moments = await last_shown(tx, sequences)
        for one in held:
            for party in sorted(self.policy.parties):
                before = shown.get((party, one.content.assessment_id))
                view = await self._view(tx, one, party, at)
                seen[party, one.content.assessment_id] = view.rendition
                digest = _digest(view)
                if _differs(before, view, digest):
                    sequences[party] += 1
                    moments[party] = max(at, moments.get(party, at) + _INSTANT)
                    changes.append(Change(view, sequences[party], moments[party], digest))
        await issue_notices(tx, held, seen, shown, self.policy, at)
        await store_views(tx, changes)
        await store_sequences(tx, sequences)
        await replace_sources(tx, identities, {one.content.assessment_id: _sources(one) for one in held})
        await replace_due(tx, identities, _due(held, at))

    async def _view(self, tx: Transaction, held: Held, party: str, at: datetime) -> View:
        content = held.content
        rendition, state = None, _STATES[held.state]
        if state in (ViewState.ACTIVE, ViewState.EXPIRED):
            rendition = await rendition_for(tx, held, party, self.policy, at)
        if rendition is None:
            state = state if state is ViewState.WITHDRAWN else ViewState.NOT_RELEASED
            return View(party, held.party, content.assessment_id, held.revision, state, None, None)
        shown = in_rendition(content, rendition)
        return View(party, held.party, content.assessment_id, held.revision, state, rendition, shown)


async def make_due_views(database: Database, maker: ViewMaker, at: datetime) -> bool:
    """Makes the views that time alone has changed; returns whether there may be more to make."""
    async with database.transaction() as tx:
        due = await due_before(tx, at, _CHUNK)
        if due:
            await maker.make(tx, due, at)
            return True
    return False


async def make_all_views(database: Database, maker: ViewMaker, at: datetime) -> bool:
    """Makes every view anew where they stand on another basis; returns whether they did.

    A run that is ended early leaves the old basis standing, and the next one begins again.
    """
    basis, parties = basis_of(maker.policy, at), tuple(maker.policy.parties)
    async with database.transaction() as tx:
        await lock_feeds(tx, parties, maker.ids)
        if not await parties_not_on(tx, parties, basis):
            return False
    after: UUID | None = None
    while True:
        async with database.transaction() as tx:
            chunk = await assessments_after(tx, after, _CHUNK)
            if not chunk:
                await store_basis(tx, parties, basis)
                return True
            await maker.make(tx, chunk, at)
            after = chunk[-1]


async def forget_old_views(database: Database, at: datetime) -> None:
    """Forgets what has long been gone: who resumes from before that begins with a snapshot."""
    async with database.transaction() as tx:
        await forget_gone(tx, at - _REMEMBERED)


def _digest(view: View) -> str:
    """Of all that the party may read. The source's own digest would tell of the text around a tear line."""
    document: dict[str, object] = {"state": view.state.value}
    if view.content is not None and view.rendition is not None:
        document["revision"] = view.revision
        document["rendition"] = view.rendition.value
        document["content"] = revision_to_document(view.content)
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _differs(before: Shown | None, view: View, digest: str) -> bool:
    if before is None:
        return view.content is not None
    if view.content is None and not before.readable:
        # Why there is still nothing to read is nothing that the party may know.
        return False
    return before.digest != digest


def _sources(held: Held) -> tuple[UUID, ...]:
    return tuple(
        assessment_id(source.originator, source.object_id)
        for source in held.content.derived_from
        if source.originator is not None
    )


def _due(held: Sequence[Held], at: datetime) -> dict[UUID, datetime]:
    found = ((one.content, next_change(one.content, at)) for one in held)
    return {content.assessment_id: due for content, due in found if due is not None}
