"""`restore`: a result back in the source's geometry, with the source untouched outside the mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageChops

from requesty_nb.frames.geometry import unframed
from requesty_nb.frames.leaks import Leak, measure
from requesty_nb.frames.mapping import RESAMPLING, mapped
from requesty_nb.masks.raster import feathered, grown, shrunk

if TYPE_CHECKING:
    from requesty_nb.frames.geometry import Frame, Size

__all__ = ["RESAMPLING", "Restored", "restore", "seam"]

_AGREES = 0.015  # of the aspect: endpoints round sizes to multiples of 16 pixels
_SEAM = 256  # the seam's width is this part of the short side
_SEAM_MOST = 16  # pixels


@dataclass(frozen=True, eq=False)
class Restored:
    """A result put back into its source.

    Attributes:
        image: RGB or RGBA, of the source's size, or of the extended picture's.
        leak: how much the raw result changed what was to be kept; None if nothing was.
    """

    image: Image.Image
    leak: Leak | None


def restore(
    source: Image.Image, weight_mask: Image.Image, result: Image.Image, frame: Frame | None = None
) -> Restored:
    """Map a result back to the source's geometry and lay it into the source through the mask.

    Where the mask is 0 every pixel is exactly the source's; where it is 255, but for a narrow seam inside
    its edge, exactly the mapped result's. A mask with values between has its own seam, and is taken as it
    is. The area the picture is extended by comes from the result alone.

    Args:
        source: L, RGB or RGBA, as it was sent or framed.
        weight_mask: L of the source's size, 255 = from the result.
        result: L, RGB or RGBA, of any size in the aspect of what was sent.
        frame: what the source was padded by; None if it went as it was.

    Raises:
        ValueError: the result's aspect is not that of what was sent; reads on after "cannot be put back: ".
    """
    frame = frame or unframed(source.size)
    if not source.size == weight_mask.size == frame.source:
        raise ValueError(f"its mask or frame was not made for a source of {source.width} x {source.height}")
    _see_shape(result.size, frame.canvas)
    weights = Image.new("L", frame.size, 255)
    weights.paste(weight_mask, frame.within)
    fitted = mapped(result, frame, frame.size)
    image = _laid_in(source, seam(weights), fitted, frame.within)
    return Restored(image, measure(source, weights, result, frame))


def _see_shape(size: Size, canvas: Size) -> None:
    off = abs(size[0] * canvas[1] - size[1] * canvas[0])
    # of a tiny picture one pixel is already more than that part
    if off > _AGREES * size[1] * canvas[0] and off > max(size):
        raise ValueError(
            f"its shape, {size[0]} x {size[1]}, is not that of what was sent, {canvas[0]} x {canvas[1]}"
        )


def seam(weights: Image.Image) -> Image.Image:
    """Soften the edge of a hard mask towards its inside; parts too thin for a seam stay as they are.

    A mask with values between 0 and 255 is returned unchanged.
    """
    counts = weights.histogram()
    if any(counts[1:255]) or not counts[0] or not counts[255]:
        return weights
    width = min(_SEAM_MOST, max(1, round(min(weights.size) / _SEAM)))
    core = shrunk(weights, width)
    soft = ImageChops.darker(feathered(core, width), weights)
    # a corner is farther from the core than an edge: by the square root of two, if it is a right angle
    thin = ImageChops.subtract(weights, grown(core, 1.5 * width))
    return ImageChops.lighter(soft, thin)


def _laid_in(
    source: Image.Image, weights: Image.Image, fitted: Image.Image, within: tuple[int, int]
) -> Image.Image:
    """Lay ``fitted`` over the source through ``weights``; exact where these are 0 or 255."""
    opaque = all(_is_opaque(image) for image in (source, fitted))
    mode = "RGB" if opaque else "RGBA"
    over = fitted.convert(mode)
    under = over.copy()
    under.paste(source.convert(mode), within)
    if opaque:
        return Image.composite(over, under, weights)
    blended = Image.composite(over.convert("RGBa"), under.convert("RGBa"), weights).convert("RGBA")
    blended.paste(over, mask=weights.point([0] * 255 + [255]))
    blended.paste(under, mask=weights.point([255] + [0] * 255))
    return blended


def _is_opaque(image: Image.Image) -> bool:
    return image.mode != "RGBA" or image.getchannel("A").getextrema()[0] == 255  # noqa: PLR2004 - opaque
