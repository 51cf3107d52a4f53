"""Topics, users and ACLs of a broker, made to agree with the catalogue. A second run does nothing."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar, cast

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from deploy.local.access import KafkaLogin
from deploy.local.catalogue import Topic
from deploy.local.credentials import Credentials, Realm
from deploy.local.failures import PlatformFailed

Key = TypeVar("Key")
Answer = TypeVar("Answer")

_SCRAM_ITERATIONS = 8192
_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One permission of one principal."""

    principal: str
    operation: AclOperation
    resource: ResourceType
    pattern: ResourcePatternType
    name: str

    def binding(self) -> AclBinding:
        return AclBinding(
            self.resource,
            self.name,
            self.pattern,
            f"User:{self.principal}",
            "*",
            self.operation,
            AclPermissionType.ALLOW,
        )

    def filter(self) -> AclBindingFilter:
        return AclBindingFilter(
            self.resource,
            self.name,
            self.pattern,
            f"User:{self.principal}",
            "*",
            self.operation,
            AclPermissionType.ALLOW,
        )


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What a run changed on the broker, by name."""

    topics: tuple[str, ...]
    configurations: tuple[str, ...]
    users: tuple[str, ...]
    granted: tuple[Grant, ...]
    revoked: tuple[Grant, ...]


def principals(topics: Iterable[Topic]) -> tuple[str, ...]:
    """Everybody whom the catalogue lets write or read something."""
    return tuple(sorted({name for topic in topics for name in (*topic.producers, *topic.consumers)}))


def grants(topics: Iterable[Topic]) -> frozenset[Grant]:
    """The permissions that the catalogue gives, and no more.

    WRITE and READ imply DESCRIBE in Kafka, and a right to WRITE a topic includes idempotent
    producing (KIP-679). A principal's consumer groups are those named `<principal>.<anything>`.
    """
    given = set()
    for topic in topics:
        for principal in topic.producers:
            given.add(_on_topic(principal, AclOperation.WRITE, topic.name))
        for principal in topic.consumers:
            given.add(_on_topic(principal, AclOperation.READ, topic.name))
            given.add(
                Grant(
                    principal,
                    AclOperation.READ,
                    ResourceType.GROUP,
                    ResourcePatternType.PREFIXED,
                    f"{principal}.",
                )
            )
    return frozenset(given)


def _on_topic(principal: str, operation: AclOperation, topic: str) -> Grant:
    return Grant(principal, operation, ResourceType.TOPIC, ResourcePatternType.LITERAL, topic)


def provision_broker(admin: KafkaLogin, topics: tuple[Topic, ...], credentials: Credentials) -> Provisioned:
    """Bring the broker in line with the topics of the catalogue.

    Creates missing topics, sets users that do not have the passwords kept here yet, sets topic
    configuration that differs, and gives the catalogue's principals exactly its permissions, taking
    back others. Topics and principals that the catalogue does not know are left alone. Raises
    PlatformFailed when a topic has another number of partitions than the catalogue wants: keys would
    change their place.
    """
    client = AdminClient({**admin.librdkafka(), "log_level": 0})
    names = principals(topics)
    created = _create_topics(client, topics)
    configured = _set_configuration(client, topics, created)
    users = _set_users(client, names, credentials)
    wanted, found = grants(topics), _grants_of(client, frozenset(names))
    allow(client, wanted - found)
    withdraw(client, found - wanted)
    return Provisioned(
        topics=created,
        configurations=configured,
        users=users,
        granted=tuple(sorted(wanted - found, key=_by_name)),
        revoked=tuple(sorted(found - wanted, key=_by_name)),
    )


def _by_name(grant: Grant) -> tuple[str, str, str]:
    return grant.principal, grant.name, grant.operation.name


def _create_topics(client: AdminClient, topics: tuple[Topic, ...]) -> tuple[str, ...]:
    known = client.list_topics(timeout=_TIMEOUT).topics
    for topic in topics:
        if topic.name in known and len(known[topic.name].partitions) != topic.partitions:
            raise PlatformFailed(
                f"{topic.name} has {len(known[topic.name].partitions)} partitions, "
                f"the catalogue wants {topic.partitions}"
            )
    missing = [topic for topic in topics if topic.name not in known]
    create_topics(client, missing)
    return tuple(topic.name for topic in missing)


def create_topics(client: AdminClient, topics: Iterable[Topic]) -> None:
    """Create the topics, with the broker's own default of replicas."""
    wanted = [NewTopic(topic.name, topic.partitions, -1, config=dict(topic.config)) for topic in topics]
    if wanted:
        _all_done(client.create_topics(wanted, operation_timeout=_TIMEOUT))
        names = {topic.topic for topic in wanted}
        _wait_until(lambda: names <= client.list_topics(timeout=_TIMEOUT).topics.keys())


def _set_configuration(
    client: AdminClient, topics: tuple[Topic, ...], created: tuple[str, ...]
) -> tuple[str, ...]:
    older = {topic.name: topic for topic in topics if topic.name not in created}
    if not older:
        return ()
    described = client.describe_configs(
        [ConfigResource(ResourceType.TOPIC, name) for name in older], request_timeout=_TIMEOUT
    )
    changes = []
    for resource, answer in described.items():
        found = answer.result()
        different = {
            key: value
            for key, value in older[resource.name].config.items()
            if key not in found or found[key].value != value
        }
        if different:
            changes.append(
                ConfigResource(
                    ResourceType.TOPIC,
                    resource.name,
                    incremental_configs=[
                        ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
                        for key, value in different.items()
                    ],
                )
            )
    if changes:
        _all_done(client.incremental_alter_configs(changes, request_timeout=_TIMEOUT))
    return tuple(sorted(change.name for change in changes))


def _set_users(client: AdminClient, names: tuple[str, ...], credentials: Credentials) -> tuple[str, ...]:
    cluster = client.describe_cluster(request_timeout=_TIMEOUT).result().cluster_id
    settled = _known_users(client) & credentials.set_on(cluster)
    unset = tuple(name for name in names if name not in settled)
    if unset:
        strength = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, _SCRAM_ITERATIONS)
        upsertions: list[UserScramCredentialAlteration] = [
            UserScramCredentialUpsertion(name, strength, credentials.password(Realm.KAFKA, name).encode())
            for name in unset
        ]
        _all_done(client.alter_user_scram_credentials(upsertions, request_timeout=_TIMEOUT))
        _wait_until(lambda: _known_users(client).issuperset(unset))
        credentials.note_set_on(cluster, unset)
    return unset


def _known_users(client: AdminClient) -> frozenset[str]:
    described = client.describe_user_scram_credentials(request_timeout=_TIMEOUT)
    return frozenset(cast("Future[dict[str, object]]", described).result())


def allow(client: AdminClient, wanted: frozenset[Grant]) -> None:
    """Add the permissions; they are in force on return."""
    if wanted:
        _all_done(client.create_acls([grant.binding() for grant in wanted], request_timeout=_TIMEOUT))
        names = frozenset(grant.principal for grant in wanted)
        _wait_until(lambda: wanted <= _grants_of(client, names))


def withdraw(client: AdminClient, unwanted: frozenset[Grant]) -> None:
    """Take the permissions back; they are out of force on return."""
    if unwanted:
        _all_done(client.delete_acls([grant.filter() for grant in unwanted], request_timeout=_TIMEOUT))
        names = frozenset(grant.principal for grant in unwanted)
        _wait_until(lambda: not unwanted & _grants_of(client, names))


def _wait_until(in_force: Callable[[], bool]) -> None:
    # The controller answers before the broker has heard of it.
    Retrying(
        retry=retry_if_result(lambda met: not met),
        wait=wait_fixed(0.02),
        stop=stop_after_delay(_TIMEOUT),
    )(in_force)


def _grants_of(client: AdminClient, names: frozenset[str]) -> frozenset[Grant]:
    # The stubs do not say so, but None stands for any name, principal and host.
    everything = AclBindingFilter(
        ResourceType.ANY,
        None,  # type: ignore[arg-type]
        ResourcePatternType.ANY,
        None,  # type: ignore[arg-type]
        None,  # type: ignore[arg-type]
        AclOperation.ANY,
        AclPermissionType.ALLOW,
    )
    bindings = client.describe_acls(everything, request_timeout=_TIMEOUT).result()
    found = (
        Grant(
            binding.principal.removeprefix("User:"),
            binding.operation,
            binding.restype,
            binding.resource_pattern_type,
            binding.name,
        )
        for binding in bindings
    )
    return frozenset(grant for grant in found if grant.principal in names)


def _all_done(answers: Mapping[Key, Future[Answer]]) -> None:
    for answer in answers.values():
        answer.result()
