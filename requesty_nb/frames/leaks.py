"""`Leak`: how much a raw result changed what was to be kept, as a number and as a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from requesty_nb.frames.geometry import unframed
from requesty_nb.frames.mapping import FILTER, mapped
from requesty_nb.masks.raster import grown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from requesty_nb.frames.geometry import Frame, Size

CHANGED = 20  # of 255, in the most different channel: more than resampling and good JPEG do, and visible
_MARGIN = 128  # the mask's surroundings up to this part of the short side are not judged: blends reach there
_STILL = 2.0  # of 255: a mean difference too small to look for a shift
_SHIFT = 4  # pixels, the farthest looked for
_BETTER = 0.8  # a shift counts if it leaves less than this part of the difference
_PATCH = 1024  # pixels a side that the shift is looked for in


@dataclass(frozen=True)
class Leak:
    """How much a raw result changed outside the mask.

    Compared is at the smaller of the two scales, and with the source put through the same resampling, so
    that what scaling alone does is not counted.

    Attributes:
        share: the part of the pixels that changed by more than `CHANGED`, 0 to 1.
        mean: the mean absolute difference over pixels and channels, 0 to 255.
        shift: how far the whole result was found displaced, right and down, in source pixels; the other
            two are measured with that undone.
    """

    share: float
    mean: float
    shift: tuple[int, int] = (0, 0)


def measure(source: Image.Image, weights: Image.Image, result: Image.Image, frame: Frame) -> Leak | None:
    """Measure the leak; ``weights`` are L, of the size that comes back. None if nothing was to be kept.

    Memory is some ten times the smaller of the two pictures.
    """
    import numpy as np  # noqa: PLC0415 - heavy; only edits with a mask need it

    size = _scale(result.size, frame)
    kept = _kept(weights, frame, size)
    if not kept.any():
        return None
    before, after = _compared(source, result, frame, size)
    moved = (0, 0)
    gap = np.abs(after - before)
    if gap[kept].mean() > _STILL:
        moved = _displacement(before, after)
        if moved != (0, 0):
            other = np.abs(np.roll(after, (-moved[1], -moved[0]), (0, 1)) - before)
            inner = kept.copy()
            inner[:_SHIFT] = inner[-_SHIFT:] = inner[:, :_SHIFT] = inner[:, -_SHIFT:] = False
            if inner.any() and other[inner].mean() < _BETTER * gap[inner].mean():
                gap, kept = other, inner
            else:
                moved = (0, 0)
    across, down = frame.size[0] / size[0], frame.size[1] / size[1]
    return Leak(
        share=float((gap.max(axis=2)[kept] > CHANGED).mean()),
        mean=float(gap[kept].mean()),
        shift=(round(moved[0] * across), round(moved[1] * down)),
    )


def leak_map(
    source: Image.Image, weight_mask: Image.Image, result: Image.Image, frame: Frame | None = None
) -> Image.Image:
    """Return how much each pixel changed that was to be kept: L, 0 to 255, of the size that comes back."""
    import numpy as np  # noqa: PLC0415 - heavy; only edits with a mask need it

    frame = frame or unframed(source.size)
    weights = Image.new("L", frame.size, 255)
    weights.paste(weight_mask, frame.within)
    size = _scale(result.size, frame)
    before, after = _compared(source, result, frame, size)
    gap = np.abs(after - before).max(axis=2) * _kept(weights, frame, size)
    return Image.fromarray(gap.astype(np.uint8)).resize(frame.size, Image.Resampling.BILINEAR)


def _scale(result: Size, frame: Frame) -> Size:
    """Return the size to compare at: what comes back, at its own scale or the result's if smaller."""
    return (
        max(1, round(frame.size[0] * min(1.0, result[0] / frame.canvas[0]))),
        max(1, round(frame.size[1] * min(1.0, result[1] / frame.canvas[1]))),
    )


def _kept(weights: Image.Image, frame: Frame, size: Size) -> NDArray[Any]:
    """Return as bool what is judged: the source's pixels that are some way off anything edited."""
    import numpy as np  # noqa: PLC0415 - heavy; the caller has it

    near = grown(weights, max(2.0, min(frame.size) / _MARGIN))
    if near.size != size:  # any touch of the mask counts
        near = near.resize(size, Image.Resampling.BOX)
    kept: NDArray[Any] = np.asarray(near) == 0
    return kept


def _compared(
    source: Image.Image, result: Image.Image, frame: Frame, size: Size
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the source, resampled as the result was, and the result; as int16, height x width x 3."""
    import numpy as np  # noqa: PLC0415 - heavy; the caller has it

    sent = frame.pad(source) if frame.canvas != frame.source else source
    if sent.size != result.size:
        sent = _flat(sent).resize(result.size, FILTER)
    pair = (mapped(_flat(image), frame, size) for image in (sent, result))
    before, after = (np.asarray(image).astype(np.int16) for image in pair)
    return before, after


def _flat(image: Image.Image) -> Image.Image:
    """Return an image as RGB; transparent parts as they look on grey, whatever colour they hide."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    ground = Image.new("RGB", image.size, (128, 128, 128))
    ground.paste(image, mask=image)
    return ground


def _displacement(before: NDArray[Any], after: NDArray[Any]) -> tuple[int, int]:
    """Return how far ``after`` lies right of and below ``before``, by phase correlation, at most `_SHIFT`."""
    import numpy as np  # noqa: PLC0415 - heavy; the caller has it

    height, width = before.shape[:2]
    top, left = max(0, (height - _PATCH) // 2), max(0, (width - _PATCH) // 2)
    patch = (slice(top, top + _PATCH), slice(left, left + _PATCH))
    one, two = (image[patch].sum(axis=2).astype(np.float32) for image in (before, after))
    window = np.outer(np.hanning(one.shape[0]), np.hanning(one.shape[1])).astype(np.float32)
    spectra = [np.fft.rfft2((image - image.mean()) * window) for image in (one, two)]
    cross = np.conj(spectra[0]) * spectra[1]
    peak = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-6), s=one.shape)
    reach_y, reach_x = min(_SHIFT, one.shape[0] // 4), min(_SHIFT, one.shape[1] // 4)
    near = np.roll(peak, (reach_y, reach_x), (0, 1))[: 2 * reach_y + 1, : 2 * reach_x + 1]
    y, x = np.unravel_index(int(near.argmax()), near.shape)
    return int(x) - reach_x, int(y) - reach_y
