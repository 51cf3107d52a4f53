"""How fast the actions of a series are listed, counted and followed: `python -m benchmarks.reading`.

Actions with years of history are made by the code that the service runs and then copied, row by row, into
as many as are asked for. A real api is asked over HTTP as one owner, for pages of the list from its
beginning and from ever further down, with filters of which some find next to nothing, for figures of now
and of the past, and for changes. Prints the plans, and fails where a p95 is over what is allowed.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import psutil
import psycopg
from psycopg import sql

from benchmarks.platform import (
    WorkerProcess,
    environment_of,
    measured,
    measuring_platform,
    servers,
    start,
    state_folder,
    wait_until_ready,
)
from benchmarks.reading.histories import CNECT, SEEN_BY_CNECT, SERIES, fill
from deploy.local.keys import issue_token
from deploy.local.platform import PlatformAccess
from deploy.local.ports import free_port
from services.actions.app import MIGRATIONS
from services.actions.domain.action import Rag
from services.actions.domain.figures import Period, period_ends
from services.actions.domain.filters import ANY, ActionFilter, Order
from services.actions.domain.states import State
from services.actions.store import changes as changes_store
from services.actions.store import figures as figures_store
from services.actions.store.reading import Question, page_statement, parameters
from services.actions.usecases.paging import question_of, write_token
from services.chassis.migrations import migrate

NAME = "bench-reading"
ALLOWED = 100.0
"""Milliseconds: the p95 of an answer."""
ALLOWED_TREND = 500.0
"""The same of a trend, which counts every action at each of its points."""
_WARMING = 20


@dataclass(slots=True)
class Desk:
    """One official's client, and the slowest that it has been answered."""

    client: httpx.Client
    busy: Callable[[], float]
    """Seconds of processor time that the api and the database have used so far."""
    slowest: float = 0.0
    """The largest share of what is allowed."""

    @classmethod
    def of(cls, access: PlatformAccess, api: WorkerProcess) -> "Desk":
        token = issue_token(
            access.keys,
            subject=CNECT.subject,
            party=CNECT.party,
            organisation=CNECT.organisation,
            roles=("owner",),
            at=datetime.now(UTC),
        )
        headers = {"authorization": f"Bearer {token}"}
        client = httpx.Client(base_url=api.probes, headers=headers, trust_env=False, timeout=60)
        return cls(client, partial(_busy, psutil.Process(api.child.pid), servers(NAME)["database"]))

    def ask(
        self,
        what: str,
        path: str,
        query: Mapping[str, object],
        times: int,
        allowed: float = ALLOWED,
    ) -> None:
        """Asks so often, and prints how long the answers took."""
        taken = []
        before = self.busy()
        for _ in range(times):
            started = time.perf_counter()
            answer = self.client.get(f"/v1/actions{path}", params={"series": SERIES, **query})  # type: ignore[dict-item]
            taken.append((time.perf_counter() - started) * 1_000)
            answer.raise_for_status()
        busy = (self.busy() - before) / times * 1_000
        document = answer.json()
        members = ("actions", "changes", "figures", "points")
        found = len(next(document[name] for name in members if name in document))
        taken.sort()
        p95 = taken[int(len(taken) * 0.95) - 1]
        self.slowest = max(self.slowest, p95 / allowed)
        over = "" if p95 <= allowed else f"  OVER {allowed:.0f} ms"
        print(
            f"{what} ({found} found): p50 {statistics.median(taken):.1f} ms, p95 {p95:.1f} ms,"
            f" max {taken[-1]:.1f} ms; {busy:.0f} ms of a core{over}"
        )


def _busy(api: psutil.Process, database: int | None) -> float:
    server = psutil.Process(database)
    times = [api.cpu_times(), server.cpu_times()]
    for child in server.children():
        # One that tidies up may end at any moment.
        with suppress(psutil.NoSuchProcess):
            times.append(child.cpu_times())
    return float(sum(one.user + one.system for one in times))


def ask(desk: Desk, dsn: str, times: int) -> None:
    now = datetime.now(UTC)
    day = now.date()
    for _ in range(_WARMING):
        for path in ("", "/figures"):
            desk.client.get(f"/v1/actions{path}", params={"series": SERIES}).raise_for_status()
    print(f"asked {times} times each, at a load of {os.getloadavg()[0]:.1f}")
    for share in (0.0, 0.5, 0.95):
        deeper = {"page_token": token_at(dsn, share)} if share else {}
        desk.ask(f"a list page {share:.0%} down", "", deeper, times)
    lists: Mapping[str, Mapping[str, object]] = {
        "a list page by due date, latest first": {"order": "DUE_DATE", "descending": "true"},
        "a list page by reference": {"order": "REFERENCE"},
        "a list page, latest opened first": {"order": "OPENED_AT", "descending": "true"},
        "what is overdue and computed red": {"overdue": "true", "computed_rag": "RED"},
        "what the owner rates too well": {"contradicted": "true", "open_only": "true"},
        "what ENISA supports, blocked": {"supporting": "ENISA", "blocked": "true"},
        "what is due in a week": {"due_from": str(day), "due_to": str(day + timedelta(days=7))},
        "a word of 1 in 200": {"text": "rare78:"},
        "a word that is nowhere": {"text": "nowhere"},
        "a meeting that was not": {"meeting_id": "meeting-1999"},
    }
    for what, query in lists.items():
        desk.ask(what, "", query, times)
    half_a_year = str(day - timedelta(days=180))
    counted: Mapping[str, Mapping[str, object]] = {
        "figures": {},
        "figures of what is open and CNECT's": {"open_only": "true", "owner": "CNECT"},
        "figures of half a year ago": {"as_of": half_a_year},
    }
    for what, query in counted.items():
        desk.ask(what, "/figures", query, times)
    followed_ratings: Mapping[str, Mapping[str, object]] = {
        "the trend of twelve months": {},
        "the trend of twenty-four weeks": {"period": "WEEK", "periods": 24},
        "the trend of what CNECT owns": {"owner": "CNECT"},
    }
    for what, query in followed_ratings.items():
        desk.ask(what, "/figures/trend", query, times, ALLOWED_TREND)
    followed: Mapping[str, Mapping[str, object]] = {
        "changes of the last half year": {"since": half_a_year},
        "changes since the beginning": {"since": "2015-01-01"},
        "changes of a commitment's open actions": {
            "since": half_a_year,
            "commitment": "C3",
            "open_only": "true",
        },
        "changes of actions of a meeting that was not": {"since": "2015-01-01", "meeting_id": "meeting-1999"},
        "changes of what holds a word of 1 in 200": {"since": "2015-01-01", "text": "rare78:"},
    }
    for what, query in followed.items():
        desk.ask(what, "/changes", query, times)


def token_at(dsn: str, share: float) -> str:
    """Of the page so far down the plain list."""
    with psycopg.connect(dsn) as connection:
        ((due, reference),) = connection.execute(
            """
            SELECT original_due_date, reference FROM action WHERE marking = ANY(%s) ORDER BY 1, 2
            OFFSET (SELECT (count(*) * %s)::bigint FROM action WHERE marking = ANY(%s)) LIMIT 1
            """,
            [list(SEEN_BY_CNECT), share, list(SEEN_BY_CNECT)],
        ).fetchall()
    asked = question_of(CNECT, SERIES, ANY.listed(), Order.ORIGINAL_DUE_DATE, False)
    return write_token(asked, [due.isoformat(), reference])


def print_plans(dsn: str) -> None:
    now = datetime.now(UTC)
    question = Question(
        series=SERIES, markings=SEEN_BY_CNECT, day=now.date(), wanted=ANY, commitments=None, reader=CNECT
    )
    rare = replace(question, wanted=ActionFilter(text="nowhere"))
    red = replace(question, wanted=ActionFilter(overdue=True, computed=(Rag.RED,), states=(State.BLOCKED,)))
    by_due, half_a_year = Order.ORIGINAL_DUE_DATE, now - timedelta(days=180)
    page = {"key": str(now.date()), "reference": "", "limit": 51}
    listed = replace(question, wanted=ANY.listed())
    past = replace(question, as_of=half_a_year, day=half_a_year.date())
    asked = {
        "a list page half-way down": (
            page_statement(listed, by_due, descending=False, after=True),
            {**parameters(listed), **page},
        ),
        "a list page of what is red": (
            page_statement(red, by_due, descending=False, after=False),
            {**parameters(red), **page},
        ),
        "a word that is nowhere": (
            page_statement(rare, by_due, descending=False, after=False),
            {**parameters(rare), **page},
        ),
        "figures": (figures_store.statement(question), figures_store.arguments(question)),
        "figures of half a year ago": (figures_store.statement(past), figures_store.arguments(past)),
        "a trend": (
            figures_store.trend_statement(question),
            figures_store.trend_arguments(question, period_ends(now, Period.MONTH, 12)),
        ),
        "changes of the last half year": (
            changes_store.since_statement(question),
            changes_store.since_arguments(question, half_a_year, None, 51),
        ),
    }
    with psycopg.connect(dsn) as connection:
        for what, (statement, arguments) in asked.items():
            explained = sql.SQL("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS OFF) ") + statement
            print(f"plan of {what}:")
            for (line,) in connection.execute(explained, arguments).fetchall():
                print(f"  {line}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="actions")
    parser.add_argument("--times", type=int, default=100, help="how often each is asked")
    arguments = parser.parse_args()
    audiences = ("uk-eu.uk", "uk-eu.eu", "uk-us-cmr.uk", "uk-us-cmr.us")
    with measuring_platform(NAME, replace(measured(), audiences=audiences)) as access:
        dsn = access.services["actions"].dsn
        migrate(dsn, MIGRATIONS)
        asyncio.run(fill(dsn, arguments.count))
        environment = {**environment_of(access, "actions"), "ENTENTE_RPC__PORT": str(free_port())}
        api = start(["-m", "services.actions", "api"], environment, state_folder(NAME) / "logs" / "api.log")
        try:
            wait_until_ready(api)
            desk = Desk.of(access, api)
            ask(desk, dsn, arguments.times)
        finally:
            api.terminate()
        print_plans(dsn)
    print(f"the slowest p95 is {desk.slowest:.2f} of what is allowed")
    return 0 if desk.slowest <= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
