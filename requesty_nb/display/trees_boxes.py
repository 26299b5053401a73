"""`Boxes`: what is drawn of a `Tree`, whatever it is drawn with: photographs, edits, and their descent.

A history may hold many thousands of edits, a picture of them a few hundred: the newest are drawn, with what
they came from.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from requesty_nb.display.facts import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requesty_nb.models import Summary, Tree

Kind = Literal["source", "ok", "failed", "unknown", "earlier"]

# A drawing is often shown as an image, which knows nothing of the page's colours: each box brings a ground of
# its own, on which white is read well, and lines are of a grey that is seen on light and on dark.
FILLS: dict[Kind, str] = {
    "source": "#5c636b",
    "ok": "#2f6296",
    "failed": "#a03a3a",
    "unknown": "#8a5a12",
    "earlier": "#777777",
}
LINES = "#858585"

TITLE = 160  # characters of a prompt at most, before a drawing makes it fit its own place
DETAIL = 40
EVERYTHING = 1 << 62  # more boxes than any history has


@dataclass(frozen=True)
class Box:
    """One box.

    Attributes:
        kind: a photograph that was given; an edit, by its state; or an edit that is itself left out.
        title: the photograph's name, or the prompt, in one line; not made safe for any language.
        detail: which take of what model; empty but for edits.
        parents: the places of the boxes that it came from, the one that was edited first.
    """

    kind: Kind
    title: str
    detail: str = ""
    parents: tuple[int, ...] = ()


@dataclass(frozen=True)
class Boxes:
    """The boxes of a drawing: each stands after those it came from, the oldest edits first.

    Attributes:
        boxes: all that are drawn.
        edits: how many edits the tree holds.
        left_out: how many of them are not drawn.
    """

    boxes: tuple[Box, ...]
    edits: int
    left_out: int

    @property
    def about(self) -> str:
        """What the drawing shows, in a line."""
        if not self.edits:
            return "No edits."
        sources = _count(sum(box.kind == "source" for box in self.boxes), "picture")
        if not self.left_out:
            return f"{_count(self.edits, 'edit')} from {sources}."
        drawn = self.edits - self.left_out
        shown = f"The newest {drawn:,} of {self.edits:,} edits, from {sources}"
        return f"{shown}; {self.left_out:,} are left out."

    @property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Of each box, those that are drawn as going on from it: each box stands under its first parent."""
        found: list[list[int]] = [[] for _ in self.boxes]
        for place, box in enumerate(self.boxes):
            if box.parents:
                found[box.parents[0]].append(place)
        return tuple(map(tuple, found))

    @property
    def layers(self) -> tuple[int, ...]:
        """How many boxes are so many steps away from a beginning, by the longest way."""
        depths: list[int] = []
        for box in self.boxes:
            depths.append(1 + max((depths[parent] for parent in box.parents), default=-1))
        counts = Counter(depths)
        return tuple(counts[depth] for depth in range(len(counts)))

    def walk(self) -> Iterator[tuple[int, tuple[bool, ...]]]:
        """Yield the boxes from the top down, with what a drawing in lines needs.

        Each comes with the way to it: for every step down from its root, whether that is the last child.
        Families stand together, so that what leads across is short.
        """
        children = self.children
        left: list[tuple[int, tuple[bool, ...]]] = [(root, ()) for root in reversed(self._roots())]
        while left:
            place, way = left.pop()
            yield place, way
            below = children[place]
            left += [(child, (*way, child == below[-1])) for child in reversed(below)]

    def _roots(self) -> list[int]:
        family = list(
            range(len(self.boxes))
        )  # of each box, one that it hangs together with; in the end, the oldest

        def oldest(place: int) -> int:
            while family[place] != place:
                family[place] = family[family[place]]
                place = family[place]
            return place

        for place, box in enumerate(self.boxes):
            for parent in box.parents:
                one, other = sorted((oldest(place), oldest(parent)))
                family[other] = one
        roots = [place for place, box in enumerate(self.boxes) if not box.parents]
        return sorted(roots, key=lambda root: (oldest(root), root))


def boxes(tree: Tree, limit: int = EVERYTHING) -> Boxes:
    """Return what is drawn of a tree, in not many more boxes than a limit."""
    drawn = _Drawn(tree)
    chosen = drawn.newest(limit)
    made: list[Box] = []
    place: dict[str, int] = {}  # of each box, by the edit's id or the photograph's digest
    for node in tree.nodes:
        if node.id not in chosen:
            continue
        parents = []
        for key in drawn.origins(node):
            if key not in place:
                place[key] = len(made)
                made.append(drawn.beginning(key, node))
            parents.append(place[key])
        place[node.id] = len(made)
        made.append(_edit(node, tuple(parents)))
    return Boxes(tuple(made), len(tree), len(tree) - len(chosen))


class _Drawn:
    """A tree, looked up by id."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._nodes = {node.id: node for node in tree.nodes}

    def origins(self, node: Summary) -> list[str]:
        """Return what an edit came from, in its sources' order: ids of edits, and digests of photographs."""
        parents = [one for one in self._tree.parents.get(node.id, ()) if one in self._nodes]
        makers = {identity: one for one in reversed(parents) for identity in self._nodes[one].made}
        return list(dict.fromkeys([*(makers.get(digest, digest) for digest in node.given), *parents]))

    def newest(self, limit: int) -> set[str]:
        """Choose the newest edits that fit, each after what it came from, as far as there is room."""
        chosen: set[str] = set()
        seen: set[str] = set()  # boxes
        for node in reversed(self._tree.nodes):
            way = [node.id]
            for key in way:  # it grows: the nearest come first
                if len(seen) >= limit:
                    return chosen
                if key in chosen or key not in self._nodes:
                    continue
                chosen.add(key)
                origins = self.origins(self._nodes[key])
                seen.update((key, *origins))
                way += origins
        return chosen

    def beginning(self, key: str, node: Summary) -> Box:
        """Return the box of what nothing leads to: a photograph, or an edit that is itself left out."""
        if key in self._nodes:
            return Box("earlier", one_line(self._nodes[key].prompt, TITLE), "an earlier edit")
        named = dict(zip(node.given, node.names, strict=False))
        return Box("source", one_line(named.get(key, ""), TITLE) or "a picture")


def _edit(node: Summary, parents: tuple[int, ...]) -> Box:
    detail = f"take {node.take} · {one_line(node.model.rsplit('/', 1)[-1], DETAIL)}"
    if node.state != "ok":
        detail = f"{node.state} · {detail}"
    return Box(node.state, one_line(node.prompt, TITLE) or "(no prompt)", detail, parents)


def cut(text: str, limit: int) -> str:
    """Return a text of at most so many characters."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
