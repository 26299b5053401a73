"""The recipe for prompts with no known word: another grade and a soft band of light, by the prompt alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops

from requesty_nb.offline.painter.fields import grey_as_rgb, line, noise, span, to_image

if TYPE_CHECKING:
    from requesty_nb.offline.painter.brief import Brief

_COARSE = 8  # the pattern is drawn this much smaller


def hue_colour(hue: float, saturation: float, value: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return RGB (0 to 1) of hue, saturation and value, each 0 to 1."""
    k = (np.array([5, 3, 1]) + hue * 6) % 6
    return (value - value * saturation * np.clip(np.minimum(k, 4 - k), 0, 1)).astype(np.float32)


def plain(brief: Brief) -> Image.Image:
    """Give shadows one colour and lights another, under a soft leak of coloured light."""
    rng = brief.rng
    hue = rng.random()
    shadow = hue_colour(hue, 0.65, 0.34)
    light = hue_colour((hue + brief.between(0.35, 0.65)) % 1, 0.28, 1.0)
    grey = brief.image.convert("L")
    tables = [
        span(255 * lo, 255 * hi, 1.15) for lo, hi in zip(map(float, shadow), map(float, light), strict=True)
    ]
    toned = ImageChops.multiply(
        Image.merge("RGB", [grey.point(table) for table in tables]), grey_as_rgb(grey.point(line(0.75, 64)))
    )
    mixed = Image.blend(brief.image, toned, brief.between(0.5, 0.7))
    return ImageChops.screen(mixed, leak(brief))


def leak(brief: Brief) -> Image.Image:
    """Return two soft glows of one colour that fall across the region at an angle."""
    left, top, right, bottom = brief.box
    size = (max(2, brief.size[0] // _COARSE), max(2, brief.size[1] // _COARSE))
    y, x = np.ogrid[0 : size[1], 0 : size[0]]
    across = (x.astype(np.float32) * _COARSE - (left + right) / 2) / max(right - left, 1)
    along = (y.astype(np.float32) * _COARSE - (top + bottom) / 2) / max(bottom - top, 1)
    glow = hue_colour(brief.rng.random(), 0.75, 1.0)
    drift = (noise(brief.rng, size, min(size) / 1.5, octaves=2) - 0.5) * 0.3
    total = np.zeros(size[::-1], np.float32)
    for strength in (0.6, 0.35):
        angle = brief.between(0, 2 * np.pi)
        way = across * np.cos(angle) + along * np.sin(angle) + drift
        middle, width = brief.between(0.1, 0.45), brief.between(0.12, 0.3)
        total += strength * np.exp(-(((way - middle) / width) ** 2)).astype(np.float32)
    return to_image(total[..., None] * glow).resize(brief.size, Image.Resampling.BICUBIC)
