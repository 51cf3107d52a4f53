"""The thread from assessment to closure, as one reader may see it, for people to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.markup import escape
from rich.tree import Tree

from services.cli.clients.rest import Document
from services.cli.terminal import printable

KINDS: Final = (
    "ASSESSMENT",
    "PROPOSED_ITEM",
    "AGREED_ITEM",
    "OUTCOME",
    "ACTION",
    "EVIDENCE",
    "CLOSURE",
)


@dataclass(frozen=True, slots=True)
class Node:
    kind: str
    id: str
    label: str
    state: str
    at: str


@dataclass(frozen=True, slots=True)
class Chain:
    """The nodes of a trace in their order; `missing_peers` names services that did not answer."""

    nodes: tuple[Node, ...]
    missing_peers: tuple[str, ...]

    @classmethod
    def of(cls, document: Document) -> "Chain":
        return cls(
            tuple(
                Node(one["kind"], one["id"], one["label"], one["state"], one["at"] or "")
                for one in document["nodes"]
            ),
            tuple(document["missing_peers"]),
        )

    def missing(self) -> list[str]:
        """The kinds of node that the chain does not have."""
        present = {node.kind for node in self.nodes}
        return [kind for kind in KINDS if kind not in present]

    def of_kind(self, kind: str) -> list[Node]:
        return [node for node in self.nodes if node.kind == kind]

    def tree(self, title: str) -> Tree:
        """Each kind of node hangs under the one before it."""
        root = Tree(f"[bold]{title}[/]")
        branch = root
        for kind in KINDS:
            found = self.of_kind(kind)
            for node in found:
                added = branch.add(_line(node), highlight=False)
            if found:
                branch = added
        if self.missing_peers:
            root.add(f"[red]no answer from {', '.join(self.missing_peers)}[/]")
        return root


def _line(node: Node) -> str:
    words: Sequence[str] = (
        f"[cyan]{node.kind.replace('_', ' ').lower()}[/]",
        f"[bold]{node.state}[/]",
        escape(printable(node.label)),
        f"[dim]{node.at[:19]} {node.id}[/]",
    )
    return "  ".join(word for word in words if word)
