"""The mask's colour: one that shows on this photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    RGB = tuple[int, int, int]

PALETTE = ("#e6007e", "#00c853", "#00b8d4", "#ff6d00", "#ffd600", "#2962ff", "#aa00ff")
_EDGE = 48  # pixels a side are enough to see a photo's colours
_NEAR = 0.05  # the part of the photo that is nearest to a colour decides
_WEIGHTS = (0.5, 1.0, 1.0)  # of brightness and the two colour differences: tints are told apart by hue
_BETTER = 1.15  # by how much a later colour has to be farther than the first


def rgb(colour: str) -> RGB:
    """Return ``#rrggbb`` as three numbers."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


def showing_on(photo: Image.Image) -> str:
    """Return the colour of the palette that is farthest from a photo's own."""
    import numpy as np  # noqa: PLC0415 - heavy; whoever paints has it

    small = photo.convert("RGB").resize((_EDGE, _EDGE), Image.Resampling.BOX, reducing_gap=2.0)
    pixels = np.asarray(small.convert("YCbCr"), np.float32).reshape(-1, 3)
    best, farthest = PALETTE[0], 0.0
    for index, colour in enumerate(PALETTE):
        own = np.asarray(Image.new("RGB", (1, 1), rgb(colour)).convert("YCbCr"), np.float32).reshape(3)
        apart = np.sqrt((((pixels - own) * _WEIGHTS) ** 2).sum(axis=1))
        distance = float(np.quantile(apart, _NEAR)) * (1 if index else _BETTER)
        if distance > farthest:
            best, farthest = colour, distance
    return best
