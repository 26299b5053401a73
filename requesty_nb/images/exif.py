"""The one thing of EXIF that matters here: which way is up."""

from __future__ import annotations

import struct

_ORIENTATION, _SHORT = 0x0112, 3  # the tag, and the type it has to have
SIDEWAYS = frozenset((5, 6, 7, 8))  # orientations that swap width and height


def exif_orientation(exif: bytes) -> int:
    """Return the orientation (1 to 8) that an EXIF block gives; 1 if it gives none or is damaged."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (at,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, at)
        for index in range(count):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, at + 2 + 12 * index)
            if tag == _ORIENTATION and kind == _SHORT:
                return value if value in range(1, 9) else 1
    except struct.error:
        pass
    return 1
