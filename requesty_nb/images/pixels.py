"""Pixels in and out: decoding, encoding, thumbnails, identity by pixels.

The modes here are Pillow's. What is decoded is L, RGB or RGBA, 8 bits a channel, upright, in sRGB, and
carries no metadata that would be written back by accident.
"""

from __future__ import annotations

import hashlib
import io
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image, ImageFile, ImageOps, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from requesty_nb.errors import BadImage
from requesty_nb.images import headers
from requesty_nb.images.colours import in_srgb, plain, plain_note, profile_of, read_profile
from requesty_nb.images.exif import SIDEWAYS
from requesty_nb.images.headers import MAX_PIXELS, Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_READERS: dict[str, Callable[[BinaryIO], ImageFile.ImageFile]] = {
    headers.PNG: PngImagePlugin.PngImageFile,
    headers.JPEG: JpegImagePlugin.JpegImageFile,
    headers.WEBP: WebPImagePlugin.WebPImageFile,
}
_KNOWN = frozenset(("PNG", "JPEG", "WEBP"))
# These run other programs or hold no pixels; nothing that is opened here may start anything.
_REFUSED = frozenset(("EPS", "WMF", "BUFR", "GRIB", "HDF5", "MPEG"))
_ONE_PICTURE = frozenset(("PSD", "HEIF", "MPO"))  # their further "frames" are layers or companions
_HEIF_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
)
_ORIENTATION = 0x0112
_PIECE = 1 << 20  # bytes hashed at a time
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SMALL_PREVIEW = 384  # pixels a side, up to which a tighter packing costs next to nothing
_quiet_lock = threading.Lock()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Pillow's warnings (bombs, doubtful metadata) off the user's screen; one thread at a time."""
    with _quiet_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _open(file: BinaryIO) -> Image.Image:
    """Open a picture, reading its header only.

    The three that are sent are opened by their own readers: a JPEG with companions stays a JPEG, and no
    other reader gets a say.
    """
    file.seek(0)
    reader = _READERS.get(headers.sniff(file.read(16)))
    file.seek(0)
    with _quiet():
        if reader is not None:
            return reader(file)
        Image.init()
        return Image.open(file, formats=[name for name in Image.ID if name not in _REFUSED])


def survey(file: BinaryIO) -> tuple[Facts, str]:
    """Read the header of any other format Pillow knows; return its facts and the format's name.

    Raises:
        BadImage: nobody here can read it; the hint says what could.
    """
    file.seek(0)
    head = file.read(512)
    try:
        image = _open(file)
        with _quiet():
            orientation = image.getexif().get(_ORIENTATION, 1)
            frames = 1 if image.format in _ONE_PICTURE else getattr(image, "n_frames", 1)
    except Image.DecompressionBombError as error:
        raise BadImage("It has too many pixels.", hint="Scale it down first.") from error
    except Exception as error:  # Pillow's readers raise whatever the bytes provoke
        raise _unreadable(head) from error
    turned = orientation if orientation in _TURNS else 1
    size = image.size
    if image.format == "TIFF" and turned in SIDEWAYS:  # Pillow has already swapped a TIFF's sides
        size = (size[1], size[0])
    alpha = image.has_transparency_data
    return Facts("", size, plain_note(image.mode), turned, frames, alpha), image.format or "picture"


def _unreadable(head: bytes) -> BadImage:
    """Say what bytes are that no reader knows."""
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return BadImage(
            "It is a HEIC picture, which needs a plugin.",
            hint="`pip install pillow-heif`, then `import pillow_heif; pillow_heif.register_heif_opener()`.",
        )
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:256].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return BadImage("It is a web page, not a picture.", hint="Download the picture itself.")
    if b"<svg" in start:
        return BadImage("It is an SVG drawing, which has no pixels.", hint="Export it as PNG first.")
    if start.startswith((b"%pdf", b"%!ps")):
        return BadImage("It is a document, not a picture.", hint="Export the page as PNG first.")
    if start.startswith(b"version https://git-lfs"):
        return BadImage("It is only git's pointer to the picture.", hint="Run `git lfs pull`.")
    return BadImage("It cannot be read as a picture.", hint="Use a PNG, JPEG or WebP picture.")


def profile_note(file: BinaryIO) -> str:
    """Return a note if the picture in ``file`` has a colour profile that is of no use; else ``""``."""
    try:
        image = _open(file)
    except Exception as error:  # Pillow's readers raise whatever the bytes provoke
        raise BadImage("It is damaged: its header cannot be read.") from error
    return read_profile(image.mode, profile_of(image))[1]


def decode_file(file: BinaryIO, orientation: int | None = None, edge: int = 0) -> Image.Image:
    """Decode a whole picture.

    Args:
        file: seekable, at any position; not closed.
        orientation: of a PNG, JPEG or WebP, if it is known already.
        edge: if given, the picture may come smaller, as long as its long side has this many pixels.

    Raises:
        BadImage: it is damaged, or has more than `MAX_PIXELS` pixels.
    """
    try:
        image = _open(file)
        _see_size(image)
        if image.format not in _KNOWN:
            with _quiet():
                image.load()
                ImageOps.exif_transpose(image, in_place=True)
            return _bare(image)
        if orientation is None:
            orientation = _orientation_of(file)
        if edge and max(image.size) > edge:
            scale = edge / max(image.size)
            image.draft(None, (round(image.width * scale), round(image.height * scale)))
        image.load()
        return _bare(image.transpose(_TURNS[orientation]) if orientation in _TURNS else image)
    except BadImage:
        raise
    except Exception as error:  # Pillow's readers raise whatever the bytes provoke
        raise BadImage("It is damaged and cannot be decoded.") from error


def _see_size(image: Image.Image) -> None:
    if 0 in image.size:
        raise BadImage("It has no pixels.")
    if image.width * image.height > MAX_PIXELS:
        raise BadImage(
            f"It has {image.width} x {image.height} pixels, too many to work on.", hint="Scale it down first."
        )


def _orientation_of(file: BinaryIO) -> int:
    at = file.tell()
    try:
        return headers.read_facts(file, file.seek(0, io.SEEK_END)).orientation
    finally:
        file.seek(at)


def _bare(image: Image.Image) -> Image.Image:
    """Return loaded pixels in sRGB, as an image that refers to no file and carries no metadata."""
    done = in_srgb(plain(image), profile_of(image))
    if done.info or isinstance(done, ImageFile.ImageFile):
        done = done.copy()
        done.info = {}
    return done


def decode(data: bytes) -> Image.Image:
    """Decode a whole picture as 8-bit L, RGB or RGBA, upright and in sRGB.

    Raises:
        BadImage: it is damaged, or has more than `MAX_PIXELS` pixels.
    """
    return decode_file(io.BytesIO(data))


def settle(image: Image.Image) -> tuple[Image.Image, str, tuple[str, ...], bool]:
    """Take a Pillow image in memory: its pixels in sRGB, their identity, notes, and whether it was turned.

    The identity is of the pixels before any colour conversion (with the profile, where that matters):
    colour arithmetic may differ between versions of its library.

    Raises:
        BadImage: it is empty, too large, or its file is damaged or closed.
    """
    _see_size(image)
    try:
        image.load()
        turn = None
        if isinstance(image, ImageFile.ImageFile):  # only there does the tag still speak of these pixels
            with _quiet():
                turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
        upright = image if turn is None else image.transpose(turn)
    except Exception as error:  # Pillow's readers raise whatever the bytes provoke
        raise BadImage("It is damaged, or its file was closed.") from error
    profile = profile_of(image)
    reduced = plain(upright)
    transform, note = read_profile(reduced.mode, profile)
    digest = pixel_digest(reduced, profile if transform is not None else b"")
    done = in_srgb(reduced, profile if transform is not None else b"")
    if done is image:
        done = done.copy()
    done.info = {}
    notes = tuple(text for text in (plain_note(image.mode), note) if text)
    return done, digest, notes, turn is not None


def pixel_digest(image: Image.Image, profile: bytes = b"") -> str:
    """Return ``pixels:`` and the sha256 over mode, size and raw pixels (and a profile, where it counts)."""
    digest = hashlib.sha256(f"{image.mode} {image.width} {image.height}\n".encode())
    digest.update(image.tobytes())
    if profile:
        digest.update(b"profile\n" + profile)
    return f"pixels:{digest.hexdigest()}"


def blank_digest(size: tuple[int, int]) -> str:
    """Return the `pixel_digest` of a black L picture without making it: a stranger may say how large."""
    digest = hashlib.sha256(f"L {size[0]} {size[1]}\n".encode())
    left, piece = size[0] * size[1], bytes(_PIECE)
    while left > 0:
        digest.update(piece if left >= _PIECE else piece[:left])
        left -= _PIECE
    return f"pixels:{digest.hexdigest()}"


def encode_png(image: Image.Image, level: int = 1) -> bytes:
    """Encode as PNG without metadata; ``level`` is zlib's, 1 (quick) to 9 (small)."""
    return _encode(image, "PNG", compress_level=level)


def encode_jpeg(image: Image.Image) -> bytes:
    """Encode an L or RGB image as JPEG, nearly without loss: quality 95, full colour resolution."""
    return _encode(image, "JPEG", quality=95, subsampling=0)


def _encode(image: Image.Image, kind: str, **options: int) -> bytes:
    if image.info:  # Pillow would write back a profile, a transparent colour and more
        image = image.copy()
        image.info = {}
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def shrunk(image: Image.Image, edge: int) -> Image.Image:
    """Return an image whose long side has at most ``edge`` pixels; the same object if it already does."""
    scale = edge / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def preview(image: Image.Image, edge: int, quality: int = 80) -> bytes:
    """Encode a thumbnail of at most ``edge`` pixels a side as WebP, keeping alpha.

    Of a file use `Source.preview`, which need not decode a large JPEG whole.
    """
    small = shrunk(in_srgb(plain(image), b""), edge)
    return _encode(small, "WEBP", quality=quality, method=4 if edge <= _SMALL_PREVIEW else 0)
