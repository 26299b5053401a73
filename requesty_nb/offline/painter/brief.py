"""What a recipe is told: where it works, with what chance, and beside which other pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image


@dataclass(frozen=True, slots=True)
class Brief:
    """One recipe's order.

    Attributes:
        image: the picture so far, RGB: the whole one, or the part around the mask.
        region: L, of the same size: where the result will show, 255 = wholly.
        box: left, top, right, bottom of the region.
        masked: whether the region was drawn by hand; else it was found or is everything.
        unit: pixels that count as one at 1024 pixels of the whole picture's shorter side.
        rng: the source of chance.
        references: further pictures, RGB.
        place: ``sky`` or ``background`` when the prompt names one, else empty.
        colour: the 8-bit colour of a colour word.
    """

    image: Image.Image
    region: Image.Image
    box: tuple[int, int, int, int]
    masked: bool
    unit: float
    rng: np.random.Generator
    references: tuple[Image.Image, ...] = ()
    place: str = ""
    colour: tuple[int, int, int] = (0, 0, 0)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the image."""
        return self.image.size

    def between(self, low: float, high: float) -> float:
        """Return a number by chance."""
        return float(self.rng.uniform(low, high))


Recipe = Callable[[Brief], "Image.Image"]
