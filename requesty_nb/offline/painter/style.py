"""Styles: watercolour, sketch, pixel art, poster, blur."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops, ImageEnhance, ImageFilter

from requesty_nb.offline.painter.fields import (
    box_mean,
    curve,
    enlarge,
    grey_as_rgb,
    luma,
    noise,
    smoothstep,
    span,
    to_array,
    to_image,
)

if TYPE_CHECKING:
    from requesty_nb.offline.painter.brief import Brief
    from requesty_nb.offline.painter.fields import Array


def _reduced(brief: Brief, side: float) -> Image.Image:
    """Return the picture at about ``side`` pixels for what is 1024 in the whole."""
    scale = min(1.0, side / 1024 / brief.unit)
    size = (max(2, round(brief.size[0] * scale)), max(2, round(brief.size[1] * scale)))
    return brief.image.resize(size, Image.Resampling.BOX)


def kuwahara(picture: Array, radius: int) -> Array:
    """Smooth into flat patches with firm edges: each pixel takes the mean of its calmest square."""
    grey = luma(picture)
    mean = np.stack([box_mean(picture[..., i], radius) for i in range(3)], axis=-1)
    level = box_mean(grey, radius)
    unrest = box_mean(grey * grey, radius) - level * level
    best, least = mean, unrest
    pad = ((radius, radius), (radius, radius))
    means, unrests = np.pad(mean, (*pad, (0, 0)), mode="edge"), np.pad(unrest, pad, mode="edge")
    height, width = grey.shape
    for dy in (0, 2 * radius):
        for dx in (0, 2 * radius):
            there = unrests[dy : dy + height, dx : dx + width]
            better = there < least
            best = np.where(better[..., None], means[dy : dy + height, dx : dx + width], best)
            least = np.where(better, there, least)
    return best


def watercolour(brief: Brief) -> Image.Image:
    """Paint in washes: flat patches with darker rims, pigment that settles in the grain of white paper."""
    small = _reduced(brief, 440)
    washes = kuwahara(kuwahara(to_array(small), 2), 1)
    size = small.size
    down, across = np.gradient(luma(washes))
    rims = smoothstep(0.03, 0.2, np.hypot(down, across).astype(np.float32))
    pooled = noise(brief.rng, size, 70, octaves=4)
    pale = 1 - (1 - washes) * (0.72 + 0.42 * pooled[..., None])
    grey = luma(pale)[..., None]
    pale = grey + (pale - grey) * 1.35
    pale -= rims[..., None] * 0.16 * (1 - np.array([0.1, 0.15, 0.35], np.float32))
    paint = to_image(pale).resize(brief.size, Image.Resampling.BICUBIC)
    grain = brief.rng.standard_normal((brief.size[1] // 2 + 1, brief.size[0] // 2 + 1), dtype=np.float32)
    paper = to_image(0.955 + 0.075 * np.clip(box_mean(grain, 1) * 1.4, -1, 1) * 0.6)
    sheet = paper.resize(brief.size, Image.Resampling.BICUBIC)
    out = ImageChops.multiply(paint, grey_as_rgb(sheet))
    if brief.masked:
        return out
    return Image.composite(out, Image.new("RGB", brief.size, (250, 248, 242)), _painted_edge(brief))


def _painted_edge(brief: Brief) -> Image.Image:
    """Return where paint reaches: the paper's margin stays bare, along an uneven line."""
    size = (max(2, brief.size[0] // 4), max(2, brief.size[1] // 4))
    x = np.linspace(0, size[0] / size[1], size[0], dtype=np.float32)[None]
    y = np.linspace(0, 1, size[1], dtype=np.float32)[:, None]
    inside = np.minimum(np.minimum(x, size[0] / size[1] - x), np.minimum(y, 1 - y))
    ragged = inside + (noise(brief.rng, size, size[1] / 9, octaves=4) - 0.5) * 0.055
    return to_image(smoothstep(0.018, 0.032, ragged)).resize(brief.size, Image.Resampling.BICUBIC)


def sketch(brief: Brief) -> Image.Image:
    """Draw in pencil: lines where lightness changes, hatching in the shadows, on paper."""
    grey = brief.image.convert("L")
    around = grey.filter(ImageFilter.BoxBlur(3.2 * brief.unit)).filter(ImageFilter.BoxBlur(3.2 * brief.unit))
    ratio = np.asarray(grey, np.float32) / (np.asarray(around, np.float32) + 14)
    lines = to_image(smoothstep(0.5, 0.93, ratio))
    width, height = brief.size
    y, x = np.ogrid[0:height, 0:width]
    step = max(3.0, 7.0 * brief.unit)
    lean = brief.between(0.7, 1.3)
    wave = np.sin((x.astype(np.float32) + lean * y.astype(np.float32)) * np.float32(2 * np.pi / step))
    wobble = enlarge(noise(brief.rng, (width // 8 + 2, height // 8 + 2), 6, octaves=2), brief.size)
    strokes = smoothstep(-0.1, 0.9, wave + (wobble - 0.5) * 0.8)
    dark = smoothstep(0.62, 0.12, to_array(around))
    hatching = to_image(1 - 0.62 * dark * strokes - 0.12 * dark)
    drawn = ImageChops.multiply(lines, hatching)
    graphite = [span(low, high) for low, high in ((46, 250), (46, 247), (52, 240))]
    return Image.merge("RGB", [drawn.point(table) for table in graphite])


def pixel_art(brief: Brief) -> Image.Image:
    """Redraw in large square pixels of a few colours."""
    side = round(brief.between(88, 112))
    small = ImageEnhance.Color(_reduced(brief, side)).enhance(1.35)
    colours = round(brief.between(18, 28))
    flat = small.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    return flat.resize(brief.size, Image.Resampling.NEAREST)


def poster(brief: Brief) -> Image.Image:
    """Print in a few flat inks with heavy outlines."""
    small = _reduced(brief, 480)
    calm = kuwahara(to_array(small), 2)
    grey = luma(calm)[..., None]
    vivid = to_image(
        ((grey + (calm - grey) * brief.between(1.4, 1.8)) - 0.5) * brief.between(1.15, 1.35) + 0.52
    )
    count = round(brief.between(7, 10))
    inks = vivid.quantize(count, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    printed = inks.resize(brief.size, Image.Resampling.BICUBIC)
    down, across = np.gradient(luma(calm))
    ink = to_image(1 - smoothstep(0.05, 0.11, np.hypot(down, across).astype(np.float32)))
    lines = ink.resize(brief.size, Image.Resampling.BICUBIC).point(curve(lambda v: (v - 90) * 3.2))
    return Image.composite(printed, Image.new("RGB", brief.size, (24, 18, 30)), lines)


def blur(brief: Brief) -> Image.Image:
    """Throw the picture, or the masked part, far out of focus."""
    radius = brief.between(13, 19) * brief.unit
    small = _reduced(brief, 256)
    soft = small.filter(ImageFilter.GaussianBlur(radius / 4 / brief.unit))
    return soft.resize(brief.size, Image.Resampling.BICUBIC)
