"""What an administrator does to a topic: delete what lies at its start."""

import re

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from deploy.local.access import KafkaLogin
from services.cli.failures import CommandFailed

_SUBMISSIONS = re.compile(r"threatfeed\.submission\.[a-z0-9-]+\.v1(\..+)?")
_WITHIN = 30.0


def delete_through(login: KafkaLogin, topic: str, partition: int, offset: int) -> int:
    """Deletes a partition's records up to and including an offset; gives the first offset that is left.

    Only of topics of submissions: every other topic is a record that is kept. Raises `CommandFailed`.
    """
    if not _SUBMISSIONS.fullmatch(topic):
        raise CommandFailed(f"{topic} is no topic of submissions: nothing of it is deleted")
    admin = AdminClient({**login.librdkafka(), "log_level": 0})
    place = TopicPartition(topic, partition, offset + 1)
    try:
        (answer,) = admin.delete_records([place], request_timeout=_WITHIN).values()
        return int(answer.result(_WITHIN).low_watermark)
    except KafkaException as error:
        raise CommandFailed(f"the broker deleted nothing: {error.args[0].str()}") from error
