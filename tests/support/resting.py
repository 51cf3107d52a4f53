"""Looks for words where things rest: in the rows of a database, and in the records of a broker."""

from collections.abc import Sequence
from typing import Final

import psycopg
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from psycopg import sql

from deploy.local.access import KafkaLogin

_WITHIN: Final = 20.0


def words_in_database(dsn: str, words: Sequence[str]) -> set[str]:
    """The tables of which a row holds any of the words, in whatever column."""
    found = set()
    with psycopg.connect(dsn) as connection:
        columns = connection.execute(
            """
            SELECT table_name, column_name, data_type FROM information_schema.columns
            WHERE table_schema = 'public' ORDER BY table_name, ordinal_position
            """
        ).fetchall()
        for table, column, kind in columns:
            text = "encode({0}, 'escape')" if kind == "bytea" else "{0}::text"
            looked = sql.SQL("SELECT 1 FROM {1} WHERE " + text + " LIKE ANY (%s) LIMIT 1").format(  # noqa: S608
                sql.Identifier(column), sql.Identifier(table)
            )
            if connection.execute(looked, [[f"%{word}%" for word in words]]).fetchone():
                found.add(table)
    return found


def words_in_topics(login: KafkaLogin, words: Sequence[str]) -> set[str]:
    """The topics of which a record holds any of the words, in its key, value or headers."""
    names = list(AdminClient(login.librdkafka()).list_topics(timeout=_WITHIN).topics)
    consumer = Consumer(
        {**login.librdkafka(), "group.id": "looking", "enable.auto.commit": False, "log_level": 0}
    )
    found = set()
    try:
        for name in names:
            if not name.startswith("__") and _in_topic(consumer, name, words):
                found.add(name)
    finally:
        consumer.close()
    return found


def _in_topic(consumer: Consumer, name: str, words: Sequence[str]) -> bool:
    places = []
    left = 0
    for number in consumer.list_topics(name, timeout=_WITHIN).topics[name].partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(name, number), timeout=_WITHIN)
        if high > low:
            places.append((number, low, high))
    ends = {number: high for number, _, high in places}
    consumer.assign([TopicPartition(name, number, low) for number, low, _ in places])
    left = len(places)
    met = False
    while left:
        record = consumer.poll(1.0)
        if record is None:
            # The last records of a partition may be gone by compaction or be marks of transactions.
            break
        if (error := record.error()) is not None:
            raise RuntimeError(error.str())
        whole = b"\n".join([record.key() or b"", record.value() or b"", repr(record.headers()).encode()])
        met = met or any(word.encode() in whole for word in words)
        if (record.offset() or 0) + 1 >= ends[record.partition() or 0]:
            left -= 1
    consumer.unassign()
    return met
