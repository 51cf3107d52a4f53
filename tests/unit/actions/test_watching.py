"""Who may watch a feed, and what ends a stream whose reader no longer may."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.actions.usecases.watch_status import Gallery, watch_status
from services.chassis import identity
from services.chassis.feed import FeedCatchingUp, FeedView, Step
from services.chassis.identity import (
    AccountChanged,
    AccountDisabled,
    IssuerUnreachable,
    Principal,
    TokenExpired,
)
from services.kernel.parties import AudienceMalformed, Role
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess, Refusal
from tests.support.feeds import entry, one_by_one
from tests.support.release import shipped_policy
from tests.support.tokens import Issuer

LEADER = "fcdo-leadership"
UK = "uk-eu.uk"


@dataclass(slots=True)
class House:
    """Feeds that are caught up, an issuer, and a policy that can be replaced."""

    issuer: Issuer
    policy: Policy = field(default_factory=shipped_policy)
    gallery: Gallery = field(init=False)

    def __post_init__(self) -> None:
        views = {name: FeedView() for name in (UK, "uk-eu.eu", "uk-us-cmr.uk", "uk-us-cmr.us")}
        for view in views.values():
            view.apply(entry(1, "x"))
            view.mark_caught_up()
        self.gallery = Gallery(views, lambda: self.policy, self.issuer.verifier())

    async def caller(
        self,
        role: str = "leadership",
        *,
        organisation: str = "FCDO",
        party: str = "UK",
        age: timedelta = timedelta(minutes=1),
        lifetime: timedelta = timedelta(hours=1),
    ) -> Principal:
        subject = f"{organisation.lower()}-{role}"
        token = self.issuer.token(
            role, subject=subject, party=party, organisation=organisation, age=age, lifetime=lifetime
        )
        return await self.gallery.verifier.verify(token)

    @asynccontextmanager
    async def watching(self, who: Principal) -> AsyncIterator[AsyncIterator[Step]]:
        """An open stream whose snapshot has been taken."""
        watch = watch_status(who, UK, self.gallery)
        async with aclosing(one_by_one(watch.view.follow(None, 30.0, watch.allowed))) as steps:
            await anext(steps)
            await anext(steps)
            yield steps

    async def ended(self, steps: AsyncIterator[Step]) -> Refusal:
        """How a stream ends that was quiet; nothing is given out before."""
        with pytest.raises(Refusal) as refused:
            async with asyncio.timeout(5):
                await anext(steps)
        return refused.value


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(identity, "ACCOUNTS_EVERY", 0.0)
    return House(Issuer.at(tmp_path / "issuer"))


async def test_leadership_watches_the_feed_of_its_own_party(house: House) -> None:
    assert watch_status(await house.caller(), UK, house.gallery).view is house.gallery.views[UK]


@pytest.mark.parametrize("audience", ["uk-eu.eu", "uk-us-cmr.uk", "uk-us-cmr.us", "uk-fr.uk", "uk-eu.us"])
async def test_every_other_feed_is_refused_alike_whether_or_not_it_exists(
    house: House, audience: str
) -> None:
    with pytest.raises(NoAccess) as refused:
        watch_status(await house.caller(), audience, house.gallery)
    assert refused.value.detail == f"permission denied on audience {audience} (or it might not exist)"


async def test_an_owner_who_is_not_of_the_leadership_does_not_watch(house: House) -> None:
    with pytest.raises(NoAccess):
        watch_status(await house.caller("owner", organisation="DSIT"), UK, house.gallery)


async def test_an_audience_is_written_series_dot_party(house: House) -> None:
    with pytest.raises(AudienceMalformed):
        watch_status(await house.caller(), "UK-EU/UK", house.gallery)


async def test_a_feed_that_is_still_being_read_is_not_shown(house: House) -> None:
    gallery = replace(house.gallery, views={UK: FeedView()})
    with pytest.raises(FeedCatchingUp):
        watch_status(await house.caller(), UK, gallery)


@pytest.mark.parametrize(("disabled", "reason"), [(True, AccountDisabled), (False, AccountChanged)])
async def test_an_account_that_is_changed_ends_its_streams_and_nobody_elses(
    house: House, disabled: bool, reason: type[Refusal]
) -> None:
    who, other = await house.caller(), await house.caller("chair")
    async with house.watching(who) as steps, house.watching(other) as others:
        house.issuer.ring.change_account(LEADER, datetime.now(UTC), disabled=disabled)
        await house.gallery.look_again()
        house.gallery.views[UK].apply(entry(2, "x"))
        assert type(await house.ended(steps)) is reason
        assert await anext(others) == entry(2, "x")
    with pytest.raises(reason):
        await house.caller()


async def test_a_token_that_was_issued_after_the_change_is_good_unless_the_account_is_disabled(
    house: House,
) -> None:
    changed = datetime.now(UTC) - timedelta(minutes=10)
    house.issuer.ring.change_account(LEADER, changed, disabled=False)
    async with house.watching(await house.caller()) as steps:
        house.gallery.views[UK].apply(entry(2, "x"))
        assert await anext(steps) == entry(2, "x")
    house.issuer.ring.change_account(LEADER, changed, disabled=True)
    with pytest.raises(AccountDisabled):
        await house.caller()


async def test_a_role_that_the_policy_takes_away_ends_the_stream(house: House) -> None:
    async with house.watching(await house.caller()) as steps:
        kept = frozenset(
            one
            for one in house.policy.entitlements
            if (one.organisation, one.role) != ("FCDO", Role.LEADERSHIP)
        )
        house.policy = replace(house.policy, entitlements=kept)
        await house.gallery.look_again()
        house.gallery.views[UK].apply(entry(2, "x"))
        assert isinstance(await house.ended(steps), NoAccess)


async def test_another_policy_that_still_entitles_ends_nothing(house: House) -> None:
    async with house.watching(await house.caller()) as steps:
        house.policy = replace(house.policy)
        await house.gallery.look_again()
        house.gallery.views[UK].apply(entry(2, "x"))
        assert await anext(steps) == entry(2, "x")


async def test_what_is_given_out_is_judged_by_what_is_known_even_before_anybody_looks_again(
    house: House,
) -> None:
    async with house.watching(await house.caller()) as steps:
        house.policy = replace(house.policy, entitlements=frozenset())
        house.gallery.views[UK].apply(entry(2, "x"))
        assert isinstance(await house.ended(steps), NoAccess)


async def test_a_quiet_stream_ends_with_the_token(house: House) -> None:
    """A token is taken for 30 s more, here and where it was verified."""
    lifetime = timedelta(minutes=1) - timedelta(seconds=28)
    async with house.watching(await house.caller(lifetime=lifetime)) as steps:
        assert isinstance(await house.ended(steps), TokenExpired)


async def test_a_list_of_accounts_that_cannot_be_read_is_trusted_for_a_while_only(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house.watching(await house.caller()) as steps:
        house.issuer.ring.accounts.write_text("{}")
        await house.gallery.look_again()
        house.gallery.views[UK].apply(entry(2, "x"))
        assert await anext(steps) == entry(2, "x")
        monkeypatch.setattr(identity, "_ACCOUNTS_AT_MOST", 0.0)
        house.gallery.views[UK].recheck()
        assert isinstance(await house.ended(steps), IssuerUnreachable)
