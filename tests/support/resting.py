"""Looks for words where things rest: in the rows of a database, and in the records of a broker."""

from collections.abc import Sequence
from typing import Final

import psycopg
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
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
    topics = AdminClient(login.librdkafka()).list_topics(timeout=_WITHIN).topics
    places = [
        TopicPartition(name, number, OFFSET_BEGINNING)
        for name, topic in topics.items()
        if not name.startswith("__")
        for number in topic.partitions
    ]
    consumer = Consumer(
        {
            **login.librdkafka(),
            "group.id": "looking",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    found, left = set(), len(places)
    try:
        consumer.assign(places)
        while left:
            record = consumer.poll(_WITHIN)
            if record is None:
                raise TimeoutError(f"{left} partitions were not read to their ends")
            if (error := record.error()) is not None:
                # The last records may be gone by compaction or be marks of transactions: no offset tells.
                if error.code() != KafkaError._PARTITION_EOF:
                    raise RuntimeError(error.str())
                left -= 1
                continue
            whole = b"\n".join([record.key() or b"", record.value() or b"", repr(record.headers()).encode()])
            if any(word.encode() in whole for word in words):
                found.add(str(record.topic()))
    finally:
        consumer.close()
    return found
