"""The prepared picture: the source at the size of the answer, and its mask."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable

Size = tuple[int, int]
_SEED_FORM = "painter-1"  # part of every seed: a change of recipes may say so here


@dataclass(frozen=True, slots=True)
class Canvas:
    """What is painted on.

    Attributes:
        base: the source, RGB or RGBA, at the size of the answer.
        mask: L, 255 = edit, of the same size; None edits where the prompt says.
        references: further pictures, RGB.
        digest: of the pixels of all of them.
    """

    base: Image.Image
    mask: Image.Image | None
    references: tuple[Image.Image, ...]
    digest: bytes

    def seed(self, *words: object) -> np.random.Generator:
        """Return a generator that depends on the pixels and on ``words``, and on nothing else."""
        text = "\0".join([_SEED_FORM, self.digest.hex(), *map(str, words)])
        return np.random.Generator(
            np.random.PCG64(int.from_bytes(hashlib.sha256(text.encode()).digest()[:16]))
        )


def prepare(
    source: Image.Image, mask: Image.Image | None, references: Iterable[Image.Image], size: Size
) -> Canvas:
    """Bring a source and its mask to the size of the answer.

    The same aspect is resized (Lanczos; the mask bilinearly), any other is cropped to cover the size,
    about its centre: nothing is stretched. At its own size the source stays exactly as it is.

    Args:
        source: RGB or RGBA.
        mask: L, 255 = edit, of the source's size.
        references: further pictures, RGB.
        size: width and height of the answer.
    """
    further = tuple(references)
    base = cover(source, size, Image.Resampling.LANCZOS)
    fitted = None if mask is None else cover(mask, size, Image.Resampling.BILINEAR)
    digest = hashlib.sha256()
    for image in (base, *(() if fitted is None else (fitted,)), *further):
        digest.update(f"{image.mode}{image.size}".encode())
        digest.update(image.tobytes())
    return Canvas(base, fitted, further, digest.digest())


def cover(image: Image.Image, size: Size, how: Image.Resampling) -> Image.Image:
    """Resize a picture to cover a size, cropped about its centre."""
    if image.size == size:
        return image
    scale = min(image.width / size[0], image.height / size[1])
    width, height = size[0] * scale, size[1] * scale
    # rounding must not reach beyond the picture
    left, top = max(0.0, (image.width - width) / 2), max(0.0, (image.height - height) / 2)
    box = (left, top, min(left + width, image.width), min(top + height, image.height))
    return image.resize(size, how, box=box)


def nearest_size(source: Size, sizes: Iterable[Size]) -> Size:
    """Return the one of ``sizes`` whose aspect is nearest to the source's."""
    aspect = math.log(source[0] / source[1])
    return min(sizes, key=lambda size: abs(math.log(size[0] / size[1]) - aspect))


def preview(image: Image.Image, partial: int, partials: int) -> Image.Image:
    """Return a picture unfinished: ``partial`` counts from 0 up to ``partials`` - 1 and gets sharper."""
    step = 2 ** (partials - partial + 2)
    small = image.resize((max(1, image.width // step), max(1, image.height // step)), Image.Resampling.BOX)
    return small.resize(image.size, Image.Resampling.BICUBIC)
