"""Source and result as two pictures of one shape, to be laid beside or over each other."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from requesty_nb import images
from requesty_nb.errors import BadImage

if TYPE_CHECKING:
    from PIL import Image

    from requesty_nb.models import Edit, Picture

    Size = tuple[int, int]

_QUALITY = 85  # of a JPEG


def framed_source(edit: Edit, size: Size, edge: int) -> Image.Image:
    """Return the source where a picture has it: under ``extend`` on a transparent canvas.

    Without a mask it lies in the middle of a canvas of the picture's shape. Of a source that was given by
    reference nothing was kept, and the canvas is empty.

    Args:
        edit: with a first source.
        size: of the picture, as `Edit.restored` has it.
        edge: pixels a side that the canvas has at most.

    Raises:
        HistoryFault: the source is missing or damaged.
        BadImage: it cannot be decoded.
    """
    from PIL import Image  # noqa: PLC0415 - only who looks needs it

    canvas = _scaled(size, min(1.0, edge / max(size)))
    ref = edit.request.images[0]
    if not ref.stored or ref.size is None:
        return Image.new("RGBA", canvas)
    inner, place = _place(edit, ref.size, size, edge)
    file = io.BytesIO(edit.stored(ref))
    file.name = ref.name  # for a message that says which picture is damaged
    image = _resized(images.load(file).pixels(), inner)
    if inner == canvas:
        return image
    whole = Image.new("RGBA", canvas)
    whole.paste(image, place)
    return whole


def source_key(edit: Edit, size: Size) -> str:
    """Return what `framed_source` depends on but for the edge: where it is equal, so are the pictures."""
    ref, frame = edit.request.images[0], edit.request.frame
    within = frame.within if edit.record.restored and frame else None
    return f"{ref.stored} {within} {size} {bool(edit.record.restored)}"


def opened(picture: Picture, number: int) -> Image.Image:
    """Decode the so-manieth picture of an edit.

    Raises:
        HistoryFault: it is missing or damaged.
        BadImage: it cannot be decoded; the message says which it is.
    """
    try:
        return picture.pil
    except BadImage as error:
        text = error.message
        raise BadImage(f"Picture {number}: {text[:1].lower()}{text[1:]}", hint=error.hint) from error


def is_transparent(image: Image.Image) -> bool:
    """Tell whether a picture is transparent anywhere."""
    return image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255)


def encoded(
    image: Image.Image, edge: int, *, opaque: bool, quality: int = _QUALITY, tight: bool = False
) -> bytes:
    """Encode a picture to be compared, at most ``edge`` pixels a side: JPEG if it is opaque, else WebP.

    What is equal in two JPEGs stays so, and their difference black there: it encodes each block by itself,
    and WebP fits its means to the whole picture. ``tight`` takes longer, for a file that is a little smaller.
    """
    if not opaque:
        return images.preview(image, edge, min(quality, 80))
    scale = min(1.0, edge / max(image.size))
    file = io.BytesIO()
    _resized(image.convert("RGB"), _scaled(image.size, scale)).save(
        file, "JPEG", quality=quality, optimize=tight, progressive=tight
    )
    return file.getvalue()


def _place(edit: Edit, source: Size, size: Size, edge: int) -> tuple[Size, Size]:
    """Return how large a source is, and where its top left corner lies, in a picture shown of ``size``."""
    scale = min(1.0, edge / max(size))
    if edit.record.restored:
        left, top = edit.request.frame.within if edit.request.frame else (0, 0)
        (width, height), canvas = _scaled(source, scale), _scaled(size, scale)
        inner = (
            min(width, canvas[0]),
            min(height, canvas[1]),
        )  # whatever a stranger's record says of its source
        return inner, (round(left * scale), round(top * scale))
    # As it was received: the endpoint made one shape of the other as it saw fit.
    canvas = _scaled(size, scale)
    inner = _scaled(source, scale * min(size[0] / source[0], size[1] / source[1]))
    return inner, ((canvas[0] - inner[0]) // 2, (canvas[1] - inner[1]) // 2)


def _scaled(size: Size, scale: float) -> Size:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _resized(image: Image.Image, size: Size) -> Image.Image:
    """Return an image of another size, always made in the same way, so that equal ones stay so."""
    from PIL import Image  # noqa: PLC0415 - only who looks needs it

    if image.size == size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
