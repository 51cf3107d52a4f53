"""How an assessment's row follows from its status."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from services.threatfeed.domain.assessment import Assessment, Revision
from services.threatfeed.domain.status import VALIDITY_ENDED, State, Status
from services.threatfeed.store.histories import Standing


def first_standing(revision: Revision, party: str) -> Standing:
    """Of an assessment of which nothing is held: to be restated."""
    return Standing(
        assessment_id=revision.assessment_id,
        agency=revision.originator,
        party=party,
        object_id=revision.source.object_id,
        state="",
        revision=0,
        current=None,
        published_at=None,
        themes=(),
        line_themes=None,
        aggregate_version=0,
    )


def restated(
    before: Standing, status: Status, content: Assessment | None, at: datetime, **further: Any
) -> Standing:
    """The row after a change of status; `content` is what is current where the assessment stands, and
    `further` what else changes of the row.

    What is no longer valid when it comes has expired already.
    """
    cause = None if status.cause is None else status.cause.value
    version = before.aggregate_version + 1
    if status.state is not State.ACTIVE or content is None:
        return replace(
            before,
            state=status.state.value,
            cause=cause,
            themes=(),
            line_themes=None,
            valid_until=None,
            aggregate_version=version,
            **further,
        )
    expired = content.valid_until is not None and content.valid_until <= at
    return replace(
        before,
        state=State.EXPIRED.value if expired else status.state.value,
        cause=VALIDITY_ENDED if expired else cause,
        published_at=content.published,
        valid_until=content.valid_until,
        themes=content.themes,
        line_themes=content.line_themes(),
        aggregate_version=version,
        **further,
    )
