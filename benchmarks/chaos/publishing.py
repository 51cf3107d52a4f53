"""Submissions that pour in while parts are killed."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack

from aiokafka import AIOKafkaProducer

from benchmarks.chaos.oracle import Tally
from benchmarks.chaos.plan import Sent
from benchmarks.platform import AGENCY, CATALOGUE_AGENCY, submissions_of
from deploy.local.platform import PlatformAccess


async def publish(
    access: PlatformAccess,
    tally: Tally,
    submissions: Iterator[Sent],
    rate: int,
    done: Callable[[int], bool],
) -> None:
    """Publishes at a steady rate until done; a submission counts as sent when the broker has it."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    async with AsyncExitStack() as open_producers:
        producers = {}
        for agency in (AGENCY, CATALOGUE_AGENCY):
            login = access.agency(agency)
            producer = AIOKafkaProducer(**login.aiokafka(), acks="all", enable_idempotence=True)
            producers[agency] = await open_producers.enter_async_context(producer)
        for number, sent in enumerate(submissions):
            await asyncio.sleep(max(0.0, started + number / rate - loop.time()))
            headers = [("content-type", sent.content_type.encode())]
            await producers[sent.agency].send_and_wait(
                submissions_of(sent.agency), sent.value, key=sent.key.encode(), headers=headers
            )
            tally.sent.append(sent)
            if done(number):
                return
