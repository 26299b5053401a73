"""Drawing on L images, 255 = edit: strokes, shapes, and growing by an exact Euclidean distance.

Coordinates are continuous image pixels: pixel (i, j) covers i <= x < i + 1 and j <= y < j + 1. Strokes are
Pillow's wide lines with a disc at each point, which is quick, leaves no notches at bends, and gave the same
pixels on every version of Pillow tried.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageChops, ImageDraw, ImageFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Points = Sequence[tuple[float, float]]

EDIT, KEEP = 255, 0
_STRIP = 64  # rows worked on at a time, so that they stay in the processor's cache
_FAR_8 = 254  # the longest distance that fits a byte, with one value to spare for "farther"


def draw_stroke(image: Image.Image, points: Points, widths: Sequence[float], value: int) -> None:
    """Draw a round brush along ``points``, in place; ``widths`` are diameters, one a point."""
    draw = ImageDraw.Draw(image)
    cells = [(math.floor(x), math.floor(y)) for x, y in points]
    thick = [max(1, round(width)) for width in widths]
    if len(cells) > 1:  # discs as wide as the lines between them, or the stroke's edge would be beaded
        thick = [_odd(width) for width in thick]
    if len(set(thick)) == 1:
        draw.line(cells, fill=value, width=thick[0])
    else:
        for index in range(len(cells) - 1):
            between = (thick[index] + thick[index + 1]) // 2
            draw.line(cells[index : index + 2], fill=value, width=_odd(between))
    for (x, y), width in zip(cells, thick, strict=True):
        left, top = x - width // 2, y - width // 2
        _fill_ellipse(draw, (left, top, left + width - 1, top + width - 1), value)


def _odd(width: int) -> int:
    """Return a line's width: an even one would lie to one side, which side depending on its direction."""
    return width - 1 + width % 2


def _fill_ellipse(draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], value: int) -> None:
    left, top, right, bottom = box
    if left == right or top == bottom:  # of one pixel across Pillow draws nothing
        draw.rectangle(box, fill=value)
    else:
        draw.ellipse(box, fill=value)


def draw_shape(image: Image.Image, kind: str, points: Points, value: int) -> None:
    """Fill a rectangle or ellipse (two corners of its box), or a polygon, in place.

    A pixel belongs to a box if its centre does; to a polygon also if its outline passes through.
    """
    draw = ImageDraw.Draw(image)
    if kind == "polygon":
        draw.polygon([(math.floor(x), math.floor(y)) for x, y in points], fill=value)
        return
    (left, top), (right, bottom) = ((math.ceil(x - 0.5), math.ceil(y - 0.5)) for x, y in points)
    if right > left and bottom > top:
        box = left, top, right - 1, bottom - 1
        if kind == "rect":
            draw.rectangle(box, fill=value)
        else:
            _fill_ellipse(draw, box, value)


def grown(image: Image.Image, radius: float) -> Image.Image:
    """Return everything within ``radius`` pixels (centre to centre) of a pixel that is not 0, as 0 and 255.

    Exact: of each row the distance to the nearest selected pixel is found by running maxima, then for
    each row distance the widest reach is compared; work is limited to the box around the selection.
    """
    box = image.getbbox()
    if box is None:
        return image.copy()
    import numpy as np  # noqa: PLC0415 - heavy; a mask may never grow

    reach = math.floor(radius)
    left, top = max(0, box[0] - reach), max(0, box[1] - reach)
    right, bottom = min(image.width, box[2] + reach), min(image.height, box[3] + reach)
    chosen = np.asarray(image)[top:bottom, left:right] > 0
    aside = _row_distances(chosen, reach)
    spans = [math.isqrt(math.floor(radius * radius) - dy * dy) for dy in range(reach + 1)]
    found = np.empty_like(chosen)
    for start in range(0, chosen.shape[0], _STRIP):
        end = min(start + _STRIP, chosen.shape[0])
        strip = found[start:end]
        np.less_equal(aside[start:end], spans[0], out=strip)
        for dy in range(1, reach + 1):
            _reach_into(strip, aside, start - dy, spans[dy])
            _reach_into(strip, aside, start + dy, spans[dy])
    result = Image.new("L", image.size, KEEP)
    result.paste(Image.fromarray(found.astype(np.uint8) * EDIT), (left, top))
    return result


def _reach_into(strip: NDArray[Any], aside: NDArray[Any], start: int, span: int) -> None:
    """Select in ``strip`` what lies within ``span`` along the rows that begin at ``start``."""
    first, last = max(0, start), min(aside.shape[0], start + strip.shape[0])
    if first < last:
        strip[first - start : last - start] |= aside[first:last] <= span


def _row_distances(chosen: NDArray[Any], reach: int) -> NDArray[Any]:
    """Return for each pixel the distance to the nearest chosen one in its row, or ``reach`` + 1."""
    import numpy as np  # noqa: PLC0415 - heavy; the caller has it

    width = chosen.shape[1]
    small = np.uint8 if reach <= _FAR_8 else np.int32
    aside = np.empty(chosen.shape, small)
    columns = np.arange(width, dtype=np.int32)
    never = width + reach + 1
    for start in range(0, chosen.shape[0], _STRIP):
        rows = slice(start, start + _STRIP)
        before = np.maximum.accumulate(np.where(chosen[rows], columns, -never), axis=1)
        after = np.minimum.accumulate(np.where(chosen[rows], columns, 2 * never)[:, ::-1], axis=1)[:, ::-1]
        nearest = np.minimum(columns - before, after - columns)
        aside[rows] = np.minimum(nearest, reach + 1)
    return aside


def shrunk(image: Image.Image, radius: float) -> Image.Image:
    """Return what stays when everything not selected grows; the image's own border takes nothing away."""
    outside = image.point([EDIT] + [KEEP] * 255)
    return ImageChops.invert(grown(outside, radius))


def feathered(image: Image.Image, radius: float) -> Image.Image:
    """Return a soft edge that falls from 255 to 0 over ``radius`` pixels outward; the inside is kept.

    It is the selection grown by half the radius, blurred by a Gaussian whose visible tails are the other
    half: three standard deviations.
    """
    blurred = grown(image, radius / 2).filter(ImageFilter.GaussianBlur(radius / 6))
    return ImageChops.lighter(image, blurred)
