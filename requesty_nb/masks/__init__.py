"""Masks: where a picture is edited.

- `operations`: `Stroke`, `Shape`, `Change`: what a mask is made of.
- `raster`: drawing them.
- `bitmaps`: what lies under them.
- `polarity`: masks that come as pictures, and which of their pixels mean "edit".
- `mask`: `Mask`, its algebra, its pixels, its JSON; `joins`: masks joined with masks.
- `reading`: `mask_from`.
"""

from requesty_nb.masks.joins import Join
from requesty_nb.masks.mask import Mask
from requesty_nb.masks.operations import Change, Shape, Stroke
from requesty_nb.masks.polarity import Polarity
from requesty_nb.masks.reading import mask_from

__all__ = ["Change", "Join", "Mask", "Polarity", "Shape", "Stroke", "mask_from"]
