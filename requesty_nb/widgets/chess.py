"""The chess board behind transparent photos: one for all layers, so that each lies exactly on the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    Box = tuple[float, float, float, float]
    Size = tuple[int, int]

FIELD = 12  # pixels of the preview
_LIGHT, _DARK = 232, 200  # greys


def on_chess(picture: Image.Image, box: Box | None = None, board: Size | None = None) -> Image.Image:
    """Return a picture as RGB; what is transparent shows a chess board.

    Args:
        picture: L, RGB or RGBA, of any size.
        box: the part of the board it lies on, in the board's pixels; all of it if left out.
        board: width and height of the board; the picture's own if left out.
    """
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    import numpy as np  # noqa: PLC0415 - heavy; most photos are opaque

    width, height = board or picture.size
    left, top, right, bottom = box or (0, 0, width, height)
    columns = left + (np.arange(picture.width) + 0.5) * (right - left) / picture.width
    rows = top + (np.arange(picture.height) + 0.5) * (bottom - top) / picture.height
    dark = (rows[:, None] // FIELD + columns[None, :] // FIELD) % 2 > 0
    under = Image.fromarray(np.where(dark, _DARK, _LIGHT).astype(np.uint8)).convert("RGB")
    under.paste(picture, mask=picture.getchannel("A"))
    return under
