"""Sky and light: sunset, night, snow, fog.

Under a mask the masked part is taken to be the sky. Without one the sky is looked for; where none is
found, the upper part of the picture stands in for it, fading out downwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from requesty_nb.offline.painter.fields import (
    curve,
    down,
    grey_as_rgb,
    luma,
    noise,
    ramp,
    smoothstep,
    to_array,
    to_image,
)
from requesty_nb.offline.painter.regions import sky_or_upper

if TYPE_CHECKING:
    from requesty_nb.offline.painter.brief import Brief
    from requesty_nb.offline.painter.fields import Array

_COARSE = 4  # soft things are drawn this much smaller


def _matte(brief: Brief) -> Array:
    """Return where the sky is."""
    if brief.masked:
        return np.ones(brief.size[::-1], np.float32)
    return sky_or_upper(brief.image)[0]


def _extent(matte: Array) -> tuple[float, float]:
    """Return the first and the last row of a matte as shares of its height."""
    rows = np.flatnonzero(matte.mean(axis=1) > 0.05)  # noqa: PLR2004 - a few stray pixels are no row
    if not len(rows):
        return 0.0, 1.0
    return rows[0] / len(matte), (rows[-1] + 1) / len(matte)


def _span(brief: Brief, matte: Array) -> tuple[float, float]:
    """Return where the sky begins and where its horizon is, as shares of the height."""
    if brief.masked:
        return brief.box[1] / brief.size[1], brief.box[3] / brief.size[1]
    top, bottom = _extent(matte)
    return top, max(bottom, top + 0.05)


def _coarse(brief: Brief) -> tuple[int, int]:
    return max(2, brief.size[0] // _COARSE), max(2, brief.size[1] // _COARSE)


def _clouds(brief: Brief, size: tuple[int, int]) -> Array:
    """Return long clouds, nearer together towards the horizon."""
    field = noise(brief.rng, size, size[1] / 2.2, octaves=5, stretch=2.6, fall=0.58)
    low, high = np.quantile(field, [0.45, 0.95])
    return smoothstep(float(low), float(high), field)


def _sunset_sky(brief: Brief, span: tuple[float, float]) -> tuple[Image.Image, Array]:
    """Return the sky, and where the sun's light comes from, both coarse."""
    size = _coarse(brief)
    height = np.clip((down(size) - span[0]) / (span[1] - span[0]), 0, 1)
    zenith = (brief.between(34, 70), brief.between(30, 52), brief.between(88, 120))
    stops = [
        (0.0, (int(zenith[0]), int(zenith[1]), int(zenith[2]))),
        (0.38, (148, 62, 112)),
        (0.62, (228, 92, 72)),
        (0.82, (252, 148, 62)),
        (1.0, (255, 206, 112)),
    ]
    bend = np.clip(height + (noise(brief.rng, size, size[1] / 2, stretch=3) - 0.5) * 0.16, 0, 1)
    colours = ramp(stops, bend)
    sun_x, sun_y = brief.between(0.25, 0.75), span[0] + (span[1] - span[0]) * brief.between(0.74, 0.9)
    x = np.linspace(0, size[0] / size[1], size[0], dtype=np.float32)[None]
    away = np.hypot(x - sun_x * size[0] / size[1], (down(size) - sun_y) * 1.15) / max(span[1] - span[0], 0.2)
    glow = np.exp(-away * 3.2).astype(np.float32)
    clouds = _clouds(brief, size)[..., None] * (0.35 + 0.5 * height[..., None])
    lit = np.array([1.0, 0.62, 0.42], np.float32) * (0.5 + 0.6 * glow[..., None])
    shade = np.array([0.36, 0.2, 0.34], np.float32)
    under = shade + (lit - shade) * np.clip(0.25 + height[..., None] * 0.9, 0, 1)
    colours += (under - colours) * clouds * 0.9
    colours += glow[..., None] * np.array([0.42, 0.3, 0.1], np.float32)
    disc = smoothstep(0.062, 0.05, away)[..., None]
    colours += (np.array([1, 0.96, 0.78], np.float32) - colours) * disc
    return to_image(colours), glow


def _with_structure(sky: Image.Image, grey: Image.Image, brief: Brief) -> Image.Image:
    """Draw thin things that stand before the old sky onto the new one."""
    small = grey.resize(_coarse(brief), Image.Resampling.BOX).filter(ImageFilter.BoxBlur(7 * brief.unit))
    around = small.resize(brief.size, Image.Resampling.BILINEAR)
    dark = ImageChops.subtract(around, grey).point(curve(lambda v: 255 - 3.2 * max(v - 6, 0)))
    light = ImageChops.subtract(grey, around).point(curve(lambda v: 0.9 * max(v - 6, 0)))
    sky = ImageChops.multiply(sky, grey_as_rgb(dark))
    return ImageChops.add(sky, grey_as_rgb(light))


def sunset(brief: Brief) -> Image.Image:
    """Paint an evening sky with the sun near the horizon, and warm light over the rest."""
    matte = _matte(brief)
    painted, glow = _sunset_sky(brief, _span(brief, matte))
    grey = brief.image.convert("L")
    gains = (0.98, 0.74, 0.58)
    ground = brief.image.point([int(v * gain) for gain in gains for v in range(256)])
    if not brief.masked:
        warmth = to_image(glow[..., None] * np.array([0.42, 0.2, 0.05], np.float32))
        lit = grey.point(curve(lambda v: 64 + 0.75 * v))
        warmth = ImageChops.multiply(warmth.resize(brief.size, Image.Resampling.BILINEAR), grey_as_rgb(lit))
        ground = ImageChops.add(ground, warmth)
    sky = painted.resize(brief.size, Image.Resampling.BICUBIC)
    if not brief.masked:
        sky = _with_structure(sky, grey, brief)
    return Image.composite(sky, ground, to_image(matte))


def _stars(brief: Brief, span: tuple[float, float], density: float) -> Image.Image:
    """Return star points on black; fewer and fainter towards the horizon."""
    width, height = brief.size
    unit = max(brief.unit, 0.5)
    stars = Image.new("RGB", brief.size)
    draw = ImageDraw.Draw(stars)
    many = int(density * width * height * (span[1] - span[0]) / unit**2 / 2400)
    places = brief.rng.random((many, 4))
    for x, y, size, warmth in places:
        if y > 0.2 + 0.8 * brief.rng.random():
            continue
        radius = unit * (0.5 + 1.5 * size**6)
        bright = 0.35 + 0.65 * size**2
        colour = tuple(int(255 * bright * c) for c in (1 - 0.2 * warmth, 0.95, 0.85 + 0.15 * warmth))
        cx, cy = x * width, (span[0] + y * (span[1] - span[0])) * height
        draw.ellipse((cx - radius, cy - radius, cx + radius, cy + radius), fill=colour)
    return stars.filter(ImageFilter.GaussianBlur(0.5 * unit))


def night_sky(brief: Brief, span: tuple[float, float], density: float = 1.0) -> Image.Image:
    """Return a night sky with a faint band of haze and stars."""
    size = _coarse(brief)
    height = np.clip((down(size) - span[0]) / (span[1] - span[0]), 0, 1)
    stops = [(0.0, (5, 8, 24)), (0.6, (13, 22, 52)), (1.0, (38, 52, 86))]
    colours = ramp(stops, np.broadcast_to(height, size[::-1]))
    x = np.linspace(-0.5, 0.5, size[0], dtype=np.float32)[None]
    tilt = brief.between(-1.2, 1.2)
    band = np.exp(-(((height - 0.45 + x * tilt) / 0.2) ** 2)).astype(np.float32)
    cloudy = noise(brief.rng, size, size[1] / 3, octaves=4)
    haze = (band * smoothstep(0.35, 0.75, cloudy))[..., None]
    colours += haze * np.array([0.16, 0.14, 0.24], np.float32)
    large = to_image(colours).resize(brief.size, Image.Resampling.BICUBIC)
    return ImageChops.add(large, _stars(brief, span, density))


def night(brief: Brief) -> Image.Image:
    """Turn day to night: a dark blue sky with stars, moonlight on the rest, lamps left alight."""
    matte = _matte(brief)
    grey = brief.image.convert("L")
    red, _, blue = brief.image.split()
    level = brief.between(0.85, 1.1)
    pale = Image.blend(brief.image, grey_as_rgb(grey), 0.55)
    levels = [v * (0.45 + 0.75 * v / 255) * level for v in range(256)]
    moon = pale.point([int(v * gain) for gain in (0.36, 0.46, 0.70) for v in levels])
    bright = grey.point(curve(lambda v: (v - 165) * 3.5))
    warm = ImageChops.subtract(red, blue).point(curve(lambda v: (v - 30) * 3.2))
    lamps = ImageChops.multiply(bright, warm).filter(ImageFilter.BoxBlur(brief.unit))
    moon = Image.composite(brief.image, moon, lamps)
    sky = night_sky(brief, _span(brief, matte))
    if not brief.masked:
        sky = _with_structure(sky, grey.point(curve(lambda v: v / 2)), brief)
    return Image.composite(sky, moon, to_image(matte))


def fog(brief: Brief) -> Image.Image:
    """Lay fog over the picture, thicker further up, where things are further away."""
    size = _coarse(brief)
    drift = noise(brief.rng, size, size[1] / 2, octaves=4, stretch=2.2)
    span = _span(brief, np.ones((2, 2), np.float32))
    height = np.clip((down(size) - span[0]) / (span[1] - span[0]), 0, 1)
    far = smoothstep(1.05, brief.between(0.1, 0.3), height)
    weight = np.clip(0.14 + 0.64 * far + (drift - 0.5) * 0.75, 0, 0.92)
    grey = grey_as_rgb(brief.image.convert("L"))
    dull = Image.blend(brief.image, grey, 0.4).filter(ImageFilter.BoxBlur(1.5 * brief.unit))
    level = round(brief.between(198, 214))
    veil = Image.new("RGB", brief.size, (level, level + 7, level + 14))
    return Image.composite(veil, dull, to_image(weight).resize(brief.size, Image.Resampling.BILINEAR))


def _flakes(brief: Brief) -> Image.Image:
    """Return falling snow on black: many small flakes far away, few large ones near."""
    total = Image.new("L", brief.size)
    width, height = brief.size
    lean = brief.between(-0.5, 0.5)
    for many, radius, blur, bright in ((900, 1.3, 0.6, 165), (260, 2.8, 1.2, 215), (46, 6.5, 3.4, 235)):
        layer = Image.new("L", brief.size)
        draw = ImageDraw.Draw(layer)
        r = radius * brief.unit
        count = int(many * width * height / (1024 * brief.unit) ** 2)
        for x, y, scale in brief.rng.random((count, 3)):
            rr = r * (0.6 + 0.8 * scale)
            cx, cy = x * width, y * height
            draw.ellipse(
                (cx - rr + min(lean, 0) * rr, cy - rr * 1.2, cx + rr + max(lean, 0) * rr, cy + rr * 1.2),
                fill=bright,
            )
        total.paste(255, (0, 0), layer.filter(ImageFilter.GaussianBlur(blur * brief.unit)))
    return total


def snow(brief: Brief) -> Image.Image:
    """Let it snow: cold light, snow on what faces upwards and along the lower edge, falling flakes."""
    size = _coarse(brief)
    small = luma(to_array(brief.image.resize(size, Image.Resampling.BOX)))
    rise = np.zeros_like(small)
    # lighter below than above: the upper rim of something
    rise[2:-2] = np.abs(small[4:] - small[:-4])
    speckle = noise(brief.rng, size, max(size) / 24, octaves=4)
    lying = smoothstep(0.10, 0.34, rise + (speckle - 0.5) * 0.16)
    lower = brief.box[3] / brief.size[1]
    drift = down(size) + (noise(brief.rng, size, size[1] / 2, stretch=2) - 0.5) * 0.22
    lying = np.maximum(lying * 0.85, smoothstep(lower - 0.22, lower - 0.04, drift + (speckle - 0.5) * 0.06))
    grey = grey_as_rgb(brief.image.convert("L"))
    gains = (0.88, 0.95, 1.06)
    cold = Image.blend(brief.image, grey, 0.5).point(
        [min(255, int(v * gain) + 23) for gain in gains for v in range(256)]
    )
    white = grey.point([int((0.86 + 0.14 * v / 255) * top) for top in (237, 245, 255) for v in range(256)])
    cold = Image.composite(white, cold, to_image(lying).resize(brief.size, Image.Resampling.BICUBIC))
    return Image.composite(Image.new("RGB", brief.size, (250, 252, 255)), cold, _flakes(brief))
