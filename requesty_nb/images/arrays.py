"""Arrays to images: what shapes and types count as a picture."""

from __future__ import annotations

from typing import Any

from PIL import Image

from requesty_nb.errors import BadImage

_CHANNELS = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_SHAPE_HINT = "A picture is height x width, or height x width x 1, 2, 3 or 4 channels."


def from_array(thing: object) -> tuple[Image.Image, str]:
    """Return an array, or anything with ``__array__``, as an 8-bit image, and a note if it was scaled.

    Shapes: H x W, or H x W x C with C 1 (grey), 2 (grey, alpha), 3 (RGB), 4 (RGBA).
    Types: uint8 as it is; bool to 0 and 255; uint16 scaled from 0..65535; floating point from 0..1; other
    integers if they lie in 0..255.

    Raises:
        BadImage: another shape, or values outside these ranges.
    """
    import numpy as np  # noqa: PLC0415 - heavy; whoever has an array has it already

    try:
        array = np.asarray(thing)
    except Exception as error:  # whatever the object's own __array__ raises
        raise BadImage(
            f"The {type(thing).__name__} cannot be read as an array: {error}.",
            hint="Move it to the CPU, or convert it to a numpy array.",
        ) from error
    shape = " x ".join(map(str, array.shape))
    if array.ndim == 3 and array.shape[2] not in _CHANNELS and array.shape[0] in _CHANNELS:  # noqa: PLR2004
        raise BadImage(
            f"The array is {shape}: its channels seem to come first.",
            hint="Move them last, as array.transpose(1, 2, 0) does.",
        )
    if array.ndim not in {2, 3} or (array.ndim == 3 and array.shape[2] not in _CHANNELS):  # noqa: PLR2004
        raise BadImage(f"The array is {shape or 'a single number'}, which is no picture.", hint=_SHAPE_HINT)
    if 0 in array.shape:
        raise BadImage(f"The array is {shape}: it has no pixels.", hint=_SHAPE_HINT)
    pixels, note = _eight_bit(array)
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]  # noqa: PLR2004 - axes
    height, width = pixels.shape[:2]
    return Image.frombytes(_CHANNELS[channels], (width, height), pixels.tobytes()), note


def _eight_bit(array: Any) -> tuple[Any, str]:  # noqa: ANN401 - numpy is not imported here, even for types
    import numpy as np  # noqa: PLC0415 - heavy; whoever has an array has it already

    if array.dtype == np.uint8:
        return array, ""
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * 255, ""
    if array.dtype == np.uint16:
        return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8), "16 bits a channel reduced to 8"
    real = np.issubdtype(array.dtype, np.floating)
    if not real and not np.issubdtype(array.dtype, np.integer):
        raise BadImage(
            f"The array's type is {array.dtype}, which holds no pixels.", hint="Use uint8, or floats in 0..1."
        )
    low, high = array.min(), array.max()
    top = 1 if real else 255
    if not (low >= 0 and high <= top):  # not a number fails both
        raise BadImage(
            f"The array's {array.dtype} values run from {low} to {high}, but should lie in 0..{top}.",
            hint="Scale it, for example with numpy.clip, and pass uint8.",
        )
    if real:
        scaled = np.floor(array.astype(np.float64) * 255 + 0.5).astype(np.uint8)
        return scaled, f"{array.dtype} values in 0..1 scaled to 8 bits"
    return array.astype(np.uint8), f"{array.dtype} values in 0..255 taken as 8 bits"
