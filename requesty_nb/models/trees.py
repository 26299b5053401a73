"""`Tree`: which edits went on from which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from requesty_nb.models.summaries import Summary


@dataclass(frozen=True)
class Tree:
    """The lineage of edits, found from the digests of pictures alone.

    Attributes:
        nodes: the edits, oldest first.
        parents: of each node that has some, by id: the ids of the nodes whose pictures were its sources.
            Every parent is a node, and older than its child.
    """

    nodes: tuple[Summary, ...]
    parents: Mapping[str, tuple[str, ...]]

    @property
    def roots(self) -> tuple[Summary, ...]:
        """The nodes that went on from none of the others."""
        return tuple(node for node in self.nodes if not self.parents.get(node.id))

    def children(self, identifier: str) -> tuple[Summary, ...]:
        """Return the nodes that went on from one, oldest first."""
        return tuple(node for node in self.nodes if identifier in self.parents.get(node.id, ()))

    def around(self, identifiers: Iterable[str]) -> Tree:
        """Return the part around some nodes, by id: what came of them, and what all that came from."""
        wanted = set(identifiers)
        for node in self.nodes:
            if not wanted.isdisjoint(self.parents.get(node.id, ())):
                wanted.add(node.id)
        for node in reversed(self.nodes):
            if node.id in wanted:
                wanted.update(self.parents.get(node.id, ()))
        nodes = tuple(node for node in self.nodes if node.id in wanted)
        return Tree(nodes, {one: above for one, above in self.parents.items() if one in wanted})

    def __len__(self) -> int:
        return len(self.nodes)

    def __repr__(self) -> str:
        return f"<Tree of {len(self.nodes)} edits from {len(self.roots)} beginnings>"
