"""A tree as a Mermaid flowchart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requesty_nb.display.trees_boxes import FILLS, LINES, Box, Boxes, boxes, cut

if TYPE_CHECKING:
    from requesty_nb.models import Tree

_COLUMNS = 5  # boxes beside one another that can be read in a notebook's column
_TITLE = 30
# Labels as SVG text, not as HTML within it: then what JupyterLab saves of a drawing is whole in any viewer.
_HEAD = '%%{init: {"htmlLabels": false, "flowchart": {"htmlLabels": false}}}%%'
_PLAIN = frozenset(" ,.!?'-()…·“”")  # besides letters and digits: what means nothing in a quoted label
_LIGATURE = (
    "\N{LATIN SMALL LIGATURE FL}"  # by which Mermaid itself marks, on its way, what was written as a number
)


def tree_mermaid(tree: Tree) -> str:
    """Return a tree as a Mermaid flowchart, in which prompts and names can be nothing but text."""
    return drawn_mermaid(boxes(tree))


def drawn_mermaid(drawn: Boxes) -> str:
    """Return boxes as a Mermaid flowchart."""
    kinds = {box.kind for box in drawn.boxes}
    lines = [_HEAD, f"flowchart {_direction(drawn)}"]
    lines += [
        f"classDef {kind} fill:{fill},stroke:{LINES},color:#fff"
        for kind, fill in FILLS.items()
        if kind in kinds
    ]
    lines += [f'n{place}("{_label(box)}"):::{box.kind}' for place, box in enumerate(drawn.boxes)]
    edges = [f"n{parent} --> n{place}" for place, box in enumerate(drawn.boxes) for parent in box.parents]
    lines += edges
    if edges:
        lines.append(f"linkStyle default stroke:{LINES}")
    if drawn.left_out or not drawn.boxes:
        lines.append(f'about["{_escaped(drawn.about)}<br/>"]')
    return "\n".join(lines) + "\n"


def is_readable(drawn: Boxes) -> bool:
    """Tell whether a drawing is no wider than what can be read, in the direction that it has."""
    return min(len(drawn.layers), max(drawn.layers, default=0)) <= _COLUMNS


def saved_weight(drawn: Boxes) -> int:
    """Return about how many bytes JupyterLab saves of the drawing: its SVG, and the text it was drawn from.

    From what JupyterLab 4.6 saved: for each box, each line between two, and each word; rather too much.
    """
    edges = sum(len(box.parents) for box in drawn.boxes)
    words = sum(len(f"{cut(box.title, _TITLE)} {box.detail}".split()) for box in drawn.boxes)
    text = len(drawn_mermaid(drawn).encode())
    return 19_600 + 1_250 * len(drawn.boxes) + 950 * edges + 88 * words + text


def _direction(drawn: Boxes) -> str:
    """From the left to the right, unless that is too wide to be read and from the top down is narrower."""
    layers = drawn.layers
    return "TB" if len(layers) > _COLUMNS and max(layers) < len(layers) else "LR"


def _label(box: Box) -> str:
    title = _escaped(cut(box.title, _TITLE))
    # Always two lines: in a label of one, Mermaid 11 shows the numbers themselves.
    return f"“{title}”<br/>{_escaped(box.detail)}" if box.detail else f"{title}<br/>source"


def _escaped(text: str) -> str:
    """Write all that could mean something to Mermaid, Markdown or HTML as the number of a character.

    That is also a first character that is no letter: it could begin a list.
    """
    return "".join(
        one
        if (one.isalnum() or one in _PLAIN) and one != _LIGATURE and (at or one.isalpha())
        else f"#{ord(one)};"
        for at, one in enumerate(text)
    )
