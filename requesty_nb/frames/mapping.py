"""From a result's pixels to the source's: one resampling, named once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from requesty_nb.frames.geometry import Frame, Size

RESAMPLING = "lanczos"  # recorded with what is restored
FILTER = Image.Resampling.LANCZOS


def mapped(result: Image.Image, frame: Frame, size: Size) -> Image.Image:
    """Return the part of a result that comes back, at ``size``; no pixel is shifted by rounding."""
    across, down = result.width / frame.canvas[0], result.height / frame.canvas[1]
    left, top, right, bottom = frame.view
    box = (
        left * across,
        top * down,
        min(right * across, float(result.width)),
        min(bottom * down, float(result.height)),
    )
    return result.resize(size, FILTER, box)
