"""proto/topics.yaml and the code say the same: who writes what, who reads what, and in which form."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from entente.actions.v1 import action_event_pb2, action_service_pb2
from entente.agenda.v1 import agenda_event_pb2, outcome_event_pb2
from entente.exchange.v1 import action_status_pb2
from entente.threatfeed.v1 import (
    assessment_event_pb2,
    clearance_notice_pb2,
    picture_pb2,
    policy_event_pb2,
    submission_receipt_pb2,
)
from google.protobuf import descriptor_pool

from deploy.local.catalogue import Catalogue, TopicEntry
from services.threatfeed.events import ASSESSMENT_TOPIC
from services.threatfeed.picture.topics import STATE_TOPIC
from tests.architecture.sources import ROOT, SERVICES, python_files, tree

TOPIC = re.compile(rf"\^?({'|'.join(SERVICES)})(\\?\.[^.]+)+?\\?\.v\d+\$?")
PICTURE = "threatfeed-picture"
"""The picture worker is a process of threatfeed with a Kafka user of its own."""
USERS = {**{service: service for service in SERVICES}, PICTURE: "threatfeed"}
"""The service whose process a Kafka user is."""
ON_KAFKA = (
    action_event_pb2, action_service_pb2, agenda_event_pb2, outcome_event_pb2, action_status_pb2,
    assessment_event_pb2, policy_event_pb2, submission_receipt_pb2, picture_pb2, clearance_notice_pb2,
)  # fmt: skip


def entries() -> tuple[TopicEntry, ...]:
    return Catalogue.read(ROOT / "proto" / "topics.yaml").topics


def written(node: ast.AST) -> str | None:
    """A string as it is written; what an f-string fills in stands as {name}."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            f"{{{ast.unparse(part.value)}}}" if isinstance(part, ast.FormattedValue) else str(part.value)  # type: ignore[attr-defined]
            for part in node.values
        )
    return None


def topics_in(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        text = written(node)
        if text is not None and TOPIC.fullmatch(text):
            yield text


def named(service: str, module: str) -> set[str]:
    """The catalogue's names of the topics that a module of a service names."""
    found: set[str] = set()
    for path in python_files("services"):
        if path.parts[1] == service and module in {path.stem, path.parent.name}:
            for text in topics_in(path):
                found |= {entry.name for entry in entries() if is_named(entry, text)} or {text}
    return found


def is_named(entry: TopicEntry, text: str) -> bool:
    if text.startswith("^"):
        return re.fullmatch(text, re.sub(r"{\w+}", "some-member", entry.name)) is not None
    return entry.name == text


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_writes_what_the_catalogue_lets_it_write(service: str) -> None:
    assert named(service, "events") == {entry.name for entry in entries() if service in entry.producers}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_what_the_catalogue_lets_it_read(service: str) -> None:
    read_back = {entry.name for entry in entries() if {service} <= {*entry.producers} & {*entry.consumers}}
    allowed = {entry.name for entry in entries() if service in entry.consumers}
    assert named(service, "consumers") | read_back == allowed


def test_the_picture_worker_reads_and_writes_what_the_catalogue_lets_it() -> None:
    written = {entry.name for entry in entries() if PICTURE in entry.producers}
    read = {entry.name for entry in entries() if PICTURE in entry.consumers}
    assert named("threatfeed", "picture") == written
    assert read - written == {ASSESSMENT_TOPIC}


def test_the_state_of_the_picture_has_the_partitions_of_its_source() -> None:
    partitions = {entry.name: entry.partitions for entry in entries()}
    assert partitions[STATE_TOPIC] == partitions[ASSESSMENT_TOPIC]


def test_no_other_module_names_a_topic() -> None:
    elsewhere = {
        f"{path}: {text}"
        for path in python_files("services")
        if path.parts[1] in SERVICES
        and not {"events", "consumers", "picture"} & {path.stem, path.parent.name}
        for text in topics_in(path)
    }
    assert elsewhere == set()


def test_a_topic_belongs_to_the_service_it_is_named_for() -> None:
    for entry in entries():
        assert entry.name.split(".")[0] == entry.owner
        assert entry.name.endswith(".v1")


def test_every_message_of_the_catalogue_is_declared_in_proto() -> None:
    assert ON_KAFKA
    messages = {name for entry in entries() for name in entry.messages if name.startswith("entente.")}
    for message in messages:
        assert descriptor_pool.Default().FindMessageTypeByName(message)


def test_what_services_read_is_binary_and_what_others_read_is_json() -> None:
    for entry in entries():
        if entry.owner not in {USERS.get(principal) for principal in entry.producers}:
            continue
        for_services = set(entry.consumers) <= set(USERS)
        assert entry.content_type == ("application/protobuf" if for_services else "application/json"), (
            entry.name
        )


def test_an_agency_and_an_audience_reach_only_their_own() -> None:
    for entry in entries():
        for principal in (*entry.producers, *entry.consumers):
            assert principal in USERS or principal == f"{entry.per}-{{{entry.per}}}", entry.name


def test_a_feed_has_one_partition_so_that_its_order_is_whole() -> None:
    feeds = [entry for entry in entries() if entry.per == "audience"]
    assert feeds
    assert {entry.partitions for entry in feeds} == {1}
