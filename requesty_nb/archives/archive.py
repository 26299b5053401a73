"""`Archive`: edits of elsewhere, read as far as they can be right; nothing of it is believed."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from requesty_nb.archives.limits import (
    MAX_FAULTS,
    MAX_LINE,
    MAX_NOTES,
    MAX_OBJECT,
    MAX_OBJECTS,
    MAX_RECORDS,
    PIECE,
    RESERVE,
    RESERVED_PART,
)
from requesty_nb.archives.lines import ELSEWHERE, lines_of, read_line
from requesty_nb.archives.notes import Noted, noted, refused
from requesty_nb.archives.paths import told
from requesty_nb.errors import HistoryFault
from requesty_nb.models import NOTE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import IO

    from requesty_nb.models import EditRecord

RECORDS = "records.jsonl"


class Archive(ABC):
    """Edits of elsewhere: their records, one after the other, and the bytes of their pictures.

    Memory is bounded whatever it holds. Nothing is written anywhere; whoever keeps the bytes proves them
    against the digest they were asked for by.

    Args:
        path: where it lies.
        into: the folder that it is going to be kept in: no more is given than its disk has room for.
    """

    damage: ClassVar[tuple[type[Exception], ...]] = (OSError, EOFError, ValueError)

    def __init__(self, path: Path, into: Path | None) -> None:
        self.name = told(path.name)
        self._into = into
        self._bad_notes = 0

    @property
    def records(self) -> Iterator[EditRecord | HistoryFault]:
        """The attempts; in the place of one that cannot be right, what is wrong with it.

        Raises:
            HistoryFault: there is no room for more.
        """
        faults = 0
        for count, found in enumerate(self._told()):
            if count == MAX_RECORDS or faults == MAX_FAULTS:
                yield _fault(
                    f"The rest of {self.name} is not looked at: it holds too many records, or faults."
                )
                return
            self._see_room(MAX_LINE)
            faults += isinstance(found, HistoryFault)
            yield found

    def notes(self, identifier: str) -> Iterator[Noted | HistoryFault]:
        """Yield the stars and tags of the last record; in the place of one that cannot be right, why.

        Args:
            identifier: the record's, which `records` has given: so it is one.

        Raises:
            HistoryFault: there is no room for more.
        """
        for count, (path, read) in enumerate(self._notes(identifier)):
            if count == MAX_NOTES or self._bad_notes == MAX_FAULTS:
                why = "the rest is not looked at, as there are too many of them, or faults."
                yield refused("", identifier, why)
                return
            self._see_room(NOTE_BYTES)
            try:
                yield noted(identifier, path, read())
            except HistoryFault as fault:
                why = fault.message
            except self.damage as error:
                why = f"it cannot be read: {error}."
            else:
                continue
            self._bad_notes += 1
            yield refused(path, identifier, why)

    def pieces(self, sha256: str) -> Iterator[bytes]:
        """Yield the bytes of a picture that the last record needs, or one before it.

        Raises:
            HistoryFault: it is not there, cannot be read or is too large, or there is no room for it.
        """
        what = f"The picture {sha256[:12]} in {self.name}"
        left = MAX_OBJECT
        try:
            for piece in self._bytes(sha256):
                left -= len(piece)
                if left < 0:
                    raise _fault(f"{what} has more than {MAX_OBJECT:,} bytes.")
                self._see_room(len(piece))
                yield piece
        except self.damage as error:
            raise _fault(f"{what} is damaged, or cannot be read: {error}.") from None

    def _told(self) -> Iterator[EditRecord | HistoryFault]:
        try:
            yield from self._records()
        except self.damage as error:
            yield _fault(f"{self.name} is damaged, and not read any further: {error}.")

    def _see_room(self, coming: int) -> None:
        """Raise HistoryFault if a disk would be left too full."""
        if self._into is None:
            return
        folder = next(one for one in (self._into, *self._into.parents) if one.exists())
        disk = shutil.disk_usage(folder)
        if disk.free - coming < min(RESERVE, disk.total // RESERVED_PART):
            raise HistoryFault(
                f"The import of {self.name} stops here: only {disk.free / 1e6:,.0f} MB are free in {folder}.",
                hint="Make room and import it again: what was taken stays, and is known then.",
            )

    @abstractmethod
    def _records(self) -> Iterator[EditRecord | HistoryFault]:
        """Yield what `records` does."""

    @abstractmethod
    def _bytes(self, sha256: str) -> Iterator[bytes]:
        """Yield the bytes of a picture, in pieces, as they are there."""

    @abstractmethod
    def _notes(self, identifier: str) -> Iterator[tuple[str, Callable[[], bytes]]]:
        """Yield the path of each note of an edit, empty if it is no file, and what reads its bytes."""


class Filed(Archive):
    """One whose pictures are files by names, and whose records a file of lines, which says the names."""

    def __init__(self, path: Path, into: Path | None) -> None:
        super().__init__(path, into)
        self._files: dict[str, str] = {}

    def _records(self) -> Iterator[EditRecord | HistoryFault]:
        with self._open(RECORDS) as file:
            for line in lines_of(file):
                try:
                    record, files = read_line(line, f"{RECORDS} in {self.name}")
                except HistoryFault as fault:
                    yield fault
                    continue
                self._files |= {sha256: files[sha256] for sha256 in record.objects if sha256 in files}
                if len(self._files) > MAX_OBJECTS:
                    raise ValueError(f"it holds more than {MAX_OBJECTS:,} pictures")
                yield record

    def _bytes(self, sha256: str) -> Iterator[bytes]:
        if sha256 not in self._files:
            raise missing(self.name, sha256)
        with self._open(self._files[sha256]) as file:
            while piece := file.read(PIECE):
                yield piece

    def _notes(self, identifier: str) -> Iterator[tuple[str, Callable[[], bytes]]]:
        for path in self._note_paths(identifier):
            yield path, partial(read_note, self._open, path)

    @abstractmethod
    def _note_paths(self, identifier: str) -> Sequence[str]:
        """Return the paths of an edit's notes in it."""

    @abstractmethod
    def _open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """Open a file in it."""


def read_note(open_: Callable[[str], AbstractContextManager[IO[bytes]]], path: str) -> bytes:
    """Return the bytes of a note's file, or the first of too many."""
    with open_(path) as file:
        return file.read(NOTE_BYTES + 1)


def missing(name: str, sha256: str) -> HistoryFault:
    """Return the error that says that a picture is not there."""
    return _fault(f"The picture {sha256[:12]} is not in {name}.")


def _fault(message: str) -> HistoryFault:
    return HistoryFault(message, hint=ELSEWHERE)
