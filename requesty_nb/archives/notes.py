"""Stars and tags in an export: files as a history has them, ``notes/<id>/<time>-<nonce>.json``.

In one file of lines each is a text in a line of its own, before the record of its edit.
"""

from __future__ import annotations

import os
import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from requesty_nb.archives.limits import MAX_NOTES
from requesty_nb.archives.paths import told
from requesty_nb.errors import HistoryFault
from requesty_nb.models import Note, decode_note, note_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from requesty_nb.models import Edit

FOLDER = "notes"
_END_OF_TIME = 253_402_300_800_000_000  # microseconds since 1970: the year 10000; there is room behind it
_LOOKED_AT = 4 * MAX_NOTES  # names in the folder of one edit


class Noted(NamedTuple):
    """A note, and its bytes as they are written down."""

    note: Note
    data: bytes


class _Line(msgspec.Struct):
    note: str


_NOTE = re.compile(rb'\s*\{\s*"note"\s*:')
_decode = msgspec.json.Decoder(_Line).decode


def note_files(edit: Edit) -> Iterator[tuple[str, list[bytes]]]:
    """Yield the notes of an edit as files: their paths in the export, and their bytes."""
    for name, data in edit.note_files():
        yield f"{FOLDER}/{edit.id}/{name}", [data]


def note_line(data: bytes) -> bytes:
    """Return the line of a note."""
    return msgspec.json.encode(_Line(data.decode())) + b"\n"


def note_of_line(text: bytes) -> bytes | None:
    """Return the note of a line; None if it is the line of something else."""
    if not _NOTE.match(text):
        return None
    try:
        return _decode(text).note.encode()
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def names_in(folder: Path, identifier: str) -> list[str]:
    """Return the paths of an edit's notes below a folder, in order; of very many only some."""
    try:
        with os.scandir(folder / FOLDER / identifier) as entries:
            names = [entry.name for entry in islice(entries, _LOOKED_AT) if note_time(entry.name) is not None]
    except OSError:  # it has none
        return []
    return [f"{FOLDER}/{identifier}/{name}" for name in sorted(names)]


def noted(identifier: str, path: str, data: bytes) -> Noted:
    """Return a note that can be right.

    Args:
        identifier: of the edit that it has to be of.
        path: of its file; empty in a file of lines.
        data: its bytes.

    Raises:
        HistoryFault: it cannot.
    """
    note = decode_note(data)
    if note.id != identifier or (path and note.file != path.rpartition("/")[2]):
        raise HistoryFault("It is not the star or tag that its name says.")
    if note.time >= _END_OF_TIME:
        raise HistoryFault("It is of a time that cannot be right.")
    return Noted(note, data)


def refused(path: str, identifier: str, why: str) -> HistoryFault:
    """Return what is told of a note that cannot be right."""
    where = told(path) if path else f"A star or tag of {identifier}"
    return HistoryFault(f"{where} is refused: {why}")
