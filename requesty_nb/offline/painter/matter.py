"""Matter: forest, water, sand, bricks and stars, drawn by procedure and lit like what was there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from requesty_nb.offline.painter.fields import (
    box_mean,
    curve,
    down,
    enlarge,
    grey_as_rgb,
    noise,
    ramp,
    smoothstep,
    to_array,
    to_image,
)
from requesty_nb.offline.painter.light import night_sky

if TYPE_CHECKING:
    from requesty_nb.offline.painter.brief import Brief
    from requesty_nb.offline.painter.fields import Array


def _placed(brief: Brief, texture: Image.Image) -> Image.Image:
    """Put a texture of the region's size into the picture, lit like what was there."""
    out = brief.image.copy()
    out.paste(texture, brief.box[:2])
    if not brief.masked:
        return out
    small = brief.image.convert("L").resize((32, 32), Image.Resampling.BOX).filter(ImageFilter.BoxBlur(3))
    level = max(float(np.asarray(small, np.float32).mean()), 24.0)
    light = small.point(curve(lambda v: 255 * min(max(0.55 + 0.3 * v / level, 0.6), 1.0)))
    return ImageChops.multiply(out, grey_as_rgb(light.resize(brief.size, Image.Resampling.BICUBIC)))


def _extent(brief: Brief) -> tuple[int, int]:
    left, top, right, bottom = brief.box
    return right - left, bottom - top


def _conifer(brief: Brief, x: float, foot: float, height: float) -> list[tuple[float, float]]:
    """Return the outline of a spruce: tiers that widen downwards and droop unevenly."""
    tiers = max(5, int(brief.between(7, 11)))
    half = height * brief.between(0.17, 0.24)
    sides: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
    for tier in range(1, tiers + 1):
        at = tier / tiers
        y = foot - height * (1 - at * 0.93)
        for sign, side in zip((-1, 1), sides, strict=True):
            reach = half * at * brief.between(0.75, 1.1)
            side.append((x + sign * reach, y + height * 0.02))
            side.append((x + sign * reach * 0.48, y - height * 0.012))
    return [(x, foot - height), *sides[1], (x, foot), *reversed(sides[0])]


def forest(brief: Brief) -> Image.Image:
    """Fill with a spruce forest: rows of trees, paler the further away."""
    width, height = _extent(brief)
    stops = [(0.0, (196, 212, 214)), (0.55, (222, 228, 214)), (1.0, (168, 184, 160))]
    canvas = to_image(np.broadcast_to(ramp(stops, down((1, height))), (height, width, 3)))
    rows = 5
    for row in range(rows):
        near = row / (rows - 1)
        tall = height * (0.30 + 0.52 * near**1.2)
        foot = height * (0.60 + 0.46 * near)
        mist, dark = np.array([150, 176, 172]), np.array([18, 44, 30])
        tone = mist + (dark - mist) * near**0.7
        layer = Image.new("L", (width, height))
        draw = ImageDraw.Draw(layer)
        many = max(4, int(width / (tall * 0.27)))
        for place in brief.rng.permutation(many):
            x = (place + brief.between(0.1, 0.9)) / many * width
            size = tall * brief.between(0.72, 1.1)
            draw.polygon(_conifer(brief, x, foot + tall * 0.05, size), fill=255)
        draw.rectangle((0, min(foot, height), width, height), fill=255)
        shade = noise(brief.rng, (max(2, width // 3), max(2, height // 3)), max(6.0, tall / 24), octaves=3)
        colours = to_image((tone / 255).astype(np.float32) * (0.72 + 0.56 * shade[..., None]))
        canvas.paste(colours.resize((width, height), Image.Resampling.BICUBIC), (0, 0), layer)
        if row < rows - 1:
            veil = 0.34 * smoothstep(0.25, 1.0, down((1, height))) * (1 - near)
            canvas.paste((222, 230, 226), (0, 0), to_image(np.broadcast_to(veil, (height, width))))
    return _placed(brief, canvas)


def water(brief: Brief) -> Image.Image:
    """Fill with a water surface: waves that lie closer together further away, and a broken reflection."""
    width, height = _extent(brief)
    size = (max(2, width // 2), max(2, height // 2))
    depth = down(size)
    far = 1 / (depth + 0.11)
    tile = 256
    swell = noise(brief.rng, (tile, tile), 30, octaves=4, stretch=2.0, fall=0.6)
    swell = np.concatenate([np.concatenate([swell, swell[:, ::-1]], 1)] * 2, 0)
    swell[tile:] = swell[:tile][::-1]
    x = (np.arange(size[0], dtype=np.float32)[None] / size[0] - 0.5) * width / max(width, height)
    u = (x * far * 130 + tile).astype(np.intp) % (2 * tile)
    v = np.broadcast_to((far * 250).astype(np.intp) % (2 * tile), u.shape)
    waves = swell[v, u]
    slope = np.gradient(waves)[0].astype(np.float32)
    slope = box_mean(slope, 1) / max(float(slope.std()), 1e-4)
    deep = np.array([brief.between(0.02, 0.06), brief.between(0.2, 0.3), brief.between(0.3, 0.4)], np.float32)
    sky = np.array([0.62, 0.78, 0.86], np.float32)
    mirror = np.clip(0.22 + 0.55 * (1 - depth) ** 2 + 0.16 * slope, 0, 1)[..., None]
    colours = deep + (sky - deep) * mirror
    above = _mirrored(brief, size, slope)
    if above is not None:
        colours += (above - colours) * (0.5 * (1 - depth)[..., None] ** 1.5)
    glints = smoothstep(1.7, 2.9, slope)[..., None]
    colours += (1 - colours) * glints * 0.75
    return _placed(brief, to_image(colours).resize((width, height), Image.Resampling.BICUBIC))


def _mirrored(brief: Brief, size: tuple[int, int], slope: Array) -> Array | None:
    """Return what lies above the region, upside down and shaken by the waves; None if too little does."""
    left, top, right, _ = brief.box
    if top < 24:  # noqa: PLR2004 - pixels; fewer show nothing
        return None
    strip = brief.image.crop((left, max(0, top - size[1] * 2), right, top))
    flipped = strip.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize(size, Image.Resampling.BOX)
    soft = to_array(flipped.filter(ImageFilter.BoxBlur((2, 5))))
    rows = np.clip(np.arange(size[1])[:, None] + (slope * 3).astype(np.intp), 0, size[1] - 1)
    columns = np.clip(np.arange(size[0])[None] + (slope * 2).astype(np.intp), 0, size[0] - 1)
    return soft[rows, columns]


def sand(brief: Brief) -> Image.Image:
    """Fill with wind-rippled sand under low light."""
    width, height = _extent(brief)
    size = (max(2, width // 2), max(2, height // 2))
    unit = max(brief.unit / 2, 0.2)
    dunes = noise(brief.rng, size, 300 * unit, octaves=3, stretch=1.8, fall=0.4)
    depth = down(size)
    y = (np.log(depth + 0.25) * 420 * unit).astype(np.float32)
    x = np.arange(size[0], dtype=np.float32)[None]
    phase = (y + x * brief.between(-0.25, 0.25) + dunes * 190 * unit) / (11 * unit)
    ripples = np.sin(phase + 0.6 * np.sin(phase)) * (
        0.4 + 0.6 * noise(brief.rng, size, 120 * unit, octaves=2)
    )
    slopes = np.gradient(dunes)
    lie = (slopes[1] * 1.0 + slopes[0] * 0.6).astype(np.float32)
    light = 0.80 + 5.5 * lie / max(unit, 0.2) * 0.5 * unit * 8 + 0.085 * ripples
    grain = enlarge(box_mean(brief.rng.standard_normal((size[1], size[0]), dtype=np.float32), 0), size)
    light = np.clip(light + 0.035 * grain, 0.35, 1.12).astype(np.float32)
    stops = [(0.0, (112, 74, 44)), (0.55, (212, 172, 118)), (1.0, (250, 228, 184))]
    return _placed(
        brief, to_image(ramp(stops, light / 1.12)).resize((width, height), Image.Resampling.BICUBIC)
    )


def bricks(brief: Brief) -> Image.Image:
    """Fill with a brick wall, laid in running bond."""
    width, height = _extent(brief)
    long, tall = 104 * brief.unit, 36 * brief.unit
    joint = max(1.5, 5 * brief.unit)
    y = np.arange(height, dtype=np.float32)[:, None] + brief.between(0, tall)
    course = (y / tall).astype(np.intp)
    x = np.arange(width, dtype=np.float32)[None] + (course % 2) * long / 2 + brief.between(0, long)
    column = (x / long).astype(np.intp)
    across, along = x - column * long, np.broadcast_to(y - course * tall, (height, width))
    edge = np.minimum(np.minimum(across, long - across), np.minimum(along, tall - along))
    rough = noise(brief.rng, (max(2, width // 2), max(2, height // 2)), 26 * brief.unit, octaves=4, fall=0.75)
    rough = enlarge(rough, (width, height)) - 0.5
    edge = edge + rough * 5 * brief.unit
    face = smoothstep(joint * 0.5, joint * 0.5 + 1.6 * brief.unit, edge)[..., None]
    tones = (
        np.array([[150, 62, 46], [168, 76, 54], [132, 52, 42], [182, 92, 66], [118, 50, 46]], np.float32)
        / 255
    )
    pick = brief.rng.integers(0, len(tones), (course.max() + 1, column.max() + 1))
    bright = brief.rng.uniform(0.86, 1.12, pick.shape).astype(np.float32)
    colours = (tones[pick] * bright[..., None])[course, column]
    lip = smoothstep(tall * 0.2, 0, along) - smoothstep(tall * 0.8, tall, along)
    colours *= (1 + 0.16 * lip + 0.55 * rough)[..., None]
    mortar = np.array([0.71, 0.68, 0.63], np.float32) * (0.86 + 0.5 * rough)[..., None]
    return _placed(brief, to_image(mortar + (colours - mortar) * face))


def stars(brief: Brief) -> Image.Image:
    """Fill with a clear night sky full of stars."""
    top, bottom = brief.box[1] / brief.size[1], brief.box[3] / brief.size[1]
    return night_sky(brief, (top, bottom + 0.35 * (bottom - top)), density=2.4)
