"""The thread from assessment to closure: seven kinds of node, in their order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class NodeKind(StrEnum):
    ASSESSMENT = "ASSESSMENT"
    PROPOSED_ITEM = "PROPOSED_ITEM"
    AGREED_ITEM = "AGREED_ITEM"
    OUTCOME = "OUTCOME"
    ACTION = "ACTION"
    EVIDENCE = "EVIDENCE"
    CLOSURE = "CLOSURE"


@dataclass(frozen=True, slots=True)
class Node:
    """One step of the thread, as one reader may see it."""

    kind: NodeKind
    id: str
    label: str
    state: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Thread:
    """What the reader may see; `missing_peers` names the services that did not answer."""

    nodes: tuple[Node, ...]
    missing_peers: tuple[str, ...]


def in_order(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """By kind, then by id; each node once."""
    kinds = list(NodeKind)
    unique = {(node.kind, node.id): node for node in nodes}
    return tuple(sorted(unique.values(), key=lambda node: (kinds.index(node.kind), node.id)))


@dataclass(frozen=True, slots=True)
class EvidenceNode:
    """Evidence as the owner of actions tells of it."""

    id: str
    title: str
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True)
class ActionThread:
    """The part of the thread from outcome to closure, as the owner of actions tells of it."""

    outcome_id: str
    action_id: str
    reference: str
    state: str
    text: str
    evidence: tuple[EvidenceNode, ...]
    closure_id: str
    closed_at: datetime | None
