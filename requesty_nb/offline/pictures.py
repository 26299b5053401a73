"""Pictures in and out: what was uploaded becomes pixels, and pixels become a file.

Bytes are judged by what they are, never by the name or type they came under.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, ImageOps, PngImagePlugin

from requesty_nb.offline.refusals import Refusal, bad_image, bad_mask

if TYPE_CHECKING:
    from requesty_nb.offline.checks import Asked, OutputFormat
    from requesty_nb.offline.uploads import Upload

SOFTWARE: Final = "requesty_nb offline painter (not AI)"
_PIXELS = 50_000_000  # beyond this a small file could fill the memory
_EXIF_SOFTWARE = 0x0131
_REFERENCE_SIDE = 1024  # pixels; references are never shown larger than the picture's masked part
_EXIF_ORIENTATION = 0x0112
_TURNED = frozenset({5, 6, 7, 8})  # orientations that swap width and height
# what Pillow's readers raise on broken files
_DAMAGED = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    TypeError,
    LookupError,
    OverflowError,
    struct.error,
    zlib.error,
)
_RLE = 3  # zlib's Z_RLE: for photographs faster than the default and smaller


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of one request, decoded and upright.

    Attributes:
        source: the first image, RGB or RGBA, at its own size.
        references: the others, RGB, at most 1024 pixels a side.
        mask: L, 255 = edit, of the source's size; or None.
        sizes: width and height of every image as it was sent.
        profile: the source's ICC profile, or None.
    """

    source: Image.Image
    references: tuple[Image.Image, ...]
    mask: Image.Image | None
    sizes: tuple[tuple[int, int], ...]
    profile: bytes | None


def decode(asked: Asked) -> Pictures:
    """Decode all pictures of a request.

    Raises:
        Refusal: 400; one is no whole still PNG, JPEG or WebP, has too many pixels, or the mask does not fit.
    """
    names = ["image"] if len(asked.images) == 1 else [f"image[{i}]" for i in range(len(asked.images))]
    opened = [_open(upload, name) for upload, name in zip(asked.images, names, strict=True)]
    profile = opened[0].info.get("icc_profile") if opened[0].mode in {"RGB", "RGBA"} else None
    loaded = [
        _load(image, name, small=i > 0) for i, (image, name) in enumerate(zip(opened, names, strict=True))
    ]
    mask = None if asked.mask is None else _open_mask(asked.mask, loaded[0][1])
    source, *references = (image for image, _ in loaded)
    return Pictures(
        source,
        tuple(image.convert("RGB") for image in references),
        mask,
        tuple(size for _, size in loaded),
        profile,
    )


def _open(upload: Upload, param: str) -> Image.Image:
    """Read a picture's header."""
    upload.file.seek(0)
    try:
        image = Image.open(upload.file, formats=("PNG", "JPEG", "WEBP"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise bad_image(param, "too many pixels.") from None
    except _DAMAGED:  # UnidentifiedImageError is an OSError
        raise bad_image(param, "it is no PNG, JPEG or WebP picture.") from None
    if image.width * image.height > _PIXELS:
        raise bad_image(param, f"too many pixels ({image.width}x{image.height}).")
    # a phone's JPEG can carry a second picture (MPO) and is still a still
    if image.format in {"PNG", "WEBP"} and getattr(image, "is_animated", False):
        raise bad_image(param, "it is animated.")
    return image


def _load(image: Image.Image, param: str, *, small: bool) -> tuple[Image.Image, tuple[int, int]]:
    """Decode a picture, upright, to RGB or RGBA; return it and its upright size before it was made small."""
    width, height = image.size
    try:
        if small:
            image.draft("RGB", (_REFERENCE_SIDE, _REFERENCE_SIDE))
        image.load()
        if small:
            image.thumbnail((_REFERENCE_SIDE, _REFERENCE_SIDE))
        turned = image.getexif().get(_EXIF_ORIENTATION, 1) in _TURNED
        upright = ImageOps.exif_transpose(image)
        if upright.mode.startswith("I"):  # 16 bits of grey
            upright = upright.convert("L")
        mode = "RGBA" if upright.has_transparency_data else "RGB"
        return upright.convert(mode), (height, width) if turned else (width, height)
    except _DAMAGED:
        raise bad_image(param, "it is damaged or breaks off.") from None


def _open_mask(upload: Upload, size: tuple[int, int]) -> Image.Image:
    """Return a mask as L with 255 = edit."""
    try:
        mask = _open(upload, "mask")
    except Refusal as refusal:
        raise bad_mask(refusal.message) from None
    if not (mask.mode in {"RGBA", "LA", "PA"} or "transparency" in mask.info):
        raise bad_mask("mask image missing alpha channel")
    if mask.format != "PNG":
        raise bad_mask("mask image has to be PNG")
    if mask.size != size:
        raise bad_mask(
            f"mask size does not match image size ({mask.width}x{mask.height}, {size[0]}x{size[1]})"
        )
    try:
        alpha = mask.convert("RGBA").getchannel("A")
    except _DAMAGED:
        raise bad_mask("mask image is damaged or breaks off") from None
    return ImageOps.invert(alpha)


def encode(image: Image.Image, output_format: OutputFormat, compression: int, profile: bytes | None) -> bytes:
    """Return a picture as a file that names the software it was made by."""
    out = BytesIO()
    options: dict[str, Any] = {} if profile is None else {"icc_profile": profile}
    if output_format == "png":
        chunks = PngImagePlugin.PngInfo()
        chunks.add_text("Software", SOFTWARE)
        image.save(out, "PNG", compress_level=1, compress_type=_RLE, pnginfo=chunks, **options)
        return out.getvalue()
    exif = Image.Exif()
    exif[_EXIF_SOFTWARE] = SOFTWARE
    if output_format == "jpeg":
        # beyond 95 a JPEG only grows; 0 would be no picture
        image.convert("RGB").save(out, "JPEG", quality=max(1, min(95, compression)), exif=exif, **options)
    else:
        image.save(out, "WEBP", quality=compression, method=1, exif=exif, **options)
    return out.getvalue()
