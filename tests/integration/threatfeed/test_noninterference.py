"""Two worlds that differ only in what a reader may not see answer that reader in the same bytes."""

import random
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from deploy.local.platform import PlatformAccess
from tests.support.postgres import Databases
from tests.support.worlds.asking import Asker, questions
from tests.support.worlds.at_work import Loaded
from tests.support.worlds.generate import chances, other_world, readers, worlds
from tests.support.worlds.load import loaded
from tests.support.worlds.readers import READERS
from tests.support.worlds.values import Arguments
from tests.support.worlds.world import SECRETARIATS, Withdraw, World, identity_of

# A world takes seconds to happen: what is found is looked at as it is, and not made smaller.
DRAWN = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def compare(
    platform: PlatformAccess, postgres: Databases, world: World, reader: str, chance: int
) -> None:
    """Asks everything in a world and in another that the reader cannot tell from it."""
    account = READERS[reader]
    other = other_world(world, account, random.Random(chance))
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(loaded(platform, postgres, world, reader))
        two = await stack.enter_async_context(loaded(platform, postgres, other, reader))
        assert one.live == two.live, f"{reader} follows the stream of changes"
        arguments = Arguments.of(account, (world, other), (one, two))
        token = one.token(account.name, account.party, account.organisation, account.roles)
        for question in questions(one.parts, arguments):
            here = await Asker(one, token, account.name).ask(question)
            there = await Asker(two, token, account.name).ask(question)
            assert here == there, f"{reader} asks {question}"


@given(worlds(), readers, chances)
@settings(DRAWN, max_examples=1, derandomize=True)
async def test_a_reader_is_told_nothing_of_what_it_may_not_see(
    platform: PlatformAccess, postgres: Databases, world: World, reader: str, chance: int
) -> None:
    await compare(platform, postgres, world, reader, chance)


@pytest.mark.long
@pytest.mark.timeout(3600)
@given(worlds(), readers, chances)
@settings(DRAWN, max_examples=60)
async def test_of_many_worlds_no_reader_is_told_what_it_may_not_see(
    platform: PlatformAccess, postgres: Databases, world: World, reader: str, chance: int
) -> None:
    await compare(platform, postgres, world, reader, chance)


@given(worlds())
@settings(DRAWN, max_examples=1, derandomize=True)
async def test_a_secretariat_reads_exactly_what_the_table_of_markings_says(
    platform: PlatformAccess, postgres: Databases, world: World
) -> None:
    async with loaded(platform, postgres, world, "fcdo-secretariat") as at_work:
        for (_, party), (subject, organisation) in SECRETARIATS.items():
            token = at_work.token(subject, party, organisation, ["secretariat"])
            await _reads_what_is_said(at_work, world, party, token)


async def _reads_what_is_said(at_work: Loaded, world: World, party: str, token: str) -> None:
    *_, (_, standing) = world.standings()
    withdrawn = {(step.agency, step.identity) for step in world.steps if isinstance(step, Withdraw)}
    for text in standing.texts:
        answer = await at_work.client.get(
            f"/v1/assessments/{identity_of(text)}",
            params={"revision": text[2]},
            headers={"authorization": f"Bearer {token}"},
        )
        told = answer.json().get("rendition")
        expected = None if text[:2] in withdrawn else standing.sees(party, text)
        assert told == expected, (party, text, standing.texts[text])
