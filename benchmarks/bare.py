"""The yardstick: a bare aiokafka consumer that inserts raw rows, with our batches and our durability."""

import asyncio
import os
import signal
from typing import Any

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition


async def main() -> None:
    stop = asyncio.Event()
    batch = int(os.environ["BARE_BATCH"])
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    consumer = AIOKafkaConsumer(
        os.environ["BARE_TOPIC"],
        bootstrap_servers=os.environ["ENTENTE_KAFKA__BOOTSTRAP_SERVERS"],
        security_protocol=os.environ["ENTENTE_KAFKA__SECURITY_PROTOCOL"],
        sasl_mechanism=os.environ["ENTENTE_KAFKA__MECHANISM"],
        sasl_plain_username=os.environ["ENTENTE_KAFKA__USERNAME"],
        sasl_plain_password=os.environ["ENTENTE_KAFKA__PASSWORD"],
        group_id=os.environ["BARE_GROUP"],
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_poll_records=batch,
        fetch_max_wait_ms=200,
        max_partition_fetch_bytes=8 * 1024 * 1024,
    )
    await consumer.start()
    dsn = os.environ["ENTENTE_POSTGRES__DSN"]
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        while not stop.is_set():
            batches = await consumer.getmany(timeout_ms=200, max_records=batch)
            for place, messages in batches.items():
                await _store(connection, place, messages)
                await consumer.commit({place: messages[-1].offset + 1})
    await consumer.stop()


async def _store(connection: psycopg.AsyncConnection, place: TopicPartition, messages: list[Any]) -> None:
    await connection.execute(
        "INSERT INTO bare (topic, part, position, key, value)"
        " SELECT %s, %s, * FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[])",
        [
            place.topic,
            place.partition,
            [message.offset for message in messages],
            [message.key for message in messages],
            [message.value for message in messages],
        ],
        binary=True,
    )
    await connection.execute(
        "INSERT INTO bare_position VALUES (%s, %s) ON CONFLICT (part) DO UPDATE SET next_offset = %s",
        [place.partition, messages[-1].offset + 1, messages[-1].offset + 1],
    )
    await connection.commit()


if __name__ == "__main__":
    asyncio.run(main())
