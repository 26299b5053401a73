"""Where things seem to be: the sky, and what stands before the background.

Both are guesses from colour, texture and position. They know nothing of what a picture shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from requesty_nb.offline.painter.fields import box_mean, down, enlarge, luma, smoothstep, to_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from requesty_nb.offline.painter.fields import Array

    Mask = NDArray[np.bool_]

_SIDE = 160  # the guess is made at this many pixels, then fitted to the edges of the whole picture
_BINS = 14  # colour histogram, a channel
_ROUNDS = 5
_AROUND = 30  # pixels: how far the sky may reach sideways
_SAME = 0.03  # a change of colour, summed over channels, that is no edge
_LOWER_EDGE = 0.5  # where things stand: the lower edge counts as background only this far
_LEAST = 0.02  # of the picture: less is taken for a mistake


def _small(image: Image.Image) -> Image.Image:
    scale = _SIDE / max(image.size)
    size = (max(8, round(image.width * scale)), max(8, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BOX)


def fit_to_edges(matte: Array, small: Array, image: Image.Image, radius: int = 4) -> Array:
    """Bring a coarse matte to the size of a picture so that its edges follow the picture's.

    A guided filter (He, Sun, Tang 2013): locally the matte is a linear function of lightness, solved at
    the coarse size and applied at the full one.
    """
    grey = luma(small)
    mean, target = box_mean(grey, radius), box_mean(matte, radius)
    slope: Array = (box_mean(grey * matte, radius) - mean * target) / (
        box_mean(grey * grey, radius) - mean * mean + np.float32(2e-3)
    )
    offset = box_mean(target - slope * mean, radius)
    slope = box_mean(slope, radius)
    full = to_array(image.convert("L"))
    full *= enlarge(slope, image.size)
    full += enlarge(offset, image.size)
    return smoothstep(0.12, 0.88, full)


def sky(image: Image.Image) -> Array | None:
    """Return a matte (0 to 1, rows first) of what looks like sky, or None if nothing does.

    Sky is smooth, rather bright or blue, and reaches down from the upper edge without a break.
    """
    small = to_array(_small(image))
    grey = luma(small)
    steps = np.abs(np.gradient(grey)[0]) + np.abs(np.gradient(grey)[1])
    smooth = smoothstep(0.09, 0.03, box_mean(steps.astype(np.float32), 2))
    blue = small[..., 2] - 0.5 * (small[..., 0] + small[..., 1])
    bright = np.maximum(smoothstep(0.3, 0.6, grey), smoothstep(0.02, 0.1, blue) * smoothstep(0.08, 0.2, grey))
    cool = smoothstep(0.24, 0.10, small[..., 0] - small[..., 2])
    likely = smooth * bright * cool * (1 - 0.5 * down((1, len(small))))
    matte = _from_the_top(likely)
    for _ in range(2):
        sure = matte > 0.4  # noqa: PLR2004 - more likely than not, at this brightness
        if sure.mean() < _LEAST:
            return None
        centre = small[sure].mean(axis=0)
        spread = small[sure].std(axis=0) + 0.04
        away = np.sqrt((((small - centre) / spread) ** 2).mean(axis=-1)).astype(np.float32)
        matte = _from_the_top(smoothstep(3.0, 1.6, away) * (0.3 + 0.7 * smooth) * cool)
    if matte.mean() < _LEAST or matte[: max(1, len(matte) // 12)].mean() < 0.25:  # noqa: PLR2004 - a quarter of the upper edge
        return None
    return fit_to_edges(matte, small, image)


def _from_the_top(likely: Array) -> Array:
    """Keep what is joined to the upper edge, around whatever stands in the way."""
    smoothed = box_mean(likely, 1)
    reach = np.minimum.accumulate(smoothed, axis=0)
    for _ in range(_AROUND):
        reach[:, 1:] = np.maximum(reach[:, 1:], np.minimum(smoothed[:, 1:], reach[:, :-1]))
        reach[:, :-1] = np.maximum(reach[:, :-1], np.minimum(smoothed[:, :-1], reach[:, 1:]))
        reach[1:] = np.maximum(reach[1:], np.minimum(smoothed[1:], reach[:-1]))
    return reach


def sky_or_upper(image: Image.Image) -> tuple[Array, bool]:
    """Return a matte of the sky and whether one was found; else of the upper part, fading out."""
    found = sky(image)
    if found is not None:
        return found, True
    return np.broadcast_to(0.8 * smoothstep(0.62, 0.05, down(image.size)), image.size[::-1]), False


def subject(image: Image.Image) -> Array:
    """Return a matte (0 to 1) of what seems to stand before the background.

    Colours frequent about the middle and rare along the upper, left and right edges belong to it.
    """
    small = to_array(_small(image))
    height, width = small.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / (width - 1) - 0.5, y / (height - 1) - 0.5
    middle = np.exp(-((x / 0.36) ** 2) - ((y - 0.08) / 0.48) ** 2).astype(np.float32)
    edge = np.minimum(np.minimum(x + 0.5, 0.5 - x), y + 0.5)
    border = np.where(edge < 0.05, np.float32(1), np.float32(0))  # noqa: PLR2004 - share of the picture's side
    bins = np.minimum((small * _BINS).astype(np.intp), _BINS - 1)
    flat = (bins[..., 0] * _BINS + bins[..., 1]) * _BINS + bins[..., 2]
    prior = np.log(middle + 0.05) - np.log(1.05 - middle)
    far = _way_from_edges(small)
    far = 4 * (smoothstep(0.0, 1.6 * float(far.mean()) + 1e-3, far) - 0.5)
    matte = (1 / (1 + np.exp(-prior - 1.5 * far))).astype(np.float32) * (1 - border)
    for _ in range(_ROUNDS):
        front, back = _histogram(flat, matte), _histogram(flat, (1 - matte) + 2 * border)
        ratio = np.log(front[flat] + 1e-5) - np.log(back[flat] + 1e-5)
        evidence = 0.7 * box_mean(np.clip(ratio, -4, 4).astype(np.float32), 2) + 0.6 * prior + far - border
        matte = (1 / (1 + np.exp(-1.6 * evidence))).astype(np.float32)
        matte = 0.5 * matte + 0.5 * box_mean(matte, 3)
    return fit_to_edges(_one_piece(smoothstep(0.35, 0.65, matte)), small, image, radius=3)


def _one_piece(matte: Array) -> Array:
    """Keep the largest piece of a matte and fill its holes."""
    solid = matte > 0.5  # noqa: PLR2004 - the middle of 0 to 1
    heart = np.zeros_like(solid)
    heart.flat[np.argmax(box_mean(matte, 9) * solid)] = True
    piece = _spread(heart, solid)
    rim = np.zeros_like(solid)
    rim[0] = rim[-1] = rim[:, 0] = rim[:, -1] = True
    outside = _spread(rim & ~piece, ~piece)
    near = box_mean(piece.astype(np.float32), 2) > 0
    return np.where(outside, matte * near, np.float32(1)).astype(np.float32)


def _spread(seed: Mask, within: Mask) -> Mask:
    """Return what of ``within`` is joined to ``seed``."""
    while True:
        grown = seed.copy()
        grown[1:] |= seed[:-1]
        grown[:-1] |= seed[1:]
        grown[:, 1:] |= grown[:, :-1]
        grown[:, :-1] |= grown[:, 1:]
        grown &= within
        if np.array_equal(grown, seed):
            return seed
        seed = grown


def _way_from_edges(small: Array) -> Array:
    """Return how much change of colour lies on the smoothest way from the picture's edge to each pixel."""
    height, width = small.shape[:2]
    across = np.maximum(np.abs(np.diff(small, axis=1)).sum(axis=-1) - _SAME, 0)
    along = np.maximum(np.abs(np.diff(small, axis=0)).sum(axis=-1) - _SAME, 0)
    way = np.full((height, width), np.float32(1e3))
    way[0] = way[:, 0] = way[:, -1] = 0
    way[-1] = np.minimum(way[-1], _LOWER_EDGE)
    for _ in range(max(height, width)):
        before = way.copy()
        np.minimum(way[1:], way[:-1] + along, out=way[1:])
        np.minimum(way[:-1], way[1:] + along, out=way[:-1])
        np.minimum(way[:, 1:], way[:, :-1] + across, out=way[:, 1:])
        np.minimum(way[:, :-1], way[:, 1:] + across, out=way[:, :-1])
        if np.array_equal(before, way):
            break
    return way


def _histogram(flat: NDArray[np.intp], weight: Array) -> Array:
    """Return the weighted frequency of colour bins, blurred a little so that few pixels suffice."""
    counts: Array = np.bincount(flat.ravel(), weight.ravel(), _BINS**3).astype(np.float32)
    counts = counts.reshape(_BINS, _BINS, _BINS)
    for axis in range(3):
        counts = 0.5 * counts + 0.25 * (np.roll(counts, 1, axis) + np.roll(counts, -1, axis))
    counts /= counts.sum()
    return counts.ravel()
