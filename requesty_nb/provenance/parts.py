"""The parts a PNG, JPEG or WebP file is made of: where each lies, read by its headers alone.

Facts of the formats: PNG third edition (W3C), ITU-T T.81, the WebP container (RFC 9649). Everything here
raises `ValueError` with a reason that reads on after "is damaged: ".
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from requesty_nb.images.headers import JPEG, PNG, WEBP, sniff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

APP0, APP1, APP11 = b"\xe0", b"\xe1", b"\xeb"  # JPEG markers, as the kinds of their segments
_SOS, _EOI = 0xDA, 0xD9
_BARE = frozenset((0x01, *range(0xD0, 0xD9)))  # JPEG markers without a length: TEM, RST0-7, SOI
_MOST = 65_536  # parts; an honest 50 MB file has some thousands
_PNG_START, _PNG_HEAD, _PNG_CRC = 8, 8, 4
_RIFF_START, _RIFF_HEAD = 12, 8
_CUT = "it is cut short"


@dataclass(frozen=True, slots=True)
class Part:
    """A chunk of a PNG or WebP, or a segment of a JPEG.

    Attributes:
        kind: a chunk's four letters, or a segment's marker without its 0xFF.
        start: where it begins, its header included.
        at: where its data begins.
        size: bytes of data.
        end: where the next part begins: behind check sum or padding.
        summed: whether a check sum follows the data.
    """

    kind: bytes
    start: int
    at: int
    size: int
    end: int
    summed: bool = False

    def read(self, file: BinaryIO, most: int) -> bytes:
        """Return its data, proven by the check sum if it has one.

        Raises:
            ValueError: it is longer than ``most``, or damaged.
        """
        if self.size > most:
            raise ValueError(f"one of its texts has {self.size} bytes, more than {most}")
        file.seek(self.at)
        data = file.read(self.size)
        if len(data) < self.size:
            raise ValueError(_CUT)
        if self.summed and zlib.crc32(self.kind + data) != int.from_bytes(file.read(_PNG_CRC), "big"):
            raise ValueError(f"the check sum of its {self.kind.decode('latin-1')} chunk is wrong")
        return data


def parts_of(file: BinaryIO, length: int) -> tuple[str, Iterator[Part]]:
    """Return a file's mime type and its parts: of a JPEG those before its picture data, else all.

    The type is empty, and there are no parts, if it is none of the three. Damage shows where it is reached:
    what lies before it is yielded.
    """
    file.seek(0)
    mime = sniff(file.read(16))
    walks: dict[str, Callable[[BinaryIO, int], Iterator[Part]]] = {PNG: _png, JPEG: _jpeg, WEBP: _webp}
    return mime, walks[mime](file, length) if mime else iter(())


def _png(file: BinaryIO, length: int) -> Iterator[Part]:
    at = _PNG_START
    for _ in range(_MOST):
        file.seek(at)
        head = file.read(_PNG_HEAD)
        size, kind = int.from_bytes(head[:4], "big"), head[4:]
        part = Part(kind, at, at + _PNG_HEAD, size, at + _PNG_HEAD + size + _PNG_CRC, summed=True)
        if part.end > length:
            raise ValueError(f"{_CUT}: its end chunk is missing")
        yield part
        if kind == b"IEND":
            return
        at = part.end
    raise ValueError(f"it has more than {_MOST} chunks")


def _jpeg(file: BinaryIO, length: int) -> Iterator[Part]:
    start = at = 2
    for _ in range(_MOST):
        file.seek(at)
        lead = file.read(2)
        if lead == b"\xff\xff":  # a fill byte before a marker
            at += 1
            continue
        if lead[:1] != b"\xff" or lead[1:] in {b"", bytes([_EOI])}:
            raise ValueError(f"{_CUT}: it ends before its picture data")
        at += 2
        if lead[1] in _BARE:
            continue
        if lead[1] == _SOS:
            return
        size = int.from_bytes(file.read(2), "big")
        end = at + size
        if size < 2 or end > length:  # noqa: PLR2004 - a length counts its own two bytes
            raise ValueError(f"{_CUT}: a segment is not whole")
        yield Part(lead[1:], start, at + 2, size - 2, end)
        start = at = end
    raise ValueError(f"it has more than {_MOST} segments")


def _webp(file: BinaryIO, length: int) -> Iterator[Part]:
    file.seek(4)
    whole = 8 + int.from_bytes(file.read(4), "little")
    if whole > length:
        raise ValueError(f"{_CUT}: {length} of {whole} bytes are there")
    at = _RIFF_START
    for _ in range(_MOST):
        if at + _RIFF_HEAD > whole:
            return
        file.seek(at)
        head = file.read(_RIFF_HEAD)
        size = int.from_bytes(head[4:], "little")
        end = at + _RIFF_HEAD + size
        if end > whole:
            raise ValueError(f"{_CUT}: its last chunk is not whole")
        part = Part(head[:4], at, at + _RIFF_HEAD, size, min(end + size % 2, whole))
        yield part
        at = part.end
    raise ValueError(f"it has more than {_MOST} chunks")
