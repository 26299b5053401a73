"""Cutting out: which pixels become transparent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops, ImageOps

from requesty_nb.offline.painter.fields import noise, smoothstep, to_array, to_image
from requesty_nb.offline.painter.regions import subject

if TYPE_CHECKING:
    from requesty_nb.offline.painter.brief import Brief

_LEAST = 0.01  # of the region: less cleared counts as nothing


def cut_out(brief: Brief) -> Image.Image:
    """Return what to clear (L, 255 = transparent): the masked part, or all but what stands in front."""
    if brief.masked:
        return brief.region
    edge = brief.between(0.30, 0.42)
    return _or_corners(brief, to_image(1 - smoothstep(edge, edge + 0.5, subject(brief.image))))


def background(brief: Brief) -> Image.Image:
    """Return what ``background=transparent`` clears: the background, within the mask if there is one."""
    behind = ImageOps.invert(to_image(subject(brief.image)))
    return _or_corners(brief, ImageChops.multiply(behind, brief.region))


def _or_corners(brief: Brief, clear: Image.Image) -> Image.Image:
    """Return ``clear`` if it clears anything, else the region's corners, so that transparency never fails."""
    region = np.asarray(brief.region) == 255  # noqa: PLR2004 - wholly inside
    if not region.any() or (np.asarray(clear)[region] == 255).mean() > _LEAST:  # noqa: PLR2004 - as above
        return clear
    left, top, right, bottom = brief.box
    width, height = brief.size
    x = (np.arange(width, dtype=np.float32)[None] + 0.5 - (left + right) / 2) / max(right - left, 1) * 2
    y = (np.arange(height, dtype=np.float32)[:, None] + 0.5 - (top + bottom) / 2) / max(bottom - top, 1) * 2
    uneven = (noise(brief.rng, brief.size, min(brief.size) / 3) - 0.5) * 0.12
    away = np.hypot(x, y) + uneven
    # a round region has no corners: its rim goes
    limit = min(1.05, float(np.quantile(away[region], 0.9)))
    return to_image(smoothstep(limit - 0.04, limit, away) * to_array(brief.region))
