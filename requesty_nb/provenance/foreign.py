"""Recipes of other programs, as far as an edit has a place for what they say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from requesty_nb import frames, options
from requesty_nb.models import EditRequest, ImageRef
from requesty_nb.provenance.recipes import Recipe

if TYPE_CHECKING:
    from requesty_nb.provenance.recipes import Origin

# what the endpoint draws, as the option's own suggestions have it
_SIZES = tuple(
    (int(choice.partition("x")[0]), int(choice.partition("x")[2]))
    for option in options.OPTIONS
    if option.field == "size"
    for choice in option.choices
    if "x" in choice
)
_LARGEST = 100_000  # pixels a side
_MOST_NOTES = 40
_WEIGHT = re.compile(r"<lora:|<hypernet:|:\d+(?:\.\d+)?\)")


@dataclass(frozen=True, slots=True)
class Foreign:
    """What another program's recipe says.

    Attributes:
        prompt: what was wanted.
        size: width and height in pixels, or None.
        checkpoint: the model's name; may be empty.
        others: what an edit has no place for, as ``name: value``.
    """

    prompt: str
    size: tuple[int, int] | None = None
    checkpoint: str = ""
    others: tuple[str, ...] = ()


def recipe_from(foreign: Foreign, origin: Origin, word: str, name: str) -> Recipe:
    """Return the recipe that edits the found picture with another program's prompt.

    Args:
        foreign: what that program's recipe says.
        origin: which program.
        word: what names the found picture in a cell.
        name: its file name.
    """
    prompt, checkpoint = _whole(foreign.prompt), _whole(foreign.checkpoint)
    unmapped = list(foreign.others[:_MOST_NOTES])
    if left := len(foreign.others) - len(unmapped):
        unmapped.append(f"{left} more")
    params = {}
    if foreign.size and min(foreign.size) > 0 and max(foreign.size) <= _LARGEST:
        nearest = frames.nearest(foreign.size, _SIZES)
        params["size"] = "{}x{}".format(*nearest)
        if nearest != foreign.size:
            unmapped.append("size {}x{}, for which the cell asks for {}x{}".format(*foreign.size, *nearest))
    if checkpoint:
        unmapped.append(f"model {checkpoint}")
    if _WEIGHT.search(prompt):
        unmapped.append("weights in the prompt, which are read as plain text")
    return Recipe(
        origin=origin,
        request=EditRequest(prompt=prompt, model="", images=(ImageRef(digest="", name=name),), params=params),
        checkpoint=checkpoint,
        found=word,
        unmapped=tuple(unmapped),
    )


def _whole(text: str) -> str:
    """Return a text that can be written: JSON can hold half a character, which nothing can."""
    return text.encode("utf-8", "replace").decode()
