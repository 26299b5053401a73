"""One file of lines that holds all by itself: each picture, in base64, before the first record of it.

The stars and tags of an edit stand right before its record.
"""

from __future__ import annotations

import binascii
import re
from functools import partial
from typing import TYPE_CHECKING

from requesty_nb.archives.archive import Archive, missing
from requesty_nb.archives.folders import open_regular
from requesty_nb.archives.limits import MAX_NOTES, MAX_OBJECTS, PIECE
from requesty_nb.archives.lines import lines_of, read_line, record_line
from requesty_nb.archives.notes import note_line, note_of_line
from requesty_nb.archives.writing import whole
from requesty_nb.errors import HistoryFault
from requesty_nb.models import NOTE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from requesty_nb.models import Edit, EditRecord

_OBJECT = re.compile(rb'\s*\{\s*"object"\s*:\s*"([0-9a-f]{64})"\s*,\s*"data"\s*:\s*"')
_END = re.compile(rb'"\s*\}\s*')
_STEP = PIECE // 4 * 3  # bytes whose base64 is a piece, without padding in between


def write_stream(edits: Iterable[Edit], path: Path) -> None:
    """Write edits into one file of lines.

    Raises:
        OSError: it cannot be written.
        HistoryFault: a picture cannot be read.
    """
    with whole(path) as file:
        file.writelines(_lines(edits))


def _lines(edits: Iterable[Edit]) -> Iterator[bytes]:
    written: set[str] = set()
    for edit in edits:
        for sha256 in edit.record.objects:
            if sha256 not in written:
                yield from _object_line(sha256, edit.read(sha256))
                written.add(sha256)
        for _, data in edit.note_files():
            yield note_line(data)
        yield record_line(edit.record, {})


def _object_line(sha256: str, data: bytes) -> Iterator[bytes]:
    yield b'{"object":"%b","data":"' % sha256.encode()
    for at in range(0, len(data), _STEP):
        yield binascii.b2a_base64(data[at : at + _STEP], newline=False)
    yield b'"}\n'


class StreamArchive(Archive):
    """A file that `write_stream` wrote. Where each picture lies is noted on the way to the records."""

    def __init__(self, path: Path, into: Path | None) -> None:
        super().__init__(path, into)
        self._path = path
        self._places: dict[str, int] = {}
        self._noted: list[bytes] = []  # notes that stand before the last record

    def _records(self) -> Iterator[EditRecord | HistoryFault]:
        with open_regular(self._path) as file:
            coming: list[bytes] = []
            for line in lines_of(file):
                if (note := note_of_line(line.text)) is not None:
                    coming.append(note[: NOTE_BYTES + 1])
                    del coming[MAX_NOTES + 1 :]
                    continue
                if found := _OBJECT.match(line.text):
                    if len(self._places) == MAX_OBJECTS:
                        raise ValueError(f"it holds more than {MAX_OBJECTS:,} pictures")
                    self._places.setdefault(found[1].decode(), line.at + found.end())
                    continue
                self._noted, coming = coming, []
                try:
                    yield read_line(line, self.name)[0]
                except HistoryFault as fault:
                    yield fault

    def _notes(self, _: str) -> Iterator[tuple[str, Callable[[], bytes]]]:
        for data in self._noted:
            yield "", partial(bytes, data)

    def _bytes(self, sha256: str) -> Iterator[bytes]:
        if sha256 not in self._places:
            raise missing(self.name, sha256)
        with open_regular(self._path) as file:
            file.seek(self._places[sha256])
            padded = False
            while text := file.read(PIECE):
                text, quote, rest = text.partition(b'"')
                if padded and text:
                    raise ValueError("its base64 goes on behind its end")
                yield binascii.a2b_base64(text, strict_mode=True)
                padded = text.endswith(b"=")
                if quote:
                    line = (rest + file.readline(PIECE)).partition(b"\n")[0]
                    if not _END.fullmatch(quote + line):
                        raise ValueError("its line goes on behind its end")
                    return
            raise ValueError("it is cut short")
