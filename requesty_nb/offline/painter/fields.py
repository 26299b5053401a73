"""Fields of numbers the recipes are built from: noise, gradients, and the way between arrays and pictures.

Arrays are float32, rows first; colours are 0 to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]  # float32 throughout; numpy's stubs widen what is computed

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def to_array(image: Image.Image) -> Array:
    """Return RGB or L pixels as 0 to 1."""
    return np.asarray(image, np.uint8).astype(np.float32) * np.float32(1 / 255)


def to_image(array: Array) -> Image.Image:
    """Return an array of 0 to 1 as RGB or L pixels; what lies beyond is cut."""
    scaled = array * np.float32(255)
    scaled += np.float32(0.5)
    np.clip(scaled, 0, 255, out=scaled)
    return Image.fromarray(scaled.astype(np.uint8))


def luma(array: Array) -> Array:
    """Return the lightness of RGB."""
    grey: Array = array @ _LUMA
    return grey


def enlarge(field: Array, size: tuple[int, int]) -> Array:
    """Resize a field of one channel to width and height, smoothly."""
    image = Image.fromarray(np.ascontiguousarray(field, np.float32))
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC), np.float32)


def smoothstep(low: float, high: float, field: Array) -> Array:
    """Return 0 below ``low``, 1 above ``high``, and a soft step between; ``low`` may be the higher one."""
    t: Array = np.clip((field - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return t * t * (3 - 2 * t)


def noise(
    rng: np.random.Generator,
    size: tuple[int, int],
    cell: float,
    *,
    octaves: int = 3,
    stretch: float = 1.0,
    fall: float = 0.5,
) -> Array:
    """Return smooth noise of about 0 to 1 in several octaves.

    Args:
        rng: the source of chance.
        size: width and height.
        cell: pixels of the largest features.
        octaves: layers, each half as large as the one before.
        stretch: how much wider than high the features are.
        fall: how much weaker each layer is than the one before.
    """
    width, height = size
    total = np.zeros((height, width), np.float32)
    weight, sum_of_weights = 1.0, 0.0
    for octave in range(octaves):
        step = max(cell / 2**octave, 1.0)
        grid = (max(2, round(height / step) + 2), max(2, round(width / (step * stretch)) + 2))
        total += weight * enlarge(rng.random(grid, dtype=np.float32), size)
        sum_of_weights += weight
        weight *= fall
    total /= np.float32(sum_of_weights)
    return np.clip(total, 0, 1)


def down(size: tuple[int, int]) -> Array:
    """Return a column of 0 at the top to 1 at the bottom, of shape (height, 1)."""
    return np.linspace(0, 1, size[1], dtype=np.float32)[:, None]


def ramp(stops: list[tuple[float, tuple[int, int, int]]], at: Array) -> Array:
    """Return colours (0 to 1, a new last axis) from stops of position and 8-bit colour."""
    places = [place for place, _ in stops]
    table = np.stack(
        [np.interp(np.linspace(0, 1, 256), places, [c[i] / 255 for _, c in stops]) for i in range(3)], axis=-1
    ).astype(np.float32)
    return table[np.clip(at * 255, 0, 255).astype(np.uint8)]


def box_mean(field: Array, radius: int) -> Array:
    """Return the mean over a square of ``2 * radius + 1`` pixels; edges are continued."""
    side = 2 * radius + 1
    for axis in (0, 1):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (radius + 1, radius)
        sums = np.cumsum(np.pad(field, pad, mode="edge"), axis=axis, dtype=np.float64)
        upper = sums[side:] if axis == 0 else sums[:, side:]
        lower = sums[:-side] if axis == 0 else sums[:, :-side]
        field = ((upper - lower) / side).astype(np.float32)
    return field


def curve(of: Callable[[int], float]) -> list[int]:
    """Return a function of 8-bit levels as a lookup table of one channel."""
    return [int(min(max(of(level), 0), 255)) for level in range(256)]


def line(gain: float, lift: float = 0.0) -> list[int]:
    """Return the lookup table of a straight line over 8-bit levels."""
    return curve(lambda level: gain * level + lift)


def span(low: float, high: float, power: float = 1.0) -> list[int]:
    """Return the lookup table that leads from ``low`` at black to ``high`` at white."""
    return curve(lambda level: low + (high - low) * (level / 255) ** power)


def grey_as_rgb(grey: Image.Image) -> Image.Image:
    """Return L as RGB."""
    return Image.merge("RGB", (grey, grey, grey))
