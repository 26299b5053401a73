"""Tone and colour: black and white, sepia, warmer, colder, brighter, darker, and colours by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from requesty_nb.offline.painter.fields import curve, grey_as_rgb, line, span, to_image
from requesty_nb.offline.painter.regions import subject

if TYPE_CHECKING:
    from requesty_nb.offline.painter.brief import Brief

_MIDDLE = 128.0


def _bend(image: Image.Image, contrast: float) -> Image.Image:
    """Steepen the middle of the scale: 0 leaves it, 1 is strong."""

    def bent(level: int) -> float:
        t = level / 255
        return 255 * ((1 - contrast) * t + contrast * t * t * (3 - 2 * t))

    return image.point(curve(bent) * len(image.getbands()))


def black_and_white(brief: Brief) -> Image.Image:
    """Drop all colour and firm up the contrast, as through a yellow or orange filter."""
    red = brief.between(0.28, 0.5)
    blue = brief.between(0.06, 0.14)
    grey = brief.image.convert("L", (red, 1 - red - blue, blue, 0))
    return grey_as_rgb(_bend(grey, brief.between(0.35, 0.7)))


def sepia(brief: Brief) -> Image.Image:
    """Tone to brown on cream, like an old print."""
    grey = _bend(brief.image.convert("L"), brief.between(0.1, 0.4))
    depth = brief.between(0.86, 1.0)
    ends = zip((38, 22, 10), (252, 238, 210), (1.0, 1.12, 1.35), strict=True)
    tables = [span(low, high, bend * depth) for low, high, bend in ends]
    return Image.merge("RGB", [grey.point(table) for table in tables])


def _shift(brief: Brief, gains: tuple[float, float, float], lifts: tuple[float, float, float]) -> Image.Image:
    much = brief.between(0.85, 1.15)
    table: list[int] = []
    for gain, lift in zip(gains, lifts, strict=True):
        table += line(1 + (gain - 1) * much, lift * much)
    return brief.image.point(table)


def warmer(brief: Brief) -> Image.Image:
    """Shift all colours towards amber."""
    return _shift(brief, (1.12, 1.0, 0.74), (6, 2, -2))


def colder(brief: Brief) -> Image.Image:
    """Shift all colours towards blue."""
    return _shift(brief, (0.76, 0.96, 1.14), (-2, 2, 10))


def brighter(brief: Brief) -> Image.Image:
    """Lift the whole scale, most in the middle."""
    power = brief.between(0.56, 0.66)
    return brief.image.point(curve(lambda v: 255 * (v / 255) ** power) * 3)


def darker(brief: Brief) -> Image.Image:
    """Lower the whole scale, most in the middle."""
    power, top = brief.between(1.35, 1.6), brief.between(0.78, 0.86)
    return brief.image.point(curve(lambda v: 255 * top * (v / 255) ** power) * 3)


def colour(brief: Brief) -> Image.Image:
    """Give the masked part, or what stands in front, another colour and keep its shading."""
    grey = brief.image.convert("L")
    # the colour goes to the region's mean lightness, so that a dark thing is dyed as well as a light one
    middle = _mean(grey, brief.region) / 255
    level = min(max(middle, 0.22), 0.72)
    tables: list[list[int]] = []
    drift = brief.between(-0.04, 0.04)
    for channel in brief.colour:
        goal = min(max(channel / 255 + drift, 0.0), 1.0)

        def dyed(v: int, goal: float = goal) -> float:
            t = v / 255
            if t <= level:
                return 255 * goal * t / level
            rise: float = ((t - level) / (1 - level)) ** 1.2
            return 255 * (goal + (1 - goal) * 0.85 * rise)

        tables.append(curve(dyed))
    out = Image.blend(brief.image, Image.merge("RGB", [grey.point(table) for table in tables]), 0.9)
    if brief.masked or brief.place:
        return out
    return Image.composite(out, brief.image, _main_thing(brief.image))


def _main_thing(image: Image.Image) -> Image.Image:
    """Return where the subject has its most conspicuous hue, or all of it if it has none."""
    front = to_image(subject(image))
    hue, saturation, _ = image.convert("HSV").split()
    vivid = ImageChops.multiply(front, saturation.point(curve(lambda v: (v - 60) * 2.5)))
    counts = hue.histogram(vivid.point(curve(lambda v: v * 2 - 128)))
    near = [sum(counts[(level + step) % 256] for step in range(-9, 10)) for level in range(256)]
    peak = max(range(256), key=near.__getitem__)
    if near[peak] < image.width * image.height // 50:
        return front
    away = [min(abs(level - peak), 256 - abs(level - peak)) for level in range(256)]
    like = hue.point([int(min(max((26 - step) * 18, 0), 255)) for step in away])
    soft = ImageChops.multiply(like, saturation.point(curve(lambda v: (v - 45) * 3)))
    radius = min(image.size) / 340
    return ImageChops.multiply(
        front, soft.filter(ImageFilter.BoxBlur(radius)).point(curve(lambda v: v * 1.25))
    )


def _mean(grey: Image.Image, region: Image.Image) -> float:
    """Return the mean level within a region."""
    small = grey.resize((64, 64), Image.Resampling.BOX)
    weight = region.resize((64, 64), Image.Resampling.BOX)
    inside = np.asarray(weight, np.float64)
    total = float(inside.sum())
    return float((np.asarray(small) * inside).sum()) / total if total else _MIDDLE
