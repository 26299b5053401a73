"""Edits as the editor shows them: a card for the strip, and the large pictures behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from requesty_nb import display, images
from requesty_nb.display import sides
from requesty_nb.errors import BadRequest

if TYPE_CHECKING:
    from PIL import Image

    from requesty_nb.models import Edit

THUMB_EDGE = 192  # pixels a side
THUMB_BYTES = 8_000  # about
SHOWN_EDGE = 1024  # pixels a side
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
        "thumbs": [_thumbnail(sides.opened(picture, at)) for at, picture in enumerate(pictures, 1)],
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
    pair = [sides.framed_source(edit, restored.size, SHOWN_EDGE), sides.opened(restored, index + 1)]
    opaque = not any(map(sides.is_transparent, pair))
    buffers = [sides.encoded(image, SHOWN_EDGE, opaque=opaque) for image in pair]
    if edit.record.restored:
        buffers.append(sides.encoded(sides.opened(received, index + 1), SHOWN_EDGE, opaque=opaque))
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


def _thumbnail(image: Image.Image) -> bytes:
    data = b""
    for edge, quality in _THUMBS:
        data = images.preview(image, edge, quality)
        if len(data) <= THUMB_BYTES:
            break
    return data
