"""However an action that was closed is handled, it is archived once for each time it is left alone, and never
while somebody is still awaited.
"""

from datetime import timedelta
from uuid import UUID, uuid5

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.actions.domain.archive import archivable, archived, restored
from services.actions.domain.proposals import ProposalKind, Terms
from services.kernel.refusals import Refusal
from tests.support.actions import AT, CLOSURE_ID, CNECT, DSIT, EEAS, FCDO, UK_EU, claimed

SPACE = UUID("0b7d4a52-2b0c-5a55-9a53-3d1f0a8c7efd")


class Shelf(RuleBasedStateMachine):
    """The model holds days and what is awaited; it asks no rule of the archive."""

    def __init__(self) -> None:
        super().__init__()
        self.review_on = AT.date() + timedelta(days=40)
        self.action = claimed().confirmed(CNECT, UK_EU, CLOSURE_ID, AT, review_on=self.review_on)
        self.at = AT
        self.touched = AT.date()
        self.reviewed: bool | None = None
        self.asked: UUID | None = None
        self.away = False
        self.count = 0

    def _touched(self) -> None:
        self.touched, self.away = self.at.date(), False

    @rule(days=st.sampled_from([-30, -1, 1, 7, 29, 30, 31, 60]))
    def pass_days(self, days: int) -> None:
        self.at = max(AT, self.at + timedelta(days=days))

    @rule(days=st.integers(1, 40))
    def scheduler(self, days: int) -> None:
        awaited = self.reviewed is not True or self.asked is not None
        quiet = (self.at.date() - self.touched).days > days
        assert archivable(self.action, self.at.date(), days) is (quiet and not awaited and not self.away)
        if quiet and not awaited and not self.away:
            self.action, self.away = archived(self.action, self.at.date()), True

    @rule(lasts=st.booleans())
    def review(self, lasts: bool) -> None:
        try:
            self.action = self.action.closure_reviewed("Looked.", DSIT, self.at, sustained=lasts)
        except Refusal:
            return
        self.reviewed = lasts
        self._touched()

    @rule()
    def ask_to_reopen(self) -> None:
        self.count += 1
        identity = uuid5(SPACE, str(self.count))
        try:
            self.action = self.action.proposed(
                Terms(ProposalKind.REOPEN, "Undone."), FCDO, UK_EU, identity, self.at
            )
        except Refusal:
            return
        self.asked = identity
        self._touched()

    @rule()
    def refuse_to_reopen(self) -> None:
        if self.asked is not None:
            self.action = self.action.proposal_refused(self.asked, EEAS, UK_EU, self.at)
            self.asked = None
            self._touched()

    @rule()
    def restore(self) -> None:
        try:
            self.action = restored(self.action, self.at)
        except Refusal:
            assert not self.away
            return
        assert self.away
        self._touched()

    @invariant()
    def it_is_archived_where_the_model_says_so(self) -> None:
        assert (self.action.archived_on is not None) is self.away


TestShelf = Shelf.TestCase
TestShelf.settings = settings(max_examples=60, stateful_step_count=30)
