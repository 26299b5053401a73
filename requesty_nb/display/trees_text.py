"""A tree as indented lines, for terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requesty_nb.display.trees_boxes import Box, Boxes, boxes, cut

if TYPE_CHECKING:
    from requesty_nb.models import Tree

_TITLE = 60
_INDENT = 64  # characters before a line; beyond, its left end is cut off


def tree_text(tree: Tree) -> str:
    """Return a tree as plain text: a photograph, and under it the edits that began with it."""
    return drawn_text(boxes(tree))


def drawn_text(drawn: Boxes, title: int = _TITLE) -> str:
    """Return boxes as plain text, with so many characters of each title."""
    lines = [f"{_indent(way)}{_words(drawn, place, title)}" for place, way in drawn.walk()]
    if drawn.left_out or not lines:
        lines.append(drawn.about)
    return "\n".join(lines)


def _indent(way: tuple[bool, ...]) -> str:
    if not way:
        return ""
    # Only as many steps as are seen: a history may be one chain of thousands.
    above = way[:-1][-_INDENT // 4 - 1 :]
    indent = "".join("    " if last else "│   " for last in above) + ("└── " if way[-1] else "├── ")
    return indent if len(indent) <= _INDENT else f"…{indent[1 - _INDENT :]}"


def _words(drawn: Boxes, place: int, title: int) -> str:
    box = drawn.boxes[place]
    said = cut(box.title, title)
    further = [cut(_named(drawn.boxes[one]), title // 2) for one in box.parents[1:]]
    also = f", also from {' and '.join(further)}" if further else ""
    return f"{said}  ({box.detail}{also})" if box.detail else said


def _named(box: Box) -> str:
    return box.title if box.kind == "source" else f"“{box.title}”"
