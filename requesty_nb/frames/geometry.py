"""`Frame`: where a source sits in what is sent. Sizes and places are whole pixels at the source's scale."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from requesty_nb.errors import BadRequest
from requesty_nb.frames import padding
from requesty_nb.images import MAX_PIXELS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL import Image

Size = tuple[int, int]
Box = tuple[int, int, int, int]

_EXTEND_HINT = "Give LEFT,TOP,RIGHT,BOTTOM in pixels, or the new WIDTHxHEIGHT."
_MARGINS = re.compile(r"\s*(\d{1,6})\s*,\s*(\d{1,6})\s*,\s*(\d{1,6})\s*,\s*(\d{1,6})\s*", re.ASCII)
_WHOLE = re.compile(r"\s*(\d{1,6})\s*[xX]\s*(\d{1,6})\s*", re.ASCII)


@dataclass(frozen=True)
class Frame:
    """Where a source sits in what is sent, and what part of it comes back.

    Attributes:
        source: width and height of the source.
        canvas: width and height of what is sent, at the source's scale.
        place: where the source's top left corner sits on the canvas.
        view: left, top, right, bottom of the part of the canvas that comes back: the source itself, or the
            extended picture. What is left of the canvas are bars that only fill the size asked for.
    """

    source: tuple[int, int]
    canvas: tuple[int, int]
    place: tuple[int, int]
    view: tuple[int, int, int, int]

    @property
    def size(self) -> Size:
        """Width and height of what comes back."""
        return self.view[2] - self.view[0], self.view[3] - self.view[1]

    @property
    def extends(self) -> bool:
        """Whether more comes back than the source."""
        return self.size != self.source

    @property
    def within(self) -> tuple[int, int]:
        """Where the source's top left corner sits in what comes back."""
        return self.place[0] - self.view[0], self.place[1] - self.view[1]

    def pad(self, image: Image.Image) -> Image.Image:
        """Put the source on the canvas, pixel by pixel as it is.

        Bars continue the source's edges, ever softer; the area it is extended by is transparent.

        Returns:
            RGB, or RGBA if the source has alpha or is extended.

        Raises:
            BadRequest: ``image`` has another size than the source.
        """
        self._see_size(image)
        return padding.padded(image, self.canvas, self.place, self.view)

    def pad_mask(self, mask: Image.Image) -> Image.Image:
        """Put an L mask of the source on the canvas: bars are kept (0), the extended area edited (255).

        Raises:
            BadRequest: ``mask`` has another size than the source.
        """
        self._see_size(mask)
        return padding.padded_mask(mask, self.canvas, self.place, self.view)

    def _see_size(self, image: Image.Image) -> None:
        if image.size != self.source:
            raise BadRequest(
                f"The picture is {image.width} x {image.height} pixels, but its frame was made for "
                f"{self.source[0]} x {self.source[1]}."
            )


def fit(source: Size, target: Size | None, extend: Box | None = None) -> Frame | None:
    """Place a source on the smallest canvas that has the target's aspect, in the middle, at its own scale.

    Args:
        source: width and height.
        target: the size asked of the endpoint; only its aspect counts. None: the aspect is free.
        extend: pixels to add at the left, top, right and bottom.

    Returns:
        None if nothing is needed: no extension, and the source has the target's aspect to within a pixel.

    Raises:
        BadRequest: the sizes make no sense together.
    """
    left, top, right, bottom = extend or (0, 0, 0, 0)
    width, height = source[0] + left + right, source[1] + top + bottom
    if min(left, top, right, bottom) < 0 or min(source) < 1 or min(target or source) < 1:
        raise BadRequest("A picture is extended by pixels at its sides, 0 or more.", hint=_EXTEND_HINT)
    across, down = target or (width, height)
    canvas = max(width, -(-height * across // down)), max(height, -(-width * down // across))
    if canvas[0] * canvas[1] > MAX_PIXELS:
        raise BadRequest(
            f"With its frame the picture would have {canvas[0]} x {canvas[1]} pixels.",
            hint="Scale it down, or ask for a size of its own shape.",
        )
    a_pixel_off = abs(width * down - height * across) <= max(across, down)
    if a_pixel_off and not any((left, top, right, bottom)):
        return None
    spare = canvas[0] - width, canvas[1] - height
    x, y = spare[0] // 2, spare[1] // 2
    return Frame(source, canvas, (x + left, y + top), (x, y, x + width, y + height))


def unframed(source: Size) -> Frame:
    """Return the frame of a source that is sent as it is."""
    return Frame(source, source, (0, 0), (0, 0, *source))


def nearest(source: Size, choices: Iterable[Size]) -> Size:
    """Return the choice whose aspect is nearest, by the ratio of the two; of equals the first."""
    aspect = math.log(source[0] / source[1])
    return min(choices, key=lambda size: abs(math.log(size[0] / size[1]) - aspect))


def parse_extend(text: str, source: Size) -> Box:
    """Read ``LEFT,TOP,RIGHT,BOTTOM``, or ``WIDTHxHEIGHT`` with the source in the middle.

    Returns:
        Pixels to add at the left, top, right and bottom.

    Raises:
        BadRequest: it is neither, adds nothing, or is smaller than the source.
    """
    if margins := _MARGINS.fullmatch(text):
        left, top, right, bottom = (int(part) for part in margins.groups())
    elif whole := _WHOLE.fullmatch(text):
        width, height = int(whole[1]) - source[0], int(whole[2]) - source[1]
        if width < 0 or height < 0:
            raise BadRequest(
                f"{text.strip()} is smaller than the picture, {source[0]}x{source[1]}.", hint=_EXTEND_HINT
            )
        left, top = width // 2, height // 2
        right, bottom = width - left, height - top
    else:
        raise BadRequest(f"{text!r} says not how to extend a picture.", hint=_EXTEND_HINT)
    if not any((left, top, right, bottom)):
        raise BadRequest(f"{text.strip()} extends the picture by nothing.", hint=_EXTEND_HINT)
    return left, top, right, bottom
