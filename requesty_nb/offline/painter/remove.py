"""Remove: the hole is filled with what surrounds it.

Patch by patch (PatchMatch: Barnes and others 2009; filled as by Wexler and others 2007), from coarse to
fine at a reduced size; the fine structure of the full size is then copied along the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from requesty_nb.offline.painter.fields import box_mean, smoothstep, to_array, to_image
from requesty_nb.offline.painter.regions import subject

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from requesty_nb.offline.painter.brief import Brief
    from requesty_nb.offline.painter.fields import Array

    Mask = NDArray[np.bool_]
    Index = NDArray[np.intp]

_SIDE = 136  # pixels of the finest size that patches are sought at
_COARSEST = 20
_RADIUS = 3
_STEPS = (-3, -1, 1, 3)  # patches are compared at every other pixel
_ROUNDS = 3
_FEWEST = 60  # places to copy from
_BINS = 9  # colours along the rim, a channel
_NEAR = 1.6  # how much more a patch is worth that lies near
_STEP = 0.14  # of 0 to 1: more is no step but an edge
_RARE = 0.004  # of the rim: rarer colours do not count


def remove(brief: Brief) -> Image.Image:
    """Fill the masked part, or what stands in front, from its surroundings."""
    hole = np.asarray(brief.region) > 0 if brief.masked else _before(brief)
    grey = np.where(hole, np.uint8(255), np.uint8(0))
    scale = min(1.0, _SIDE / max(brief.size))
    size = (max(8, round(brief.size[0] * scale)), max(8, round(brief.size[1] * scale)))
    small_hole = np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX)) > 0
    small = to_array(brief.image.resize(size, Image.Resampling.BOX))
    filled = _filled(small, small_hole, brief.rng)
    if filled is None:
        return brief.image.filter(ImageFilter.GaussianBlur(90 * brief.unit))
    picture, ways = filled
    picture = _joined(picture, small_hole)
    soft = to_image(picture).resize(brief.size, Image.Resampling.BICUBIC)
    out = _with_detail(brief.image, soft, small, hole, ways)
    feather = Image.fromarray(grey).filter(ImageFilter.BoxBlur(1.5 * brief.unit))
    return Image.composite(out, brief.image, feather if not brief.masked else Image.fromarray(grey))


def _before(brief: Brief) -> Mask:
    matte = to_image(smoothstep(0.05, 0.2, subject(brief.image)))
    wide = matte.resize((max(2, brief.size[0] // 8), max(2, brief.size[1] // 8)), Image.Resampling.BOX)
    grown = wide.filter(ImageFilter.MaxFilter(5)).resize(brief.size, Image.Resampling.BILINEAR)
    return np.asarray(grown) > 60  # noqa: PLR2004 - a level of 255: a little beyond the edge


def _with_detail(image: Image.Image, soft: Image.Image, small: Array, hole: Mask, ways: Index) -> Image.Image:
    """Add to a soft filling the fine structure found where each part of it was copied from."""
    whole = np.asarray(image).astype(np.int16)
    even = np.asarray(to_image(small).resize(image.size, Image.Resampling.BICUBIC)).astype(np.int16)
    detail = (whole - even).reshape(-1, 3)
    height, width = hole.shape
    rows, columns = np.nonzero(hole)
    fy, fx = height / ways.shape[0], width / ways.shape[1]
    at = ways[(rows / fy).astype(np.intp), (columns / fx).astype(np.intp)]
    from_rows = np.clip(rows + np.rint(at[:, 0] * fy).astype(np.intp), 0, height - 1)
    from_columns = np.clip(columns + np.rint(at[:, 1] * fx).astype(np.intp), 0, width - 1)
    out = np.array(soft)
    mended = out[rows, columns].astype(np.int16) + detail[from_rows * width + from_columns]
    out[rows, columns] = np.clip(mended, 0, 255).astype(np.uint8)
    return Image.fromarray(out)


def _filled(small: Array, hole: Mask, rng: np.random.Generator) -> tuple[Array, Index] | None:
    """Fill a small picture; None if nothing is left to copy from.

    Returns:
        The picture, and for each pixel the way (rows, columns) to where it was copied from.
    """
    sizes = [small.shape[:2]]
    while max(sizes[-1]) / 1.6 > _COARSEST and min(sizes[-1]) / 1.6 > 4 * _RADIUS:
        sizes.append((round(sizes[-1][0] / 1.6), round(sizes[-1][1] / 1.6)))
    picture: Array | None = None
    ways: Index | None = None
    for height, width in reversed(sizes):
        size = (width, height)
        level = to_array(to_image(small).resize(size, Image.Resampling.BOX))
        gap = np.asarray(Image.fromarray(hole).resize(size, Image.Resampling.BOX).convert("L")) > 0
        if not gap.any():
            continue
        start = _diffused(level, gap) if picture is None else _grown(picture, size)
        level = np.where(gap[..., None], start, level)
        found = _Search(level, gap, rng)
        if len(found.places) < _FEWEST:
            if (height, width) == sizes[0]:
                return None
            continue
        picture, ways = found.run(ways, _ROUNDS + 2 * (picture is None))
    return None if picture is None or ways is None else (picture, ways)


def _joined(picture: Array, gap: Mask) -> Array:
    """Let a filling meet its surroundings: spread the small steps along its edge over it."""
    inside = gap.astype(np.float32)[..., None]
    parts = []
    for weight in (inside, 1 - inside):
        many = np.maximum(box_mean(weight[..., 0], 2), 1e-3)[..., None]
        parts.append(np.stack([box_mean((picture * weight)[..., i], 2) for i in range(3)], axis=-1) / many)
    step = parts[1] - parts[0]
    near = box_mean(inside[..., 0], 1)
    # a large step is an edge of the picture, and stays
    rim = (near > 0.02) & (near < 0.98) & (np.abs(step).max(axis=-1) < _STEP)  # noqa: PLR2004 - neither all in nor all out
    if not rim.any():
        return picture
    return np.where(gap[..., None], picture + _diffused(step, ~rim), picture).astype(np.float32)


def _grown(picture: Array, size: tuple[int, int]) -> Array:
    return to_array(to_image(picture).resize(size, Image.Resampling.BICUBIC))


def _diffused(level: Array, gap: Mask) -> Array:
    """Fill a gap by spreading its surroundings inwards, coarse to fine (push-pull)."""
    weight = (~gap).astype(np.float32)
    height, width = gap.shape
    total, many = level * weight[..., None], weight
    spread = np.zeros_like(level)
    seen = np.zeros((height, width), np.float32)
    for step in (1, 2, 4, 8, 16, 32, 64):
        size = (max(1, width // step), max(1, height // step))
        means = np.stack([_resized(total[..., i], size, (width, height)) for i in range(3)], axis=-1)
        counts = _resized(many, size, (width, height))
        share = np.minimum(counts * 4, 1 - seen)
        spread += means / np.maximum(counts, 1e-4)[..., None] * share[..., None]
        seen += share
    return spread / np.maximum(seen, 1e-4)[..., None]


def _resized(field: Array, size: tuple[int, int], back: tuple[int, int]) -> Array:
    small = Image.fromarray(np.ascontiguousarray(field)).resize(size, Image.Resampling.BOX)
    return np.asarray(small.resize(back, Image.Resampling.BILINEAR), np.float32)


class _Search:
    """The search for like patches at one size.

    Pictures carry a margin of the patches' radius, so that every patch is whole.
    """

    def __init__(self, level: Array, gap: Mask, rng: np.random.Generator) -> None:
        r = _RADIUS
        self.rng = rng
        self.height, self.width = gap.shape
        self.stride = self.width + 2 * r
        self.picture = np.pad(level, ((r, r), (r, r), (0, 0)), mode="edge").reshape(-1, 3)
        self.gap = np.pad(gap, r, mode="constant")
        near = self._reach(self.gap)
        inner = np.zeros_like(self.gap)
        inner[r:-r, r:-r] = True
        self.goals = np.flatnonzero((near & inner).ravel())  # pixels whose patch touches the gap
        self.allowed = (~near & inner).ravel()  # patches that are wholly known
        self._keep_to_the_rim(level, gap)
        self.places = np.flatnonzero(self.allowed)
        self.steps = np.array([dy * self.stride + dx for dy in _STEPS for dx in _STEPS])

    def _keep_to_the_rim(self, level: Array, gap: Mask) -> None:
        """Copy only from patches about colours that also occur along the gap."""
        bins = np.minimum((level * _BINS).astype(np.intp), _BINS - 1)
        flat = (bins[..., 0] * _BINS + bins[..., 1]) * _BINS + bins[..., 2]
        rim = self._reach(gap) & ~gap
        seen = np.bincount(flat[rim], minlength=_BINS**3) > max(1, int(rim.sum() * _RARE))
        fits = np.pad(seen[flat], _RADIUS, mode="edge").ravel() & self.allowed
        if fits.sum() >= _FEWEST:
            self.allowed = fits

    @staticmethod
    def _reach(gap: Mask) -> Mask:
        out = gap.copy()
        for axis in (0, 1):
            grown = out.copy()
            for step in range(1, _RADIUS + 1):
                grown |= np.roll(out, step, axis) | np.roll(out, -step, axis)
            out = grown
        return out

    def _misfit(self, sources: Index) -> Array:
        """Return how unlike the patches at ``sources`` are to those of the goals."""
        total = np.zeros(len(self.goals), np.float32)
        for step in self.steps:
            off = self.picture[self.goals + step] - self.picture[sources + step]
            total += np.einsum("ij,ij->i", off, off)
        dy, dx = self._apart(sources)
        total += np.float32(_NEAR) * ((dy / self.height) ** 2 + (dx / self.width) ** 2).astype(np.float32)
        return total

    def _apart(self, sources: Index) -> tuple[Index, Index]:
        return (
            sources // self.stride - self.goals // self.stride,
            sources % self.stride - self.goals % self.stride,
        )

    def run(self, ways: Index | None, rounds: int) -> tuple[Array, Index]:
        """Seek and fill by turns; start from the ways found at the size before."""
        best = self._start(ways)
        for _ in range(rounds):
            least = self._misfit(best)
            best, least = self._spread(best, least)
            best, least = self._wander(best, least)
            self._fill(best, least)
        r = _RADIUS
        found = np.zeros((self.height + 2 * r, self.width + 2 * r, 2), np.intp)
        found.reshape(-1, 2)[self.goals] = np.stack(self._apart(best), axis=-1)
        picture = self.picture.reshape(self.height + 2 * r, self.stride, 3)
        return picture[r:-r, r:-r], found[r:-r, r:-r]

    def _start(self, ways: Index | None) -> Index:
        chance = self.places[self.rng.integers(0, len(self.places), len(self.goals))]
        if ways is None:
            return chance
        r = _RADIUS
        row, column = self.goals // self.stride - r, self.goals % self.stride - r
        fy, fx = self.height / ways.shape[0], self.width / ways.shape[1]
        rows = np.minimum((row / fy).astype(np.intp), ways.shape[0] - 1)
        columns = np.minimum((column / fx).astype(np.intp), ways.shape[1] - 1)
        way = ways[rows, columns]
        y = np.clip(row + np.rint(way[:, 0] * fy).astype(np.intp), 0, self.height - 1) + r
        x = np.clip(column + np.rint(way[:, 1] * fx).astype(np.intp), 0, self.width - 1) + r
        there = y * self.stride + x
        return np.where(self.allowed[there], there, chance)

    def _better(self, best: Index, least: Array, other: Index) -> tuple[Index, Array]:
        other = np.where(self.allowed[other], other, best)
        misfit = self._misfit(other)
        wins = misfit < least
        return np.where(wins, other, best), np.where(wins, misfit, least)

    def _spread(self, best: Index, least: Array) -> tuple[Index, Array]:
        """Try for each goal what its neighbours found."""
        table = np.full(len(self.allowed), -1, np.intp)
        for step in (1, self.stride, -1, -self.stride):
            table[self.goals] = best
            theirs = table[self.goals - step]
            other = np.where(theirs >= 0, np.clip(theirs + step, 0, len(table) - 1), best)
            best, least = self._better(best, least, other)
        return best, least

    def _wander(self, best: Index, least: Array) -> tuple[Index, Array]:
        """Try places at random, first far from the best so far, then near."""
        r = _RADIUS
        reach = max(self.height, self.width) // 2
        while reach >= 2:  # noqa: PLR2004 - nearer ones are found by spreading
            jump = self.rng.integers(-reach, reach + 1, (2, len(best)))
            y = np.clip(best // self.stride + jump[0], r, self.height + r - 1)
            x = np.clip(best % self.stride + jump[1], r, self.width + r - 1)
            best, least = self._better(best, least, y * self.stride + x)
            reach //= 4
        return best, least

    def _fill(self, best: Index, least: Array) -> None:
        """Give each pixel of the gap the mean of what its patches say, good ones more."""
        weight = np.exp(-least / max(float(np.quantile(least, 0.6)), 1e-4)).astype(np.float32) + 1e-6
        total = np.zeros_like(self.picture)
        many = np.zeros(len(total), np.float32)
        steps = [dy * self.stride + dx for dy in range(-2, 3) for dx in range(-2, 3)]
        for step in steps:
            total[self.goals + step] += self.picture[best + step] * weight[:, None]
            many[self.goals + step] += weight
        inside = np.flatnonzero(self.gap.ravel() & (many > 0))
        self.picture[inside] = total[inside] / many[inside, None]
