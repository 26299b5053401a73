"""A mask's bitmap and size: checked, resampled, as text."""

from __future__ import annotations

import base64
import binascii

from PIL import Image

from requesty_nb import images
from requesty_nb.errors import BadImage

PNG_LEVEL = 6  # of zlib: hardly slower than 1 on masks, and half the bytes


def checked_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return a size in whole pixels.

    Raises:
        BadImage: no picture has that size.
    """
    try:
        width, height = (side.__index__() for side in size)
    except (TypeError, ValueError, AttributeError):
        width = height = 0
    if width < 1 or height < 1 or width * height > images.MAX_PIXELS:
        raise BadImage(
            f"A mask's size is {size!r}.", hint="Give (width, height) in pixels, as image.size is."
        )
    return width, height


def resampled(bitmap: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Scale a bitmap; one without grey values stays so."""
    scaled = bitmap.resize(size, Image.Resampling.BILINEAR)
    if any(bitmap.histogram()[1:255]):
        return scaled
    return scaled.point([0] * 128 + [255] * 128)


def from_text(text: str | None, size: tuple[int, int]) -> bytes | None:
    """Return the raw pixels of what `to_text` wrote.

    Raises:
        ValueError: it is damaged, or of another size.
    """
    if text is None:
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise BadImage("A mask's bitmap is no clean base64.", hint="Draw the mask again.") from error
    if images.examine(data) != ("image/png", size):
        raise BadImage("A mask's bitmap has another size than the mask.", hint="Draw the mask again.")
    return images.decode(data).convert("L").tobytes()


def to_text(bitmap: Image.Image) -> str:
    """Return a bitmap as a base64 PNG."""
    return base64.b64encode(images.encode_png(bitmap, PNG_LEVEL)).decode()


def by(size: tuple[int, int]) -> str:
    """Write a size for a message."""
    return f"{size[0]} x {size[1]}"
