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
    from collections.abc import Callable

    from PIL import Image

    from requesty_nb.frames import Frame
    from requesty_nb.models import Edit, Picture

_EDGE = 384  # pixels a side of the finest thumbnail
_QUALITY = 80  # likewise
_FORMS = (
    (_EDGE, 60),
    *((edge, quality) for edge in (320, 256, 208, 160, 128, 96, 64) for quality in (80, 60)),
)
_SHOWN = 264  # CSS pixels of the longer edge: the finest thumbnails are sharp on dense screens
_TINT = (230, 0, 126)  # a pink that hardly any photograph holds

BORDER = "1px solid rgba(128,128,128,.35)"
QUIET = "opacity:.7"
# A chess board behind transparent pictures.
_CHECKS = "repeating-conic-gradient(rgba(128,128,128,.25) 0 25%,transparent 0 50%) 0 0/16px 16px"


@dataclass(frozen=True)
class Figure:
    """A picture as the finest thumbnail, a WebP file, or None and a caption that says why not.

    ``size`` is that of the thumbnail; ``smaller`` returns one of an edge and a quality.
    """

    preview: bytes | None
    caption: str
    alt: str
    size: tuple[int, int] = (1, 1)
    smaller: Callable[[int, int], bytes] = lambda *_: b""

    def html(self, budget: int) -> str:
        """Draw it with a thumbnail of at most so many bytes; without a budget, with none."""
        caption = escape(shortened(self.caption, 240 if self.preview is None else 120))
        if self.preview is None:
            return (
                f'<div style="border:{BORDER};border-radius:4px;padding:8px;max-width:20em">{caption}</div>'
            )
        webp = _within(self, budget)
        # One size on screen, however coarse the thumbnail; the browser keeps the place before it is decoded.
        width, height = self.size
        wide = max(1, round(width * min(1, _SHOWN / max(width, height))))
        return (
            f'<figure style="margin:0"><img src="data:image/webp;base64,{base64.b64encode(webp).decode()}" '
            f'alt="{escape(shortened(self.alt, 160))}" style="display:block;width:{wide}px;max-width:100%;'
            f'aspect-ratio:{width}/{height};border-radius:4px;background:{_CHECKS}">'
            f'<figcaption style="font-size:.85em;{QUIET};margin-top:3px;max-width:{_SHOWN}px;'
            f'overflow-wrap:anywhere">{caption}</figcaption></figure>'
        )


def picture_figure(picture: Picture, caption: str, alt: str, edit: Edit | None = None) -> Figure:
    """Return the figure of a picture that was received or restored, in an edit if it is of one."""
    return _figure(edit, picture.digest, lambda: picture.pil, caption=caption, alt=alt)


def source_figure(edit: Edit) -> Figure:
    """Return the figure of the first source, with what is edited in pink: the mask, and what is added."""
    first, mask, frame = edit.request.images[0], edit.request.mask, edit.request.frame
    more = f", and {len(edit.request.images) - 1} more" if len(edit.request.images) > 1 else ""
    extended = f", extended to {frame.size[0]} x {frame.size[1]}" if frame and frame.extends else ""
    name = f"{shortened(first.name, 80)}{_with_mask(edit)}{more}"
    if not first.stored:
        return Figure(None, f"{name}: not shown (given by reference)", "")
    width, height = first.size or (0, 0)

    def draw() -> Image.Image:
        image = images.load(edit.stored(first)).reduced(_EDGE)
        if mask is not None and mask.stored:
            image = tinted(image, images.decode(edit.stored(mask)))
        return _on_canvas(image, frame) if frame and frame.extends else image

    caption = f"{name}, {width} x {height}{extended}"
    alt = f"the source: {name}{extended}"
    return _figure(edit, f"{edit.id}-source", draw, caption=caption, alt=alt, what=name)


def _with_mask(edit: Edit) -> str:
    """Say that there is a mask, unless it is only the empty one of a picture that is extended."""
    mask, frame = edit.request.mask, edit.request.frame
    if mask is None or (frame and frame.extends and mask.digest == Mask(frame.source).digest):
        return ""
    return " with mask"


def _on_canvas(image: Image.Image, frame: Frame) -> Image.Image:
    """Return a reduced source where it lies in the extended picture; the rest is half transparent, pink."""
    from PIL import Image as Pillow  # noqa: PLC0415 - only cards with pictures need it

    scale = min(1.0, _EDGE / max(frame.size))
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
    worst = edit.leaks.index(edit.leak)

    def draw() -> Image.Image:
        heat = heat_picture(edit, worst)
        heat.thumbnail((_EDGE, _EDGE))
        ground = _dimmed(edit, heat.size)
        ground.alpha_composite(heat)
        return ground

    return _figure(edit, f"{edit.id}-heat-{worst}", draw, caption=caption, alt=f"heat map: {caption}")


def _dimmed(edit: Edit, size: tuple[int, int]) -> Image.Image:
    """Return what was to be kept, in dim grey, at a thumbnail's size; clear where it was edited."""
    from PIL import Image as Pillow  # noqa: PLC0415 - only cards with pictures need it
    from PIL import ImageChops  # noqa: PLC0415 - likewise

    first, mask, frame = edit.request.images[0], edit.request.mask, edit.request.frame
    source = images.load(edit.stored(first)).reduced(_EDGE).convert("RGBA")
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


def _figure(
    edit: Edit | None,
    name: str,
    draw: Callable[[], Image.Image],
    *,
    caption: str,
    alt: str,
    what: str = "",
) -> Figure:
    """Return the figure of a picture that is drawn once, if the edit is kept anywhere."""

    def cached(edge: int, quality: int, make: Callable[[], Image.Image]) -> bytes:
        def encoded() -> bytes:
            return images.preview(make(), edge, quality)

        return encoded() if edit is None else edit.cached(f"{name}-{edge}-{quality}.webp", encoded)

    def smaller(edge: int, quality: int) -> bytes:
        return cached(edge, quality, lambda: images.decode(preview))

    try:
        preview = cached(_EDGE, _QUALITY, draw)
        _, size = images.examine(preview)
    except (ImgEditError, OSError, ValueError) as error:
        reason = error.message if isinstance(error, ImgEditError) else str(error)
        return Figure(None, f"{what or caption}: not shown ({reason})", "")
    return Figure(preview, caption, alt, size, smaller)


def _within(figure: Figure, budget: int) -> bytes:
    """Return a figure's largest WebP thumbnail that fits the budget of bytes; the smallest if none does."""
    if figure.preview is None or budget <= 0:
        return b""
    data = figure.preview
    for edge, quality in _FORMS:
        if len(data) <= budget:
            break
        data = figure.smaller(edge, quality)
    return data
