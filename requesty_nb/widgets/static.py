"""What is left of an editor where widgets do not run: a small picture and a line."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING

from PIL import Image

from requesty_nb.widgets.colours import rgb

if TYPE_CHECKING:
    from requesty_nb.images import Source
    from requesty_nb.masks import Mask

EDGE = 512  # pixels a side
MAX_BYTES = 40_000  # 54 kB as it stands in the notebook
_QUALITIES = (80, 65, 50, 35, 20)


def picture(photo: Image.Image, mask: Mask, colour: str, opacity: float) -> str:
    """Return a photo with its mask over it as a base64 JPEG of at most `MAX_BYTES` bytes.

    Args:
        photo: the photo or a preview of it; L, RGB or RGBA.
        mask: of the photo, at its full size.
        colour: the mask's, ``#rrggbb``.
        opacity: the mask's, 0 to 1.
    """
    small = Image.new("RGB", photo.size, (255, 255, 255))
    small.paste(photo, mask=photo.getchannel("A") if photo.mode == "RGBA" else None)
    small.thumbnail((EDGE, EDGE))
    weights = mask.rasterize().resize(small.size, Image.Resampling.BOX, reducing_gap=1.0)
    small.paste(rgb(colour), (0, 0), weights.point([round(value * opacity) for value in range(256)]))
    data = b""
    while True:
        for quality in _QUALITIES:
            file = io.BytesIO()
            small.save(file, "JPEG", quality=quality)
            data = file.getvalue()
            if len(data) <= MAX_BYTES:
                return base64.b64encode(data).decode()
        small = small.reduce(2)


def figure(jpeg: str, line: str) -> str:
    """Return a base64 JPEG as HTML, with a line that says what it shows."""
    return (
        f'<figure style="margin:0"><img src="data:image/jpeg;base64,{jpeg}" alt="{escape(line)}" '
        'style="display:block;max-width:100%;border-radius:4px">'
        '<figcaption style="font-size:.85em;opacity:.7;margin-top:3px">'
        f"{escape(line.strip('<>'))}. Run the cell to draw on it.</figcaption></figure>"
    )


def line(source: Source, mask: Mask, edits: int) -> str:
    """Return an editor as one line of plain text."""
    width, height = mask.size
    share = mask.share
    selected = "nothing selected"
    if share:
        selected = "under 1 % selected" if share < 0.01 else f"{share:.0%}".replace("%", " % selected")  # noqa: PLR2004 - 1 %
    made = "" if not edits else f", {edits} edit{'s' * (edits != 1)}"
    return f"<Editor {source.name} {width}x{height}, {selected}{made}>"
