"""Frames: where a source sits in what is sent, and how a result maps back.

- `geometry`: `Frame`, `fit`, `nearest`, `parse_extend`.
- `padding`: a source on its canvas.
- `restoring`: `restore`: a result back in the source's geometry, the source untouched outside the mask.
- `leaks`: `Leak`: how much a raw result changed what was to be kept.
"""

from requesty_nb.frames.geometry import Frame, fit, nearest, parse_extend
from requesty_nb.frames.leaks import CHANGED, Leak, leak_map
from requesty_nb.frames.restoring import RESAMPLING, Restored, restore

__all__ = [
    "CHANGED",
    "RESAMPLING",
    "Frame",
    "Leak",
    "Restored",
    "fit",
    "leak_map",
    "nearest",
    "parse_extend",
    "restore",
]
