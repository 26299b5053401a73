"""`mask_from`: a mask of whatever says where to edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from requesty_nb.errors import BadImage
from requesty_nb.masks.bitmaps import by
from requesty_nb.masks.mask import Mask

if TYPE_CHECKING:
    from requesty_nb.masks.polarity import Polarity


def mask_from(thing: object, size: tuple[int, int] | None = None, *, polarity: Polarity = "auto") -> Mask:
    """Make a mask of a `Mask`, of anything with a ``mask``, or of anything image-like.

    Args:
        thing: what says where to edit. Of a picture with an alpha channel the transparent part is edited,
            as the endpoint reads it; of one without, the white part, and a note says so. Of a bool array
            it is what is True. Grey values are kept as soft edges, except in JPEG and WebP, whose
            compression blurs: there it is one or the other.
        size: the size it has to have, that of the picture it is for.
        polarity: ``auto``, or by name what is edited: ``transparent``, ``white`` or ``black``.

    Raises:
        BadImage: it cannot be read, has another size, or its alpha channel is opaque throughout.
    """
    mask = thing
    if not isinstance(mask, (Mask, Image.Image)) and not hasattr(mask, "dtype"):
        mask = getattr(mask, "mask", mask)
    if mask is None:
        raise BadImage(f"The {type(thing).__name__} has no mask yet.", hint="Draw one first.")
    if not isinstance(mask, Mask):
        mask = Mask.from_image(mask, polarity)
    if size is not None and mask.size != tuple(size):
        raise BadImage(
            f"The mask is {by(mask.size)} pixels, the picture {by(size)}.",
            hint=f"Scale it with mask.resized({tuple(size)}), if it was made for the same picture.",
        )
    return mask
