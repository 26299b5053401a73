"""Parts of a photo and its mask at the photo's own scale, for looking closely."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from PIL import Image

from requesty_nb import images
from requesty_nb.widgets.chess import on_chess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from requesty_nb.images import Source
    from requesty_nb.masks import Change, Mask

Box = tuple[int, int, int, int]

EDGE = 2048  # pixels a side of what is sent, at most
_KEPT = 2  # decoded photos, of all editors
_QUALITY = 85
_PNG_LEVEL = 1

_decoded: OrderedDict[int, tuple[Source, Image.Image]] = OrderedDict()
_lock = threading.Lock()


def detail(
    source: Source,
    mask: Mask,
    tried: Sequence[Change],
    box: Sequence[float],
    edge: int,
    *,
    board: tuple[int, int],
) -> tuple[Box, bytes, bytes] | None:
    """Cut a box out of a photo and its mask.

    Args:
        source: the photo.
        mask: of its size.
        tried: changes of the mask that are shown without being kept.
        box: left, top, right, bottom in pixels of the photo; what lies outside it is cut off.
        edge: pixels a side of the answer, at most; up to `EDGE`.
        board: width and height of the preview, on which the chess board behind a transparent photo lies.

    Returns:
        The box in whole pixels, an opaque WebP of the photo there and a grey PNG of the mask there, both of
        one size, never larger than the box; None if the box lies outside the photo.
    """
    left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    right, bottom = min(mask.size[0], math.ceil(box[2])), min(mask.size[1], math.ceil(box[3]))
    if left >= right or top >= bottom:
        return None
    whole = (left, top, right, bottom)
    scale = min(1.0, min(edge, EDGE) / max(right - left, bottom - top))
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    across, down = board[0] / mask.size[0], board[1] / mask.size[1]
    there = left * across, top * down, right * across, bottom * down
    photo = on_chess(_cut(_pixels(source), whole, size), there, board)
    weights = _cut(_weights(mask, tried, whole), (0, 0, right - left, bottom - top), size)
    return whole, images.preview(photo, max(size), _QUALITY), images.encode_png(weights, _PNG_LEVEL)


def _cut(image: Image.Image, box: Box, size: tuple[int, int]) -> Image.Image:
    if size == (box[2] - box[0], box[3] - box[1]):
        return image.crop(box)
    return image.resize(size, Image.Resampling.BOX, box=box, reducing_gap=1.0)


def _weights(mask: Mask, tried: Sequence[Change], box: Box) -> Image.Image:
    """Return the mask in a box, changed: what lies around is looked at as far as the changes reach."""
    reach = math.ceil(sum(change.radius for change in tried) * 1.5) + 1 if tried else 0
    left, top = max(0, box[0] - reach), max(0, box[1] - reach)
    around = (left, top, min(mask.size[0], box[2] + reach), min(mask.size[1], box[3] + reach))
    weights = mask.rasterize().crop(around)
    for change in tried:
        weights = change.apply(weights)
    return weights.crop((box[0] - left, box[1] - top, box[2] - left, box[3] - top))


def _pixels(source: Source) -> Image.Image:
    """Return a photo's pixels; those of the photos looked at last are kept."""
    with _lock:
        kept = _decoded.get(id(source))
        if kept is None:
            kept = source, source.pixels()
            _decoded[id(source)] = kept
        _decoded.move_to_end(id(source))
        while len(_decoded) > _KEPT:
            _decoded.popitem(last=False)
        return kept[1]
