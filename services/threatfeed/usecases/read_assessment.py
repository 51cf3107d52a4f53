"""Gives one assessment in the widest rendition that the reader's party may have."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.audit import AuditEntry, append
from services.chassis.database import Database, Transaction
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess
from services.kernel.releasability import decide, outside_meetings
from services.kernel.release_terms import Consent, Mode, Rendition, RevisionState, TextUnderDecision
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.theme_decisions import (
    UNDECIDED,
    AssignedTheme,
    ThemesByHand,
    themes_in_view,
)
from services.threatfeed.domain.views import in_rendition
from services.threatfeed.store.consents import consents_outside_meetings
from services.threatfeed.store.readings import Held, find_revision
from services.threatfeed.usecases.renditions import renditions, text_under_decision


@dataclass(frozen=True, slots=True)
class Rendered:
    """An assessment and the rendition in which the reader gets it.

    `by_hand` is what the reader's audience decided on its themes, where an audience was asked for.
    """

    held: Held
    rendition: Rendition
    by_hand: ThemesByHand = UNDECIDED

    @property
    def content(self) -> Assessment:
        """What the reader gets of it, and nothing more."""
        return in_rendition(self.held.content, self.rendition)

    @property
    def themes(self) -> tuple[AssignedTheme, ...]:
        """The themes of the rendition in the view of the audience."""
        return themes_in_view(self.content.themes, self.by_hand)


async def read_assessment(
    database: Database,
    reader: Reader,
    assessment_id: UUID,
    revision: int,
    *,
    policy: Policy,
    at: datetime,
) -> Rendered:
    """Audited. Raises `NoAccess` where there is nothing, or nothing for this reader."""
    async with database.transaction() as tx:
        held = await find_revision(tx, assessment_id, revision)
        if held is None or not policy.series_of(reader):
            raise NoAccess(f"assessment {assessment_id}")
        rendition = await rendition_for(
            tx, held, reader.party, policy, at, withdrawn=reads_the_record(policy, reader)
        )
        if rendition is None:
            raise NoAccess(f"assessment {assessment_id}")
        await append(
            tx,
            AuditEntry(
                action="assessment.read",
                actor=reader.subject,
                party=reader.party,
                subject_kind="assessment",
                subject_id=str(assessment_id),
                at=at,
                detail={"revision": held.revision, "rendition": rendition.value},
            ),
        )
    return Rendered(held, rendition)


def reads_the_record(policy: Policy, reader: Reader) -> bool:
    """Whether a reader may still read what was withdrawn: auditors, as far as their party could have it."""
    return any(policy.entitled(reader, Role.AUDITOR, series.id) for series in policy.series_of(reader))


async def rendition_for(
    tx: Transaction, held: Held, party: str, policy: Policy, at: datetime, *, withdrawn: bool = False
) -> Rendition | None:
    """The widest rendition that a party may have a copy of outside any meeting; None for none.

    What its originator withdrew is nobody's to read any more, in no revision: `withdrawn` asks all the same,
    for the record, or to know whether a party may be told about it.
    """
    if held.state is RevisionState.WITHDRAWN and not withdrawn:
        return None
    occasion = outside_meetings(party, policy, at)
    consents: tuple[Consent, ...] | None = None
    for rendition in renditions(held.content):
        text = await text_under_decision(tx, held, rendition, policy, for_reading=True)
        decision = decide(text, party, occasion, Mode.RELEASE, policy=policy, consents=(), now=at)
        if not decision.allowed:
            # Consent never takes anything away, so it is asked for only where something is denied.
            consents = await consents_outside_meetings(tx, _texts(text)) if consents is None else consents
            decision = decide(text, party, occasion, Mode.RELEASE, policy=policy, consents=consents, now=at)
        if decision.allowed:
            return rendition
    return None


def _texts(text: TextUnderDecision) -> list[UUID]:
    """The assessments whose originators could consent: of the text, and of all that it was written from."""
    return [text.assessment_id, *(one for source in text.derived_from or () for one in _texts(source))]
