"""How fast assessments are found among many: `python -m benchmarks.search`.

Fills a database with assessments and the views of them by the code that ingest and the views process
run, then asks a real api over HTTP as one secretariat: for words of which each occurs in one of a hundred
or of a thousand assessments, for values, and for list pages ever deeper down. Prints the plan of a search.
"""

import argparse
import asyncio
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import httpx
import psycopg

from benchmarks.platform import (
    AGENCY,
    POLICY,
    ROOT,
    SUBMISSIONS,
    fresh_database,
    measuring_platform,
    start,
    wait_until_ready,
    worker_environment,
)
from deploy.local.keys import issue_token
from deploy.local.platform import PlatformAccess
from services.chassis.consumer.records import Record
from services.chassis.database import Database
from services.chassis.documents import read_documents, read_json_documents
from services.chassis.ids import random_ids
from services.chassis.settings import PostgresSettings
from services.kernel.identifiers import assessment_id
from services.kernel.markings.levels import Level
from services.kernel.policy import Policy
from services.threatfeed.domain.paging import page_token
from services.threatfeed.domain.search import Search
from services.threatfeed.domain.taxonomies import Taxonomies
from services.threatfeed.domain.themes import ThemeMatcher
from services.threatfeed.formats.submission import read_submission
from services.threatfeed.store.view_search import search_statement
from services.threatfeed.usecases.holding import Holding
from services.threatfeed.usecases.ingest_submissions import ingest_submissions
from services.threatfeed.usecases.make_views import ViewMaker
from services.threatfeed.usecases.submission import Submission

LOGS = ROOT / ".entente" / "bench" / "logs"
READER = "fcdo-secretariat"
_BATCH = 500
_START = datetime(2020, 1, 1, tzinfo=UTC)
_COMMON = ("group", "used", "compromised", "supplier", "reach", "operators", "energy", "water", "services")
_MARKINGS = ("UK OFFICIAL REL EU", "UK OFFICIAL-SENSITIVE - HMG USE ONLY", "UK OFFICIAL-SENSITIVE REL EU")


def narratives(count: int) -> Iterator[dict[str, object]]:
    """Of about 1.5 KB: words met everywhere, one of a hundred rarer and one of a thousand rare words."""
    chance = random.Random(count)
    for number in range(count):
        words = [*chance.choices(_COMMON, k=170), f"hundredth{number % 100}", f"thousandth{number % 1_000}"]
        chance.shuffle(words)
        yield {
            "id": f"SEARCH-{number:07d}",
            "version": 1,
            "title": f"Case {number} of supplier{number % 5_000}",
            "text": " ".join(words),
            "published": (_START + timedelta(minutes=number * 15)).isoformat(),
            "marking": {"national": _MARKINGS[number % 3]},
            "sectors": ["energy"],
            "actors": [f"Group {number % 700}"],
        }


async def fill(dsn: str, count: int) -> None:
    policy = Policy.from_documents(read_documents(POLICY))
    themes = ThemeMatcher.compile(policy.themes)
    taxonomies = Taxonomies.from_documents(read_json_documents(ROOT / "deploy" / "reference"))
    maker = ViewMaker(policy, random_ids)
    holding = Holding("UK", Level.parse("UK OFFICIAL-SENSITIVE"), policy)
    at, stored, viewed = datetime.now(UTC), 0.0, 0.0
    async with Database.opened(PostgresSettings(dsn=dsn), "bench") as database:
        documents = list(narratives(count))
        for first in range(0, count, _BATCH):
            batch = documents[first : first + _BATCH]
            submissions = []
            for offset, document in enumerate(batch, first):
                raw = json.dumps(document).encode()
                record = Record(SUBMISSIONS, 0, offset, b"k", raw, (), 0)
                content = read_submission(
                    raw, None, agency=AGENCY, policy=policy, themes=themes, taxonomies=taxonomies
                )
                submissions.append(Submission(record, AGENCY, content))
            started = time.monotonic()
            async with database.transaction() as tx:
                await ingest_submissions(tx, submissions, holding, at)
                await tx.execute("DELETE FROM outbox")
            stored += time.monotonic() - started
            started = time.monotonic()
            async with database.transaction() as tx:
                await maker.make(tx, [assessment_id(AGENCY, str(one["id"])) for one in batch], at)
            viewed += time.monotonic() - started
    print(
        f"{count} assessments: stored at {count / stored:,.0f}/s, their views made at {count / viewed:,.0f}/s"
    )
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


class Desk:
    """One official's client."""

    def __init__(self, access: PlatformAccess, address: str) -> None:
        token = issue_token(
            access.keys,
            subject=READER,
            party="UK",
            organisation="FCDO",
            roles=("secretariat",),
            at=datetime.now(UTC),
        )
        headers = {"authorization": f"Bearer {token}"}
        self._client = httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=60)

    def milliseconds(self, query: Mapping[str, object], least: int = 1) -> float:
        started = time.perf_counter()
        answer = self._client.get("/v1/assessments", params=query)  # type: ignore[arg-type]
        taken = (time.perf_counter() - started) * 1_000
        answer.raise_for_status()
        if len(answer.json()["assessments"]) < least:
            raise RuntimeError(f"{query} found too little")
        return taken


def show(what: str, times: list[float]) -> None:
    ordered = sorted(times)
    p95 = ordered[int(len(ordered) * 0.95) - 1]
    print(f"{what}: p50 {statistics.median(ordered):.1f} ms, p95 {p95:.1f} ms, max {ordered[-1]:.1f} ms")


def ask(desk: Desk, count: int, times: int) -> None:
    chance = random.Random(times)
    desk.milliseconds({"page_size": 1})
    kinds: Mapping[str, Callable[[], Mapping[str, object]]] = {
        "words in 1 of 100": lambda: {"words": f"hundredth{chance.randrange(100)}"},
        "words in 1 of 1,000": lambda: {"words": f"thousandth{chance.randrange(1_000)}"},
        "a phrase in 1 of 5,000": lambda: {"words": f'"of supplier{chance.randrange(5_000)}"'},
        "an actor": lambda: {"actor": f"Group {chance.randrange(700)}"},
        "words and an actor": lambda: {"words": "supplier", "actor": f"Group {chance.randrange(700)}"},
    }
    for what, query in kinds.items():
        show(what, [desk.milliseconds(query()) for _ in range(times)])
    question = f"{READER}|{Search().question()}"
    medians = []
    for share in (0.0, 0.25, 0.5, 0.9):
        depth = _START + timedelta(minutes=count * 15 * (1 - share) + 1)
        token = page_token((depth, assessment_id(AGENCY, "x")), question)
        taken = [desk.milliseconds({"page_token": token}) for _ in range(times)]
        medians.append(statistics.median(taken))
        show(f"a list page {share:.0%} down", taken)
    print(f"the slowest depth takes {max(medians) / medians[0]:.2f} of the first page's time (medians)")


def print_plans(dsn: str, count: int) -> None:
    middle = (_START + timedelta(minutes=count * 15 // 2), assessment_id(AGENCY, "x"))
    asked = {
        "words in 1 of 100": (Search(words="hundredth7"), None),
        "a list page 50% down": (Search(), middle),
    }
    with psycopg.connect(dsn) as connection:
        for what, (search, after) in asked.items():
            statement, arguments = search_statement("UK", search, after, 51)
            explained = b"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS OFF) " + statement.encode()
            print(f"plan of {what}:")
            for (line,) in connection.execute(explained, arguments).fetchall():
                print(f"  {line}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200_000, help="assessments")
    parser.add_argument("--times", type=int, default=200, help="how often each is asked")
    arguments = parser.parse_args()
    with measuring_platform("bench-search") as access:
        dsn = fresh_database(access)
        asyncio.run(fill(dsn, arguments.count))
        api = start(["-m", "services.threatfeed", "api"], worker_environment(access), LOGS / "search-api.log")
        try:
            wait_until_ready(api)
            ask(Desk(access, api.probes), arguments.count, arguments.times)
        finally:
            api.terminate()
        print_plans(dsn, arguments.count)


if __name__ == "__main__":
    main()
