"""Which pixels of a picture mean "edit": the polarity of masks from elsewhere."""

from __future__ import annotations

from typing import Literal, get_args

from PIL import Image, ImageChops

from requesty_nb import images
from requesty_nb.errors import BadImage

Polarity = Literal["auto", "transparent", "white", "black"]

WHITE_NOTE = "the mask has no alpha channel: its white part was edited"
ONES_NOTE = "the mask's values are 0 and 1: 1 was edited"
HARD_NOTE = "the mask's grey values were split at the middle, as its format blurs"

_BLURRING = frozenset(("image/jpeg", "image/webp"))
_OPAQUE, _ONE = 255, 1


def weights_of(thing: object, polarity: Polarity = "auto") -> tuple[Image.Image, tuple[str, ...]]:
    """Return an image-like thing as L, 255 = edit, and notes on how it was read; `mask_from` has the rules.

    Raises:
        BadImage: it cannot be read, or not in that polarity.
    """
    if polarity not in get_args(Polarity):
        raise BadImage(
            f"A mask's polarity is {polarity!r}.",
            hint="Say auto, or what is edited: transparent, white, black.",
        )
    source = images.load(thing)
    picture = source.pixels()
    has_alpha = picture.mode == "RGBA"
    if polarity == "transparent" and not has_alpha:
        raise BadImage(
            "The mask has no alpha channel, so nothing in it is transparent.", hint="Use polarity='white'."
        )
    if polarity == "transparent" or (polarity == "auto" and has_alpha):
        alpha = picture.getchannel("A")
        if alpha.getextrema() == (_OPAQUE, _OPAQUE):
            raise BadImage(
                "The mask's alpha channel is opaque throughout, so it edits nothing.",
                hint="Make transparent what is to be edited, or say polarity='white' or 'black'.",
            )
        return ImageChops.invert(alpha), ()
    grey = picture.convert("RGB").convert("L") if has_alpha else picture.convert("L")
    is_bool = str(getattr(thing, "dtype", "")) in {"bool", "torch.bool"}
    notes = [WHITE_NOTE] if polarity == "auto" and not is_bool else []
    if grey.getextrema()[1] == _ONE:
        grey = grey.point([0] + [_OPAQUE] * 255)
        notes.append(ONES_NOTE)
    if source.mime in _BLURRING or getattr(thing, "format", "") in {"JPEG", "MPO", "WEBP"}:
        hard = grey.point([0] * 128 + [_OPAQUE] * 128)
        if ImageChops.difference(hard, grey).getbbox() is not None:
            notes.append(HARD_NOTE)
        grey = hard
    return (ImageChops.invert(grey) if polarity == "black" else grey), tuple(notes)
