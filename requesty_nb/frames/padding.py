"""A source on a larger canvas: bars that continue its edges, and room to paint in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageFilter

if TYPE_CHECKING:
    Size = tuple[int, int]
    Box = tuple[int, int, int, int]

_SOFT = 24  # the blur's radius is this part of the canvas's short side
_REDUCED = 4  # the blur is made at this part of the scale: it shows nothing finer


def padded(image: Image.Image, canvas: Size, place: tuple[int, int], view: Box) -> Image.Image:
    """Put ``image`` at ``place``; the rest of ``view`` is transparent, what is outside continues edges."""
    extends = (view[2] - view[0], view[3] - view[1]) != image.size
    image = image if image.mode in {"RGB", "RGBA"} else image.convert("RGB")
    has_bars = view != (0, 0, *canvas)
    ground = _continued(image, canvas, place) if has_bars else Image.new("RGBA", canvas)
    if extends:
        ground = ground.convert("RGBA")
        ground.paste((0, 0, 0, 0), view)
        image = image.convert("RGBA")
    ground.paste(image, place)
    return ground


def padded_mask(mask: Image.Image, canvas: Size, place: tuple[int, int], view: Box) -> Image.Image:
    """Put ``mask`` at ``place``; what else is in ``view`` is 255, what is outside is 0."""
    ground = Image.new("L", canvas, 0)
    if (view[2] - view[0], view[3] - view[1]) != mask.size:
        ground.paste(255, view)
    ground.paste(mask, place)
    return ground


def _continued(image: Image.Image, canvas: Size, place: tuple[int, int]) -> Image.Image:
    """Continue an image's edge pixels outward, going over into a blur of themselves."""
    import numpy as np  # noqa: PLC0415 - heavy; most pictures need no frame

    right, bottom = canvas[0] - place[0] - image.width, canvas[1] - place[1] - image.height
    margins = ((place[1], bottom), (place[0], right), (0, 0))
    sharp = Image.fromarray(np.pad(np.asarray(image), margins, mode="edge"))
    radius = max(1.0, min(canvas) / _SOFT)
    soft = sharp.reduce(_REDUCED).filter(ImageFilter.GaussianBlur(radius / _REDUCED))
    soft = soft.resize(canvas, Image.Resampling.BILINEAR)
    columns = np.array(_fade(canvas[0], place[0], image.width, radius), np.uint8)
    rows = np.array(_fade(canvas[1], place[1], image.height, radius), np.uint8)
    blend = Image.fromarray(np.maximum(columns[None, :], rows[:, None]))
    return Image.composite(soft, sharp, blend)


def _fade(length: int, start: int, size: int, radius: float) -> list[int]:
    """Return 0 along the span that begins at ``start``, rising to 255 at ``radius`` pixels from it."""
    away = (max(start - at, at - (start + size - 1), 0) for at in range(length))
    return [min(255, round(distance * 255 / radius)) for distance in away]
