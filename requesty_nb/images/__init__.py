"""Load anything image-like: orientation, size, identity, bytes to send, pixels, previews.

- `blobs`: bytes in memory or in a file.
- `headers`: what a PNG, JPEG or WebP says about itself, without decoding.
- `exif`: which way is up.
- `intake`: text, paths and open files to bytes or references.
- `colours`, `arrays`: anything to 8-bit L, RGB or RGBA in sRGB.
- `pixels`: decoding, encoding, thumbnails, identity by pixels.
- `sources`: `load`, which makes a `Source`.
"""

from requesty_nb.images.blobs import Blob
from requesty_nb.images.headers import MAX_PIXELS, examine, inspect, suffix_for
from requesty_nb.images.intake import FILE_NOTE, URL_NOTE
from requesty_nb.images.pixels import blank_digest, decode, encode_png, pixel_digest, preview
from requesty_nb.images.sources import ACCEPTED, MAX_SENT, UPRIGHT_NOTE, Source, load

__all__ = [
    "ACCEPTED",
    "FILE_NOTE",
    "MAX_PIXELS",
    "MAX_SENT",
    "UPRIGHT_NOTE",
    "URL_NOTE",
    "Blob",
    "Source",
    "blank_digest",
    "decode",
    "encode_png",
    "examine",
    "inspect",
    "load",
    "pixel_digest",
    "preview",
    "suffix_for",
]
