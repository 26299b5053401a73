"""Edits as the editor shows them: a card for the strip, and the large pictures behind it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from requesty_nb import display, images
from requesty_nb.errors import BadImage, BadRequest

if TYPE_CHECKING:
    from PIL import Image

    from requesty_nb.models import Edit, Picture

    Size = tuple[int, int]

THUMB_EDGE = 192  # pixels a side
THUMB_BYTES = 8_000  # about
SHOWN_EDGE = 1024  # pixels a side
_QUALITY = 85  # of a JPEG
_THUMBS = ((THUMB_EDGE, 80), (THUMB_EDGE, 60), (THUMB_EDGE, 40), (128, 60), (128, 30))  # edge and quality


def result_card(edit: Edit) -> dict[str, Any]:
    """Return a ``ResultCard``, as `js/src/model.ts` says; it weighs about 8 kB a picture.

    Raises:
        HistoryFault: a picture is missing or damaged.
        BadImage: a picture cannot be decoded.
    """
    pictures = edit.restored
    facts = [[label, value] for label, value in display.facts(edit)]
    return {
        "id": edit.id,
        "prompt": edit.prompt,
        "headline": display.headline(edit, ways=False),
        "facts": facts,
        "thumbs": [_thumbnail(_opened(picture, at)) for at, picture in enumerate(pictures, 1)],
        "sizes": [list(picture.size) for picture in pictures],
        "masked": bool(edit.record.restored),
        "leak": dict(facts).get("Outside the mask", ""),
    }


def shown(edit: Edit, index: int) -> tuple[dict[str, Any], list[bytes]]:
    """Return the ``shown`` message for one picture and its buffers, as `js/src/model.ts` says.

    All are at most 1024 pixels a side: JPEG, or WebP if the source or the picture is transparent somewhere.
    The source lies where the restored picture has it: under ``extend`` on a transparent canvas; without a
    mask, in the middle of one of the picture's shape. Of a source that was given by reference nothing was
    kept, and the canvas is empty.

    Args:
        edit: one with pictures.
        index: which of them, from 0.

    Raises:
        BadRequest: there is no such picture.
        HistoryFault: a picture is missing or damaged.
        BadImage: a picture cannot be decoded.
    """
    if not 0 <= index < len(edit.images):
        raise BadRequest(f"This edit has no picture {index + 1}, only {len(edit.images)}.")
    restored, received = edit.restored[index], edit.images[index]
    pair = [_framed_source(edit, restored.size), _opened(restored, index + 1)]
    encoded = _as_webp if any(map(_transparent, pair)) else _as_jpeg
    buffers = [encoded(image) for image in pair]
    if edit.record.restored:
        buffers.append(encoded(_opened(received, index + 1)))
        buffers.append(images.preview(display.heat_picture(edit, index), SHOWN_EDGE))
    else:
        buffers.append(buffers[-1])  # it is the very same picture
    message = {
        "k": "shown",
        "id": edit.id,
        "i": index,
        "size": list(restored.size),
        "received": list(received.size),
    }
    return message, buffers


def _framed_source(edit: Edit, size: Size) -> Image.Image:
    """Return the source where a picture of ``size`` has it, at most 1024 pixels a side."""
    from PIL import Image  # noqa: PLC0415 - only who looks needs it

    canvas = _scaled(size, min(1.0, SHOWN_EDGE / max(size)))
    ref = edit.request.images[0]
    if not ref.stored or ref.size is None:
        return Image.new("RGBA", canvas)
    inner, place = _place(edit, ref.size, size)
    file = io.BytesIO(edit.stored(ref))
    file.name = ref.name  # for a message that says which picture is damaged
    image = _resized(images.load(file).pixels(), inner)
    if inner == canvas:
        return image
    whole = Image.new("RGBA", canvas)
    whole.paste(image, place)
    return whole


def _place(edit: Edit, source: Size, size: Size) -> tuple[Size, Size]:
    """Return how large a source is, and where its top left corner lies, in a picture shown of ``size``."""
    scale = min(1.0, SHOWN_EDGE / max(size))
    if edit.record.restored:
        left, top = edit.request.frame.within if edit.request.frame else (0, 0)
        return _scaled(source, scale), (round(left * scale), round(top * scale))
    # As it was received: the endpoint made one shape of the other as it saw fit.
    canvas = _scaled(size, scale)
    inner = _scaled(source, scale * min(size[0] / source[0], size[1] / source[1]))
    return inner, ((canvas[0] - inner[0]) // 2, (canvas[1] - inner[1]) // 2)


def _scaled(size: Size, scale: float) -> Size:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _transparent(image: Image.Image) -> bool:
    return image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255)


def _as_webp(image: Image.Image) -> bytes:
    return images.preview(image, SHOWN_EDGE)


def _as_jpeg(image: Image.Image) -> bytes:
    """Encode a picture to be compared: what is equal in two of them stays so, and the difference black there.

    JPEG encodes each block by itself; WebP fits its means to the whole picture.
    """
    scale = min(1.0, SHOWN_EDGE / max(image.size))
    file = io.BytesIO()
    _resized(image.convert("RGB"), _scaled(image.size, scale)).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def _resized(image: Image.Image, size: Size) -> Image.Image:
    """Return an image of another size, always made in the same way, so that equal ones stay so."""
    from PIL import Image  # noqa: PLC0415 - only who looks needs it

    if image.size == size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _opened(picture: Picture, number: int) -> Image.Image:
    try:
        return picture.pil
    except BadImage as error:
        text = error.message
        raise BadImage(f"Picture {number}: {text[:1].lower()}{text[1:]}", hint=error.hint) from error


def _thumbnail(image: Image.Image) -> bytes:
    data = b""
    for edge, quality in _THUMBS:
        data = images.preview(image, edge, quality)
        if len(data) <= THUMB_BYTES:
            break
    return data
