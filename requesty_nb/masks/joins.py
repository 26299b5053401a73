"""`Join`: a mask joined with another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from PIL import Image, ImageChops

from requesty_nb.errors import BadImage
from requesty_nb.masks.bitmaps import by

if TYPE_CHECKING:
    from collections.abc import Callable

    from requesty_nb.masks.mask import Mask

JoinKind = Literal["union", "difference", "intersection"]
JOINS: dict[str, Callable[[Image.Image, Image.Image], Image.Image]] = {
    "union": ImageChops.lighter,
    "difference": ImageChops.subtract,
    "intersection": ImageChops.darker,
}


@dataclass(frozen=True, slots=True)
class Join:
    """A mask joined with another of the same size: ``union``, ``difference`` or ``intersection``."""

    kind: JoinKind
    other: Mask

    def apply(self, image: Image.Image) -> Image.Image:
        """Return the joined image."""
        return JOINS[self.kind](image, self.other._raster)  # noqa: SLF001 - one noun in two classes

    def scaled(self, across: float, down: float) -> Join:
        """Return the join for an image that is ``across`` times as wide and ``down`` times as high."""
        width, height = self.other.size
        return Join(self.kind, self.other.resized((round(width * across), round(height * down))))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"op": self.kind, "mask": self.other.to_json()}


def see_size(other: Mask, size: tuple[int, int]) -> None:
    """See that a mask can be joined with one of ``size``.

    Raises:
        BadImage: it has another size.
    """
    if other.size != size:
        raise BadImage(
            f"One mask is {by(size)} pixels, the other {by(other.size)}.",
            hint=f"Scale the other: mask.resized({size}).",
        )
