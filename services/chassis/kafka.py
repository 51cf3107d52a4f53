"""How this system connects to Kafka: aiokafka, SASL/SCRAM, idempotent producers, manual offsets."""

import ssl
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.abc import ConsumerRebalanceListener

from services.chassis.settings import KafkaSettings

LARGEST_RECORD = 8 * 1024 * 1024


def _connection(settings: KafkaSettings) -> dict[str, Any]:
    encrypted = settings.security_protocol == "SASL_SSL"
    return {
        "bootstrap_servers": settings.bootstrap_servers,
        "security_protocol": settings.security_protocol,
        "sasl_mechanism": settings.mechanism,
        "sasl_plain_username": settings.username,
        "sasl_plain_password": settings.password.get_secret_value(),
        "ssl_context": ssl.create_default_context() if encrypted else None,
        "metadata_max_age_ms": settings.metadata_max_age_ms,
        "request_timeout_ms": 40_000,
    }


def create_producer(settings: KafkaSettings, client: str) -> AIOKafkaProducer:
    """An idempotent producer that keeps the order of each key.

    It retries a batch for ever: whoever awaits an acknowledgement sets a limit and then discards it.
    """
    return AIOKafkaProducer(
        **_connection(settings),
        client_id=client,
        acks="all",
        enable_idempotence=True,
        linger_ms=5,
        max_batch_size=262_144,
        max_request_size=LARGEST_RECORD + 65_536,
        compression_type="lz4",
    )


def create_group_consumer(settings: KafkaSettings, group: str, client: str) -> AIOKafkaConsumer:
    """A member of a group, without topics yet. The database, not Kafka, knows the true position."""
    return AIOKafkaConsumer(
        **_connection(settings),
        client_id=client,
        group_id=group,
        group_instance_id=settings.instance and f"{group}-{settings.instance}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        session_timeout_ms=settings.session_timeout_ms,
        heartbeat_interval_ms=min(3_000, settings.session_timeout_ms // 3),
        rebalance_timeout_ms=60_000,
        max_poll_interval_ms=300_000,
        max_poll_records=settings.batch_records,
        # A partition that is free again waits for the fetch that is under way.
        fetch_max_wait_ms=50,
        max_partition_fetch_bytes=LARGEST_RECORD,
        fetch_max_bytes=32 * 1024 * 1024,
    )


def create_reader(settings: KafkaSettings, client: str) -> AIOKafkaConsumer:
    """A consumer without a group, for views that every replica reads whole."""
    return AIOKafkaConsumer(
        **_connection(settings),
        client_id=client,
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        fetch_max_wait_ms=200,
    )


__all__ = [
    "LARGEST_RECORD",
    "AIOKafkaConsumer",
    "AIOKafkaProducer",
    "ConsumerRebalanceListener",
    "create_group_consumer",
    "create_producer",
    "create_reader",
]
