"""Readers of the status feed over any of its channels, who note whatever breaks its promises."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field

from entente.exchange.v1.action_status_pb2 import ActionStatus

from services.cli.clients.status_feeds import Feed, Kind, Step, watch_kafka, watch_rpc, watch_sse
from tests.support.tracking import Tracker

CHANNELS = ("kafka", "grpc", "sse")


def channels(
    tracker: Tracker,
    audience: str,
    who: tuple[str, str, str],
    *,
    rest: str | None = None,
    rpc: str | None = None,
) -> dict[str, Callable[[str], Feed]]:
    """How a leader, or the audience's own login, connects on each channel after a token."""
    rest = rest or f"http://127.0.0.1:{tracker.settings.http.port}"
    rpc = rpc or f"127.0.0.1:{tracker.settings.rpc.port}"
    login = tracker.platform.audience(audience)
    return {
        "kafka": lambda token: watch_kafka(login, audience, token),
        "grpc": lambda token: watch_rpc(rpc, tracker.token(*who), audience, token),
        "sse": lambda token: watch_sse(rest, tracker.token(*who), audience, token),
    }


@dataclass(slots=True)
class Follower:
    """What a leadership office holds, with the token it resumes with, wherever that came from.

    Within an epoch no sequence comes twice or out of order. One that never came was replaced by a later
    record of its action: in a snapshot, or marked as coalesced because the reader was slow.
    """

    held: dict[str, ActionStatus] = field(default_factory=dict)
    token: str = ""
    got: dict[int, ActionStatus] = field(default_factory=dict)
    """By sequence, of the present epoch."""
    loose: set[int] = field(default_factory=set)
    """Sequences of records before which older ones of their action were left out."""
    resets: int = 0
    in_snapshot: bool = True

    @property
    def sequence(self) -> int:
        return int(self.token.rpartition(":")[2] or 0)

    def take(self, step: Step) -> None:
        match step.kind:
            case Kind.RESET:
                self._forget()
                self.resets += 1
            case Kind.SNAPSHOT_COMPLETE:
                self.in_snapshot = False
                self.token = step.token
            case Kind.HEARTBEAT:
                assert step.token == self.token
            case Kind.STATUS:
                assert step.status is not None
                self._take_status(step, step.status)

    def _take_status(self, step: Step, status: ActionStatus) -> None:
        assert step.token == f"{status.epoch}:{status.sequence}"
        if self.token:
            epoch, _, last = self.token.rpartition(":")
            assert status.epoch == epoch, "an epoch begins without a reset"
            assert status.sequence > int(last), f"{step.token} after {self.token}"
        self.token = step.token
        self.held[status.action_id] = status
        self.got[status.sequence] = status
        if step.coalesced or self.in_snapshot:
            self.loose.add(status.sequence)

    def _forget(self) -> None:
        self.held.clear()
        self.got.clear()
        self.loose.clear()
        self.token, self.in_snapshot = "", True

    async def leg(self, feed: Feed, *, steps: int | None = None, until: str = "") -> None:
        """Reads so many steps of a connection, or up to a token, and breaks it."""
        if until and self.token == until:
            return
        self.in_snapshot = not self.token
        async with aclosing(feed):
            count = 0
            async for step in feed:
                self.take(step)
                count += 1
                if count == steps or (until and self.token == until and not self.in_snapshot):
                    return

    def check(self, told: list[ActionStatus]) -> list[int]:
        """Holds against all that was told in the present epoch; gives the sequences that never came."""
        missing = [status for status in told if status.sequence not in self.got]
        for status in missing:
            later = [
                number
                for number, got in self.got.items()
                if number > status.sequence and got.action_id == status.action_id
            ]
            assert later, f"{status.sequence} was lost"
            assert min(later) in self.loose, f"{status.sequence} was left out and nothing says so"
        by_sequence = {status.sequence: status for status in told}
        assert all(by_sequence[number] == got for number, got in self.got.items())
        assert self.held == {status.action_id: status for status in told}
        return [status.sequence for status in missing]
