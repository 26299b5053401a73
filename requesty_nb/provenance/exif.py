"""Texts in an EXIF block, and a comment put into one that leaves all else where it is.

Facts of the format: Exif 2.32 (CIPA), TIFF 6.0. A block is a TIFF header and directories of entries that
point to each other by their offset in the block. Makers of cameras keep offsets in places that only they
know, so nothing may move: what is new goes to the end, and one pointer is changed.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from requesty_nb.images.exif import exif_orientation

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = b"Exif\0\0"  # stands before the block in a JPEG
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_ORIENTATION, _EXIF_DIRECTORY, _VERSION, _COMMENT = 0x0112, 0x8769, 0x9000, 0x9286
_BYTES, _TEXT, _SHORT, _LONG, _UNDEFINED = 1, 2, 3, 4, 7
_TEXTUAL = frozenset((_BYTES, _TEXT, _UNDEFINED))  # one byte an item
_INSIDE = 4  # bytes of a value that an entry holds itself
_ENTRY = 12
_ASCII, _UNICODE, _PLAIN = b"ASCII\0\0\0", b"UNICODE\0", bytes(8)


@dataclass(frozen=True, slots=True)
class _Entry:
    """Twelve bytes of a directory: tag, type, count, and the value or where it lies."""

    tag: int
    kind: int
    count: int
    value: bytes
    at: int = 0  # where the entry itself lies


def texts(block: bytes) -> Iterator[tuple[str, str]]:
    """Yield the texts of the first directory, and the user's comment as ``UserComment``.

    Those are named by what stands before their first colon: ComfyUI writes ``prompt:{...}`` in place of the
    camera's model. What is damaged is passed over, as is all from where texts are longer than the block: then
    thousands of entries point to one.
    """
    block = block.removeprefix(PREFIX)
    try:
        order = _order(block)
        left = len(block)
        first, _ = _directory(block, order, struct.unpack_from(f"{order}I", block, 4)[0])
        for entry in first:
            if entry.kind != _TEXT:
                continue
            left -= entry.count
            if left < 0:
                return
            name, colon, text = _value(block, order, entry).decode("utf-8", "replace").partition(":")
            if colon:
                yield name.strip().casefold(), text.rstrip("\0")
        pointer = next((one for one in first if one.tag == _EXIF_DIRECTORY), None)
        inner = [] if pointer is None else _directory(block, order, _number(pointer, order))[0]
        place = _comment_in(inner)
        if place is not None and place.kind in _TEXTUAL:
            yield "UserComment", _decoded(_value(block, order, place))
    except (struct.error, ValueError):
        return


def with_comment(block: bytes, comment: bytes, mine: tuple[bytes, ...]) -> bytes:
    """Return an EXIF block, without its prefix, that holds this comment, and all that the old one held.

    Args:
        block: the old one; empty if there is none. Of a damaged one only the orientation is kept.
        comment: eight bytes that name its encoding, and the text.
        mine: how comments begin that are taken out whole; others are only no longer pointed to, since what
            lies there may serve elsewhere.
    """
    old = block.removeprefix(PREFIX)
    try:
        return _changed(bytearray(old), comment, mine)
    except (struct.error, ValueError):
        return _fresh(exif_orientation(old), comment)


def comments(text: str, plain: str) -> tuple[bytes, ...]:
    """Return a text as a comment in the encodings there are, the one that most readers know first.

    Args:
        text: as it is.
        plain: the same in ASCII, with whatever escapes its reader knows.
    """
    return (
        _ASCII + plain.encode("ascii"),
        _UNICODE + text.encode("utf-16-be"),  # as nearly all write it, whatever the block's order
        _PLAIN + text.encode(),
    )


def _decoded(comment: bytes) -> str:
    code, text = comment[:8], comment[8:]
    if code == _UNICODE:
        # Nobody agrees on the order of the bytes: most text has more zeros in the higher ones.
        high_first = text[0::2].count(0) >= text[1::2].count(0)
        return text.decode("utf-16-be" if high_first else "utf-16-le", "replace").strip("\0\ufeff")
    if code not in {_ASCII, _PLAIN}:
        text = comment
    return text.decode("utf-8", "replace").strip("\0")


def _changed(block: bytearray, comment: bytes, mine: tuple[bytes, ...]) -> bytes:
    order = _order(block)
    first, after = _directory(block, order, struct.unpack_from(f"{order}I", block, 4)[0])
    pointer = next((one for one in first if one.tag == _EXIF_DIRECTORY), None)
    if pointer is None:
        inner, last = [_put(block, order, _VERSION, b"0232")], 0
    else:
        inner, last = _directory(block, order, _number(pointer, order))
    place = _comment_in(inner)
    if place is None:
        at = _append_directory(block, order, [*inner, _Entry(_COMMENT, _UNDEFINED, 0, bytes(_INSIDE))], last)
        place = _comment_in(_directory(block, order, at)[0])
        moved = _Entry(_EXIF_DIRECTORY, _LONG, 1, struct.pack(f"{order}I", at))
        if pointer is None:
            struct.pack_into(f"{order}I", block, 4, _append_directory(block, order, [*first, moved], after))
        else:
            _overwrite(block, order, pointer.at, moved)
    if place is not None:
        _take_out(block, order, place, mine)
        _overwrite(block, order, place.at, _put(block, order, _COMMENT, comment))
    return bytes(block)


def _comment_in(entries: list[_Entry]) -> _Entry | None:
    return next((one for one in entries if one.tag == _COMMENT), None)


def _overwrite(block: bytearray, order: str, at: int, entry: _Entry) -> None:
    struct.pack_into(f"{order}HHI4s", block, at, entry.tag, entry.kind, entry.count, entry.value)


def _fresh(orientation: int, comment: bytes) -> bytes:
    block = bytearray(b"MM\0*" + struct.pack(">I", 8))
    entries = []
    if orientation != 1:
        entries = [_Entry(_ORIENTATION, _SHORT, 1, struct.pack(">HH", orientation, 0))]
    _append_directory(block, ">", entries, 0)
    return _changed(block, comment, ())


def _order(block: bytes | bytearray) -> str:
    order = _ORDERS.get(bytes(block[:4]))
    if order is None:
        raise ValueError("no TIFF header")
    return order


def _directory(block: bytes | bytearray, order: str, at: int) -> tuple[list[_Entry], int]:
    """Return the entries of the directory at an offset, and where the next one lies (0: there is none)."""
    (count,) = struct.unpack_from(f"{order}H", block, at)
    found = []
    for place in range(at + 2, at + 2 + count * _ENTRY, _ENTRY):
        tag, kind, items, value = struct.unpack_from(f"{order}HHI4s", block, place)
        found.append(_Entry(tag, kind, items, value, place))
    (after,) = struct.unpack_from(f"{order}I", block, at + 2 + count * _ENTRY)
    return found, after


def _append_directory(block: bytearray, order: str, entries: list[_Entry], after: int) -> int:
    at = _padded(block)
    block += struct.pack(f"{order}H", len(entries))
    for one in sorted(entries, key=lambda entry: entry.tag):
        block += struct.pack(f"{order}HHI4s", one.tag, one.kind, one.count, one.value)
    block += struct.pack(f"{order}I", after)
    return at


def _put(block: bytearray, order: str, tag: int, data: bytes) -> _Entry:
    """Return an entry for these bytes, which are appended where the entry cannot hold them itself."""
    if len(data) <= _INSIDE:
        return _Entry(tag, _UNDEFINED, len(data), data.ljust(_INSIDE, b"\0"))
    at = _padded(block)
    block += data
    return _Entry(tag, _UNDEFINED, len(data), struct.pack(f"{order}I", at))


def _take_out(block: bytearray, order: str, old: _Entry, mine: tuple[bytes, ...]) -> None:
    at = _number(old, order)
    if old.count <= _INSIDE or at + old.count > len(block) or not block.startswith(mine, at):
        return
    if at + old.count == len(block):
        del block[at:]
    else:
        block[at : at + old.count] = bytes(old.count)


def _value(block: bytes, order: str, entry: _Entry) -> bytes:
    if entry.count <= _INSIDE:
        return entry.value[: entry.count]
    at = _number(entry, order)
    if at + entry.count > len(block):
        raise ValueError("a value lies outside")
    return block[at : at + entry.count]


def _number(entry: _Entry, order: str) -> int:
    number: int = struct.unpack(f"{order}I", entry.value)[0]
    return number


def _padded(block: bytearray) -> int:
    """Return the end of the block, made even, where something new begins."""
    block += bytes(len(block) % 2)
    return len(block)
