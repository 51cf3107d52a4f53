"""Subscribe to the status feed of one audience."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from services.actions.domain.visibility import WATCHERS
from services.chassis.feed import FeedView
from services.chassis.identity import AccountStates, Principal, TokenVerifier
from services.kernel.parties import Reader
from services.kernel.policy import Policy, UnknownAudience
from services.kernel.refusals import NoAccess


@dataclass(slots=True)
class Gallery:
    """The feeds, and by what it is judged who may watch them."""

    views: Mapping[str, FeedView]
    policies: Callable[[], Policy]
    verifier: TokenVerifier
    _judged_by: "Grounds | None" = None

    def grounds(self) -> "Grounds":
        return Grounds(self.verifier.accounts, self.policies())

    async def look_again(self) -> bool:
        """Has every open stream judged anew when an account has changed, or the policy is another."""
        await self.verifier.look_again()
        grounds = self.grounds()
        if self._judged_by is None or not grounds.same(self._judged_by):
            self._judged_by = grounds
            for view in self.views.values():
                view.recheck()
        return False


@dataclass(frozen=True, slots=True)
class Grounds:
    """What rights were judged by."""

    accounts: AccountStates
    policy: Policy

    def same(self, other: "Grounds") -> bool:
        return self.accounts is other.accounts and self.policy is other.policy


@dataclass(slots=True)
class Watch:
    """One reader of one feed."""

    view: FeedView
    _gallery: Gallery
    _principal: Principal
    _audience: str
    _judged_by: Grounds = field(init=False)

    def __post_init__(self) -> None:
        self._judge()

    def allowed(self) -> float:
        """The seconds that the reader's token still has. Raises `TokenExpired`, `AccountDisabled`,
        `AccountChanged`, `IssuerUnreachable` or `NoAccess` when the reader may no longer watch.
        """
        verifier = self._gallery.verifier
        verifier.check_account(self._principal)
        if not self._gallery.grounds().same(self._judged_by):
            self._judge()
        return verifier.seconds_left(self._principal)

    def _judge(self) -> None:
        self._judged_by = self._gallery.grounds()
        reader = Reader.from_claims(self._principal.subject, self._principal.claims)
        require_watcher(reader, self._audience, self._judged_by.policy)


def watch_status(principal: Principal, audience: str, gallery: Gallery) -> Watch:
    """A reader of that party who is entitled in that series, at its audience's feed.

    Raises `NoAccess`, also for an audience that does not exist, `AudienceMalformed`, and
    `FeedCatchingUp` as long as the view is behind.
    """
    reader = Reader.from_claims(principal.subject, principal.claims)
    found = require_watcher(reader, audience, gallery.policies())
    if (view := gallery.views.get(found)) is None:
        raise NoAccess(f"audience {audience}")
    view.require_caught_up()
    return Watch(view, gallery, principal, found)


def require_watcher(reader: Reader, audience: str, policy: Policy) -> str:
    """The id of the audience. Raises `NoAccess` or `AudienceMalformed`."""
    try:
        found = policy.audience(audience)
    except UnknownAudience:
        raise NoAccess(f"audience {audience}") from None
    if reader.party != found.party or not policy.roles(reader, found.series) & WATCHERS:
        raise NoAccess(f"audience {audience}")
    return found.id
