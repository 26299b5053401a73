"""What a PNG, JPEG or WebP says about itself, read without decoding it.

Facts of the formats: PNG third edition (W3C), ITU-T T.81 with Exif 2.32, the WebP container (RFC 9649).
Everything here raises `ValueError` with a reason that reads on after "is damaged: ".
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from requesty_nb.images.exif import SIDEWAYS, exif_orientation

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG, JPEG, WEBP = "image/png", "image/jpeg", "image/webp"
SUFFIXES = {PNG: (".png",), JPEG: (".jpg", ".jpeg", ".jpe", ".jfif"), WEBP: (".webp",)}
MAX_PIXELS = 178_956_970  # where Pillow refuses too: a quarter of 2 GiB at four bytes a pixel
CUT = "it is cut short"

_PNG_START = b"\x89PNG\r\n\x1a\n"
_PARTS = 65_536  # chunks or segments; an honest 50 MB file has some thousands
_TAIL = 4096
_EOI, _SOS, _APP1 = 0xD9, 0xDA, 0xE1
_FRAME_HEAD = struct.Struct(">BHHB")  # precision, height, width, components
_BITS = 8
_IHDR = struct.Struct(">IIBB3x")  # width, height, bit depth, colour type
_FRAMING = 12  # bytes of a PNG chunk besides its data: length, type, check sum
_BARE = frozenset((0x01, *range(0xD0, 0xD9)))  # JPEG markers without a length: TEM, RST0-7, SOI
_FRAME_STARTS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# inside entropy-coded data a 0xFF is followed by 0x00 or a restart marker; all else is a marker
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_PNG_NOTES = {3: "its palette was resolved to full colours"}
_PNG_MODES = {0: "L", 2: "RGB", 4: "LA", 6: "RGBA"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a header says.

    Attributes:
        mime: of the bytes; empty for a format other than PNG, JPEG and WebP.
        size: width and height as stored, before any orientation.
        conversion: why its pixels cannot go as they are, as a note; empty if they can.
        orientation: the EXIF orientation, 1 to 8.
        frames: how many pictures or pages it holds.
        alpha: whether it has, or may have, an alpha channel.
    """

    mime: str
    size: tuple[int, int]
    conversion: str = ""
    orientation: int = 1
    frames: int = 1
    alpha: bool = False

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height once the orientation is applied."""
        return (self.size[1], self.size[0]) if self.orientation in SIDEWAYS else self.size


def sniff(head: bytes) -> str:
    """Return the mime type of bytes from their first sixteen, or ``""`` if it is none of the three."""
    if head.startswith(_PNG_START):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    return ""


def suffix_for(mime: str) -> str:
    """Return the file name suffix of a mime type, with its dot; ``""`` for one that is not sent."""
    return SUFFIXES.get(mime, ("",))[0]


def read_facts(file: BinaryIO, length: int) -> Facts:
    """Read the header of a PNG, JPEG or WebP of ``length`` bytes and see that its end is there.

    Raises:
        ValueError: it is none of the three, or damaged as far as can be told without decoding.
    """
    file.seek(0)
    match sniff(file.read(16)):
        case "image/png":
            facts = _png(file, length)
        case "image/jpeg":
            facts, scan = _jpeg(file)
            _see_end(file, length, scan)
        case "image/webp":
            facts = _webp(file, length)
        case _:
            raise ValueError("it is no PNG, JPEG or WebP")
    if 0 in facts.size:
        raise ValueError("it says that it has no pixels")
    return facts


def inspect(data: bytes) -> tuple[str, tuple[int, int]]:
    """Return the mime type and the stored size (width, height) of a picture from its header.

    Raises:
        ValueError: as `read_facts`.
    """
    facts = read_facts(io.BytesIO(data), len(data))
    return facts.mime, facts.size


def examine(data: bytes, *, max_pixels: int = MAX_PIXELS) -> tuple[str, tuple[int, int]]:
    """Prove a received picture without decoding it; return its mime type and size (width, height).

    Proven are: the header, the number of pixels, and the format's own checks (PNG: the CRC of every chunk
    up to the end chunk; JPEG: its segments up to the end marker; WebP: its lengths).

    Raises:
        ValueError: with what is wrong, as a plain clause.
    """
    file = io.BytesIO(data)
    facts = read_facts(file, len(data))
    width, height = facts.size
    if width * height > max_pixels:
        raise ValueError(f"it has {width} x {height} pixels, more than {max_pixels}")
    if facts.mime == PNG:
        _see_crcs(data, file)
    elif facts.mime == JPEG and not _jpeg_ends(data, _jpeg(file)[1]):
        raise ValueError(f"{CUT}: its end marker is missing")
    return facts.mime, facts.size


def _chunks(file: BinaryIO, length: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, offset of the data, length of the data) of a PNG's chunks, the end chunk included."""
    at = len(_PNG_START)
    for _ in range(_PARTS):
        file.seek(at)
        head = file.read(8)
        size = int.from_bytes(head[:4], "big")
        if at + _FRAMING + size > length:
            raise ValueError(f"{CUT}: its end chunk is missing")
        yield head[4:], at + 8, size
        if head[4:] == b"IEND":
            return
        at += _FRAMING + size
    raise ValueError(f"it has more than {_PARTS} chunks")


def _png(file: BinaryIO, length: int) -> Facts:
    seen: dict[bytes, bytes] = {}
    for index, (kind, at, size) in enumerate(_chunks(file, length)):
        if (index == 0) != (kind == b"IHDR"):
            raise ValueError("it does not start with its header")
        if kind in {b"IHDR", b"eXIf", b"acTL", b"tRNS"}:
            file.seek(at)
            seen.setdefault(kind, file.read(min(size, 65_536)))
        elif kind == b"IDAT":
            seen[kind] = b""
    if len(seen[b"IHDR"]) != _IHDR.size or b"IDAT" not in seen:
        raise ValueError("it has no picture data")
    width, height, depth, colour = _IHDR.unpack(seen[b"IHDR"])
    if depth > _BITS:
        note = "16 bits a channel reduced to 8"
    elif colour in _PNG_MODES and depth < _BITS:
        note = f"{depth} bit grey widened to 8"
    elif colour in _PNG_MODES and b"tRNS" in seen:
        note = "its transparent colour became an alpha channel"
    else:
        note = _PNG_NOTES.get(colour, "")
    return Facts(
        PNG,
        (width, height),
        conversion=note,
        orientation=exif_orientation(seen.get(b"eXIf", b"")),
        frames=max(1, int.from_bytes(seen.get(b"acTL", b"")[:4], "big")),
        alpha=b"tRNS" in seen or colour in {4, 6},
    )


def _see_crcs(data: bytes, file: BinaryIO) -> None:
    view = memoryview(data)
    for kind, at, size in _chunks(file, len(data)):
        end = at + size
        if zlib.crc32(view[at - 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            raise ValueError(f"the check sum of its {kind.decode('latin-1')} chunk is wrong")


def _jpeg(file: BinaryIO) -> tuple[Facts, int]:
    """Return a JPEG's facts, and where its first scan starts."""
    orientation, frame = 0, b""
    for code, size in _segments(file):
        if code in _FRAME_STARTS:
            frame = frame or file.read(size)
        elif code == _APP1 and not orientation and (body := file.read(size)).startswith(b"Exif\0\0"):
            orientation = exif_orientation(body)
    if len(frame) < _FRAME_HEAD.size:
        raise ValueError("it has no frame header")
    depth, height, width, channels = _FRAME_HEAD.unpack_from(frame)
    note = "" if channels in {1, 3} else "CMYK converted to RGB"
    if depth != _BITS:
        note = f"{depth} bits a channel reduced to 8"
    return Facts(JPEG, (width, height), conversion=note, orientation=orientation or 1), file.tell()


def _segments(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Yield (marker, length of the body) of a JPEG's segments; leaves the file at its first scan."""
    at = 2
    for _ in range(_PARTS):
        file.seek(at)
        lead = file.read(2)
        while lead == b"\xff\xff":  # fill bytes before a marker
            lead = lead[1:] + file.read(1)
        if lead[:1] != b"\xff" or lead[1:] in {b"", b"\xd9"}:
            raise ValueError(f"{CUT}: it ends before its picture data")
        if lead[1] in _BARE:
            at = file.tell()
            continue
        size = max(int.from_bytes(file.read(2), "big"), 2)
        at = file.tell() + size - 2
        if lead[1] == _SOS:
            return
        yield lead[1], size - 2
    raise ValueError(f"it has more than {_PARTS} segments")


def _see_end(file: BinaryIO, length: int, scan: int) -> None:
    """See that a JPEG ends: in its tail, or, where a phone has appended something, anywhere."""
    file.seek(max(scan, length - _TAIL))
    if b"\xff\xd9" in file.read():
        return
    file.seek(0)
    if not _jpeg_ends(file.read(), scan):
        raise ValueError(f"{CUT}: its end marker is missing")


def _jpeg_ends(data: bytes, at: int) -> bool:
    for _ in range(_PARTS):
        found = _MARKER.search(data, at)
        if found is None:
            return False
        at = found.end()
        code = data[at - 1]
        if code == _EOI:
            return True
        if code not in _BARE:
            at += int.from_bytes(data[at : at + 2], "big")
    return False


def _webp(file: BinaryIO, length: int) -> Facts:
    file.seek(4)
    end = 8 + _little(file.read(4))
    if end > length:
        raise ValueError(f"{CUT}: {length} of {end} bytes are there")
    at, frames, orientation, animated, alpha = 12, 0, 1, False, False
    canvas: tuple[int, int] | None = None
    for _ in range(_PARTS):
        file.seek(at)
        kind, size = file.read(4), _little(file.read(4))
        if at + 8 > end:
            break
        if at + 8 + size > end:
            raise ValueError(f"{CUT}: its last chunk is not whole")
        if kind == b"VP8X":
            flags = file.read(4)[0]
            animated, alpha = bool(flags & 2), bool(flags & 16)
            canvas = 1 + _little(file.read(3)), 1 + _little(file.read(3))
        elif kind in {b"VP8 ", b"VP8L"}:
            bare, clear = _webp_picture(kind, file.read(10))
            canvas, alpha, frames = canvas or bare, alpha or clear, frames + 1
        elif kind == b"ANMF":
            frames += 1
        elif kind == b"EXIF":
            orientation = exif_orientation(file.read(min(size, 65_536)))
        at += 8 + size + size % 2
    if canvas is None or not frames:
        raise ValueError("it has no picture data")
    note = "its one frame was taken out of its animation" if animated else ""
    return Facts(WEBP, canvas, conversion=note, orientation=orientation, frames=frames, alpha=alpha)


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _webp_picture(kind: bytes, head: bytes) -> tuple[tuple[int, int], bool]:
    """Return the size, and whether there is alpha, from the start of a lossy or lossless bitstream."""
    if kind == b"VP8 " and head[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", head[6:10])
        return (width & 0x3FFF, height & 0x3FFF), False
    if kind == b"VP8L" and head[:1] == b"\x2f":
        bits = _little(head[1:5])
        return (1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)), bool(bits >> 28 & 1)
    raise ValueError("its picture data has no header")
