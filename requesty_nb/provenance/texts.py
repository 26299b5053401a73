"""The texts a picture file carries, by name, read without decoding the picture and within bounds."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, BinaryIO

from requesty_nb.provenance import exif
from requesty_nb.provenance.forms import LONGEST
from requesty_nb.provenance.parts import APP1, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requesty_nb.provenance.parts import Part

PNG_TEXTS = frozenset((b"iTXt", b"tEXt", b"zTXt"))
_LONGEST_KEYWORD = 80  # with the zero behind it
_MOST = 4 * LONGEST  # bytes of all texts of a file
_DAMAGED = "one of its texts cannot be unpacked"


def texts_in(file: BinaryIO, length: int, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield name and text of what a PNG, JPEG or WebP says under these names, in the order of the file.

    An EXIF comment is called ``UserComment``.

    Raises:
        ValueError: it is damaged, or its texts are longer than any recipe; what lies before that is yielded.
    """
    total = 0
    for part in parts_of(file, length)[1]:
        if part.kind in PNG_TEXTS:
            if keyword_of(file, part) not in names:
                continue
            found = [png_text(part.kind, part.read(file, LONGEST))]
        elif part.kind in {b"eXIf", b"EXIF", APP1}:
            if part.kind == APP1 and not _starts(file, part, exif.PREFIX):
                continue
            found = [one for one in exif.texts(part.read(file, LONGEST)) if one[0] in names]
        else:
            continue
        total += sum(len(text) for _, text in found)
        if total > _MOST:
            raise ValueError(f"its texts have more than {_MOST} characters")
        yield from found


def keyword_of(file: BinaryIO, part: Part) -> str:
    """Return the name of a PNG's text."""
    file.seek(part.at)
    return file.read(min(part.size, _LONGEST_KEYWORD)).partition(b"\0")[0].decode("latin-1")


def png_text(kind: bytes, data: bytes) -> tuple[str, str]:
    """Return name and text of a PNG's text chunk, unpacked to no more than a recipe can be long.

    Raises:
        ValueError: it is damaged, or longer.
    """
    keyword, _, rest = data.partition(b"\0")
    if kind == b"tEXt":
        return keyword.decode("latin-1"), rest.decode("latin-1")
    if kind == b"zTXt":
        return keyword.decode("latin-1"), _unpacked(rest[1:]).decode("latin-1")
    packed = rest[:1] == b"\1"
    _language, _, rest = rest[2:].partition(b"\0")
    _translated, _, text = rest.partition(b"\0")
    return keyword.decode("latin-1"), (_unpacked(text) if packed else text).decode("utf-8", "replace")


def _unpacked(data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, LONGEST + 1)
    except zlib.error:
        raise ValueError(_DAMAGED) from None
    if len(text) > LONGEST:
        raise ValueError(f"one of its texts is longer than {LONGEST} bytes when unpacked")
    if not unpacker.eof:
        raise ValueError(_DAMAGED)
    return text


def _starts(file: BinaryIO, part: Part, prefix: bytes) -> bool:
    file.seek(part.at)
    return part.size >= len(prefix) and file.read(len(prefix)) == prefix
