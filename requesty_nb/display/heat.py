"""Where a raw result changed what was to be kept, as a picture to lay over it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from requesty_nb import frames, images
from requesty_nb.errors import BadImage

if TYPE_CHECKING:
    from PIL import Image

    from requesty_nb.models import Edit

    Size = tuple[int, int]

# Change of 255, and its colour: ever lighter, so that the order shows without colour vision too, and never
# dark, so that the least of it shows on a dark photograph. After matplotlib's "inferno", from a third on.
_RAMP = (
    (frames.CHANGED, (120, 28, 109)),
    (60, (188, 55, 84)),
    (100, (237, 105, 37)),
    (160, (251, 176, 32)),
    (255, (252, 255, 164)),
)
_ALPHA = 200, 255  # of the least and the greatest change


def heat_picture(edit: Edit, index: int = 0) -> Image.Image:
    """Return where raw result ``index`` changed what was to be kept.

    Args:
        edit: one with a mask.
        index: of ``edit.images``, from 0.

    Returns:
        RGBA, of the restored picture's size: the greater the change, the lighter; transparent where it is at
        most `frames.CHANGED` of 255, which is hardly seen, and in and about the mask.

    Raises:
        BadImage: the edit has no mask, or it, the source or the result was not kept or cannot be read.
    """
    request = edit.request
    if request.mask is None:
        raise BadImage("This edit has no mask, so nothing was to be kept.", hint="Give one with --mask.")
    if not request.mask.stored or not request.images[0].stored:
        raise BadImage(
            "The pixels of source and mask were not both kept with this edit, so nothing can be compared.",
            hint="Give pictures rather than references.",
        )
    if not 0 <= index < len(edit.images):
        raise BadImage(f"This edit has no result {index}.", hint=f"It has {len(edit.images)}, from 0.")
    source = images.load(edit.stored(request.images[0])).pixels()
    mask = images.decode(edit.stored(request.mask)).convert("L")
    leak = edit.leaks[index] if edit.leaks else None
    shift = leak.shift if leak else (0, 0)
    return _coloured(_changed(source, mask, edit.images[index].pil, request.frame, shift))


def _changed(
    source: Image.Image, mask: Image.Image, result: Image.Image, frame: frames.Frame | None, shift: Size
) -> Image.Image:
    """Return the change as L; a shift of the whole result is undone, as in `frames.Leak`."""
    across, down = shift
    if across or down:
        from PIL import ImageChops  # noqa: PLC0415 - seldom

        canvas = frame.canvas if frame else source.size
        by = round(across * result.width / canvas[0]), round(down * result.height / canvas[1])
        result = ImageChops.offset(result, -by[0], -by[1])
    changed = frames.leak_map(source, mask, result, frame)
    for side in _borders(changed.size, abs(across), abs(down)):
        changed.paste(0, side)
    return changed


def _borders(size: Size, across: int, down: int) -> list[tuple[int, int, int, int]]:
    """Return the edges of a picture, so wide: what was pushed out on one side came back on the other."""
    width, height = size
    return [
        (0, 0, across, height),
        (width - across, 0, width, height),
        (0, 0, width, down),
        (0, height - down, width, height),
    ]


def _coloured(changed: Image.Image) -> Image.Image:
    from PIL import Image as Pillow  # noqa: PLC0415 - only who looks needs it

    colours = [_colour(value) for value in range(256)]
    return Pillow.merge("RGBA", [changed.point([colour[band] for colour in colours]) for band in range(4)])


def _colour(value: int) -> tuple[int, int, int, int]:
    """Return the ramp's colour and alpha at a change."""
    low = frames.CHANGED
    if value <= low:
        return 0, 0, 0, 0
    (start, before), (end, after) = next(pair for pair in pairwise(_RAMP) if value <= pair[1][0])
    part = (value - start) / (end - start)
    red, green, blue = (round(one + (other - one) * part) for one, other in zip(before, after, strict=True))
    least, most = _ALPHA
    return red, green, blue, round(least + (most - least) * (value - low) / (255 - low))
