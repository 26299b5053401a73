"""`NoteFiles`: stars and tags given later, in files that never change; read when first asked for."""

from __future__ import annotations

import os
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from requesty_nb.errors import HistoryFault
from requesty_nb.models import NO_MARKS, NOTE_BYTES, Marks, Note, decode_note, encode_note, folded, note_time
from requesty_nb.records.files import TEMPORARY, delete, remove, remove_folder, write_whole
from requesty_nb.records.names import is_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from requesty_nb.models import Mark

# A folder that changed this recently may change again within one tick of its time stamp.
_SETTLED = 2_000_000_000  # nanoseconds


@dataclass(slots=True)
class _Held:
    """What was read of an edit's notes.

    Attributes:
        notes: by the names of their files, those that are whole.
        damaged: the names of the others.
        marks: what they come to.
        stamp: the time stamp of their folder, once nothing can have changed under it; else -1.
    """

    notes: dict[str, Note] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    marks: Marks = NO_MARKS
    stamp: int = -1


class NoteFiles:
    """The ``notes`` folder of a history: ``<id>/<time>-<nonce>.json``.

    Writers never coordinate: each note has a name of its own, and whoever reads sorts them. The folder of an
    edit is read again only if its time stamp is another.

    Args:
        folder: where it lies.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def of(self, identifier: str) -> Marks:
        """Return what an edit's notes come to; what is damaged, or of a newer kind, is passed over."""
        path = self._folder / identifier
        try:
            stamp = path.stat().st_mtime_ns
        except OSError:
            return NO_MARKS
        with self._lock:
            return self._look(identifier, stamp).marks

    def all(self) -> dict[str, Marks]:
        """Return what the notes of each edit come to that has some."""
        try:
            with os.scandir(self._folder) as entries:
                found = {entry.name: entry.stat().st_mtime_ns for entry in entries if entry.is_dir()}
        except OSError:
            return {}
        with self._lock:
            for gone in self._held.keys() - found.keys():
                del self._held[gone]
            return {
                identifier: self._look(identifier, stamp).marks
                for identifier, stamp in found.items()
                if identifier in self._held or is_id(identifier)
            }

    def has_damage(self, identifier: str) -> bool:
        """Tell whether a note of an edit cannot be read, so that it is not known what it says."""
        with self._lock:
            return bool(self._look(identifier).damaged)

    def write(self, identifier: str, marks: Sequence[Mark]) -> None:
        """Note stars and tags, one after the other.

        Each is later than all that are there, whatever the clock says: so it holds.

        Raises:
            HistoryFault: one cannot be written.
        """
        folder = self._folder / identifier
        with self._lock:
            latest = max((note_time(name) or 0 for name in _names(folder)), default=0)
            for mark in marks:
                latest = max(time.time_ns() // 1000, latest + 1)
                kind, on, tag = mark
                note = Note(id=identifier, time=latest, nonce=secrets.token_hex(8), kind=kind, on=on, tag=tag)
                write_whole(folder / note.file, [encode_note(note)])

    def put(self, note: Note, data: bytes) -> bool:
        """Take in a note of elsewhere as it is written down; False if it is here already, and whole.

        Raises:
            HistoryFault: it cannot be written.
        """
        path = self._folder / note.id / note.file
        if isinstance(_read(path), tuple):
            return False
        write_whole(path, [data])
        return True

    def files(self, identifier: str) -> list[tuple[str, bytes]]:
        """Return an edit's notes that are whole, of whatever kind, by the names of their files."""
        folder = self._folder / identifier
        read = ((name, _read(folder / name)) for name in sorted(_names(folder)))
        return [(name, found[1]) for name, found in read if isinstance(found, tuple)]

    def check(self) -> Iterator[tuple[Path, str]]:
        """Read all notes; yield where each lies, and what is wrong with it, which is empty if nothing is."""
        for path in sorted(self._folder.glob("*/*.json")) if self._folder.is_dir() else ():
            if path.name.startswith(TEMPORARY):
                continue
            if not is_id(path.parent.name) or note_time(path.name) is None:
                yield path, "has not the name of a star or tag"
            elif isinstance(found := _read(path), str):
                yield path, found
            elif found:
                yield path, ""

    def ids(self) -> list[str]:
        """Return the ids of the edits that have notes, whether or not there are such edits."""
        return sorted(filter(is_id, _names_of_all(self._folder)))

    def age(self, identifier: str) -> float:
        """Return the seconds since the last note of an edit was written."""
        try:
            return time.time() - (self._folder / identifier).stat().st_mtime
        except OSError:
            return 0.0

    def forget(self, identifier: str) -> None:
        """Take all notes of an edit away for good.

        Raises:
            HistoryFault: one cannot be taken away.
        """
        folder = self._folder / identifier
        for name in _names_of_all(folder):
            if note_time(name) is None:
                remove(folder / name)
            else:
                delete(folder / name)
        remove_folder(folder)
        with self._lock:
            self._held.pop(identifier, None)

    def _look(self, identifier: str, stamp: int = -1) -> _Held:
        """Return what an edit's notes are now; the lock is held."""
        before = self._held.get(identifier)
        if before is not None and before.stamp == stamp != -1:
            return before
        folder, held = self._folder / identifier, _Held()
        for name in _names(folder):
            found = before.notes.get(name) if before else None
            if found is None:
                read = _read(folder / name)
                if isinstance(read, tuple):
                    found = read[0]
                elif read:
                    held.damaged.append(name)
            if found is not None:
                held.notes[name] = found
        held.marks = folded(held.notes.values())
        if (
            not held.damaged and time.time_ns() - stamp > _SETTLED
        ):  # one that is being copied may be whole soon
            held.stamp = stamp
        self._held[identifier] = held
        return held


def _names(folder: Path) -> list[str]:
    """Return the names of the notes in an edit's folder."""
    return [name for name in _names_of_all(folder) if note_time(name) is not None]


def _names_of_all(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except OSError:
        return []


def _read(path: Path) -> tuple[Note, bytes] | str:
    """Return a note and its bytes, or what is wrong with it; an empty text if it is not there."""
    try:
        with path.open("rb") as file:
            data = file.read(NOTE_BYTES + 1)
        note = decode_note(data)
    except FileNotFoundError:
        return ""
    except (OSError, HistoryFault) as error:
        return error.message if isinstance(error, HistoryFault) else f"cannot be read: {error}"
    if (note.id, note.file) != (path.parent.name, path.name):
        return "is not the star or tag that its name says"
    return note, data
