"""The lineage of edits as a notebook, its saved file and a terminal show it.

JupyterLab draws Mermaid itself, and prefers it; Notebook 7, GitHub, nbviewer and nbconvert show the static
picture. When JupyterLab saves a Mermaid drawing, it puts what it drew in the place of the static picture, and
that weighs ten times as much: so only a small tree is given as Mermaid, and a larger one is static there too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from requesty_nb.display.trees_boxes import boxes
from requesty_nb.display.trees_mermaid import drawn_mermaid, is_readable, saved_weight, tree_mermaid
from requesty_nb.display.trees_svg import drawn_svg, tree_svg
from requesty_nb.display.trees_text import drawn_text, tree_text

if TYPE_CHECKING:
    from requesty_nb.models import Tree

__all__ = ["tree_bundle", "tree_mermaid", "tree_svg", "tree_text"]

_WEIGHT = 63_000  # bytes of one output in the saved notebook: 64 KB, less its frame
_LINE = 16  # more for each line: it is saved as an indented one
_SIZES = ((200, 80), (200, 48), (160, 48), (120, 48), (80, 48), (40, 48))  # boxes, and characters of a title


def tree_bundle(tree: Tree) -> dict[str, str]:
    """Return a tree as ``image/svg+xml`` and ``text/plain``, and as Mermaid if it is small.

    Of a large one the newest edits are drawn, with what they came from; it says how many are left out.
    """
    bundle: dict[str, str] = {}
    for limit, title in _SIZES:
        drawn = boxes(tree, limit)
        bundle = {"image/svg+xml": drawn_svg(drawn, title), "text/plain": drawn_text(drawn, min(title, 48))}
        if _weight(bundle) <= _WEIGHT:
            break
    if drawn.boxes and is_readable(drawn) and saved_weight(drawn) <= _WEIGHT:
        bundle["text/vnd.mermaid"] = drawn_mermaid(drawn)
    return bundle


def _weight(bundle: dict[str, str]) -> int:
    text = json.dumps(list(bundle.values()), ensure_ascii=False)
    return len(text.encode()) + _LINE * text.count(r"\n")
