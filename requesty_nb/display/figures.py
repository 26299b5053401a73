"""Pictures as figures of a card: small WebP thumbnails with a caption, or words that say why not."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from requesty_nb import images
from requesty_nb.display.facts import leakiest, percent, shortened
from requesty_nb.display.heat import heat_picture
from requesty_nb.errors import ImgEditError
from requesty_nb.masks import Mask

if TYPE_CHECKING:
    from PIL import Image

    from requesty_nb.frames import Frame
    from requesty_nb.models import Edit, Picture

_EDGES = (384, 320, 256, 208, 160, 128, 96, 64)
_QUALITIES = (80, 60)
_SHOWN = 264  # CSS pixels of the longer edge: the finest thumbnails are sharp on dense screens
_TINT = (230, 0, 126)  # a pink that hardly any photograph holds

BORDER = "1px solid rgba(128,128,128,.35)"
QUIET = "opacity:.7"
# A chess board behind transparent pictures.
_CHECKS = "repeating-conic-gradient(rgba(128,128,128,.25) 0 25%,transparent 0 50%) 0 0/16px 16px"


@dataclass(frozen=True)
class Figure:
    """A picture reduced to the largest thumbnail's size, or None and a caption that says why not."""

    image: Image.Image | None
    caption: str
    alt: str

    def html(self, budget: int) -> str:
        """Draw it with a thumbnail of at most so many bytes; without a budget, with none."""
        caption = escape(shortened(self.caption, 240 if self.image is None else 120))
        if self.image is None:
            return (
                f'<div style="border:{BORDER};border-radius:4px;padding:8px;max-width:20em">{caption}</div>'
            )
        webp = _thumbnail(self.image, budget) if budget > 0 else b""
        # One size on screen, however coarse the thumbnail; the browser keeps the place before it is decoded.
        width, height = self.image.size
        width = max(1, round(width * min(1, _SHOWN / max(width, height))))
        return (
            f'<figure style="margin:0"><img src="data:image/webp;base64,{base64.b64encode(webp).decode()}" '
            f'alt="{escape(shortened(self.alt, 160))}" style="display:block;width:{width}px;max-width:100%;'
            f'aspect-ratio:{self.image.width}/{height};border-radius:4px;background:{_CHECKS}">'
            f'<figcaption style="font-size:.85em;{QUIET};margin-top:3px;max-width:{_SHOWN}px;'
            f'overflow-wrap:anywhere">{caption}</figcaption></figure>'
        )


def picture_figure(picture: Picture, caption: str, alt: str) -> Figure:
    """Return the figure of a picture that was received or restored."""
    try:
        image = picture.pil
    except (ImgEditError, OSError, ValueError) as error:
        return _missing(caption, error)
    image.thumbnail((_EDGES[0], _EDGES[0]))
    return Figure(image, caption, alt)


def source_figure(edit: Edit) -> Figure:
    """Return the figure of the first source, with what is edited in pink: the mask, and what is added."""
    first, mask, frame = edit.request.images[0], edit.request.mask, edit.request.frame
    more = f", and {len(edit.request.images) - 1} more" if len(edit.request.images) > 1 else ""
    extended = f", extended to {frame.size[0]} x {frame.size[1]}" if frame and frame.extends else ""
    name = f"{shortened(first.name, 80)}{_with_mask(edit)}{more}"
    if not first.stored:
        return Figure(None, f"{name}: not shown (given by reference)", "")
    width, height = first.size or (0, 0)
    try:
        image = images.load(edit.stored(first)).reduced(_EDGES[0])
        if mask is not None and mask.stored:
            image = tinted(image, images.decode(edit.stored(mask)))
        if frame and frame.extends:
            image = _on_canvas(image, frame)
    except (ImgEditError, OSError, ValueError) as error:
        return _missing(name, error)
    return Figure(image, f"{name}, {width} x {height}{extended}", f"the source: {name}{extended}")


def _with_mask(edit: Edit) -> str:
    """Say that there is a mask, unless it is only the empty one of a picture that is extended."""
    mask, frame = edit.request.mask, edit.request.frame
    if mask is None or (frame and frame.extends and mask.digest == Mask(frame.source).digest):
        return ""
    return " with mask"


def _on_canvas(image: Image.Image, frame: Frame) -> Image.Image:
    """Return a reduced source where it lies in the extended picture; the rest is half transparent, pink."""
    from PIL import Image as Pillow  # noqa: PLC0415 - only cards with pictures need it

    scale = min(1.0, _EDGES[0] / max(frame.size))
    size = max(1, round(frame.size[0] * scale)), max(1, round(frame.size[1] * scale))
    ground = Pillow.new("RGBA", size, (*_TINT, 128))
    return _placed(image, ground, frame)


def _placed(image: Image.Image, ground: Image.Image, frame: Frame) -> Image.Image:
    """Put a reduced source where it lies in the extended picture, of which ``ground`` has the shape."""
    across, down = ground.width / frame.size[0], ground.height / frame.size[1]
    (x, y), (width, height) = frame.within, frame.source
    left, top = min(round(x * across), ground.width - 1), min(round(y * down), ground.height - 1)
    size = max(1, round((x + width) * across) - left), max(1, round((y + height) * down) - top)
    ground.paste(image.convert("RGBA").resize(size), (left, top))
    return ground


def heat_figure(edit: Edit) -> Figure | None:
    """Return where the raw result that leaks most changed what was to be kept, if one did.

    In colours on a dim grey source; what was edited is left clear.
    """
    if edit.leak is None or not edit.leak.share or not edit.images:
        return None
    caption = f"what changed outside the mask in {leakiest(edit)}: {percent(edit.leak.share)}"
    try:
        heat = heat_picture(edit, edit.leaks.index(edit.leak))
        heat.thumbnail((_EDGES[0], _EDGES[0]))
        ground = _dimmed(edit, heat.size)
    except (ImgEditError, OSError, ValueError) as error:
        return _missing(caption, error)
    ground.alpha_composite(heat)
    return Figure(ground, caption, f"heat map: {caption}")


def _dimmed(edit: Edit, size: tuple[int, int]) -> Image.Image:
    """Return what was to be kept, in dim grey, at a thumbnail's size; clear where it was edited."""
    from PIL import Image as Pillow  # noqa: PLC0415 - only cards with pictures need it
    from PIL import ImageChops  # noqa: PLC0415 - likewise

    first, mask, frame = edit.request.images[0], edit.request.mask, edit.request.frame
    source = images.load(edit.stored(first)).reduced(_EDGES[0]).convert("RGBA")
    alpha = source.getchannel("A")
    if mask is not None:
        kept = (
            images.decode(edit.stored(mask)).convert("L").resize(source.size).point(lambda value: 255 - value)
        )
        alpha = ImageChops.darker(alpha, kept)
    grey = source.convert("L").point(lambda value: 40 + value // 2)
    dim = Pillow.merge("RGBA", (grey, grey, grey, alpha))
    if frame is None or not frame.extends:
        return dim.resize(size)
    return _placed(dim, Pillow.new("RGBA", size), frame)


def tinted(image: Image.Image, mask: Image.Image) -> Image.Image:
    """Return a picture with a mask laid over it in pink, half transparent."""
    from PIL import Image as Pillow  # noqa: PLC0415 - only cards with pictures need it

    over = image.convert("RGBA" if image.mode == "RGBA" else "RGB")
    weights = mask.convert("L").resize(over.size).point(lambda value: value // 2)
    over.paste(Pillow.new(over.mode, over.size, _TINT), (0, 0), weights)
    return over


def _thumbnail(image: Image.Image, budget: int) -> bytes:
    """Return the largest WebP thumbnail that fits the budget of bytes; the smallest if none does."""
    data = b""
    for edge in _EDGES:
        for quality in _QUALITIES:
            data = images.preview(image, edge, quality)
            if len(data) <= budget:
                return data
    return data


def _missing(what: str, why: Exception) -> Figure:
    reason = why.message if isinstance(why, ImgEditError) else str(why)
    return Figure(None, f"{what}: not shown ({reason})", "")
